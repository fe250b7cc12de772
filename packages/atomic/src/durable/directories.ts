import {
  all,
  attempt,
  closeFlushed,
  directoryOf,
  errorCode,
  fchmod,
  type FileStats,
  fstat,
  fsync,
  type Handle,
  mkdir,
  open,
  openFlags,
  type Operation,
  permissionBits,
  shielded,
  type Steps,
  wait,
} from "@holdfast/fs/steps";

/** Whether something was flushed; `"unsupported"` where the file system has no such thing. */
export type Synced = boolean | "unsupported";

/**
 * Opens a directory so that it can be flushed; `undefined` where that is not possible: a platform
 * that has no such thing, or a directory that may be written but not read.
 */
export function* openForSync(operation: Operation, path: string): Steps<Handle | undefined> {
  if (!operation.platform.directorySync.possible) return undefined;
  seen.set(operation, failures);
  const opened = yield* attempt(open(path, openFlags.readOnly | openFlags.directory));
  if (opened.ok) return opened.value;
  const code = errorCode(opened.error);
  if (code === "EACCES" || code === "EPERM") return undefined;
  throw opened.error;
}

/** A flush that begins when the one under way has ended, and who waits for it. */
interface Round {
  /** Tells the first who came that it is time. */
  readonly begin: () => void;
  readonly others: { resolve: (synced: Synced) => void; reject: (error: unknown) => void }[];
}

/** What is known of the flushes of one file system, by directory. */
interface Flushes {
  /** Those under way, each with the round that comes after. */
  readonly busy: Map<string, { next: Round | undefined }>;
  /** The last one that failed, and its number. */
  readonly failed: Map<string, { readonly number: number; readonly error: unknown }>;
}

const flushing = new WeakMap<object, Flushes>();
const builtIn = {};

/** How many flushes have failed so far; how many had when a call opened its directories. */
let failures = 0;
const seen = new WeakMap<Operation, number>();

/**
 * Flushes the entries of a directory. Whoever comes while a flush of the same directory is under way
 * waits for the next one, which begins after their rename and so serves all of them.
 *
 * A flush that fails may have lost what others had renamed by then, and after it the next one says
 * that all is well: so it fails for each of them.
 *
 * @param handle from {@link openForSync}; stays open
 * @param identity of that directory, where the caller knows it
 */
export function* syncDirectory(
  operation: Operation,
  path: string,
  handle: Handle | undefined,
  identity?: string,
): Steps<Synced> {
  if (handle === undefined) return "unsupported";
  if (operation.synchronous) return yield* flush(operation, handle);
  const key = operation.fileSystem ?? builtIn;
  let flushes = flushing.get(key);
  if (flushes === undefined) {
    flushing.set(key, (flushes = { busy: new Map(), failed: new Map() }));
  }
  // By identity: a path may lead to another directory by now (a `current` link that was switched).
  const place = identity ?? directoryIdentity(yield* fstat(handle)) ?? path;
  const synced = yield* share(operation, flushes, place, handle);
  const failure = flushes.failed.get(place);
  if (failure !== undefined && failure.number > seen.get(operation)!) throw failure.error;
  return synced;
}

function* share(
  operation: Operation,
  flushes: Flushes,
  place: string,
  handle: Handle,
): Steps<Synced> {
  const busy = flushes.busy.get(place);
  if (busy === undefined) return yield* lead(operation, flushes, place, handle, []);
  const { next } = busy;
  if (next !== undefined) {
    const served = new Promise<Synced>((resolve, reject) => next.others.push({ resolve, reject }));
    return yield* shielded(wait(served));
  }
  // Others will count on this round: an abort of the call that leads it must not end it.
  const began = new Promise<void>((begin) => {
    busy.next = { begin, others: [] };
  });
  yield* shielded(wait(began));
  const round = busy.next!;
  return yield* shielded(lead(operation, flushes, place, handle, round.others));
}

/** One word for the identity of a directory; `undefined` where the file system has no such numbers. */
export function directoryIdentity({ dev, ino }: FileStats): string | undefined {
  return ino === 0n ? undefined : `${dev}:${ino}`;
}

/** Flushes, tells the others of this round, and lets the next one begin. */
function* lead(
  operation: Operation,
  { busy, failed }: Flushes,
  place: string,
  handle: Handle,
  others: Round["others"],
): Steps<Synced> {
  const state: { next: Round | undefined } = { next: undefined };
  busy.set(place, state);
  try {
    const synced = yield* flush(operation, handle);
    for (const other of others) other.resolve(synced);
    return synced;
  } catch (error) {
    failed.set(place, { number: ++failures, error });
    for (const other of others) other.reject(error);
    throw error;
  } finally {
    if (state.next === undefined) busy.delete(place);
    else state.next.begin();
  }
}

function* flush(operation: Operation, handle: Handle): Steps<Synced> {
  const flushed = yield* attempt(fsync(handle));
  if (flushed.ok) return true;
  const code = errorCode(flushed.error) ?? "";
  if (operation.platform.directorySync.unsupported.has(code)) return "unsupported";
  throw flushed.error;
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
