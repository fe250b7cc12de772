import type { LintRule } from "../lint-rules.ts";
import type { TracedAck, TracedCall } from "../trace.ts";
import type { TracedFiles } from "./traced-files.ts";

/** What is wrong, with the call to blame. */
export interface Suspicion {
  readonly rule: LintRule;
  readonly path: string;
  readonly call: TracedCall | TracedAck;
  /** Added to the message: `"close failed with EIO"`. */
  readonly detail?: string;
}

/** Told of a trace in order, before the files follow it; what it returns is reported. */
export interface Lint {
  begin?(call: TracedCall, files: TracedFiles): Iterable<Suspicion>;
  end?(call: TracedCall, files: TracedFiles): Iterable<Suspicion>;
  /** `ack` is `undefined` at the end of a trace that counts as an acknowledgement. */
  ack?(ack: TracedAck | undefined, files: TracedFiles): Iterable<Suspicion>;
  /** After everything: what only the rest of the trace can tell. */
  finish?(files: TracedFiles): Iterable<Suspicion>;
}

export const renames = ({ name }: TracedCall): boolean => name === "rename" || name === "link";
