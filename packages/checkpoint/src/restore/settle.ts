import {
  attempt,
  commitPoint,
  errorCode,
  type Operation,
  Refusal,
  type Steps,
} from "@holdfast/fs/steps";
import type { BeginRecord, EndRecord, RestoreEntry } from "../journal/records.ts";
import type { PathResult, RestoreReport } from "../results.ts";
import type { OpenSession } from "../session/open-session.ts";
import { type PathState, sameContent, sameState } from "../state.ts";
import type { TrackedPath } from "../workspace/workspaces.ts";
import { bring, type Brought, isLeft } from "./apply/bring.ts";
import { inDirectory, lookIn } from "./apply/directory.ts";
import { failed, type Workshop } from "./apply/workshop.ts";
import { actionOf } from "./decide.ts";
import { leftAlone } from "./left-alone.ts";
import { inOrder } from "./order.ts";
import { reportOf, resultOf } from "./report.ts";
import { settleSides } from "./settle-sides.ts";
import { workshopOf } from "./workshop-of.ts";

/** An entry in the direction in which it is settled: `to` is where it goes. */
interface Turned extends RestoreEntry {
  /** In the plan. */
  readonly index: number;
  /** `undefined` of a root that this session does not have. */
  readonly at: TrackedPath | undefined;
}

/**
 * Finishes, or takes back, the restore that was interrupted. First what the restore had under names of its own gets its own name
 * again; then each path goes where it should, unless somebody else has changed it. Interrupted itself, it begins again.
 */
export function* settle(
  operation: Operation,
  session: OpenSession,
  how: "resume" | "rollback",
): Steps<RestoreReport> {
  const begin = session.history.interrupted;
  if (begin === undefined) {
    throw new Refusal("ERR_CHECKPOINT_UNKNOWN", { problem: "no restore was interrupted" });
  }
  const turned = yield* turn(operation, session, begin, how);
  yield* commitPoint();
  yield* session.checkLock(operation);
  const workshop = workshopOf(operation, session, begin);
  operation.effect = "partial";
  for (const { at, index } of turned) {
    if (at !== undefined) yield* settleSides(workshop, at, index);
  }
  const results: PathResult[] = [];
  const written: EndRecord["written"][number][] = [];
  for (const entry of inOrder(turned)) {
    yield* session.checkLock(operation);
    const { result, arrived } = yield* settleOne(workshop, entry);
    results.push(result);
    const { path, key, to: state } = entry;
    // What is taken back is what it was, and whose it was: nothing new is ours.
    if (arrived && how === "resume") {
      written.push({ path, ...(key !== undefined && { key }), state });
    }
  }
  const outcome = how === "resume" ? "finished" : "rolled-back";
  yield* session.note(operation, { type: "end", restore: begin.restore, outcome, written });
  operation.effect = "complete";
  const { restore: restoreId, snapshot, before } = begin;
  const left = how === "resume" ? yield* leftAlone(operation, session, begin) : [];
  return reportOf({ restoreId, snapshot, before, outcome }, [...left, ...results]);
}

/**
 * Where all paths are. A root that is missing ends it here, before anything was done: what the restore had taken aside on
 * that disk would be forgotten.
 */
function* turn(
  operation: Operation,
  { workspaces }: OpenSession,
  { entries }: BeginRecord,
  how: "resume" | "rollback",
): Steps<Turned[]> {
  const turned: Turned[] = [];
  for (const [index, entry] of entries.entries()) {
    const { path, key, from, to } = entry;
    const { inside: at } = yield* workspaces.recall(operation, path, key);
    if (at !== undefined) yield* at.workspace.open();
    if (how === "resume") turned.push({ ...entry, index, at });
    else turned.push({ ...entry, from: to, to: from, index, at });
  }
  return turned;
}

interface Settled {
  readonly result: PathResult;
  readonly arrived: boolean;
}

function* settleOne(workshop: Workshop, entry: Turned): Steps<Settled> {
  const { at, from, to, index } = entry;
  const left = (now: PathState, reason: PathResult["reason"], code?: string): Settled => {
    const outcome = { ok: false, reason, code };
    return { result: resultOf({ ...entry, from: now }, "none", outcome), arrived: false };
  };
  if (at === undefined) return left({ kind: "skipped", reason: "outside" }, "skipped");
  const looked = yield* attempt(
    inDirectory(workshop.operation, at, "leave", (directory) =>
      lookIn(workshop, directory, directory.name),
    ),
  );
  if (!looked.ok) {
    const { code } = failed(errorCode(looked.error));
    return left({ kind: "failed", code: code! }, "failed", code);
  }
  const now = looked.value ?? { kind: "absent" };
  if (now.kind === "skipped") return left(now, "skipped");
  // Nothing there is a place between two kinds; and if somebody else has removed it, there are no bytes to lose.
  const mayGo = sameContent(now, from) || sameContent(now, to) || now.kind === "absent";
  if (!mayGo) return left(now, "conflict");
  const goal = sameContent(now, to) && !isOnTheWay(now, entry) ? now : to;
  const brought: Brought = yield* bring(workshop, at, { ...entry, from: now, to: goal }, index);
  const action =
    sameState(now, goal) || isLeft(brought)
      ? "none"
      : sameContent(now, goal)
        ? "mode"
        : actionOf(now, goal);
  return { result: resultOf({ ...entry, from: now }, action, brought), arrived: brought.arrived };
}

/** Whether the content is right and the mode not yet, because we have not come so far. */
function isOnTheWay(now: PathState, { from, to }: RestoreEntry): boolean {
  if (sameState(now, to)) return false;
  if (sameContent(from, to)) return sameState(now, from);
  return to.kind === "dir"; // made, and then given its mode
}
