import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { processIdentity } from "@holdfast/fs/steps";
import {
  claimOf,
  controlVariable,
  goOf,
  journalOf,
  parseJournal,
  stoppedOf,
  type Control,
  type JournalEntry,
  type Point,
} from "./control.ts";
import type { ProcessCall, ProcessOutcome } from "./outcome.ts";
import { leftOut } from "./left-out.ts";
import { disturbanceOf } from "./points.ts";
import { startProgram, type Launch } from "./start-program.ts";
import type { Workspace } from "./workspace.ts";

export interface CaseRun {
  readonly outcome: ProcessOutcome;
  /** It did not end by itself in its time, and was killed. */
  readonly timedOut: boolean;
  /** What the adversary returned; `undefined` if it was not called. */
  readonly raced: unknown;
  /** What it started that was neither seen nor disturbed, one line each. */
  readonly leftOut: readonly string[];
}

export interface CaseOptions {
  readonly launch: Launch;
  readonly workspace: Workspace;
  readonly point: Point | undefined;
  readonly race: (moment: {
    readonly pid: number;
    readonly calls: readonly ProcessCall[];
  }) => unknown;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Runs the program once in its directory, with one disturbance or none. No process of it is left
 * afterwards, whatever happens.
 */
export async function runCase(options: CaseOptions): Promise<CaseRun> {
  const { launch, workspace, point, timeoutMs, signal } = options;
  signal?.throwIfAborted();
  const { dir, control: folder } = workspace;
  const control: Control = {
    mode: "sweep",
    folder,
    dir,
    parent: processIdentity(),
    ...(point !== undefined && { point }),
  };
  const env = { ...launch.env, [controlVariable]: JSON.stringify(control) };
  const program = startProgram({ ...launch, env });
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    program.kill();
  }, timeoutMs);
  signal?.addEventListener("abort", program.kill);
  try {
    const [exit, raced] = await Promise.all([
      program.ended,
      point?.verb === "race" ? attackWhenStopped(options, program.ended) : undefined,
    ]);
    signal?.throwIfAborted();
    const journal = readJournal(folder);
    const calls = callsOf(journal);
    const reached = journal.some(({ kind }) => kind === "reached");
    const disturbed = reached ? disturbanceOf(point!, calls) : undefined;
    const outcome = { dir, exit, calls, disturbed };
    return { outcome, timedOut, raced, leftOut: leftOut(journal, readClaim(folder)) };
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", program.kill);
    program.kill();
    await program.ended.catch(() => {}); // thrown above already
  }
}

/** Lets the adversary act once the program stands still, and the program go on after it. */
async function attackWhenStopped(
  { race, workspace: { control } }: CaseOptions,
  ended: Promise<unknown>,
): Promise<unknown> {
  let over = false;
  const end = (): void => {
    over = true;
  };
  ended.then(end, end);
  while (!existsSync(stoppedOf(control))) {
    if (over) return undefined;
    await sleep(1);
  }
  const acted = await race({ pid: readClaim(control)!, calls: callsOf(readJournal(control)) });
  writeFileSync(goOf(control), "");
  return acted ?? true;
}

export const readJournal = (folder: string): JournalEntry[] =>
  parseJournal(readIfPresent(journalOf(folder)) ?? "");

/** The process that is swept; `undefined`: none has made a call that counts. */
function readClaim(folder: string): number | undefined {
  const text = readIfPresent(claimOf(folder));
  return text === undefined ? undefined : Number(text);
}

function readIfPresent(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    // Nothing that was to be noted has happened.
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** The calls, each with its error if it had one. */
function callsOf(journal: readonly JournalEntry[]): ProcessCall[] {
  const calls: ProcessCall[] = [];
  for (const entry of journal) {
    if (entry.kind === "call") calls.push(entry.call);
    if (entry.kind === "error") {
      const at = entry.index - 1;
      calls[at] = { ...calls[at]!, error: entry.code };
    }
  }
  return calls;
}
