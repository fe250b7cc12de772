import type { RestoreReason } from "../../src/index.ts";
import type { Change, ModelHistory, ModelTarget } from "./history.ts";
import {
  absent,
  isEmpty,
  missingOn,
  modeOf,
  parentOf,
  parentsOf,
  sameContent,
  sameState,
  type State,
  type Tree,
} from "./tree.ts";

export type Answer = "skip" | "overwrite" | { readonly content: string };

/** What a restore is asked for. */
export interface Wanted {
  readonly top: string;
  readonly targets: readonly ModelTarget[];
  /** Directories that were missing on the way to some path of the snapshot. */
  readonly missing: ReadonlySet<string | undefined>;
  /** What becomes of a conflict. */
  readonly answer: (path: string) => Answer;
  /** `onConflict: "overwrite"`: also of a mode alone. */
  readonly overwrite: boolean;
  readonly umask: number;
}

/** What is expected of one path. */
export interface Expected {
  readonly path: string;
  readonly ok: boolean;
  readonly reason: RestoreReason | undefined;
  readonly from: State;
  readonly to: State;
}

export interface ModelPlan {
  readonly left: readonly Expected[];
  readonly changes: readonly Change[];
  readonly conflicts: number;
}

/** Decides what becomes of each path. */
export function plan(history: ModelHistory, tree: Tree, wanted: Wanted): ModelPlan {
  const left: Expected[] = [];
  const changes: Change[] = [];
  let conflicts = 0;
  const written = history.paths.filter((path) => history.lastWritten(path) !== undefined);
  for (const { path, state: to } of wanted.targets) {
    const missing = parentsOf(wanted.top, path).find((parent) => wanted.missing.has(parent));
    const from = history.stateOf(tree, path);
    const leave = (reason?: RestoreReason): void => {
      left.push({ path, ok: reason === undefined, reason, from, to });
    };
    const lastWritten = history.lastWritten(path);
    const absentNow = missingOn(tree, wanted.top, path);
    const created = to.kind === "absent" ? missing : from.kind === "absent" ? absentNow : undefined;
    const change: Change = { path, from, to, created };
    if (to.kind === "skipped" || to.kind === "failed") {
      leave("skipped");
    } else if (from.kind === "failed") {
      leave("failed");
    } else if (from.kind === "skipped") {
      leave("skipped");
    } else if (sameContent(from, to)) {
      const modeIsOurs =
        lastWritten !== undefined &&
        (sameContent(from, lastWritten) ||
          (from.kind === "file" && lastWritten.kind === "file" && from.mode === lastWritten.mode));
      const leftBehind =
        to.kind === "absent" &&
        lastWritten !== undefined &&
        missing !== undefined &&
        missing !== absentNow;
      if ((!sameState(from, to) && (wanted.overwrite || modeIsOurs)) || leftBehind)
        changes.push(change);
      else leave();
    } else {
      const ours =
        from.kind === "absent" ||
        (lastWritten !== undefined && sameContent(from, lastWritten)) ||
        (from.kind === "dir" && written.some((other) => other.startsWith(`${path}/`)));
      const answer = ours || wanted.overwrite ? "overwrite" : wanted.answer(path);
      if (answer === "overwrite") {
        changes.push(change);
      } else if (answer === "skip") {
        conflicts++;
        leave("conflict");
      } else {
        const mode = modeOf(from.kind === "file" ? from : to.kind === "file" ? to : absent);
        const merged: State = {
          kind: "file",
          content: answer.content,
          mode: mode ?? 0o666 & ~wanted.umask,
        };
        if (sameContent(from, merged)) leave();
        else changes.push({ ...change, to: merged, created: undefined });
      }
    }
  }
  return { left, changes, conflicts };
}

/** What goes first, children before parents; then what comes, parents before children. */
export function inOrder(changes: readonly Change[]): Change[] {
  const sorted = changes.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  return [
    ...sorted.filter(({ to }) => to.kind === "absent").toReversed(),
    ...sorted.filter(({ to }) => to.kind !== "absent"),
  ];
}

/** Makes one change in a tree; the reason if it cannot be made. */
export function apply(
  tree: Tree,
  top: string,
  umask: number,
  change: Change,
): RestoreReason | undefined {
  const { path, to } = change;
  const now = tree.get(path) ?? absent;
  const blocking = parentsOf(top, path).find((parent) => tree.get(parent)?.kind !== "dir");
  // When it was tracked there was no link on the way; nothing is written through one.
  if (blocking !== undefined && tree.get(blocking)?.kind === "symlink") return "failed";
  if (to.kind === "absent") {
    if (now.kind === "dir" && !isEmpty(tree, path)) return "not-empty";
    tree.delete(path);
    if (change.created !== undefined) removeCreated(tree, top, path, change.created);
    return undefined;
  }
  if (to.kind === "skipped" || to.kind === "failed") throw new Error("no plan says so");
  // A directory that went with what was in it: its mode is nothing to be mended.
  if (sameContent(change.from, to) && !sameContent(now, to)) return "changed";
  for (const parent of parentsOf(top, path)) {
    const entry = tree.get(parent);
    if (entry === undefined) tree.set(parent, { kind: "dir", mode: 0o777 & ~umask });
    else if (entry.kind !== "dir") return "failed";
  }
  if (now.kind === "dir" && to.kind !== "dir" && !isEmpty(tree, path)) return "not-empty";
  tree.set(path, to);
  return undefined;
}

function removeCreated(tree: Tree, top: string, path: string, topmost: string): void {
  const isIn = (parent: string): boolean => parent === topmost || parent.startsWith(`${topmost}/`);
  for (let parent = parentOf(path); parent !== top && isIn(parent); parent = parentOf(parent)) {
    const entry = tree.get(parent);
    if (entry === undefined) continue;
    if (entry.kind !== "dir" || !isEmpty(tree, parent)) return;
    tree.delete(parent);
  }
}
