import { isAbsolute } from "node:path";
import {
  attempt,
  directoryOf,
  errorCode,
  isAborted,
  type Operation,
  type Steps,
  wait,
} from "@holdfast/fs/steps";
import type { LookRecord } from "../journal/records.ts";
import type { TrackReceipt } from "../results.ts";
import type { OpenSession } from "../session/open-session.ts";
import { type PathState, sameState } from "../state.ts";
import { type Look, look } from "../workspace/look.ts";
import type { TrackedPath } from "../workspace/workspaces.ts";
import type { Turns } from "./turns.ts";

/** As many links as Linux follows. */
const maxLinks = 40;

/** What the calls that track share. */
export interface Tracker {
  readonly session: OpenSession;
  readonly turns: Turns;
  /** Paths that are about to be tracked for the first time, by key. */
  readonly arriving: Set<string>;
  /** What paths were when their pre-image could not be kept, by key. `failed` never equals what is seen later. */
  readonly unkept: Map<string, Unkept>;
}

/** A path whose pre-image could not be kept. */
export interface Unkept {
  readonly at: TrackedPath;
  readonly turn: string;
  /** What it was then. */
  readonly state: PathState;
}

/** Keeps what a path is before an edit, and where it is a link, what it leads to. */
export function* track(
  operation: Operation,
  tracker: Tracker,
  path: string,
  turn: string,
  followed: ReadonlySet<string> = new Set(),
): Steps<TrackReceipt> {
  const located = yield* tracker.session.workspaces.locate(operation, path);
  const at = located.inside;
  if (at === undefined) {
    const state: PathState = { kind: "skipped", reason: located.reason };
    return { path: located.path, state, first: true, leadsTo: undefined };
  }
  const { state, first } = yield* tracker.turns.take(at.key, () =>
    preImage(operation, tracker, at, turn),
  );
  // After the first edit of the turn what counts is the link that is there by now.
  const link = first ? linkOf(state) : yield* linkNow(at);
  const isCircle = followed.has(at.key) || followed.size === maxLinks;
  const target = isCircle ? undefined : link;
  const leadsTo =
    target === undefined
      ? undefined
      : yield* track(
          operation,
          tracker,
          destination(at.path, target),
          turn,
          new Set([...followed, at.key]),
        );
  return { path: at.path, state, first, leadsTo };
}

const linkOf = (state: PathState): string | undefined =>
  state.kind === "symlink" ? state.target : undefined;

/** What the link at a path says; `undefined` if there is none. */
function* linkNow({ workspace, inside }: TrackedPath): Steps<string | undefined> {
  const { root } = yield* workspace.open();
  const read = yield* attempt(wait(root.readlink(inside)));
  if (read.ok) return read.value;
  if (noLink.has(errorCode(read.error) ?? "")) return undefined;
  throw read.error;
}

const noLink: ReadonlySet<string> = new Set(["EINVAL", "ENOENT", "ENOTDIR", "ERR_PATH_ESCAPES"]);

/** Where a link leads, as a path. */
export function destination(link: string, target: string): string {
  return isAbsolute(target) ? target : `${directoryOf(link)}/${target}`;
}

function* preImage(
  operation: Operation,
  tracker: Tracker,
  at: TrackedPath,
  turn: string,
): Steps<{ readonly state: PathState; readonly first: boolean }> {
  const { history } = tracker.session;
  const taken = history.preImage(at.key, turn);
  if (taken !== undefined) return { state: taken.state, first: false };
  if (isOneTooMany(tracker, at.key)) {
    return { state: { kind: "skipped", reason: "too-many-paths" }, first: true };
  }
  tracker.arriving.add(at.key);
  try {
    return { state: yield* capture(operation, tracker, at, turn), first: true };
  } finally {
    tracker.arriving.delete(at.key);
  }
}

function isOneTooMany({ session, arriving }: Tracker, key: string): boolean {
  const { history, request } = session;
  if (history.keys.has(key)) return false;
  return history.keys.size + arriving.size >= request.limits.maxPaths;
}

function* capture(
  operation: Operation,
  tracker: Tracker,
  at: TrackedPath,
  turn: string,
): Steps<PathState> {
  const { session, unkept } = tracker;
  const { history, objects, request } = session;
  const { maxFileBytes } = request.limits;
  const after = history.snapshots.at(-1)?.id;
  const touch = { cause: "touch", turn, after } as const;
  const records: LookRecord[] = [];
  try {
    const known = history.lastLook(at.key);
    const seen = yield* look(operation, at, objects, { keep: "bytes", maxFileBytes, known });
    if (wasEdited(unkept.get(at.key), seen.state)) records.push(lookRecord(at, lost, touch));
    records.push(lookRecord(at, seen, touch));
    yield* session.note(operation, ...records);
    unkept.delete(at.key);
    if (seen.state.kind === "failed") throw new CaptureFailure(seen.error);
    return seen.state;
  } catch (error) {
    if (error instanceof CaptureFailure) throw error.reason;
    if (!isAborted(error)) yield* rememberUnkept(operation, tracker, at, turn);
    throw error;
  }
}

/**
 * Whether a path was edited although its pre-image could not be kept: then a touch that is `lost` goes before what is
 * seen now, which earlier snapshots must not take for it.
 */
export function wasEdited(before: Unkept | undefined, now: PathState): boolean {
  return before !== undefined && !sameState(before.state, now);
}

/** The path could not be read, and that is on record. */
class CaptureFailure {
  readonly reason: unknown;
  constructor(reason: unknown) {
    this.reason = reason;
  }
}

/** Of a pre-image that nobody kept. */
export const lost: Pick<Look, "state" | "signature" | "missing"> = {
  state: { kind: "failed", code: "ERR_CHECKPOINT_DAMAGED" },
  signature: undefined,
  missing: undefined,
};

/** The store failed: the next call tries again, and must be able to tell whether the path was edited meanwhile. */
function* rememberUnkept(
  operation: Operation,
  { session, unkept }: Tracker,
  at: TrackedPath,
  turn: string,
): Steps<void> {
  if (unkept.has(at.key)) return;
  unkept.set(at.key, { at, turn, state: lost.state });
  const { objects, request } = session;
  const { maxFileBytes } = request.limits;
  const seen = yield* attempt(look(operation, at, objects, { keep: "hash", maxFileBytes }));
  if (seen.ok) unkept.set(at.key, { at, turn, state: seen.value.state });
}

/** A look, as the journal holds it. */
export function lookRecord(
  at: TrackedPath,
  { state, signature, missing }: Pick<Look, "state" | "signature" | "missing">,
  { cause, turn, after }: Pick<LookRecord, "cause" | "turn" | "after">,
): LookRecord {
  return {
    type: "look",
    path: at.path,
    ...(at.key !== at.path && { key: at.key }),
    cause,
    ...(turn !== undefined && { turn }),
    ...(after !== undefined && { after }),
    state,
    ...(signature !== undefined && { signature }),
    ...(missing !== undefined && { missing }),
  };
}
