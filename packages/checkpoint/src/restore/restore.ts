import { randomBytes } from "node:crypto";
import { attempt, commitPoint, type Operation, Refusal, type Steps } from "@holdfast/fs/steps";
import { noSuchSnapshot } from "../diff/diff-snapshot.ts";
import type { BeginRecord, LookRecord, SnapshotRecord } from "../journal/records.ts";
import type { OpenSession } from "../session/open-session.ts";
import { newId } from "../tracking/snapshot.ts";
import type { RestoreOptions } from "../options.ts";
import type { PathResult, RestoreReport } from "../results.ts";
import { bring, isLeft } from "./apply/bring.ts";
import { dryRun } from "./dry-run.ts";
import { keepCurrent } from "./keep-current.ts";
import { inOrder } from "./order.ts";
import { makePlan, type Planned } from "./plan.ts";
import { reportOf, resultOf } from "./report.ts";
import { refuseDamage, verifyObjects } from "./verify-objects.ts";
import { workshopOf } from "./workshop-of.ts";

export { settle } from "./settle.ts";

/** Options of a restore, checked. */
export interface RestoreRequest {
  readonly snapshot: string;
  /** Absolute. */
  readonly paths: readonly string[] | undefined;
  /** Of an undo: the only paths, by key. */
  readonly keys: ReadonlySet<string> | undefined;
  readonly dryRun: boolean;
  readonly onConflict: NonNullable<RestoreOptions["onConflict"]>;
  readonly partial: boolean;
}

/** Brings tracked paths back; nobody else changes the session meanwhile. */
export function* restore(
  operation: Operation,
  session: OpenSession,
  request: RestoreRequest,
): Steps<RestoreReport> {
  const { history } = session;
  if (history.interrupted !== undefined) throw new Refusal("ERR_RESTORE_PENDING");
  const snapshot = history.snapshot(request.snapshot);
  const targets = history.targetsOf(request.snapshot);
  if (snapshot === undefined || targets === undefined) throw noSuchSnapshot(request.snapshot);
  const plan = yield* makePlan(operation, session, request, targets);
  if (request.onConflict === "abort") refuseConflicts(plan.conflicts);
  const verified = yield* verifyObjects(operation, session, plan.planned);
  const left = [...plan.left, ...verified.damaged];
  if (!request.partial) refuseDamage(left);
  if (request.dryRun) return yield* dryRun(request.snapshot, verified.planned, left);
  const kept = yield* keepCurrent(operation, session, verified.planned);
  left.push(...kept.changed);
  const { planned } = kept;
  const nothing = { restoreId: undefined, before: undefined, outcome: "finished" } as const;
  if (planned.length === 0) return reportOf({ ...nothing, snapshot: request.snapshot }, left);

  yield* commitPoint(); // what is written down from here on has to come to an end
  yield* keepMerged(operation, session, planned);
  yield* session.checkLock(operation);
  const before = snapshotBefore(session, snapshot);
  const begin = beginRecord(request.snapshot, before.id, planned, left);
  yield* noteBegin(operation, session, [...kept.records, before], begin);
  operation.effect = "partial";
  const results = yield* carryOut(operation, session, begin, planned);
  operation.effect = "complete";
  return reportOf({ ...whatOf(begin), outcome: "finished" }, [...left, ...results]);
}

function refuseConflicts(conflicts: readonly string[]): void {
  if (conflicts.length === 0) return;
  const names = conflicts.map((path) => JSON.stringify(path)).join(", ");
  throw new Refusal("ERR_CHANGED", { problem: `somebody else has changed ${names}` });
}

/** Before anything is written down that refers to them. */
function* keepMerged(
  operation: Operation,
  { objects }: OpenSession,
  planned: readonly Planned[],
): Steps<void> {
  for (const { merged } of planned) {
    if (merged !== undefined) yield* objects.putBytes(operation, merged);
  }
}

function snapshotBefore(session: OpenSession, { id, turn }: SnapshotRecord): SnapshotRecord {
  const label = `before restoring ${id}`;
  return { type: "snapshot", id: newId(session), turn, label, kind: "restore", at: Date.now() };
}

function beginRecord(
  snapshot: string,
  before: string,
  planned: readonly Planned[],
  left: readonly PathResult[],
): BeginRecord {
  const skipped = left.flatMap(({ path, ok, reason }) =>
    ok || reason === undefined ? [] : [{ path, reason }],
  );
  return {
    type: "begin",
    restore: randomBytes(16).toString("hex"),
    snapshot,
    before,
    entries: planned.map(({ entry }) => entry),
    skipped,
    at: Date.now(),
  };
}

/** A note can fail and have been written: nothing was changed yet, so there is nothing to finish. */
function* noteBegin(
  operation: Operation,
  session: OpenSession,
  records: readonly (LookRecord | SnapshotRecord)[],
  begin: BeginRecord,
): Steps<void> {
  const noted = yield* attempt(session.note(operation, ...records, begin));
  if (noted.ok) return;
  const { restore: id } = begin;
  if (session.history.interrupted?.restore === id) {
    const end = { type: "end", restore: id, outcome: "rolled-back", written: [] } as const;
    yield* operation.cleanUp(session.note(operation, end));
  }
  throw noted.error;
}

function whatOf(begin: BeginRecord): Pick<RestoreReport, "restoreId" | "snapshot" | "before"> {
  const { restore: restoreId, snapshot, before } = begin;
  return { restoreId, snapshot, before };
}

function* carryOut(
  operation: Operation,
  session: OpenSession,
  begin: BeginRecord,
  planned: readonly Planned[],
): Steps<PathResult[]> {
  const workshop = workshopOf(operation, session, begin);
  const numbered = planned.map((one, index) => ({ ...one, ...one.entry, index }));
  const results: PathResult[] = [];
  const written = [];
  for (const { at, entry, action, index } of inOrder(numbered)) {
    yield* session.checkLock(operation); // who has it now may be settling this very restore
    const brought = yield* bring(workshop, at, entry, index);
    results.push(resultOf(entry, isLeft(brought) ? "none" : action, brought));
    const { path, key, to: state } = entry;
    if (brought.arrived) written.push({ path, ...(key !== undefined && { key }), state });
  }
  const { restore: id } = begin;
  yield* session.note(operation, { type: "end", restore: id, outcome: "finished", written });
  return results;
}
