import {
  attempt,
  closeFlushed,
  directoryOf,
  errorCode,
  fstat,
  permissionBits,
  Refusal,
  resolveLink,
  sameIdentity,
  stat,
  type Operation,
  type Steps,
} from "@holdfast/fs/steps";
import { makeMissing } from "../../target/make-directories.ts";
import { shareLog } from "./log-lock.ts";
import { inItsHalf, openLogFile } from "./open-log-file.ts";
import { flushLog, type OpenLog } from "./open-log.ts";

/**
 * Looks whether the file that is open still has the name of the log, and opens the one that has it now,
 * or creates it, if not: it was rotated or removed.
 */
export function* findAgain(operation: Operation, log: OpenLog): Steps<void> {
  const gone = yield* isGone(log);
  // At the end of the process its lock may have been given back already.
  if (!gone && (!log.lock.lost.aborted || log.ending)) return;
  const { file, dirMode } = log.settings;
  const before = log.opened;
  const path = yield* resolveLink(file.path);
  const onUnflushed = (error: unknown): void => {
    log.poison ??= { error, told: false };
  };
  const onMade = (): void => {
    operation.effect = "partial";
  };
  yield* makeMissing(operation, directoryOf(path), { dirMode, onMade, onUnflushed });
  if (!log.ending) yield* lockAgain(operation, log, path);
  if (!gone) return;
  const mode = yield* modeAgain(operation, log);
  const opened = yield* openLogFile(operation, path, mode, onUnflushed);
  // What was written before must not be forgotten with the file.
  const flushed = yield* attempt(flushLog(log));
  // `appendSync` was faster.
  if (!flushed.ok || log.opened !== before) yield* operation.cleanUp(closeFlushed(opened.handle));
  if (!flushed.ok) throw flushed.error;
  if (log.opened !== before) return;
  log.retired.push(before);
  Object.assign(log, { path, opened, end: undefined, torn: undefined });
}

/** What nobody else may read in the old file nobody else may read in the new one. */
function* modeAgain(operation: Operation, log: OpenLog): Steps<number | undefined> {
  const { opened, settings } = log;
  if (settings.mode !== undefined || !operation.platform.modes) return settings.mode;
  // It may have been closed to others after it was opened.
  const now = yield* attempt(inItsHalf(opened, fstat(opened.handle)));
  return permissionBits(now.ok ? now.value : opened.stats) & 0o777;
}

function* isGone({ settings, opened }: OpenLog): Steps<boolean> {
  const found = yield* attempt(stat(settings.file.path));
  if (found.ok) return sameIdentity(found.value, opened.stats) === false;
  const code = errorCode(found.error);
  // Anything else says nothing of the file: a program may have given up the right to look.
  return code === "ENOENT" || code === "ENOTDIR";
}

/** A directory that was removed took the lock along; a link that was switched has another one. */
function* lockAgain(operation: Operation, log: OpenLog, path: string): Steps<void> {
  const held = yield* attempt(log.lock.check(operation));
  if (held.ok && path === log.path) return;
  const before = log.lock;
  if (!held.ok) {
    const lost = held.error instanceof Refusal && held.error.code === "ERR_LOCK_LOST";
    if (!lost) throw held.error;
    yield* operation.cleanUp(before.release(operation));
  }
  log.lock = yield* shareLog(operation, log.settings.file, path);
  yield* operation.cleanUp(before.release(operation));
}
