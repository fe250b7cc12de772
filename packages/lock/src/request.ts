import {
  type CallName,
  type FileSystem,
  type HoldfastError,
  invalidCombination,
  invalidRange,
  invalidType,
  readBoolean,
  readCount,
  readSignal,
  requireCalls,
} from "@holdfast/fs/steps";
import { inspectNames, lockNames, refuseUnknown, retryNames } from "./option-names.ts";
import type { LockOptions } from "./options.ts";
import { type Place, readLockPath } from "./read-lock-path.ts";

/** What is asked for: checked options. */
export interface LockRequest extends Place {
  readonly shared: boolean;
  readonly timeoutMs: number;
  readonly purpose: string | undefined;
  readonly heartbeatMs: number;
  readonly staleAfterMs: number;
  readonly minMs: number;
  readonly maxMs: number;
  readonly onCompromised: ((error: HoldfastError) => void) | undefined;
}

export const defaultStaleAfterMs = 30_000;
const longestPurpose = 200;

const looking: readonly CallName[] = [
  "open",
  "close",
  "read",
  "fstat",
  "lstat",
  "stat",
  "readlink",
  "readdir",
];
const taking: readonly CallName[] = [
  ...looking,
  "write",
  "link",
  "unlink",
  "rename",
  "mkdir",
  "rmdir",
];

/**
 * Checks path and options before any I/O.
 *
 * @param target the path as the port takes it, where that is not the absolute form of `path`: in a root,
 *   paths are relative to it
 */
export function readLockRequest(
  op: string,
  path: unknown,
  options: LockOptions,
  half: "async" | "sync",
  target?: string,
): LockRequest {
  refuseUnknown(op, options, lockNames);
  const place = readLockPath(op, path, options.fileSystem, half, target);
  readSignal(op, options.signal, half);
  requireCalls(op, place.fileSystem, half, taking);
  const heartbeatMs = readDelay(op, "heartbeatMs", options.heartbeatMs, 5000);
  const staleAfterMs = readDelay(op, "staleAfterMs", options.staleAfterMs, defaultStaleAfterMs);
  if (staleAfterMs < 2 * heartbeatMs) {
    throw invalidCombination(
      op,
      `"staleAfterMs" (${staleAfterMs}) must be at least twice "heartbeatMs" (${heartbeatMs}): one late heartbeat is no death`,
    );
  }
  return {
    ...place,
    shared: readBoolean(op, "shared", options.shared, false),
    timeoutMs:
      options.timeoutMs === Infinity
        ? Infinity
        : readCount(op, "timeoutMs", options.timeoutMs, 60_000),
    purpose: readPurpose(op, options.purpose),
    heartbeatMs,
    staleAfterMs,
    ...readRetry(op, options.retry),
    onCompromised: readOnCompromised(op, options.onCompromised),
  };
}

/** The same for a look. */
export function readInspection(
  op: string,
  path: unknown,
  options: { readonly staleAfterMs?: unknown; readonly fileSystem?: FileSystem | undefined },
  half: "async" | "sync",
): Place & { readonly staleAfterMs: number } {
  refuseUnknown(op, options, inspectNames);
  const place = readLockPath(op, path, options.fileSystem, half);
  requireCalls(op, place.fileSystem, half, looking);
  return {
    ...place,
    staleAfterMs: readDelay(op, "staleAfterMs", options.staleAfterMs, defaultStaleAfterMs),
  };
}

function readDelay(op: string, name: string, value: unknown, byDefault: number): number {
  const ms = readCount(op, name, value, byDefault);
  if (ms < 1) throw invalidRange(op, name, "at least 1", ms);
  return ms;
}

function readPurpose(op: string, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== "string") throw invalidType(op, "purpose", "a string", value);
  if (value.length > longestPurpose) {
    throw invalidRange(op, "purpose", `at most ${longestPurpose} characters`, value);
  }
  return value;
}

function readRetry(op: string, value: LockOptions["retry"]): { minMs: number; maxMs: number } {
  if (value !== undefined && (typeof value !== "object" || value === null)) {
    throw invalidType(op, "retry", "an object", value);
  }
  if (value !== undefined) refuseUnknown(op, value, retryNames, "retry.");
  const minMs = readDelay(op, "retry.minMs", value?.minMs, 2);
  const maxMs = readDelay(op, "retry.maxMs", value?.maxMs, Math.max(100, minMs));
  if (maxMs < minMs) throw invalidRange(op, "retry.maxMs", `at least ${minMs}, "minMs"`, maxMs);
  return { minMs, maxMs };
}

function readOnCompromised(op: string, value: unknown): LockRequest["onCompromised"] {
  if (value === undefined) return undefined;
  if (typeof value !== "function") throw invalidType(op, "onCompromised", "a function", value);
  return value as LockRequest["onCompromised"];
}
