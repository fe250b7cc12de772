/**
 * Fails call 1, 2, 3, … of an operation until a run in which nothing was injected ends the sweep: so
 * no list of calls is needed to reach them all.
 */

import { codeInNode, faultyFileSystem, type FaultyCall, type Fault } from "./faulty-file-system.ts";
import { errnosOf, type CallName } from "@holdfast/testing";
import { tmpfsParent, unownedTempDir } from "./temp-dir.ts";

/**
 * How a call fails.
 *
 * - `"before"`: once, having done nothing.
 * - `"after"`: once, having done what it was asked to.
 * - `"sticky"`: it and every call of its name from then on: a disk stays full.
 * - `"dead stop"`: it and every call from then on, with `EIO`: nothing is reached any more, so not
 *   even cleaning up, and what is on disk is what a crash there leaves.
 */
export type FaultMode = "before" | "after" | "sticky" | "dead stop";

export const faultModes: readonly FaultMode[] = ["before", "after", "sticky", "dead stop"];

/** One case; given as `only`, it is run alone. */
interface FaultCase {
  readonly mode: FaultMode;
  /** The number of the call, from 1. */
  readonly index: number;
  readonly errno: string;
}

/** What was injected. */
export interface Injected extends FaultCase {
  readonly name: CallName;
  readonly path: string;
  /** `"rename /d/a -> /d/b"` */
  readonly call: string;
  /** What Node puts into `error.code`: not the errno's name if libuv does not know it. */
  readonly code: string;
}

/** How a run ended. */
export interface FaultyRun<Prepared, Result> {
  /** Whether the operation failed: a thrown `undefined` is a failure too. */
  readonly failed: boolean;
  readonly error: unknown;
  readonly result: Result | undefined;
  readonly calls: readonly string[];
  /** Files that were opened and not closed. */
  readonly openHandles: readonly string[];
  /** Calls on handles that had been closed. */
  readonly callsOnClosed: readonly string[];
  readonly dir: string;
  readonly prepared: Prepared;
  /** `undefined` in the last run of a mode, in which every call succeeded. */
  readonly injected: Injected | undefined;
}

export interface FaultSweep<Prepared, Result> {
  /** Fills a fresh directory; what it returns is handed on. */
  readonly prepare: (dir: string) => Prepared | Promise<Prepared>;
  /** The operation, asynchronous or synchronous, with every call through `fileSystem`. */
  readonly run: (given: {
    readonly fileSystem: ReturnType<typeof faultyFileSystem>["fileSystem"];
    readonly dir: string;
    readonly prepared: Prepared;
  }) => Result | Promise<Result>;
  /** Throws if what is on disk, or the error, is wrong. */
  readonly check: (run: FaultyRun<Prepared, Result>) => void | Promise<void>;
  /** Default: all of them. */
  readonly modes?: readonly FaultMode[];
  /** Default: the table of what Linux can give. */
  readonly errnos?: (name: CallName) => readonly string[];
  /** Runs one case alone: what a failure message says. */
  readonly only?: FaultCase;
  /** Where the directories are made. Default: in memory, if that is possible. */
  readonly parent?: string;
}

const mostCalls = 5000;
const mostReported = 5;

/** Returns the number of runs with a fault in them; throws if any check failed, naming the cases. */
export async function sweepFaults<Prepared, Result>(
  sweep: FaultSweep<Prepared, Result>,
): Promise<number> {
  const failures: Failure[] = [];
  let cases = 0;
  const attempt = async (mode: FaultMode, index: number, pick: PickErrno): Promise<Outcome> => {
    const { outcome, failure } = await runCase(sweep, mode, index, pick);
    if (outcome === "injected") cases++;
    if (failure !== undefined) failures.push(failure);
    return outcome;
  };
  const { only } = sweep;
  if (only !== undefined) {
    const outcome = await attempt(only.mode, only.index, () => only.errno);
    if (outcome === "not reached") throw new Error(`the run has no call ${only.index}`);
  } else {
    for (const mode of sweep.modes ?? faultModes) await sweepMode(sweep, mode, attempt);
  }
  if (failures.length > 0) {
    throw new Error(report(failures, cases), { cause: failures[0]!.error });
  }
  return cases;
}

