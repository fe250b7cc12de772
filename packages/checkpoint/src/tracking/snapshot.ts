import { randomBytes } from "node:crypto";
import { all, type Operation, type Steps } from "@holdfast/fs/steps";
import type { LookRecord, SnapshotRecord } from "../journal/records.ts";
import type { OpenSession } from "../session/open-session.ts";
import { sameState } from "../state.ts";
import { look } from "../workspace/look.ts";
import { lookRecord, lost, type Tracker, type Unkept, wasEdited } from "./track.ts";

/** How many paths are looked at at once: as many as the thread pool has threads, twice. */
const lanes = 8;

/** Makes a snapshot; nobody edits meanwhile. */
export function* snapshot(
  operation: Operation,
  { session, unkept }: Tracker,
  { turn, label }: { readonly turn: string; readonly label: string | undefined },
): Steps<SnapshotRecord> {
  const changed = yield* lookAtAll(operation, session);
  const late = yield* lookAtUnkept(operation, session, [...unkept.values()]);
  const record: SnapshotRecord = {
    type: "snapshot",
    id: newId(session),
    turn,
    ...(label !== undefined && { label }),
    kind: "turn",
    at: Date.now(),
  };
  yield* session.note(operation, ...late, ...changed, record);
  unkept.clear();
  return record;
}

/** An id that no other snapshot of the session has. */
export function newId({ history }: OpenSession): string {
  for (;;) {
    const id = randomBytes(8).toString("hex");
    if (history.snapshot(id) === undefined) return id;
  }
}

/** What was edited without a pre-image, or was about to be: before this snapshot, not after it. */
function* lookAtUnkept(
  operation: Operation,
  { objects, request, history }: OpenSession,
  paths: readonly Unkept[],
): Steps<LookRecord[]> {
  const { maxFileBytes } = request.limits;
  const after = history.snapshots.at(-1)?.id;
  const records: LookRecord[] = [];
  for (const before of paths) {
    const seen = yield* look(operation, before.at, objects, { keep: "bytes", maxFileBytes });
    const edited = wasEdited(before, seen.state);
    if (edited)
      records.push(lookRecord(before.at, lost, { cause: "touch", turn: before.turn, after }));
    records.push(lookRecord(before.at, seen, { cause: "snapshot" }));
  }
  return records;
}

/**
 * Looks at all tracked paths and keeps what has changed since they were last looked at: then the last look at each of
 * them says what it is at the snapshot that is being made.
 *
 * @param except keys of paths that the caller looks at
 */
export function* lookAtAll(
  operation: Operation,
  session: OpenSession,
  except: ReadonlySet<string> = new Set(),
): Steps<LookRecord[]> {
  const keys = [...session.history.keys].filter((key) => !except.has(key));
  const changed: LookRecord[] = [];
  let next = 0;
  const lane = function* (): Steps<void> {
    for (let key = keys[next++]; key !== undefined; key = keys[next++]) {
      const record = yield* lookAgain(operation, session, key);
      if (record !== undefined) changed.push(record);
    }
  };
  yield* all(Array.from({ length: Math.min(lanes, keys.length) }, lane));
  return changed.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** What is new about a path since it was last looked at; `undefined` if nothing is. */
function* lookAgain(
  operation: Operation,
  { history, objects, workspaces, request }: OpenSession,
  key: string,
): Steps<LookRecord | undefined> {
  const path = history.pathOf(key) ?? key;
  const { inside: at } = yield* workspaces.recall(operation, path, key);
  if (at === undefined) return undefined; // of a root that this session does not have: nobody looked
  const known = history.lastLook(key);
  const { maxFileBytes } = request.limits;
  const seen = yield* look(operation, at, objects, { keep: "bytes", maxFileBytes, known });
  if (known !== undefined && isSame(known, seen)) return undefined;
  return lookRecord(at, seen, { cause: "snapshot" });
}

function isSame(
  known: LookRecord,
  seen: Pick<LookRecord, "state" | "signature" | "missing">,
): boolean {
  const { state } = known;
  if (known.missing !== seen.missing) return false; // somebody has made the directory meanwhile
  if (state.kind === "failed" && seen.state.kind === "failed")
    return state.code === seen.state.code;
  if (state.kind === "skipped") {
    return seen.state.kind === "skipped" && seen.state.reason === state.reason;
  }
  // One more line of the journal spares reading the file again each time.
  const proves = seen.signature === undefined || seen.signature === known.signature;
  return sameState(state, seen.state) && proves;
}
