import { expect } from "vitest";
import type { Checkpoints, RestoreReport } from "../../src/index.ts";
import type { Command, OnConflict } from "./commands.ts";
import { expectNothingLost, expectResults, expectTree } from "./compare.ts";
import type { Change, ModelRestore, ModelTarget } from "./history.ts";
import { type Answer, apply, type Expected, inOrder, type ModelPlan, plan } from "./restore.ts";
import { expectBetween } from "./settling.ts";
import { newestUnknown } from "./snapshots.ts";
import { expectRefusal } from "./refusal.ts";
import type { Subject } from "./subject.ts";
import { realPath, type Tree } from "./tree.ts";

interface Done {
  readonly results: readonly Expected[];
  readonly arrived: readonly Change[];
  readonly tree: Tree;
}

export async function restore(
  subject: Subject,
  command: Extract<Command, { do: "restore" }>,
): Promise<void> {
  const id = subject.choose(command.which);
  if (id === undefined) return;
  const paths = command.paths?.map((path) => subject.absolute(path));
  const { dryRun, onConflict } = command;
  const tree = subject.world.tree();
  const wanted = paths?.flatMap((path) => [path, realPath(tree, subject.world.top, path)]);
  const targets = subject.history
    .targetsOf(id)
    .filter(
      ({ path }) => wanted?.some((one) => path === one || path.startsWith(`${one}/`)) ?? true,
    );
  const options = { paths, dryRun, onConflict: onConflict === "ask" ? ask : onConflict };
  await bringBack(subject, id, targets, { onConflict, dryRun }, (checkpoints) =>
    checkpoints.restoreToSnapshot(id, options),
  );
}

export async function undo(subject: Subject, which: number, onConflict: OnConflict): Promise<void> {
  const { restores, snapshots } = subject.history;
  const restore = restores[which % restores.length];
  if (restore === undefined) return;
  const { id, before } = restore;
  const options = { onConflict: onConflict === "ask" ? ask : onConflict };
  const isLeft = (snapshot: string): boolean => snapshots.some((one) => one.id === snapshot);
  if (subject.pending === undefined && !isLeft(before)) {
    return await expectRefusal(subject, "ERR_CHECKPOINT_UNKNOWN", (checkpoints) =>
      checkpoints.undoRestore(id, options),
    );
  }
  if (!isLeft(restore.snapshot)) return; // may have been forgotten
  const changed = new Set(restore.changes.map(({ path }) => path));
  const targets = subject.history.targetsOf(before).filter(({ path }) => changed.has(path));
  subject.reach("undo");
  await bringBack(subject, before, targets, { onConflict, dryRun: false }, (checkpoints) =>
    checkpoints.undoRestore(id, options),
  );
}

async function bringBack(
  subject: Subject,
  snapshot: string,
  targets: readonly ModelTarget[],
  { onConflict, dryRun }: { readonly onConflict: OnConflict; readonly dryRun: boolean },
  work: (checkpoints: Checkpoints) => Promise<RestoreReport>,
): Promise<void> {
  if (subject.pending !== undefined)
    return await expectRefusal(subject, "ERR_RESTORE_PENDING", work);
  const before = subject.world.tree();
  const { work: top, umask } = subject.world;
  const all = subject.history.targetsOf(snapshot);
  const missing = new Set(all.map((target) => target.missing));
  const planned = plan(subject.history, before, {
    top,
    targets,
    all,
    missing,
    umask,
    overwrite: onConflict === "overwrite",
    answer: onConflict === "ask" ? answerTo : () => "skip",
  });
  if (onConflict === "abort" && planned.conflicts > 0) {
    subject.receipts.clear();
    subject.reach("aborted");
    return await expectRefusal(subject, "ERR_CHANGED", work);
  }
  const called = await subject.call(work);
  subject.receipts.clear();
  if (called !== "killed" && "error" in called) throw called.error;
  const done = carryOut(subject, before, planned.changes);
  if (called === "killed") return await afterDeath(subject, snapshot, before, planned, done);
  const report = called.value;
  const found = subject.world.tree();
  if (dryRun) {
    expect(report).toMatchObject({ restoreId: undefined, before: undefined, outcome: "dry-run" });
    expectTree(found, before, "after a dry run");
    const told = [...planned.left, ...planned.changes].map(({ path }) => path);
    expect(report.paths.map(({ path }) => path)).toEqual(told.toSorted());
    const left = new Set(planned.left.map(({ path }) => path));
    expectResults(
      report.paths.filter(({ path }) => left.has(path)),
      planned.left,
      "of a dry run",
    );
    return;
  }
  expectTree(found, done.tree, "after a restore");
  for (const { action, ok, reason } of report.paths) subject.reach(ok ? action : reason!);
  expectResults(report.paths, [...planned.left, ...done.results], "of a restore");
  expect(report.complete).toBe(report.paths.every(({ ok }) => ok));
  expectNothingLost(subject.world, before, found);
  expectTrash(subject, report, before);
  if (planned.changes.length === 0) {
    expect(report).toMatchObject({ restoreId: undefined, before: undefined });
    return;
  }
  const id = report.restoreId!;
  const restore = { id, snapshot, before: report.before!, changes: planned.changes };
  begin(subject, restore, before);
  subject.reach("restored");
  for (const { path, to } of done.arrived) subject.history.wrote(path, to);
}

