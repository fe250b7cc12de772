import {
  all,
  attempt,
  closeFlushed,
  errorCode,
  fchmod,
  fstat,
  fsync,
  mkdir,
  open,
  openFlags,
  permissionBits,
  shielded,
  wait,
  type Handle,
  type Operation,
  type Steps,
} from "@holdfast/fs/steps";
import { directoryOf } from "./paths.ts";

/** Whether something was flushed; `"unsupported"` where the file system has no such thing. */
export type Synced = boolean | "unsupported";

/**
 * Opens a directory so that it can be flushed; `undefined` where that is not possible: a platform
 * that has no such thing, or a directory that may be written but not read.
 */
export function* openForSync(operation: Operation, path: string): Steps<Handle | undefined> {
  if (!operation.platform.directorySync.possible) return undefined;
  const opened = yield* attempt(open(path, openFlags.readOnly | openFlags.directory));
  if (opened.ok) return opened.value;
  const code = errorCode(opened.error);
  if (code === "EACCES" || code === "EPERM") return undefined;
  throw opened.error;
}

/** A flush of one directory that has not begun, and all who wait for it. */
interface Round {
  handle: Handle;
  readonly ended: Promise<Synced>;
}

/** Directories that are being flushed now, each with the round that comes after. */
const flushing = new WeakMap<
  object,
  Map<string, { next: Round | undefined; now: Promise<unknown> }>
>();
const builtIn = {};

/**
 * Flushes the entries of a directory. Whoever comes while a flush of the same directory is under way
 * waits for the next one, which begins after their rename and so serves all of them.
 *
 * @param handle from {@link openForSync}; stays open
 */
export function* syncDirectory(
  operation: Operation,
  path: string,
  handle: Handle | undefined,
): Steps<Synced> {
  if (handle === undefined) return "unsupported";
  if (operation.synchronous) return yield* flush(operation, handle);
  // Others count on a round that they have joined: an abort of one of them must not end it.
  return yield* shielded(flushTogether(operation, path, handle));
}

function* flushTogether(operation: Operation, path: string, handle: Handle): Steps<Synced> {
  const key = operation.fileSystem ?? builtIn;
  let directories = flushing.get(key);
  if (directories === undefined) flushing.set(key, (directories = new Map()));
  const busy = directories.get(path);
  if (busy?.next !== undefined) {
    // The newest handle is the one that surely names the directory of the newest rename.
    busy.next.handle = handle;
    return yield* wait(busy.next.ended);
  }
  const { promise, resolve, reject } = withResolvers<Synced>();
  let newest = handle;
  if (busy !== undefined) {
    const round: Round = { handle, ended: promise };
    busy.next = round;
    yield* wait(busy.now);
    newest = round.handle;
  }
  const mine = { next: undefined, now: promise.catch(() => {}) };
  directories.set(path, mine);
  try {
    const result = yield* flush(operation, newest);
    resolve(result);
    return result;
  } catch (error) {
    reject(error);
    throw error;
  } finally {
    if (directories.get(path) === mine && mine.next === undefined) directories.delete(path);
  }
}

function* flush(operation: Operation, handle: Handle): Steps<Synced> {
  const { ok, ...result } = yield* attempt(fsync(handle));
  if (ok) return true;
  const { error } = result as { error: unknown };
  if (operation.platform.directorySync.unsupported.has(errorCode(error) ?? ""))
    return "unsupported";
  throw error;
}

/** Opens, flushes and closes a directory. */
export function* syncDirectoryAt(operation: Operation, path: string): Steps<Synced> {
  const handle = yield* openForSync(operation, path);
  if (handle === undefined) return "unsupported";
  try {
    return yield* syncDirectory(operation, path, handle);
  } finally {
    yield* operation.cleanUp(closeFlushed(handle));
  }
}

/**
 * Makes a directory and its missing ancestors, and flushes the parent of each one made: otherwise a
 * durable file may lie in a directory that a power cut takes away.
 *
 * @param mode exact permission bits for the directories made; by default what the umask leaves
 */
export function* makeDirectories(
  operation: Operation,
  path: string,
  mode: number | undefined,
  sync: boolean,
): Steps<void> {
  const parent = directoryOf(path);
  let made = yield* attempt(mkdir(path, mode));
  if (!made.ok && errorCode(made.error) === "ENOENT" && parent !== path) {
    yield* makeDirectories(operation, parent, mode, sync);
    made = yield* attempt(mkdir(path, mode));
  }
  // Made by somebody else in the meantime: they may not have flushed it, so we do.
  if (!made.ok && errorCode(made.error) !== "EEXIST") throw made.error;
  if (made.ok && mode !== undefined && operation.platform.modes) {
    yield* setDirectoryMode(operation, path, mode);
  }
  if (sync) yield* syncDirectoryAt(operation, parent);
}

/** `mkdir` lets the umask take bits away; and a set-group-id bit that was inherited must stay. */
function* setDirectoryMode(operation: Operation, path: string, mode: number): Steps<void> {
  const handle = yield* open(path, openFlags.readOnly | openFlags.directory | openFlags.noFollow);
  try {
    const bits = permissionBits(yield* fstat(handle));
    if (bits !== ((bits & 0o2000) | mode)) yield* fchmod(handle, (bits & 0o2000) | mode);
  } finally {
    yield* operation.cleanUp(closeFlushed(handle));
  }
}

/** Closes handles that have nothing left to write, several at once; failures are `suppressed`. */
export function* closeAll(
  operation: Operation,
  handles: readonly (Handle | undefined)[],
): Steps<void> {
  const open = handles.filter((handle) => handle !== undefined);
  yield* all(open.map((handle) => operation.cleanUp(closeFlushed(handle))));
}

/** `Promise.withResolvers`, which Node 20 does not have. */
function withResolvers<T>(): {
  promise: Promise<T>;
  resolve: (value: T) => void;
  reject: (error: unknown) => void;
} {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}
