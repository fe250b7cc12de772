/** Real processes that end, or stand still, at a chosen call of the file system. */

import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import type { Readable } from "node:stream";
import { commandFor, environmentFor, packageRoot, type NodeScript } from "./node-script.ts";
import { unownedTempDir } from "./temp-dir.ts";

export interface StoppedScript extends NodeScript {
  /** Which call that changes something, from 1; `undefined`: none, and the script runs to its end. */
  readonly at: number | undefined;
  /** Default: `"before"` the call is made. */
  readonly when?: "before" | "after";
}

/** What became of the process. */
export interface Ended {
  /** Whether it came to the chosen call. */
  readonly stopped: boolean;
  /** The calls that change something, the chosen one included: `"rename /d/a -> /d/b"`. */
  readonly calls: readonly string[];
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** What it reported, if it came to that. */
  readonly report: unknown;
  readonly stderr: string;
}

const stoppingFileSystem = new URL("stopping-file-system.mjs", import.meta.url).href;

function start(stop: "kill" | "pause", script: StoppedScript): ChildProcess {
  const options = { at: script.at ?? 0, when: script.when ?? "before", stop };
  const [command, ...args] = commandFor(
    `import { stoppingFileSystem as $stopping } from ${JSON.stringify(stoppingFileSystem)};
     const fileSystem = $stopping(${JSON.stringify(options)});
     ${script.script}`,
  );
  return spawn(command!, args, {
    cwd: packageRoot,
    env: environmentFor(script),
    stdio: ["ignore", "ignore", "pipe", "pipe", "pipe"],
    timeout: script.timeoutMs ?? 30_000,
  });
}

async function end(child: ChildProcess, announced: Promise<string>): Promise<Ended> {
  const [[exitCode, signal], lines, said, stderr] = await Promise.all([
    once(child, "close") as Promise<[number | null, NodeJS.Signals | null]>,
    announced,
    text(child.stdio[3] as Readable),
    text(child.stderr!),
  ]);
  const calls = lines.split("\n").filter((line) => line !== "");
  const stopped = calls.at(-1) === "stopped" || calls.includes("stopped");
  const ended = { exitCode, signal, report: said === "" ? undefined : JSON.parse(said), stderr };
  return { ...ended, stopped, calls: calls.filter((line) => line !== "stopped") };
}

/**
 * Runs a script that finds an injectable `fileSystem` in scope (beside `input` and `report`) and is
 * ended by SIGKILL at its n-th call that changes something.
 */
export async function killAtCall(script: StoppedScript): Promise<Ended> {
  const child = start("kill", script);
  return end(child, text(child.stdio[4] as Readable));
}

/** A process that stands still at the chosen call until it is ended from outside. */
export interface Paused {
  readonly pid: number;
  /** Sends a signal and waits for the end. */
  end(signal: NodeJS.Signals): Promise<Ended>;
}

/**
 * Runs the same kind of script and returns when it stands at the call. Signal handlers still run if
 * the call is of the asynchronous half.
 */
export async function pauseAtCall(script: StoppedScript): Promise<Paused> {
  const child = start("pause", script);
  const announcements = child.stdio[4] as Readable;
  let seen = "";
  announcements.setEncoding("utf8");
  const stopped = new Promise<boolean>((resolve) => {
    announcements.on("data", (chunk: string) => {
      seen += chunk;
      if (seen.includes("stopped\n")) resolve(true);
    });
    announcements.on("end", () => resolve(false));
  });
  const ended = end(
    child,
    new Promise((resolve) => announcements.on("close", () => resolve(seen))),
  );
  if (!(await stopped)) {
    const { calls, stderr } = await ended;
    throw new Error(`the script ended before call ${script.at}: ${calls.join(", ")}\n${stderr}`);
  }
  return {
    pid: child.pid!,
    end: (signal) => {
      child.kill(signal);
      return ended;
    },
  };
}

/**
 * Kills the script at call 1, 2, 3, … until one run comes to its end, each in a fresh directory
 * (`input.dir`). Returns how often it was killed.
 */
export async function killAtEveryCall({
  script,
  prepare,
  check,
  when = "before",
}: {
  readonly script: string;
  readonly prepare: (dir: string) => void | Promise<void>;
  /** Also called for the run that came to its end: `ended.stopped` is `false` then. */
  readonly check: (dir: string, ended: Ended) => void | Promise<void>;
  readonly when?: "before" | "after";
}): Promise<number> {
  for (let at = 1; ; at++) {
    const { path: dir, remove } = unownedTempDir();
    try {
      await prepare(dir);
      const ended = await killAtCall({ script, input: { dir }, at, when });
      if (!ended.stopped && ended.exitCode !== 0) {
        throw new Error(`the script failed (${ended.signal ?? ended.exitCode})\n${ended.stderr}`);
      }
      try {
        await check(dir, ended);
      } catch (error) {
        const where = ended.stopped
          ? `killed ${when} call ${at} (${ended.calls.at(-1)})`
          : "the run without a kill";
        throw new Error(`${where}: ${(error as Error).message}`, { cause: error });
      }
      if (!ended.stopped) return at - 1;
    } finally {
      remove();
    }
  }
}
