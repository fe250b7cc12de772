/**
 * The step vocabulary and its drivers, for the packages built on `@holdfast/fs`. Not covered by
 * semver until 1.0.
 */

export { all, commitPoint, inline, shielded, sleep, wait } from "./steps/step.ts";
export type { CallName, Handle, Step, Steps } from "./steps/step.ts";
export * from "./steps/calls.ts";
export { attempt, isAborted, Operation } from "./steps/operation.ts";
export type { Attempt, Offload, OperationOptions } from "./steps/operation.ts";
export { runAsync } from "./steps/run-async.ts";
export { runSync } from "./steps/run-sync.ts";
export { descriptorOf } from "./node/faces.ts";
export { atExit, notAtExit } from "./node/at-exit.ts";
export { readStreamOver } from "./node/read-stream.ts";
export { requireCalls } from "./errors/misuse.ts";
export * from "./errors/arguments.ts";
export * from "./platform/paths.ts";
export { resolveLink } from "./steps/resolve-link.ts";
export { accessFlags, copyFlags, currentUmask, nodeConstants, openFlags } from "./node/node-fs.ts";
export { permissionBits, sameIdentity } from "./file-stats.ts";
export type { FileStats } from "./file-stats.ts";
export { platforms } from "./platform/platform.ts";
export type { PlatformFacts } from "./platform/platform.ts";
export { currentPlatform } from "./platform/platform.ts";
export { processIdentity, processState } from "./platform/process-identity.ts";
export type { ProcessIdentity } from "./platform/process-identity.ts";
export { errorCode } from "./errors/error-codes.ts";
export { HoldfastError, isHoldfastError, Refusal } from "./errors/holdfast-error.ts";
export { quotePath } from "./errors/holdfast-error.ts";
export { invalidCombination, invalidRange, invalidType } from "./errors/misuse.ts";
export type { Effect } from "./errors/holdfast-error.ts";
export type { FileSystem, PathArgument } from "./port.ts";
