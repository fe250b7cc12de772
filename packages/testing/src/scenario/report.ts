/** One case that went wrong. */
export interface Failure {
  /** What is wrong, in one line: the message of what `check` threw. */
  readonly message: string;
  /** Which case: `"power lost after call 3 (rename a.tmp -> a), model ext4"`. */
  readonly where: string;
  /** The calls, in order, one line each, with what was done to them. */
  readonly calls: readonly string[];
  /** The state in words, one line each: which calls had reached the disk, the tree found, the tree expected. */
  readonly state: readonly string[];
  /**
   * Give it to `replay` with the same scenario to see this case alone again; of `sweepProcess` it is
   * the option `only`, of `storm` the option `seed`.
   */
  readonly replay: string;
  /** What `check` threw. */
  readonly error: unknown;
  /** Smaller ones come first: the number of things that had to go wrong. */
  readonly size: number;
}

export type ExplorerName = "faults" | "crashes" | "interference" | "schedules" | "process";

/** What an exploration found, and how much of it was run. */
export interface Report {
  readonly explorer: ExplorerName;
  /** The name of the scenario, if it has one. */
  readonly scenario: string | undefined;
  /** How many cases were run and checked. */
  readonly cases: number;
  /** True only if every case there is was run: only then is no failure a proof. */
  readonly exhaustive: boolean;
  /** Every random choice follows from it. */
  readonly seed: number;
  /** What was left out and why, one line each; empty if `exhaustive`. */
  readonly limits: readonly string[];
  /**
   * What share of all cases was run: 1 if `exhaustive`, `undefined` where their number is not known.
   */
  readonly share: number | undefined;
  /** The smallest first; of many equal ones only some are kept. */
  readonly failures: readonly Failure[];
  /** How many cases failed, kept or not. */
  readonly failed: number;
  /** Milliseconds. */
  readonly elapsedMs: number;
  /** Of the options that the explorer was given, the names of those that a replay needs as well. */
  readonly replayOptions?: readonly string[];
  /**
   * What `replay` was asked to run again. The report then is one of this case alone: it is not
   * exhaustive, and is not meant to be.
   */
  readonly replay?: string;
}

/** Told now and then during a long exploration. */
export interface Progress {
  readonly cases: number;
  /** As far as it is known. */
  readonly total: number | undefined;
  readonly failed: number;
  readonly elapsedMs: number;
}

/** What bounds an exploration. */
export interface Budget {
  /** Stops after so many cases. Default: per explorer. */
  readonly maxStates?: number;
  /** Stops after so many milliseconds. Default: none. */
  readonly timeoutMs?: number;
  /** Where random choices start. Default: a new one, which the report names. */
  readonly seed?: number;
  /** Called at most about twice a second. Default: a line on stderr after five seconds. */
  readonly onProgress?: (progress: Progress) => void;
  /** How many failures are kept. Default: 10. */
  readonly maxFailures?: number;
}
