import { createHash } from "node:crypto";
import { attempt, type Operation, permissionBits, type Steps, wait } from "@holdfast/fs/steps";
import type { RecordReceipt } from "../results.ts";
import type { PathState } from "../state.ts";
import { look } from "../workspace/look.ts";
import type { TrackedPath } from "../workspace/workspaces.ts";
import { destination, lost, type Tracker } from "./track.ts";

/** Notes what an edit has left, so that it is known for ours. */
export function* record(
  operation: Operation,
  tracker: Tracker,
  path: string,
  content: Uint8Array | undefined,
  links = 40,
): Steps<RecordReceipt> {
  const { session, turns, unkept } = tracker;
  const located = yield* session.workspaces.locate(operation, path);
  const at = located.inside;
  if (at === undefined) {
    return { path: located.path, state: { kind: "skipped", reason: located.reason } };
  }
  const state = yield* turns.take(at.key, function* () {
    const left = yield* whatIsLeft(operation, tracker, at, content);
    // An edit that was made without its pre-image: whatever is there later, it is none.
    const before = unkept.get(at.key);
    if (before !== undefined) unkept.set(at.key, { ...before, state: lost.state });
    const key = at.key === at.path ? {} : { key: at.key };
    yield* session.note(operation, { type: "wrote", path: at.path, ...key, state: left });
    return left;
  });
  if (state.kind === "symlink" && links > 0) {
    yield* record(operation, tracker, destination(at.path, state.target), content, links - 1);
  }
  return { path: at.path, state };
}

function* whatIsLeft(
  operation: Operation,
  { session }: Tracker,
  at: TrackedPath,
  content: Uint8Array | undefined,
): Steps<PathState> {
  if (content !== undefined) {
    const mode = yield* modeOfFile(at);
    if (mode !== undefined) {
      const sha256 = createHash("sha256").update(content).digest("hex");
      return { kind: "file", sha256, size: content.byteLength, mode };
    }
  }
  const { objects, request } = session;
  const { maxFileBytes } = request.limits;
  const { state, error } = yield* look(operation, at, objects, { keep: "hash", maxFileBytes });
  if (state.kind === "failed") throw error;
  return state;
}

/** `undefined` where that is no file, or cannot be told: the look that follows says what is wrong. */
function* modeOfFile({ workspace, inside }: TrackedPath): Steps<number | undefined> {
  const opened = yield* attempt(workspace.open());
  if (!opened.ok) return undefined;
  const found = yield* attempt(wait(opened.value.root.lstat(inside, { bigint: true })));
  return found.ok && found.value.isFile() ? permissionBits(found.value) : undefined;
}