/** Names the errno for a call, or none if all were tried. */
type PickErrno = (call: FaultyCall) => string | undefined;
/** `"exhausted"`: the call was reached, and its errnos had all been tried. */
type Outcome = "injected" | "exhausted" | "not reached";

interface Failure {
  readonly case: string;
  readonly rerun: string;
  readonly error: unknown;
}

async function sweepMode(
  sweep: { readonly errnos?: (name: CallName) => readonly string[] },
  mode: FaultMode,
  attempt: (mode: FaultMode, index: number, pick: PickErrno) => Promise<Outcome>,
): Promise<void> {
  const errnos =
    mode === "dead stop" ? () => ["EIO"] : (sweep.errnos ?? ((name) => errnosOf(name, "linux")));
  for (let index = 1; index <= mostCalls; index++) {
    // Which errnos there are is known when the call is made, so they are counted off.
    for (let nth = 0; ; nth++) {
      const outcome = await attempt(mode, index, ({ name }) => errnos(name)[nth]);
      if (outcome === "not reached") return;
      if (outcome === "exhausted") break;
    }
  }
  throw new Error(`${mode}: still something to fail after ${mostCalls} calls`);
}

async function runCase<Prepared, Result>(
  sweep: FaultSweep<Prepared, Result>,
  mode: FaultMode,
  index: number,
  pick: PickErrno,
): Promise<{ outcome: Outcome; failure?: Failure }> {
  const { path: dir, remove } = unownedTempDir(sweep.parent ?? tmpfsParent());
  let injected: Injected | undefined;
  let reached = false;
  const faulty = faultyFileSystem({ plan });
  try {
    const prepared = await sweep.prepare(dir);
    let failed = false;
    let error: unknown;
    let result: Result | undefined;
    try {
      result = await sweep.run({ fileSystem: faulty.fileSystem, dir, prepared });
    } catch (thrown) {
      failed = true;
      error = thrown;
    }
    // All errnos of this call were tried: this run repeats the clean one, which is checked at the end.
    if (reached && injected === undefined) return { outcome: "exhausted" };
    const outcome = injected === undefined ? "not reached" : "injected";
    try {
      const { calls, callsOnClosed } = faulty;
      const openHandles = faulty.openHandles();
      const ended = { failed, error, result, calls, openHandles, callsOnClosed };
      await sweep.check({ ...ended, dir, prepared, injected });
    } catch (checkError) {
      return { outcome, failure: describe(mode, injected, checkError) };
    }
    return { outcome };
  } finally {
    await faulty.release();
    remove();
  }

  function plan(call: FaultyCall): Fault | undefined {
    if (call.index === index) {
      reached = true;
      const errno = pick(call);
      if (errno === undefined) return undefined;
      const { name, path } = call;
      injected = {
        mode,
        index,
        errno,
        code: codeInNode(errno),
        name,
        path,
        call: `${call.name} ${call.paths.join(" -> ")}`,
      };
      return { fail: errno, when: mode === "after" ? "after" : "before" };
    }
    if (injected === undefined) return undefined;
    const goesOn = mode === "dead stop" || (mode === "sticky" && call.name === injected.name);
    return goesOn ? { fail: injected.errno, when: "before" } : undefined;
  }
}

function describe(mode: FaultMode, injected: Injected | undefined, error: unknown): Failure {
  if (injected === undefined) {
    return { case: `${mode}: the run without a fault`, rerun: "", error };
  }
  const { index, call, errno } = injected;
  const rerun = `, alone with only: ${JSON.stringify({ mode, index, errno })}`;
  return { case: `call ${index} (${call}) fails with ${errno}, ${mode}`, rerun, error };
}

function report(failures: readonly Failure[], cases: number): string {
  const lines = failures.slice(0, mostReported).map(({ case: name, rerun, error }) => {
    const text = error instanceof Error ? error.message : String(error);
    return `${name}${rerun}:\n    ${text.replaceAll("\n", "\n    ")}`;
  });
  if (failures.length > mostReported) lines.push(`and ${failures.length - mostReported} more`);
  return [`${failures.length} of ${cases} cases failed`, ...lines].join("\n");
}
