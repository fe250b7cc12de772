export {
  acquireLock,
  acquireLockSync,
  tryAcquireLock,
  tryAcquireLockSync,
} from "./acquire-lock.ts";
export { withLock, withLockSync } from "./with-lock.ts";
export { inspectLock, inspectLockSync } from "./inspect-lock.ts";
export type { LockPath, PathInRoot } from "./lock-path.ts";
export type { Lock, LockOwner, LockStatus } from "./lock.ts";
export type { InspectLockOptions, LockOptions, LockSyncOptions } from "./options.ts";
export { HoldfastError, isHoldfastError } from "@holdfast/fs/steps";
export type { Effect, FileSystem, Offload } from "@holdfast/fs/steps";
