/** What a contender is made of: the public functions, and the lock as steps with what drives them. */

export * from "../../src/index.ts";
export { acquire, readLockRequest } from "../../src/steps.ts";
export type { HeldLock } from "../../src/steps.ts";
export { Operation, runAsync } from "@holdfast/fs/steps";
