import type { Call } from "../calls/call.ts";

/** A call that changes something below the case's directory. */
export interface ProcessCall extends Pick<Call, "index" | "name" | "via" | "face"> {
  /** Relative to the case's directory (`"."`: itself); absolute if outside of it. */
  readonly paths: readonly string[];
  /** `"rename a.tmp -> a"`. */
  readonly text: string;
  /** Of an `open`: as open(2) takes them. */
  readonly flags?: number;
  /** Of a `write`. */
  readonly bytes?: number;
  /** The errno, if the call failed by itself or was made to. */
  readonly error?: string;
}

/** How a program ended, and what it said. */
export interface ProcessExit {
  /** `null` if a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** As text; of more than a mebibyte, the end. */
  readonly stdout: string;
  readonly stderr: string;
}

/** What was done to a program, and where. */
export interface Disturbance {
  /** The call at which it was done. */
  readonly call: ProcessCall;
  readonly verb: "kill" | "fail" | "race";
  /** `"within"`: the first half of what a `write` writes had been written, to a whole page. */
  readonly when: "before" | "within" | "after";
  /** Of `"fail"`. */
  readonly errno?: string;
}

/** What a check is told of one run of the program. */
export interface ProcessOutcome {
  /** The directory that the program worked in: a real path. */
  readonly dir: string;
  readonly exit: ProcessExit;
  /** The calls that changed, or would have changed, something below `dir`, in order. */
  readonly calls: readonly ProcessCall[];
  /** `undefined`: the program ran undisturbed. */
  readonly disturbed: Disturbance | undefined;
}
