import {
  attempt,
  errorCode,
  lstat,
  quotePath,
  Refusal,
  type Operation,
  type Steps,
} from "@holdfast/fs/steps";
import type { ErrorCode } from "@holdfast/fs";
import type { ObjectStore } from "../objects/object-store.ts";
import type { PathState } from "../state.ts";
import { Changed } from "./look-failures.ts";
import { lookAtName } from "./look-at-name.ts";
import { signatureOf } from "./signature.ts";
import type { TrackedPath } from "./workspaces.ts";

/** What a path is now. */
export interface Look {
  readonly state: PathState;
  /** See `LookRecord`. */
  readonly signature: string | undefined;
  /** The topmost directory on the way to it that is missing: absolute. */
  readonly missing: string | undefined;
  /** Of `failed`: what was thrown. */
  readonly error?: unknown;
}

/** How to look. */
export interface LookSettings {
  /** `"bytes"`: a file goes to the store, durably. `"hash"`: it is only hashed. */
  readonly keep: "bytes" | "hash";
  readonly maxFileBytes: number;
  /**
   * An earlier look whose bytes are kept: where the signature says that nothing has changed, its state is the
   * answer, and no byte is read. One without a signature proves nothing.
   */
  readonly known?:
    | { readonly state: PathState; readonly signature?: string | undefined }
    | undefined;
}

/** How often a path is looked at again that others keep changing. */
const maxLooks = 4;

/**
 * Looks at a path, and keeps it. Hashed while it is copied, from one descriptor; `fstat` before and after; again
 * (a few times) if it changed meanwhile, `failed` with `ERR_CHANGED` if it never holds still.
 *
 * What the workspace refuses (`EACCES`, `EIO`, …, a missing root) is a state, `failed`; what the store refuses is
 * thrown. Nothing there, or a file in the place of a directory on the way, is `absent`; but never because the root
 * itself is missing.
 */
export function* look(
  operation: Operation,
  at: TrackedPath,
  objects: ObjectStore,
  settings: LookSettings,
): Steps<Look> {
  const unchanged = yield* recognise(at, settings);
  if (unchanged !== undefined) return unchanged;
  for (let looks = 1; ; looks++) {
    const opened = yield* attempt(at.workspace.open());
    if (!opened.ok) return refused(withoutRoot(at, opened.error));
    const found = yield* attempt(lookAtName(operation, opened.value.root, at, objects, settings));
    if (found.ok && found.value.state.kind !== "absent") return found.value;
    if (found.ok) {
      // Of what is missing with its root nothing is known.
      const again = yield* attempt(at.workspace.open());
      if (!again.ok) return refused(again.error);
      if (again.value.root === opened.value.root) return found.value;
    } else if (!(found.error instanceof Changed)) {
      throw found.error;
    }
    if (looks === maxLooks) return refused(neverStill());
  }
}

/**
 * By one `lstat` of the path, without a walk from the root: nothing is read that a planted link could lead to, and
 * nothing is taken from what it leads to but that it is the very file whose bytes are kept, unchanged. No other file
 * has its identity and its time of change, which nobody can set.
 */
function* recognise(
  { path }: TrackedPath,
  { known, maxFileBytes }: LookSettings,
): Steps<Look | undefined> {
  if (known?.signature === undefined || known.state.kind === "failed") return undefined;
  const lookedAt = Date.now();
  const found = yield* attempt(lstat(path));
  if (!found.ok || signatureOf(found.value, lookedAt) !== known.signature) return undefined;
  const { state, signature } = known;
  // What was too large once may be kept under another limit.
  if (state.kind === "skipped" && found.value.size <= BigInt(maxFileBytes)) return undefined;
  return { state, signature, missing: undefined };
}

/** What is missing is not the path that was asked for, but all of them. */
function withoutRoot({ workspace }: TrackedPath, cause: unknown): unknown {
  const code = errorCode(cause);
  if (code === undefined || code === "ERR_CLOSED") return cause;
  const problem = `its root ${quotePath(workspace.given)} cannot be opened`;
  return new Refusal(code as ErrorCode, { problem, cause });
}

const neverStill = (): Refusal =>
  new Refusal("ERR_CHANGED", { problem: "it was changed again and again while it was read" });

function refused(error: unknown): Look {
  const code = errorCode(error) ?? "UNKNOWN";
  if (code === "ERR_CLOSED") throw error; // the session, not the workspace
  return { state: { kind: "failed", code }, signature: undefined, missing: undefined, error };
}
