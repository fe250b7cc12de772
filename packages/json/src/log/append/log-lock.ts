import { Refusal, type Operation, type Steps } from "@holdfast/fs/steps";
import { acquire, readLockRequest, type HeldLock, type LockRequest } from "@holdfast/lock/steps";
import type { LogFile } from "../log-file.ts";

/** The lock of a log, and whether nobody else has the log open. */
export interface LogLock {
  readonly lock: HeldLock;
  readonly alone: boolean;
}

/** Takes the lock of a log for itself alone if that is possible at once, and a share of it otherwise. */
export function* lockLog(operation: Operation, file: LogFile, path: string): Steps<LogLock> {
  const request = requestFor(operation, file, path, { shared: false, timeoutMs: 0 });
  const lock = yield* acquire(operation, request);
  if (lock !== undefined) return { lock, alone: true };
  return { lock: yield* shareLog(operation, file, path), alone: false };
}

/** Takes a share of the lock of a log. */
export function* shareLog(operation: Operation, file: LogFile, path: string): Steps<HeldLock> {
  const lock = yield* acquire(operation, requestFor(operation, file, path, { shared: true }));
  if (lock !== undefined) return lock;
  throw new Refusal("ERR_LOCK_TIMEOUT", {
    problem: "somebody holds the lock of the log alone, as a repair does",
  });
}

function requestFor(
  operation: Operation,
  { shown, fileSystem }: LogFile,
  path: string,
  options: { readonly shared: boolean; readonly timeoutMs?: number },
): LockRequest {
  const half = operation.synchronous ? "sync" : "async";
  const all = { ...options, purpose: "appending to a log", fileSystem };
  return readLockRequest(operation.op, shown, all, half, path);
}
