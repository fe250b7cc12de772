import { HoldfastError, invalidCombination, invalidType } from "@holdfast/fs/steps";
import { acquireLock, acquireLockSync } from "./acquire-lock.ts";
import type { LockPath } from "./lock-path.ts";
import type { Lock } from "./lock.ts";
import type { LockOptions, LockSyncOptions } from "./options.ts";

/**
 * Calls `fn` while the lock is held, and gives it back whatever becomes of that. What `fn` throws comes
 * through as it is.
 *
 * @param fn gets the lock: pass it along to what needs to know that it is held
 * @returns what `fn` returns
 * @throws as `acquireLock` and, if `fn` succeeded, as `lock.release`; `ERR_LOCK_LOST`, effect `"unknown"`, if `fn` succeeded and the lock turns out to
 *   have been lost: somebody else may have been at work at the same time
 *
 * @example
 * ```ts
 * const next = await withLock("counter", () => increment("counter"));
 * ```
 */
export async function withLock<Result>(
  path: LockPath,
  fn: (lock: Lock) => Result | PromiseLike<Result>,
  options: LockOptions = {},
): Promise<Result> {
  requireFunction("withLock", fn);
  const lock = await acquireLock(path, options);
  let result: Result;
  try {
    result = await lock.run(() => fn(lock));
  } catch (error) {
    await lock.release().catch(() => {}); // what `fn` threw says more
    throw error;
  }
  await lock.release();
  refuseIfLost("withLock", lock);
  return result;
}

/** For a function whose result is or may be a promise: something that no function is. */
type NoPromise<Result> = 0 extends 1 & Result // `any`: nobody knows
  ? unknown
  : [Extract<Result, PromiseLike<unknown>>] extends [never]
    ? unknown
    : "withLockSync gives the lock back before a promise settles: use withLock";

/**
 * As {@link withLock}, synchronously. `fn` must not return a promise: that does not compile, and is
 * `ERR_INVALID_ARG` after it ran.
 */
export function withLockSync<Result>(
  path: LockPath,
  fn: ((lock: Lock) => Result) & NoPromise<Result>,
  options: LockSyncOptions = {},
): Result {
  requireFunction("withLockSync", fn);
  const lock = acquireLockSync(path, options);
  let result: Result;
  try {
    result = lock.run(() => fn(lock));
    if (typeof (result as PromiseLike<unknown> | undefined)?.then === "function") {
      throw invalidCombination(
        "withLockSync",
        "the function returned a promise, and the lock is given back now; use withLock",
      );
    }
  } catch (error) {
    try {
      lock.releaseSync();
    } catch {
      // what `fn` threw says more
    }
    throw error;
  }
  lock.releaseSync();
  refuseIfLost("withLockSync", lock);
  return result;
}

function requireFunction(op: string, fn: unknown): void {
  if (typeof fn !== "function") throw invalidType(op, "fn", "a function", fn);
}

function refuseIfLost(op: string, { path, signal }: Lock): void {
  if (!signal.aborted) return;
  throw new HoldfastError({
    op,
    path,
    effect: "unknown",
    code: "ERR_LOCK_LOST",
    problem: "the function ran to its end, but the lock was lost meanwhile",
    hint: "Somebody else may have been at work at the same time: look at what is there.",
    cause: signal.reason,
  });
}
