import { setTimeout as sleep } from "node:timers/promises";
import { processIdentity } from "@holdfast/fs/steps";
import { controlVariable, type Control } from "./control.ts";
import { readJournal } from "./run-case.ts";
import type { ProcessExit } from "./outcome.ts";
import { startProgram, type Launch, type RunningProgram } from "./start-program.ts";

export interface StormRun {
  readonly exit: ProcessExit;
  /** It was ended by the kill, and not by itself before. */
  readonly killed: boolean;
  readonly timedOut: boolean;
  /** How long it ran after its own code had begun. */
  readonly workMs: number;
  /** Whether it said that it has begun: Node does, other programs with their first output. */
  readonly announced: boolean;
}

interface StormRunOptions {
  readonly launch: Launch;
  readonly folder: string;
  /** After its own code has begun; `undefined`: not at all. */
  readonly killAfterMs: number | undefined;
  /** How long to wait for it to begin, before that is taken to be when it was started. */
  readonly patienceMs: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** Runs the program once, and kills it or not. No process of it is left afterwards. */
export async function runForStorm(options: StormRunOptions): Promise<StormRun> {
  const { launch, folder, killAfterMs, patienceMs, timeoutMs, signal } = options;
  const control: Control = { mode: "storm", folder, parent: processIdentity() };
  const spawned = performance.now();
  const env = { ...launch.env, [controlVariable]: JSON.stringify(control) };
  const program = startProgram({ ...launch, env });
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    program.kill();
  }, timeoutMs);
  signal?.addEventListener("abort", program.kill);
  try {
    const begun = await beginningOf(program, folder, spawned + patienceMs);
    if (killAfterMs !== undefined) {
      await waitUntil((begun ?? spawned) + killAfterMs, program);
      program.kill();
    }
    const exit = await program.ended;
    signal?.throwIfAborted();
    const killed = killAfterMs !== undefined && exit.signal === "SIGKILL" && !timedOut;
    const workMs = program.endedAt()! - (begun ?? spawned);
    return { exit, killed, timedOut, workMs, announced: begun !== undefined };
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", program.kill);
    program.kill();
    await program.ended.catch(() => {}); // thrown above already
  }
}

/** When its own code began; `undefined` if it has not said so in time. */
async function beginningOf(
  program: RunningProgram,
  folder: string,
  deadline: number,
): Promise<number | undefined> {
  for (;;) {
    const now = performance.now();
    if (program.hasSpoken() || readJournal(folder).length > 0) return now;
    if (program.endedAt() !== undefined || now >= deadline) return undefined;
    await sleep(1);
  }
}

/** To a fraction of a millisecond, which timers cannot: the last one is spent looking at the clock. */
async function waitUntil(moment: number, program: RunningProgram): Promise<void> {
  for (;;) {
    const left = moment - performance.now();
    if (left <= 0 || program.endedAt() !== undefined) return;
    if (left <= 2) continue;
    // A program that has ended, or was, is not waited for.
    await Promise.race([sleep(left - 1.5, undefined, { ref: false }), program.ended]);
  }
}
