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
  /** Of the whole snapshot, also what is not asked for. */
  readonly all: readonly ModelTarget[];
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
  const { topmost, isGone } = directoriesThatGo(wanted);
  const emptied: string[] = [];
  for (const { path, state } of wanted.targets) {
    const from = history.stateOf(tree, path);
    const filled = written.some((other) => other.startsWith(`${path}/`));
    const ours = filled || history.hasMade(path);
    const to = ours && state.kind === "dir" && isGone(path) ? absent : state;
    const leave = (reason?: RestoreReason): void => {
      left.push({ path, ok: reason === undefined, reason, from, to });
    };
    const lastWritten = history.lastWritten(path);
    const absentNow = missingOn(tree, wanted.top, path);
    const goes = from.kind === "dir" && to.kind === "absent" && state.kind === "dir";
    const created = goes ? path : from.kind === "absent" ? absentNow : undefined;
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
      const leftBehind = to.kind === "absent" && history.hasMade(path);
      if (leftBehind) emptied.push(path);
      if (!sameState(from, to) && (wanted.overwrite || modeIsOurs)) changes.push(change);
      else leave();
    } else {
      const mayGo =
        from.kind === "absent" ||
        (lastWritten !== undefined && sameContent(from, lastWritten)) ||
        (from.kind === "dir" && filled);
      const answer = mayGo || wanted.overwrite ? "overwrite" : wanted.answer(path);
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
  for (const { path, to } of changes) if (to.kind === "absent") emptied.push(path);
  const going = goingDirectories(tree, wanted.top, { changes, emptied, topmost });
  const isElsewhere = ({ path }: { readonly path: string }): boolean =>
    !going.some((one) => one.path === path);
  return {
    left: left.filter(isElsewhere),
    changes: [...changes.filter(isElsewhere), ...going],
    conflicts,
  };
}

interface Going {
  /** Of a path the topmost directory on the way that goes. */
  readonly topmost: (path: string) => string | undefined;
  readonly isGone: (path: string) => boolean;
}

/** Directories that were missing at the snapshot, and are needed for nothing that was there. */
export function directoriesThatGo({
  top,
  missing,
  all,
}: Pick<Wanted, "top" | "missing" | "all">): Going {
  const wasMissing = (path: string): boolean =>
    [...parentsOf(top, path), path].some((one) => missing.has(one));
  const needed = new Set(
    all
      .filter(
        ({ path, state }) => state.kind !== "absent" && !(state.kind === "dir" && wasMissing(path)),
      )
      .flatMap(({ path }) => [...parentsOf(top, path), path]),
  );
  const isGone = (path: string): boolean => wasMissing(path) && !needed.has(path);
  return { isGone, topmost: (path) => parentsOf(top, path).find(isGone) };
}

/** Directories in which everything is to go, the innermost first. What is in one may turn out to stay: so does it then. */
function goingDirectories(
  tree: Tree,
  top: string,
  {
    changes,
    emptied,
    topmost,
  }: {
    readonly changes: readonly Change[];
    readonly emptied: readonly string[];
    readonly topmost: Going["topmost"];
  },
): Change[] {
  const goes = new Set(changes.filter(({ to }) => to.kind === "absent").map(({ path }) => path));
  const candidates = emptied.flatMap((path) => {
    const highest = topmost(path);
    const isIn = (one: string): boolean => one === highest || one.startsWith(`${highest}/`);
    return highest === undefined ? [] : parentsOf(top, path).filter(isIn);
  });
  const names = (path: string): string[] =>
    [...tree.keys()].filter((one) => parentOf(one) === path);
  const going: Change[] = [];
  const inner = [...new Set(candidates)].toSorted((a, b) => b.length - a.length);
  for (const path of inner) {
    const from = tree.get(path);
    if (goes.has(path) || from?.kind !== "dir" || !names(path).every((name) => goes.has(name)))
      continue;
    goes.add(path);
    going.push({ path, from, to: absent, created: path });
  }
  return going;
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
