import {
  invalidCombination,
  Operation,
  readSignal,
  readWord,
  requireObject,
  runAsync,
  runSync,
  type Steps,
} from "@holdfast/fs/steps";
import { acquireOrRefuse, obtain } from "./acquire.ts";
import { LockObject } from "./lock-object.ts";
import type { LockPath } from "./lock-path.ts";
import type { Lock } from "./lock.ts";
import type { LockOptions, LockSyncOptions } from "./options.ts";
import { type LockRequest, readLockRequest } from "./request.ts";

/**
 * Takes the lock of a path: a directory entry, `<name>.lock`, beside it. The path itself need not exist,
 * and is not touched; of a symbolic link it is the lock of what the link leads to.
 *
 * Afterwards, until it is released or lost, nobody else gets it: in this process and others of this
 * machine, and of other machines that see the same directory. Promised:
 *
 * - The entry appears whole, in one step, and says who holds it.
 * - A holder that ends gives it back: on a normal exit, on SIGINT, SIGTERM and SIGHUP. One that is
 *   killed is proved dead by the kernel (its pid is gone, is a zombie, or has another start time now), and
 *   the next one who asks takes over at once. Of several who do that at the same moment one gets it.
 * - A holder that this kernel says is alive is never robbed, be it stopped, stuck or slow.
 * - Who waits in this process gets it in the order of the calls; between processes by chance, with delays
 *   that grow.
 *
 * All who may write to the directory may take it and share it, under whatever umask: what is shared lies
 * in a directory, `<name>.lock.shared`, with the permissions of the one beside it. An entry of another user
 * who is dead cannot be removed from a sticky directory (`/tmp`): `EPERM` or `EACCES`, naming it.
 *
 * Not promised: that nobody removes the entry by hand (the holder learns of it, see `lock.signal`). That
 * a holder which this kernel cannot judge (another host, boot, container or pid namespace; on macOS and
 * Windows any that has the pid) is alive just because it is: it is taken for dead when it has shown no
 * life for `staleAfterMs` (by its time of change, or before the eyes of who waits), and learns of it when it
 * goes on. One whose record may not be read is never taken for dead. File systems without hard links (FAT, some
 * network mounts) are `ERR_UNSUPPORTED`. Network file systems are as good as their `link` and their
 * attribute caches: NFS needs version 3 or later, and `staleAfterMs` well above its `acregmax`.
 *
 * It is not re-entrant: who holds it and asks again waits for itself, until `timeoutMs`. Inside
 * {@link withLock}, or `lock.run()`, that is noticed: `ERR_LOCK_HELD` at once.
 *
 * @throws `TypeError` or `RangeError` (`ERR_INVALID_ARG`), before any I/O, for bad options
 * @throws `HoldfastError`, effect `"none"`: `ERR_LOCK_TIMEOUT` (its `owners` say who holds it, as of the
 *   last look), `ERR_LOCK_HELD`, `ERR_UNSUPPORTED`, `ABORT_ERR`; `ERR_NOT_FILE` if something else has a name
 *   of the lock; the errno of the file system, or the refusal of a root, if the entry cannot be made
 *   there (`ENOENT` without the directory, `EACCES`, `EROFS`, `ENOSPC`, `ERR_DENIED`)
 *
 * @example
 * ```ts
 * await using lock = await acquireLock("jobs.db");
 * ```
 *
 * docs/guarantees/lock.md goes through the protocol, and through those that elect two owners.
 */
export async function acquireLock(path: LockPath, options: LockOptions = {}): Promise<Lock> {
  const { operation, request } = prepare("acquireLock", path, options, "async");
  return await runAsync(getLock(operation, request), operation);
}

/**
 * As {@link acquireLock}; the thread sleeps while it waits. If this thread holds the lock already it
 * cannot be released meanwhile: `ERR_LOCK_HELD`.
 */
export function acquireLockSync(path: LockPath, options: LockSyncOptions = {}): Lock {
  const { operation, request } = prepare("acquireLockSync", path, options, "sync");
  return runSync(getLock(operation, request), operation);
}

/**
 * As {@link acquireLock}, and does not wait: `undefined` if somebody else holds it, be it another call
 * of this thread. A dead holder's is taken over. `timeoutMs` and `retry` mean nothing here and are refused.
 */
export async function tryAcquireLock(
  path: LockPath,
  options: Omit<LockOptions, "timeoutMs" | "retry"> = {},
): Promise<Lock | undefined> {
  const { operation, request } = prepareTry("tryAcquireLock", path, options, "async");
  return await runAsync(tryLock(operation, request), operation);
}

/** As {@link tryAcquireLock}, synchronously. */
export function tryAcquireLockSync(
  path: LockPath,
  options: Omit<LockSyncOptions, "timeoutMs" | "retry"> = {},
): Lock | undefined {
  const { operation, request } = prepareTry("tryAcquireLockSync", path, options, "sync");
  return runSync(tryLock(operation, request), operation);
}

/** A call whose arguments have been checked. */
interface LockCall {
  readonly operation: Operation;
  readonly request: LockRequest;
}

function prepare(
  op: string,
  path: unknown,
  options: LockOptions,
  half: "async" | "sync",
): LockCall {
  const request = readLockRequest(op, path, options, half);
  const operation = new Operation({
    op,
    path: request.path,
    fileSystem: request.fileSystem,
    signal: readSignal(op, options.signal, half),
    offload: readWord(op, "offload", options.offload, ["calls", "flushes"]),
  });
  return { operation, request };
}

function prepareTry(
  op: string,
  path: unknown,
  options: LockOptions,
  half: "async" | "sync",
): LockCall {
  requireObject(op, options);
  for (const name of ["timeoutMs", "retry"] as const) {
    if (options[name] !== undefined) {
      throw invalidCombination(op, `"${name}" means nothing here: it does not wait`);
    }
  }
  return prepare(op, path, { ...options, timeoutMs: 0 }, half);
}

function* getLock(operation: Operation, request: LockRequest): Steps<Lock> {
  return new LockObject(yield* acquireOrRefuse(operation, request), request);
}

function* tryLock(operation: Operation, request: LockRequest): Steps<Lock | undefined> {
  const { held } = yield* obtain(operation, request);
  return held === undefined ? undefined : new LockObject(held, request);
}
