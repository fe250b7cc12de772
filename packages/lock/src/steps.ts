/**
 * The lock as steps, for the packages that hold one while they do something else. Not covered by semver
 * until 1.0.
 */

export { readLockRequest } from "./request.ts";
export type { LockRequest } from "./request.ts";
export { acquire, holding } from "./acquire.ts";
export type { HeldLock } from "./held-lock.ts";
export { inspect } from "./inspect-lock.ts";
export { portOfRoot } from "./root-port.ts";
