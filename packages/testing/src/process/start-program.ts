import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { atExit } from "./at-exit.ts";
import type { ProcessExit } from "./outcome.ts";

/** A program as it is started: command line, environment, working directory. */
export interface Launch {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

export interface RunningProgram {
  /** SIGKILL for it and all processes that it has started. Does nothing once they are gone. */
  readonly kill: () => void;
  /** `performance.now()` when it ended; `undefined`: it runs. */
  readonly endedAt: () => number | undefined;
  /** Whether it has written to stdout. */
  readonly hasSpoken: () => boolean;
  /** Rejects if the program could not be started. */
  readonly ended: Promise<ProcessExit>;
}

const keptBytes = 1024 * 1024;
const drainMs = 1000;

/**
 * Starts a program as the leader of a process group of its own, so that whatever it starts can be
 * ended with it. None of them is left when `ended` is settled, nor when this process exits.
 */
export function startProgram({ command, env, cwd }: Launch): RunningProgram {
  const [file, ...args] = command;
  const child = spawn(file!, args, {
    cwd,
    env: env as NodeJS.ProcessEnv,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let over = false;
  let spoken = false;
  let endedAt: number | undefined;
  const kill = (): void => {
    if (!over) killGroup(child); // else the number may be somebody else's by now
  };
  child.stdout.once("data", () => {
    spoken = true;
  });
  child.once("exit", () => {
    endedAt = performance.now();
  });
  const forget = atExit(kill);
  const ended = endOf(child, kill).finally(() => {
    over = true;
    endedAt ??= performance.now();
    forget();
  });
  // Rejects as soon as it cannot be started, which is before its starter has come to wait for it; who
  // waits later hears of it all the same.
  ended.catch(() => {});
  return { kill, ended, endedAt: () => endedAt, hasSpoken: () => spoken };
}

async function endOf(child: ChildProcess, kill: () => void): Promise<ProcessExit> {
  const stdout = tailOf(child.stdout!);
  const stderr = tailOf(child.stderr!);
  const closed = once(child, "close");
  closed.catch(() => {}); // `exit` rejects for the same reason
  const [code, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
  kill(); // what it has started, and left behind
  // A process that left the group can hold the pipes open for ever.
  const patience = setTimeout(() => {
    child.stdout!.destroy();
    child.stderr!.destroy();
  }, drainMs);
  await closed;
  clearTimeout(patience);
  return { code, signal, stdout: stdout(), stderr: stderr() };
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Gone already; macOS says EPERM of a group in which all are dead.
    if (code !== "ESRCH" && code !== "EPERM") throw error;
  }
}

/** Collects the end of what a stream says. */
function tailOf(stream: Readable): () => string {
  let chunks: Buffer[] = [];
  let size = 0;
  stream.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    size += chunk.length;
    if (size <= 2 * keptBytes) return;
    const tail = Buffer.concat(chunks).subarray(-keptBytes);
    [chunks, size] = [[tail], tail.length];
  });
  return () => Buffer.concat(chunks).subarray(-keptBytes).toString();
}
