import {
  absolute,
  type CallName,
  type FileSystem,
  type HoldfastError,
  invalidCombination,
  invalidRange,
  invalidType,
  nameOf,
  readBoolean,
  readCount,
  readPath,
  readSignal,
  requireCalls,
  requireObject,
} from "@holdfast/fs/steps";
import type { LockOptions } from "./options.ts";

/** What is asked for: checked options. */
export interface LockRequest {
  /** As the caller gave it. */
  readonly path: string;
  /** As the port takes it. */
  readonly target: string;
  readonly shared: boolean;
  readonly timeoutMs: number;
  readonly purpose: string | undefined;
  readonly heartbeatMs: number;
  readonly staleAfterMs: number;
  readonly minMs: number;
  readonly maxMs: number;
  readonly onCompromised: ((error: HoldfastError) => void) | undefined;
  readonly fileSystem: FileSystem | undefined;
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
  const given = readPath(op, "path", path);
  requireObject(op, options);
  readSignal(op, options.signal, half);
  requireCalls(op, options.fileSystem, half, taking);
  const heartbeatMs = readDelay(op, "heartbeatMs", options.heartbeatMs, 5000);
  const staleAfterMs = readDelay(op, "staleAfterMs", options.staleAfterMs, defaultStaleAfterMs);
  if (staleAfterMs < 2 * heartbeatMs) {
    throw invalidCombination(
      op,
      `"staleAfterMs" (${staleAfterMs}) must be at least twice "heartbeatMs" (${heartbeatMs}): one late heartbeat is no death`,
    );
  }
  return {
    path: given,
    target: targetOf(op, target ?? absolute(given)),
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
    fileSystem: options.fileSystem,
  };
}

/** The same for a look. */
export function readInspection(
  op: string,
  path: unknown,
  options: { readonly staleAfterMs?: unknown; readonly fileSystem?: FileSystem | undefined },
  half: "async" | "sync",
): { readonly path: string; readonly target: string; readonly staleAfterMs: number } {
  const given = readPath(op, "path", path);
  requireObject(op, options);
  requireCalls(op, options.fileSystem, half, looking);
  return {
    path: given,
    target: targetOf(op, absolute(given)),
    staleAfterMs: readDelay(op, "staleAfterMs", options.staleAfterMs, defaultStaleAfterMs),
  };
}

/** Without separators at the end: `dir/` and `dir` have one lock. */
function targetOf(op: string, path: string): string {
  const target = path.replace(/(?<=.)\/+$/, "");
  if (["", ".", ".."].includes(nameOf(target))) {
    throw invalidRange(op, "path", "a path that ends in a name", path);
  }
  return target;
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
