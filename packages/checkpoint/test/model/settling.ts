import { expect } from "vitest";
import { expectNothingLost, expectTree } from "./compare.ts";
import { expectRefusal } from "./refusal.ts";
import type { Pending, Subject } from "./subject.ts";
import { sameContent, sameState, type Tree } from "./tree.ts";

const sideName = /\/\.holdfast-[^/]*$/;

/** What was not part of the plan is what it was, and of the rest nothing is lost. */
export function expectBetween(
  subject: Subject,
  tree: Tree,
  { restore, before, after }: Pending,
): void {
  for (const [path, entry] of tree) {
    if (sideName.test(path)) continue;
    const [was, willBe] = [before.get(path), after.get(path)];
    const isEither =
      (was !== undefined && sameContent(entry, was)) ||
      (willBe !== undefined && sameContent(entry, willBe)) ||
      (entry.kind === "dir" && isAbove(path, [...before.keys(), ...after.keys()])) ||
      (was === undefined && willBe === undefined && entry.kind === "dir");
    expect(isEither, `${path} is what it was or will be`).toBe(true);
  }
  for (const [path, entry] of before) {
    const willBe = after.get(path);
    if (willBe === undefined || !sameState(entry, willBe)) continue;
    // For a moment a directory that is made for one path can be missing: the one that was removed with another.
    if (
      entry.kind === "dir" &&
      isAbove(
        path,
        restore.changes.map((change) => change.path),
      )
    )
      continue;
    expect(tree.get(path), `${path} is nobody's business`).toEqual(entry);
  }
  expectNothingLost(subject.world, before, tree);
}

export async function settle(subject: Subject, how: "resume" | "rollback"): Promise<void> {
  const { pending } = subject;
  if (pending === undefined) {
    return await expectRefusal(subject, "ERR_CHECKPOINT_UNKNOWN", (checkpoints) =>
      checkpoints[how](),
    );
  }
  const tree = subject.world.tree();
  const isSame = isSameTree(tree, pending.atDeath);
  const called = await subject.call((checkpoints) => checkpoints[how]());
  subject.receipts.clear();
  if (called !== "killed" && "error" in called) throw called.error;
  const found = subject.world.tree();
  expectNothingLost(subject.world, tree, found);
  if (called === "killed") {
    if (subject.checkpoints.interrupted !== undefined) {
      subject.reach(`died-in-${how}`);
      subject.pending = { ...pending, atDeath: isSame ? found : tree };
      if (isSame) expectBetween(subject, found, pending);
      else subject.isOver = true; // what is theirs and what is ours cannot be told apart here any more
      if (subject.isOver) await settleSomehow(subject, how);
      return;
    }
  } else {
    const outcome = how === "resume" ? "finished" : "rolled-back";
    expect(called.value).toMatchObject({ restoreId: pending.restore.id, outcome });
  }
  subject.pending = undefined;
  expect([...found.keys()].filter((path) => sideName.test(path))).toEqual([]);
  subject.reach(isSame ? how : `${how}-after-others`);
  if (!isSame) {
    expectOthersLeft(subject, tree, found, pending);
    subject.isOver = true;
    return;
  }
  if (how === "resume") {
    expectTree(found, pending.after, "after resume");
    for (const { path, to } of pending.arrived) subject.history.wrote(path, to);
  } else {
    expectTree(found, pending.before, "after rollback");
  }
}

async function settleSomehow(subject: Subject, how: "resume" | "rollback"): Promise<void> {
  const tree = subject.world.tree();
  await subject.checkpoints[how]();
  subject.pending = undefined;
  const found = subject.world.tree();
  expectNothingLost(subject.world, tree, found);
  expect([...found.keys()].filter((path) => sideName.test(path))).toEqual([]);
}

/** Somebody was at work between the death and now: what is theirs stays. */
function expectOthersLeft(
  subject: Subject,
  tree: Tree,
  found: Tree,
  { restore, before, after }: Pending,
): void {
  for (const [path, entry] of tree) {
    if (sideName.test(path) || entry.kind === "dir") continue;
    const [was, willBe] = [before.get(path), after.get(path)];
    const isTheirs = !(was && sameContent(entry, was)) && !(willBe && sameContent(entry, willBe));
    const isPlanned = restore.changes.some((change) => change.path === path);
    if (isTheirs || !isPlanned) expect(found.get(path), `${path} is theirs`).toEqual(entry);
  }
}

const isAbove = (path: string, paths: readonly string[]): boolean =>
  paths.some((other) => other.startsWith(`${path}/`));

function isSameTree(a: Tree, b: Tree): boolean {
  if (a.size !== b.size) return false;
  return [...a].every(([path, entry]) => {
    const other = b.get(path);
    return other !== undefined && sameState(entry, other);
  });
}
