import { attempt, errorCode, type Operation, type Steps } from "@holdfast/fs/steps";
import type { Target } from "../history/history.ts";
import type { RestoreEntry } from "../journal/records.ts";
import type { PathResult, RestoreAction } from "../results.ts";
import type { OpenSession } from "../session/open-session.ts";
import type { PathState } from "../state.ts";
import { type Look, look } from "../workspace/look.ts";
import type { TrackedPath } from "../workspace/workspaces.ts";
import { decide, type Situation } from "./decide.ts";
import { type Answered, askAbout } from "./conflict.ts";
import type { RestoreRequest } from "./restore.ts";
import { absentDirectories } from "./absent-directories.ts";
import { chosen } from "./chosen.ts";
import { goingDirectories } from "./going-directories.ts";

/** A path that is to be changed. */
export interface Planned {
  readonly at: TrackedPath;
  readonly entry: RestoreEntry;
  readonly action: RestoreAction;
  /** Of a merge: the bytes of `entry.to`. */
  readonly merged: Uint8Array | undefined;
}

/** What a restore will do, and what it will not. */
export interface Plan {
  readonly planned: readonly Planned[];
  /** What is left alone, and why. */
  readonly left: readonly PathResult[];
  /** Paths of which somebody else's bytes are there, and nobody said that they may go. */
  readonly conflicts: readonly string[];
}

/** Looks at all paths of a snapshot that are asked for, and decides what becomes of each. Nothing is changed. */
export function* makePlan(
  operation: Operation,
  session: OpenSession,
  request: RestoreRequest,
  targets: ReadonlyMap<string, Target>,
): Steps<Plan> {
  const planned: Planned[] = [];
  const left: PathResult[] = [];
  const conflicts: string[] = [];
  const emptied: TrackedPath[] = [];
  const written = writtenDirectories(session, targets);
  const absent = absentDirectories(targets);
  for (const target of yield* chosen(operation, session, request, targets)) {
    const found = yield* find(operation, session, target);
    if (found.at === undefined) {
      left.push(found.result);
      continue;
    }
    const { at, seen } = found;
    const filled = written.has(target.key);
    const ours = filled || session.history.hasMade(target.key);
    const situation = {
      // First touched as a directory that we had made for another path: it goes with that.
      target: ours && absent.gone.has(at.path) ? nothing : target.state,
      current: seen.state,
      lastWritten: session.history.lastWritten(target.key),
      filled,
      overwrite: request.onConflict === "overwrite",
    };
    const answer = yield* settleOne(operation, session, request, at, situation);
    if (absent.topmost.has(at.path)) {
      const went =
        answer.kind === "bring"
          ? answer.to.kind === "absent"
          : isEmptied(session, situation, target);
      if (went) emptied.push(at);
    }
    if (answer.kind === "leave") {
      if (answer.reason === "conflict") conflicts.push(at.path);
      left.push(leftAlone(at.path, situation, answer));
      continue;
    }
    const { to, action, merged } = answer;
    const entry = entryOf(at, seen, to, absent.gone);
    planned.push({ at, entry, action, merged });
  }
  const going = yield* goingDirectories(operation, session, {
    planned,
    emptied,
    topmost: absent.topmost,
  });
  const isElsewhere = ({ path }: { readonly path: string }): boolean => !going.has(path);
  return {
    planned: [...planned.filter(({ at }) => isElsewhere(at)), ...going.values()],
    left: left.filter(isElsewhere),
    conflicts: conflicts.filter((path) => !going.has(path)),
  };
}

const nothing: PathState = { kind: "absent" };

type Found =
  | { readonly at: TrackedPath; readonly seen: Look }
  | { readonly at: undefined; readonly result: PathResult };

function* find(operation: Operation, session: OpenSession, target: Target): Steps<Found> {
  const { path, key, state: to } = target;
  const lost = (from: PathState, reason: PathResult["reason"], code?: string): Found => {
    const result = { path, action: "none", ok: false, reason, code, from, to } as const;
    return { at: undefined, result: { ...result, trash: undefined } };
  };
  // Of a disk that is not there: its paths fail, and the others go on.
  const located = yield* attempt(session.workspaces.recall(operation, path, key));
  if (!located.ok) {
    const code = errorCode(located.error) ?? "UNKNOWN";
    return lost({ kind: "failed", code }, "failed", code);
  }
  const at = located.value.inside;
  if (at === undefined) return lost({ kind: "skipped", reason: "outside" }, "skipped");
  const { maxFileBytes } = session.request.limits;
  const known = session.history.lastLook(key);
  const settings = { keep: "hash", maxFileBytes, known } as const;
  return { at, seen: yield* look(operation, at, session.objects, settings) };
}

function* settleOne(
  operation: Operation,
  session: OpenSession,
  { onConflict, snapshot }: RestoreRequest,
  at: TrackedPath,
  situation: Situation,
): Steps<Answered> {
  const { target: to } = situation;
  const decision = decide(situation);
  if (decision.kind === "bring") return { ...decision, to, merged: undefined };
  if (decision.kind === "leave") return decision;
  if (typeof onConflict !== "function") {
    return { kind: "leave", ok: false, reason: "conflict", code: undefined };
  }
  return yield* askAbout(operation, session, { at, situation, ask: onConflict, snapshot });
}

/** The directories in which we have written something, by key: one that is there was made for it, or filled by us. */
function writtenDirectories(
  { history }: OpenSession,
  targets: ReadonlyMap<string, Target>,
): ReadonlySet<string> {
  const written = new Set<string>();
  for (const key of targets.keys()) {
    if (history.lastWritten(key) === undefined) continue;
    for (let end = key.lastIndexOf("/"); end > 0; end = key.lastIndexOf("/", end - 1)) {
      const parent = key.slice(0, end);
      if (written.has(parent)) break;
      written.add(parent);
    }
  }
  return written;
}

/** Whether we have removed what we had made there, and may have left the directory that we had made for it. */
function isEmptied(
  { history }: OpenSession,
  { target, current }: Situation,
  { key }: Target,
): boolean {
  return target.kind === "absent" && current.kind === "absent" && history.hasMade(key);
}

/** @param gone directories that were not there at the snapshot: somebody else's things in one may keep it */
function entryOf(
  at: TrackedPath,
  { state: from, missing }: Look,
  to: PathState,
  gone: ReadonlySet<string>,
): RestoreEntry {
  const goes = from.kind === "dir" && to.kind === "absent" && gone.has(at.path);
  const created = goes ? at.path : from.kind === "absent" ? missing : undefined;
  return {
    path: at.path,
    ...(at.key !== at.path && { key: at.key }),
    from,
    to,
    ...(created !== undefined && { created }),
  };
}

function leftAlone(
  path: string,
  { current: from, target: to }: Situation,
  { ok, reason, code }: Extract<Answered, { kind: "leave" }>,
): PathResult {
  return { path, action: "none", ok, reason, code, from, to, trash: undefined };
}
