import type { Operation } from "@holdfast/fs/steps";
import type { ObjectStore } from "../../objects/object-store.ts";
import type { RestoreReason } from "../../results.ts";

/** What the changes of one restore have in common. */
export interface Workshop {
  readonly operation: Operation;
  readonly objects: ObjectStore;
  /** Its id. */
  readonly restore: string;
  /** The directory in which each restore has its trash: `<store>/trash`. */
  readonly trash: string;
  /** A larger file is nothing that a plan has seen. */
  readonly maxFileBytes: number;
}

/** What became of one path. */
export interface Outcome {
  readonly ok: boolean;
  readonly reason?: RestoreReason | undefined;
  /** Of `"failed"`. */
  readonly code?: string | undefined;
  /** Where what was there is now. */
  readonly trash?: string | undefined;
}

export const done: Outcome = { ok: true };
/** Somebody else was faster: what they did stays. */
export const changed: Outcome = { ok: false, reason: "changed" };

export function failed(code: string | undefined): Outcome {
  return { ok: false, reason: "failed", code: code ?? "UNKNOWN" };
}
