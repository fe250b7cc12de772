import {
  attempt,
  errorCode,
  joinName,
  readdir,
  rmdir,
  unlink,
  type Operation,
  type Steps,
} from "@holdfast/fs/steps";
import { syncDirectoryAt } from "@holdfast/atomic/steps";
import { acquire } from "@holdfast/lock/steps";
import { sessionLock } from "../session/session-lock.ts";
import type { OtherSession } from "./other-sessions.ts";
import { gracePeriodMs, type Pruning } from "./pruning.ts";
import { removeTree } from "./remove-tree.ts";

/** Removes sessions that have ended and were not changed for too long. Returns their names. */
export function* removeEnded(pruning: Pruning): Steps<string[]> {
  const { operation, session, others, now } = pruning;
  const removed: string[] = [];
  for (const other of yield* others.read(operation)) {
    const maxAgeMs = other.isEmpty ? gracePeriodMs : session.request.limits.maxAgeMs;
    const isOld = ({ changedAt }: OtherSession): boolean => now - changedAt > maxAgeMs;
    if (!isOld(other)) continue;
    // The lock itself makes a folder young.
    const mayGo = other.isEmpty ? ({ isEmpty }: OtherSession) => isEmpty : isOld;
    if ((yield* removeSession(pruning, other, mayGo)) && !other.isEmpty) removed.push(other.name);
  }
  return removed;
}

/**
 * Removes a session that nobody has open. Its journal first: without it the session is none, whatever else is left when
 * we are killed. Who waits for its lock finds an empty one.
 *
 * @param mayGo asked again under its lock: it may have been opened and closed since
 */
export function* removeSession(
  { operation, session, others }: Pruning,
  { folder, mustStay }: OtherSession,
  mayGo: (other: OtherSession) => boolean,
): Steps<boolean> {
  if (mustStay) return false;
  const { fileSystem } = session.request;
  const request = sessionLock(operation, folder, { fileSystem, lockTimeoutMs: 0 });
  const taken = yield* attempt(acquire(operation, request));
  if (!taken.ok && errorCode(taken.error) === "ENOENT") return false;
  if (!taken.ok) throw taken.error;
  const lock = taken.value;
  if (lock === undefined) return false;
  try {
    const now = yield* others.readOne(operation, folder);
    if (now === undefined || now.mustStay || !mayGo(now)) return false;
    yield* lock.check(operation);
    yield* removeFiles(operation, folder);
  } finally {
    yield* operation.cleanUp(lock.release(operation));
  }
  // Somebody who waited for the lock, or has it now, keeps the folder.
  const gone = yield* attempt(rmdir(folder));
  const code = gone.ok ? undefined : errorCode(gone.error);
  if (!gone.ok && code !== "ENOTEMPTY" && code !== "EEXIST" && code !== "ENOENT") throw gone.error;
  return true;
}

/** What is of its journal: that itself, torn ends, the lock of a writer that is dead. Nothing else is ours to remove. */
function* removeFiles(operation: Operation, folder: string): Steps<void> {
  const journal = yield* attempt(unlink(joinName(folder, "journal.jsonl")));
  if (!journal.ok && errorCode(journal.error) !== "ENOENT") throw journal.error;
  operation.effect = "partial";
  yield* syncDirectoryAt(operation, folder);
  for (const name of (yield* readdir(folder)).map(String)) {
    if (name.startsWith("journal.jsonl.")) yield* removeTree(joinName(folder, name));
  }
}
