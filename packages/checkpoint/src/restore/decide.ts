import type { RestoreAction, RestoreReason } from "../results.ts";
import { type PathState, sameContent, sameState } from "../state.ts";

/** What is known of a path when it is decided what becomes of it. */
export interface Situation {
  /** What the snapshot says. */
  readonly target: PathState;
  readonly current: PathState;
  readonly lastWritten: PathState | undefined;
  /** Of a directory that is there: whether we have written into it. */
  readonly filled: boolean;
  /** Whether the bytes of others may go: `onConflict: "overwrite"`, or the answer to a question. */
  readonly overwrite: boolean;
}

/** What becomes of a path. */
export type Decision =
  | {
      readonly kind: "leave";
      readonly ok: boolean;
      readonly reason: RestoreReason | undefined;
      readonly code: string | undefined;
    }
  /** Somebody else's bytes are there. */
  | { readonly kind: "conflict" }
  | { readonly kind: "bring"; readonly action: RestoreAction };

/**
 * Decides what becomes of one path. Only what is known to be there can go: what could not be looked at, or of which
 * nothing was kept, is left as it is.
 */
export function decide(situation: Situation): Decision {
  const { target, current, overwrite } = situation;
  if (target.kind === "failed") {
    return leave(target.code === "ERR_CHECKPOINT_DAMAGED" ? "damaged" : "skipped");
  }
  if (target.kind === "skipped") return leave("skipped");
  if (current.kind === "failed") return leave("failed", current.code);
  if (current.kind === "skipped") return leave("skipped");
  if (sameContent(current, target)) {
    const mends = !sameState(current, target) && (overwrite || isModeOurs(situation));
    return mends ? { kind: "bring", action: "mode" } : leave();
  }
  // There are no bytes to lose where nothing is.
  if (current.kind !== "absent" && !overwrite && !isOurs(situation)) return { kind: "conflict" };
  return { kind: "bring", action: actionOf(current, target) };
}

function leave(reason?: RestoreReason, code?: string): Decision {
  return { kind: "leave", ok: reason === undefined, reason, code };
}

/** Whether we have left what is there. A directory in which we have written counts: it goes only if it is empty. */
function isOurs({ current, lastWritten, filled }: Situation): boolean {
  if (lastWritten !== undefined && sameContent(current, lastWritten)) return true;
  return current.kind === "dir" && filled;
}

/** Whether the mode is what we left, or the content is. */
function isModeOurs({ current, lastWritten }: Situation): boolean {
  if (lastWritten === undefined) return false;
  if (sameContent(current, lastWritten)) return true;
  return (
    current.kind === "file" && lastWritten.kind === "file" && current.mode === lastWritten.mode
  );
}

/** What it takes to come from one state to another one of a different content. */
export function actionOf(from: PathState, to: PathState): RestoreAction {
  switch (to.kind) {
    case "absent":
      return from.kind === "dir" ? "remove-directory" : "remove";
    case "symlink":
      return "link";
    case "dir":
      return "make-directory";
    default:
      return from.kind === "absent" || from.kind === "dir" ? "create" : "overwrite";
  }
}
