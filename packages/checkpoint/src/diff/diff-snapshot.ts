import { type Operation, Refusal, type Steps, wait } from "@holdfast/fs/steps";
import type { Target } from "../history/history.ts";
import { absentDirectories } from "../restore/absent-directories.ts";
import type { PathDiff, SnapshotDiff } from "../results.ts";
import type { OpenSession } from "../session/open-session.ts";
import type { PathState } from "../state.ts";
import { look } from "../workspace/look.ts";
import { diffStates, type Side, storedSide } from "./diff-states.ts";

/** What differs between a snapshot and another one, or (`"now"`) what is on disk. */
export function* diffSnapshot(
  operation: Operation,
  session: OpenSession,
  id: string,
  against: string,
): Steps<SnapshotDiff> {
  const from = statesAt(session, id);
  const other = against === "now" ? undefined : statesAt(session, against);
  const paths: PathDiff[] = [];
  for (const [key, { path, state }] of from) {
    const to =
      other === undefined
        ? yield* presentSide(operation, session, path, key)
        : storedSide(operation, session.objects, other.get(key)?.state ?? unknown);
    const left = storedSide(operation, session.objects, state);
    const diff = yield* diffStates(operation, path, left, to);
    if (diff !== undefined) paths.push(diff);
  }
  const count = (change: PathDiff["change"]): number =>
    paths.filter((diff) => diff.change === change).length;
  const modified = count("modified") + count("mode");
  return { paths, added: count("added"), removed: count("removed"), modified };
}

const unknown: PathState = { kind: "failed", code: "ERR_CHECKPOINT_DAMAGED" };

/** What paths were at a snapshot, by key; refuses an id that there is not. */
function statesAt({ history }: OpenSession, id: string): Map<string, Target> {
  const targets = history.targetsOf(id);
  if (targets === undefined) throw noSuchSnapshot(id);
  const { gone } = absentDirectories(targets);
  const states = new Map(targets);
  for (const [key, target] of targets) {
    // A directory that was first seen later, and is known to have been missing.
    if (gone.has(target.path)) states.set(key, { ...target, state: { kind: "absent" } });
  }
  return states;
}

/** For an id that there is not. */
export function noSuchSnapshot(id: string): Refusal {
  const hint =
    "It may have been pruned, or be a turnId: listSnapshots() says which there are, by their id.";
  return new Refusal("ERR_CHECKPOINT_UNKNOWN", {
    problem: `there is no snapshot ${JSON.stringify(id)}`,
    hint,
  });
}

function* presentSide(
  operation: Operation,
  { workspaces, objects, request }: OpenSession,
  path: string,
  key: string,
): Steps<Side> {
  const { inside: at } = yield* workspaces.recall(operation, path, key);
  if (at === undefined)
    return storedSide(operation, objects, { kind: "skipped", reason: "outside" });
  const { maxFileBytes } = request.limits;
  const { state } = yield* look(operation, at, objects, { keep: "hash", maxFileBytes });
  return {
    state,
    *read(maxBytes) {
      if (state.kind !== "file" || state.size > maxBytes) return undefined;
      const { root } = yield* at.workspace.open();
      return yield* wait(root.readFile(at.inside, { maxReadBytes: maxBytes, symlinks: "refuse" }));
    },
  };
}
