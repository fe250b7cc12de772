/** Processes that hold locks, and do as the test tells them. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

/** Where scripts run, so that `@holdfast/lock` means the built package. */
const packageRoot: string = fileURLToPath(new URL("../..", import.meta.url));

const prelude = `
import * as lock from "@holdfast/lock";
const input = JSON.parse(process.env.HOLDFAST_TEST_INPUT);
const tell = (message) => new Promise((resolve) => process.send(message ?? null, resolve));
const messages = [], askers = [];
process.on("message", (message) => (askers.shift() ?? ((one) => messages.push(one)))(message));
process.on("disconnect", () => process.exit(99)); // the test is gone
const told = () => messages.length > 0
  ? messages.shift()
  : new Promise((resolve) => askers.push(resolve));
`;

export interface ProcessScript {
  /**
   * An ES module, in JavaScript. It has `lock`, the package; `input`; `await tell(value)` and
   * `await told()`, what the test says. It is kept alive by that: its end is `process.exit()`.
   */
  readonly script: string;
  readonly input?: unknown;
  /** Put before the command line. */
  readonly prefix?: readonly string[];
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

export interface RunningProcess {
  /** Of the process that was started, which with a `prefix` may be another one. */
  readonly pid: number;
  readonly ended: Promise<Ended>;
  /** What it tells next. Rejects if it ends instead. */
  next<Message = unknown>(): Promise<Message>;
  say(message: unknown): void;
  kill(signal: NodeJS.Signals): void;
}

/** Starts a process; it is killed when the test is over. */
export function startProcess({ script, input = null, prefix = [] }: ProcessScript): RunningProcess {
  const node = [process.execPath, "--input-type=module", "-e", prelude + script];
  const [command, ...args] = [...prefix, ...node];
  const child = spawn(command!, args, {
    cwd: packageRoot,
    env: { ...process.env, HOLDFAST_TEST_INPUT: JSON.stringify(input) },
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  const complaint = text(child.stderr as Readable);
  const ended = (async (): Promise<Ended> => {
    const [code, signal] = (await once(child, "close")) as [Ended["code"], Ended["signal"]];
    return { code, signal, stderr: await complaint };
  })();
  ended.catch(() => {});
  const messages: unknown[] = [];
  let arrived = (): void => {};
  child.on("message", (message) => {
    messages.push(message);
    arrived();
  });
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  return {
    pid: child.pid!,
    ended,
    async next<Message>() {
      while (messages.length === 0) {
        const message = new Promise<void>((resolve) => {
          arrived = resolve;
        });
        const end = await Promise.race([message, ended]);
        if (end !== undefined && messages.length === 0) {
          throw new Error(`the process ended (${end.signal ?? end.code})\n${end.stderr}`);
        }
      }
      return messages.shift() as Message;
    },
    say: (message) => void child.send(message as object),
    kill: (signal) => void child.kill(signal),
  };
}

/** A process that holds a lock, says so, and does what `does` says. */
export async function startHolder(
  path: string,
  { options = {}, does = "", prefix = [] }: HolderOptions = {},
): Promise<RunningProcess> {
  const holder = startProcess({
    script: `
      const held = await lock.acquireLock(input.path, input.options);
      await tell(process.pid);
      ${does}
      for (;;) {
        const what = await told();
        if (what === "release") await held.release();
        if (what === "look") held.assertHeld();
        await tell(what);
      }`,
    input: { path, options },
    prefix,
  });
  await holder.next();
  return holder;
}

export interface HolderOptions {
  readonly options?: object;
  readonly does?: string;
  readonly prefix?: readonly string[];
}

/** Waits for a condition, however long it takes on this machine: the test has a limit. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
}