function expectTrash(subject: Subject, report: RestoreReport, before: Tree): void {
  for (const { path, trash } of report.paths) {
    if (trash === undefined) continue;
    expect(trash.startsWith(`${subject.world.store}/trash/`)).toBe(true);
    const was = before.get(path);
    const { fs } = subject.world;
    const isLink = was?.kind === "symlink";
    const kept = isLink ? String(fs.readlinkSync(trash)) : fs.readFileSync(trash, "latin1");
    expect(kept).toBe(isLink ? was.target : was?.kind === "file" ? was.content : undefined);
  }
}

/** A restore takes a snapshot, and touches what it will change. */
function begin(subject: Subject, restore: ModelRestore, before: Tree): void {
  const { turn } = subject.history.snapshots.find(({ id }) => id === restore.snapshot)!;
  const snapshot = { id: restore.before, turn, kind: "restore", pinned: false } as const;
  subject.history.makeSnapshot(snapshot, before, subject.history.paths);
  subject.history.begin(restore, before);
}

function carryOut(subject: Subject, before: Tree, changes: readonly Change[]): Done {
  const tree = new Map(before);
  const { work, umask } = subject.world;
  const results: Expected[] = [];
  const arrived: Change[] = [];
  for (const change of inOrder(changes)) {
    const reason = apply(tree, work, umask, change);
    const { path, from, to } = change;
    const isTheirs = reason === "not-empty" && change.created === path;
    const told = isTheirs ? undefined : reason;
    results.push({ path, ok: told === undefined, reason: told, from, to });
    if (reason === undefined) arrived.push(change);
  }
  return { results, arrived, tree };
}

async function afterDeath(
  subject: Subject,
  snapshot: string,
  before: Tree,
  planned: ModelPlan,
  done: Done,
): Promise<void> {
  const tree = subject.world.tree();
  const made = await newestUnknown(subject);
  const { interrupted } = subject.checkpoints;
  if (made === undefined || planned.changes.length === 0) {
    expect(made).toBe(undefined);
    expect(interrupted).toBe(undefined);
    return expectTree(tree, before, "after a restore that died before it began");
  }
  if (made.touched === 0) {
    // The snapshot, and nothing else.
    expect(interrupted).toBe(undefined);
    const { turnId: turn, id } = made;
    const { history } = subject;
    history.makeSnapshot({ id, turn, kind: "restore", pinned: false }, before, history.paths);
    return expectTree(tree, before, "after a restore that died before it began");
  }
  const id = interrupted?.restoreId ?? "unknown";
  const restore = { id, snapshot, before: made.id, changes: planned.changes };
  begin(subject, restore, before);
  if (interrupted === undefined) {
    subject.history.restores.pop(); // nobody was told its name
    expectTree(tree, done.tree, "after a restore that died when it had ended");
    for (const { path, to } of done.arrived) subject.history.wrote(path, to);
    return;
  }
  expect(interrupted).toMatchObject({ snapshot, before: made.id });
  subject.pending = { restore, before, atDeath: tree, after: done.tree, arrived: done.arrived };
  subject.reach("died-in-restore");
  expectBetween(subject, tree, subject.pending);
}

/** Some are skipped, some overwritten, some merged. */
function answerTo(path: string): Answer {
  const answers: Answer[] = ["skip", "overwrite", { content: "merged.." }];
  return answers[path.length % answers.length]!;
}

const ask = ({ path }: { readonly path: string }): Answer => answerTo(path);
