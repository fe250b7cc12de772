import { requireKnown } from "../scenario/known-options.ts";
import { invalidCombination, invalidRange, invalidType } from "@holdfast/fs/steps";
import { isErrno } from "../calls/node-error.ts";
import type { Progress } from "../scenario/report.ts";
import type { Disturbance, ProcessCall, ProcessOutcome } from "./outcome.ts";

/** The command line: one for all, or one for each directory. */
export type Command = readonly string[] | ((dir: string) => readonly string[]);

/** A working directory: one for all, or one for each directory. */
export type WorkingDirectory = string | ((dir: string) => string);

/** What an adversary is told at the moment at which it may act. */
export interface RaceMoment {
  readonly dir: string;
  /** The process that stands still: no handler of a signal runs in it until it goes on. */
  readonly pid: number;
  /** The call that the program stands before or after. */
  readonly call: ProcessCall;
  readonly when: "before" | "after";
  /** All calls so far, `call` the last of them. */
  readonly calls: readonly ProcessCall[];
}

export interface SweepProcessOptions {
  /**
   * The command line, as you would type it where the test runs: `["node", "save.mjs"]`. The program is
   * told its directory in the environment variable `HOLDFAST_DIR`; a function is given it, and returns
   * the command line: `(dir) => ["node", "save.mjs", dir]`.
   */
  readonly command: Command;
  readonly verb: Disturbance["verb"];
  /** Puts into a fresh directory what the program expects to find there. Default: nothing. */
  readonly prepare?: (dir: string) => void | Promise<void>;
  /** Throws if what is on disk is wrong. Called after every run, the undisturbed one included. */
  readonly check: (outcome: ProcessOutcome) => void | Promise<void>;
  /**
   * The adversary of the verb `"race"`. It may leave a moment out by returning `false`; one that never
   * acts is an error.
   */
  readonly race?: (moment: RaceMoment) => unknown;
  /**
   * For the verb `"fail"`: only these; each is tried on the calls that can give it. Default: all that
   * a call can give on this platform.
   */
  readonly errnos?: readonly string[];
  /** Over the environment of this process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /**
   * Where the program runs. Default: where this process does, so that relative names of programs mean
   * the same. A program that writes into its working directory needs `(dir) => dir`, and then its own
   * absolute path in `command`.
   */
  readonly cwd?: WorkingDirectory;
  /** How long one run may take before it is killed and counts as a failure. Default: 30,000. */
  readonly timeoutMs?: number;
  /** Stops after so many runs; the report then is not exhaustive. Default: no limit. */
  readonly maxCases?: number;
  /** How many failures are kept. Default: 10. */
  readonly maxFailures?: number;
  /** Called at most about twice a second. Default: a line on stderr after five seconds. */
  readonly onProgress?: (progress: Progress) => void;
  /** The `replay` of a failure: this run alone. */
  readonly only?: string;
  /** Ends the sweep: it rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

export const defaultTimeoutMs = 30_000;

/** @throws `TypeError`, `RangeError` (`ERR_INVALID_ARG`) */
export function validateSweep(options: SweepProcessOptions): void {
  const op = "sweepProcess";
  const { verb, race, errnos } = options;
  requireKnown(op, options, [
    ...(["command", "verb", "check", "prepare", "race", "errnos", "env", "cwd"] as const),
    ...(["timeoutMs", "maxCases", "maxFailures", "onProgress", "only", "signal"] as const),
  ]);
  validateRun(op, options);
  if (!["kill", "fail", "race"].includes(verb)) {
    throw invalidRange(op, "verb", `"kill", "fail" or "race"`, verb);
  }
  if ((verb === "race") !== (race !== undefined)) {
    throw invalidCombination(op, `"race" goes with the verb "race"`);
  }
  if (race !== undefined && typeof race !== "function") {
    throw invalidType(op, "race", "a function", race);
  }
  if (errnos !== undefined && verb !== "fail") {
    throw invalidCombination(op, `"errnos" goes with the verb "fail"`);
  }
  for (const errno of errnos ?? []) {
    if (!isErrno(errno)) throw invalidRange(op, "errnos", "names of errnos of this system", errno);
  }
  atLeastOne(op, "maxCases", options.maxCases);
}

interface RunOptions {
  readonly command: Command;
  readonly prepare?: unknown;
  readonly check: unknown;
  readonly cwd?: WorkingDirectory;
  readonly timeoutMs?: number;
}

/** What a sweep and a storm both take. */
export function validateRun(op: string, options: RunOptions): void {
  const { command, prepare, check, cwd, timeoutMs } = options;
  if (typeof command !== "function") validateCommand(op, command);
  if (cwd !== undefined && typeof cwd !== "function") validateCwd(op, cwd);
  if (prepare !== undefined && typeof prepare !== "function") {
    throw invalidType(op, "prepare", "a function", prepare);
  }
  if (typeof check !== "function") throw invalidType(op, "check", "a function", check);
  atLeastOne(op, "timeoutMs", timeoutMs);
}

/** The command line for one directory. */
export function commandIn(op: string, command: Command, dir: string): readonly string[] {
  if (typeof command !== "function") return command;
  const line = command(dir);
  validateCommand(op, line);
  return line;
}

/** The working directory for one directory. */
export function cwdIn(op: string, cwd: WorkingDirectory | undefined, dir: string): string {
  if (typeof cwd !== "function") return cwd ?? process.cwd();
  const place = cwd(dir);
  validateCwd(op, place);
  return place;
}

function validateCwd(op: string, cwd: unknown): void {
  if (typeof cwd !== "string") throw invalidType(op, "cwd", "a string or a function", cwd);
}

function validateCommand(op: string, command: unknown): void {
  const valid =
    Array.isArray(command) &&
    command.length > 0 &&
    command.every((part) => typeof part === "string");
  if (!valid)
    throw invalidType(op, "command", "a list of strings, not empty, or a function", command);
}

export function atLeastOne(op: string, name: string, value: number | undefined): void {
  if (value === undefined) return;
  if (typeof value !== "number") throw invalidType(op, name, "a number", value);
  if (!(value >= 1)) throw invalidRange(op, name, "at least 1", value);
}
