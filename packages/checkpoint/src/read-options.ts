import {
  absolute,
  type CallName,
  invalidCombination,
  invalidRange,
  invalidType,
  readBoolean,
  readCount,
  readPath,
  readSignal,
  readWord,
  requireCalls,
  requireObject,
} from "@holdfast/fs/steps";
import type {
  CheckpointLimits,
  CheckpointOptions,
  DiffOptions,
  RecordOptions,
  RestoreOptions,
  SnapshotOptions,
} from "./options.ts";
import type { RestoreRequest } from "./restore/restore.ts";
import type { Limits, SessionRequest } from "./session/open-session.ts";

const optionNames: readonly (keyof CheckpointOptions)[] = [
  ...(["store", "roots", "session", "exclude", "limits", "retention"] as const),
  ...(["lockTimeoutMs", "signal", "fileSystem", "offload"] as const),
];
const defaultLimits: Limits = {
  maxSnapshots: 100,
  maxFileBytes: 10 * 1024 * 1024,
  maxStoreBytes: 500 * 1024 * 1024,
  maxAgeMs: 30 * 24 * 60 * 60 * 1000,
  maxPaths: 2000,
};
const restoreNames: readonly (keyof RestoreOptions)[] = [
  ...(["paths", "dryRun", "onConflict", "partial", "signal"] as const),
];
const longestLabel = 1000;

const needed: readonly CallName[] = [
  ...(["open", "close", "closeFlushed", "read", "write", "fstat", "fsync", "rename"] as const),
  ...(["link", "unlink", "symlink", "readlink", "mkdir", "rmdir", "readdir"] as const),
  ...(["lstat", "stat", "chmod", "utimes"] as const),
];

/** Checks the options of `openCheckpoints` before any I/O. */
export function readSessionRequest(op: string, options: CheckpointOptions): SessionRequest {
  refuseUnknown(op, options, optionNames);
  requireCalls(op, options.fileSystem, "async", needed);
  const { session } = options;
  requireText(op, "session", session);
  const roots = readPaths(op, "roots", options.roots);
  if (roots.length === 0) throw invalidRange(op, "roots", "at least one directory", roots);
  const timeoutMs: unknown = options.lockTimeoutMs === Infinity ? undefined : options.lockTimeoutMs;
  const lockTimeoutMs = readCount(op, "lockTimeoutMs", timeoutMs, 5000);
  return {
    store: absolute(readPath(op, "store", options.store)),
    roots,
    exclude: readPaths(op, "exclude", options.exclude ?? []),
    session,
    limits: readLimits(op, options.limits ?? {}),
    retention: readWord(op, "retention", options.retention, ["automatic", "manual"]),
    lockTimeoutMs: options.lockTimeoutMs === Infinity ? Infinity : lockTimeoutMs,
    fileSystem: options.fileSystem,
    offload: readWord(op, "offload", options.offload, ["calls", "flushes"]),
  };
}

function readLimits(op: string, given: CheckpointLimits): Limits {
  refuseUnknown(op, given, Object.keys(defaultLimits), "limits.");
  const limits: { -readonly [Name in keyof Limits]: number } = { ...defaultLimits };
  for (const name of Object.keys(limits) as (keyof Limits)[]) {
    const value: unknown = given[name];
    if (value === undefined) continue;
    if (typeof value !== "number") throw invalidType(op, `limits.${name}`, "a number", value);
    if (value !== Infinity && (!Number.isSafeInteger(value) || value < 0)) {
      throw invalidRange(op, `limits.${name}`, "an integer of at least 0, or Infinity", value);
    }
    limits[name] = value;
  }
  if (limits.maxSnapshots < 1) {
    throw invalidRange(op, "limits.maxSnapshots", "at least 1", limits.maxSnapshots);
  }
  return limits;
}

/** Checks a path that a method was given, and makes it absolute now. */
export function readTracked(op: string, path: unknown): { shown: string; target: string } {
  const shown = readPath(op, "path", path);
  return { shown, target: absolute(shown) };
}

/** Checks what names a turn. */
export function readTurn(op: string, turnId: unknown): string {
  requireText(op, "turnId", turnId);
  return turnId;
}

/** Checks the id of a snapshot or a restore. */
export function readId(op: string, name: string, id: unknown): string {
  requireText(op, name, id);
  return id;
}

/** Checks options of which only the signal is left. */
export function readSignalOption(
  op: string,
  options: { readonly signal?: AbortSignal | undefined },
): AbortSignal | undefined {
  refuseUnknown(op, options, ["signal"]);
  return readSignal(op, options.signal);
}

/** Checks the options of `recordAfterEdit`. */
export function readRecordOptions(op: string, options: RecordOptions): Uint8Array | undefined {
  refuseUnknown(op, options, ["content", "signal"]);
  const { content } = options;
  if (content === undefined) return undefined;
  if (typeof content === "string") return new TextEncoder().encode(content);
  if (content instanceof Uint8Array) return content;
  throw invalidType(op, "content", "a string or bytes", content);
}

/** Checks the options of `makeSnapshot`. */
export function readLabel(op: string, options: SnapshotOptions): string | undefined {
  refuseUnknown(op, options, ["label", "signal"]);
  const { label } = options;
  if (label === undefined) return undefined;
  if (typeof label !== "string") throw invalidType(op, "label", "a string", label);
  if (label.length > longestLabel) {
    throw invalidRange(op, "label", `at most ${longestLabel} characters`, label);
  }
  return label;
}

/** Checks the options of `diffSnapshot`: the id to compare with, or `"now"`. */
export function readAgainst(op: string, options: DiffOptions): string {
  refuseUnknown(op, options, ["against", "signal"]);
  return options.against === undefined ? "now" : readId(op, "against", options.against);
}

/** Checks the options of a restore. */
export function readRestoreOptions(
  op: string,
  options: RestoreOptions,
): Omit<RestoreRequest, "snapshot" | "keys"> {
  refuseUnknown(op, options, restoreNames);
  const { paths, onConflict } = options;
  return {
    paths: paths === undefined ? undefined : readPaths(op, "paths", paths),
    dryRun: readBoolean(op, "dryRun", options.dryRun, false),
    onConflict:
      typeof onConflict === "function"
        ? onConflict
        : readWord(op, "onConflict", onConflict, ["skip", "overwrite", "abort"]),
    partial: readBoolean(op, "partial", options.partial, false),
  };
}

function readPaths(op: string, name: string, paths: unknown): string[] {
  if (!Array.isArray(paths)) throw invalidType(op, name, "an array of paths", paths);
  return paths.map((path, i) => absolute(readPath(op, `${name}[${i}]`, path)));
}

function requireText(op: string, name: string, value: unknown): asserts value is string {
  if (typeof value !== "string") throw invalidType(op, name, "a string", value);
  if (value === "") throw invalidRange(op, name, "a string that is not empty", value);
}

/** An option that is misspelt would do nothing, and nobody would notice. */
function refuseUnknown(op: string, options: object, known: readonly string[], prefix = ""): void {
  requireObject(op, options);
  const stranger = Object.keys(options).find((name) => !known.includes(name));
  if (stranger !== undefined) {
    throw invalidCombination(op, `there is no option ${JSON.stringify(prefix + stranger)}`);
  }
}
