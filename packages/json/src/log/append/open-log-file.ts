import {
  attempt,
  closeFlushed,
  directoryOf,
  errorCode,
  fchmod,
  fstat,
  fsync,
  inline,
  open,
  openFlags,
  permissionBits,
  Refusal,
  stat,
  type FileStats,
  type Handle,
  type Operation,
  type Steps,
} from "@holdfast/fs/steps";
import { syncDirectoryAt } from "@holdfast/atomic/steps";

/** A log file that is open for appending. */
export interface OpenedFile {
  readonly handle: Handle;
  /** Whether its end can be looked at: some may write a log and not read it. */
  readonly readable: boolean;
  /** As of its opening. */
  readonly stats: FileStats;
  /** Whether its handle is one of the synchronous half of an injected file system. */
  readonly bySync: boolean;
}

/** Makes steps in the half of an injected file system that the handle is of. */
export function inItsHalf<T>({ bySync }: OpenedFile, steps: Steps<T>): Steps<T> {
  return bySync ? inline(steps) : steps;
}

/** Whether it can be closed here: a `FileHandle` whose number is closed would close that again one day. */
export function canBeClosed(operation: Operation, { bySync }: OpenedFile): boolean {
  return bySync || !operation.synchronous || !operation.injected;
}

/** Refuses what is no regular file, without opening it: a FIFO would wait for its reader. */
export function* refuseNoFile(path: string): Steps<void> {
  const found = yield* attempt(stat(path));
  if (found.ok) checkKind(found.value);
  else if (errorCode(found.error) !== "ENOENT") throw found.error;
}

function checkKind(stats: FileStats): void {
  if (stats.isFile()) return;
  if (stats.isDirectory()) throw new Refusal("EISDIR");
  throw new Refusal("ERR_NOT_FILE", { problem: "a log can only be a regular file" });
}

/** How often a name is tried again that others create and remove. */
const maxTries = 100;

/**
 * Opens the file of a log, or creates it; its name is on the device then.
 *
 * @param onUnflushed told if a flush failed
 */
export function* openLogFile(
  operation: Operation,
  path: string,
  mode: number | undefined,
  onUnflushed: (error: unknown) => void,
): Steps<OpenedFile> {
  const opened = yield* openOrCreate(operation, path, mode);
  try {
    // Also of one that exists: whoever created it may not have come to this yet, and their power cut is ours.
    const flushed = yield* attempt(syncDirectoryAt(operation, directoryOf(path)));
    if (flushed.ok) return opened;
    onUnflushed(flushed.error);
    throw flushed.error;
  } catch (error) {
    yield* operation.cleanUp(closeFlushed(opened.handle));
    throw error;
  }
}

function* openOrCreate(
  operation: Operation,
  path: string,
  mode: number | undefined,
): Steps<OpenedFile> {
  for (let tries = 1; ; tries++) {
    const found = yield* attempt(openToAppend(operation, path));
    if (found.ok) return found.value;
    if (errorCode(found.error) !== "ENOENT" || tries >= maxTries) throw found.error;
    const made = yield* attempt(create(operation, path, mode));
    if (made.ok) return made.value;
    if (errorCode(made.error) !== "EEXIST" || tries >= maxTries) throw made.error;
  }
}

// Somebody may put a FIFO there at the last moment.
const appending = openFlags.append | openFlags.nonBlocking;

function* openToAppend(operation: Operation, path: string): Steps<OpenedFile> {
  let readable = true;
  let opened = yield* attempt(open(path, openFlags.readWrite | appending));
  if (!opened.ok && errorCode(opened.error) === "EACCES") {
    readable = false;
    opened = yield* attempt(open(path, openFlags.writeOnly | appending));
  }
  if (!opened.ok) throw opened.error;
  const handle = opened.value;
  try {
    const stats = yield* fstat(handle);
    checkKind(stats);
    return { handle, readable, stats, bySync: isBySync(operation) };
  } catch (error) {
    yield* operation.cleanUp(closeFlushed(handle));
    throw error;
  }
}

const isBySync = ({ synchronous, injected }: Operation): boolean => synchronous && injected;

function* create(operation: Operation, path: string, mode: number | undefined): Steps<OpenedFile> {
  const flags = openFlags.readWrite | appending | openFlags.create | openFlags.exclusive;
  const handle = yield* open(path, flags, mode);
  operation.effect = "partial";
  try {
    let stats = yield* fstat(handle);
    // The umask took bits away.
    if (mode !== undefined && operation.platform.modes && permissionBits(stats) !== mode) {
      yield* fchmod(handle, mode);
      yield* fsync(handle);
      stats = yield* fstat(handle);
    }
    return { handle, readable: true, stats, bySync: isBySync(operation) };
  } catch (error) {
    yield* operation.cleanUp(closeFlushed(handle));
    throw error;
  }
}
