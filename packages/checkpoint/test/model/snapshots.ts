import { expect } from "vitest";
import type { Snapshot } from "../../src/index.ts";
import { expectTree, keptBy, lineOf, lineOfReported } from "./compare.ts";
import { expectRefusal } from "./refusal.ts";
import { maxSnapshots, type Subject } from "./subject.ts";
import { directoriesThatGo } from "./restore.ts";
import { absent, sameContent, sameState, type State } from "./tree.ts";

export async function snapshot(subject: Subject, turn: string): Promise<void> {
  const tree = subject.world.tree();
  const called = await subject.call((checkpoints) => checkpoints.makeSnapshot(turn));
  subject.receipts.clear();
  if (called !== "killed" && "error" in called) throw called.error;
  const made = called === "killed" ? await newestUnknown(subject) : called.value;
  if (made === undefined) return;
  expect(made).toMatchObject({ turnId: turn, kind: "turn", pinned: false, touched: 0 });
  const { id } = made;
  subject.history.makeSnapshot(
    { id, turn, kind: "turn", pinned: false },
    tree,
    subject.history.paths,
  );
  expectTree(subject.world.tree(), tree, "after makeSnapshot");
}

/** A snapshot that the model does not know of, after a death. */
export async function newestUnknown(subject: Subject): Promise<Snapshot | undefined> {
  const list = await subject.checkpoints.listSnapshots();
  const known = subject.history.snapshots.length;
  expect([known, known + 1]).toContain(list.length);
  return list[known];
}

export async function expectSnapshots(subject: Subject): Promise<void> {
  const found = (await subject.checkpoints.listSnapshots()).map(
    ({ id, turnId, kind, pinned, touched }) => ({ id, turnId, kind, pinned, touched }),
  );
  const expected = subject.history.snapshots.map(({ id, turn, kind, pinned }) => ({
    id,
    turnId: turn,
    kind,
    pinned,
    touched: subject.history.touchedAfter(id),
  }));
  expect(found, "listSnapshots").toEqual(expected);
  expect(subject.checkpoints.damage).toEqual({ lostRecords: 0 });
  expect(subject.checkpoints.interrupted?.restoreId).toBe(subject.pending?.restore.id);
}

export async function pin(subject: Subject, which: number, pinned: boolean): Promise<void> {
  const id = subject.choose(which);
  if (id === undefined) return;
  await subject.insist((checkpoints) => (pinned ? checkpoints.pin(id) : checkpoints.unpin(id)));
  subject.history.snapshots.find((snapshot) => snapshot.id === id)!.pinned = pinned;
}

export async function prune(subject: Subject): Promise<void> {
  const tree = subject.world.tree();
  if (subject.pending !== undefined) {
    return await expectRefusal(subject, "ERR_RESTORE_PENDING", (checkpoints) =>
      checkpoints.prune(),
    );
  }
  const { value, again } = await subject.insist((checkpoints) => checkpoints.prune());
  const removed = subject.history.prune(maxSnapshots);
  if (!again) expect(value.removedSnapshots, "what prune removed").toEqual(removed);
  if (removed.length > 0) subject.reach("pruned");
  expectKept(subject);
  expectTree(subject.world.tree(), tree, "after prune");
}

/** The bytes of all files of all snapshots. */
export function expectKept(subject: Subject): void {
  const kept = keptBy(subject.world);
  for (const { id } of subject.history.snapshots) {
    for (const { path, state } of subject.history.targetsOf(id)) {
      if (state.kind !== "file") continue;
      expect(kept.has(state.content), `the bytes of ${path} at ${id} are in the store`).toBe(true);
    }
  }
}

export async function diff(
  subject: Subject,
  which: number,
  against: number | undefined,
): Promise<void> {
  const id = subject.choose(which);
  if (id === undefined) return;
  const other = against === undefined ? undefined : subject.choose(against);
  const tree = subject.world.tree();
  const { value } = await subject.insist((checkpoints) =>
    checkpoints.diffSnapshot(id, other === undefined ? {} : { against: other }),
  );
  const states = statesAt(subject, id);
  const there = other === undefined ? undefined : statesAt(subject, other);
  const expected = [...states].flatMap(([path, from]) => {
    const to = there === undefined ? subject.history.stateOf(tree, path) : there.get(path);
    if (to === undefined || isUnknown(from) || isUnknown(to) || sameState(from, to)) return [];
    return [{ path, change: changeOf(from, to), from: lineOf(from), to: lineOf(to) }];
  });
  const found = value.paths
    .filter(({ change }) => change !== "unknown")
    .map(({ path, change, from, to }) => ({
      path,
      change,
      from: lineOfReported(from),
      to: lineOfReported(to),
    }));
  expect(found, "diffSnapshot").toEqual(expected);
}

/** What paths were; a directory that is known to have been missing, and was first seen later, was absent. */
function statesAt({ history, world }: Subject, id: string): Map<string, State> {
  const all = history.targetsOf(id);
  const missing = new Set(all.map((target) => target.missing));
  const { isGone } = directoriesThatGo({ top: world.work, missing, all });
  return new Map(
    all.map(({ path, state }) => [path, state.kind === "dir" && isGone(path) ? absent : state]),
  );
}

const isUnknown = ({ kind }: State): boolean => kind === "skipped" || kind === "failed";

function changeOf(from: State, to: State): string {
  if (from.kind === "absent") return "added";
  if (to.kind === "absent") return "removed";
  return sameContent(from, to) ? "mode" : "modified";
}
