import type { FileSystem } from "@holdfast/fs/steps";
import {
  absolute,
  attempt,
  errorCode,
  joinName,
  lstat,
  Operation,
  processState,
  readBoolean,
  readCount,
  readdir,
  readPath,
  readPrefix,
  requireCalls,
  requireObject,
  runAsync,
  type Steps,
  unlink,
} from "@holdfast/fs/steps";
import { defaultPrefix, parseStagedName } from "./staged-name.ts";

/** A staged file that was found in a directory. */
export interface FoundStagedFile {
  readonly path: string;
  /** The process that staged it, as its name says. */
  readonly pid: number;
  /**
   * Whether that process (and in it, that thread) still runs. `"unknown"` where that cannot be
   * judged: it ran on another host, in another container, or before the last boot.
   */
  readonly ownerAlive: boolean | "unknown";
  /** Milliseconds since it was last written to. */
  readonly ageMs: number;
  readonly bytes: number;
}

/** Options of `findStagedFiles`. */
export interface FindStagedFilesOptions {
  /** The `tempPrefix` they were staged with. Default: `".holdfast-"`. */
  readonly tempPrefix?: string | undefined;
  /** The file system to use. Default: `node:fs`. */
  readonly fileSystem?: FileSystem | undefined;
}

/** Options of `sweepStagedFiles`. */
export interface SweepStagedFilesOptions extends FindStagedFilesOptions {
  /**
   * A file whose owner cannot be judged is removed if it was not written to for this many
   * milliseconds. Default: 24 hours.
   */
  readonly olderThanMs?: number | undefined;
  /** Report what would be removed, and remove nothing. Default: `false`. */
  readonly dryRun?: boolean | undefined;
}

/** What `sweepStagedFiles` did. */
export interface SweepReport {
  /** Removed; with `dryRun`, would have been. */
  readonly removed: readonly FoundStagedFile[];
  readonly kept: readonly FoundStagedFile[];
}

const day = 24 * 60 * 60 * 1000;

/**
 * Lists the staged files in a directory: those that are being written now, and those that killed
 * processes left. Only regular files with a name of the form that this package gives.
 *
 * Changes nothing. Look before you sweep: a staged file can be the only copy of what somebody was
 * about to save.
 *
 * @param directory a path or `file:` URL; not searched recursively
 * @throws `HoldfastError` with the errno of reading the directory; effect `"none"`.
 */
export async function findStagedFiles(
  directory: string | URL,
  options: FindStagedFilesOptions = {},
): Promise<FoundStagedFile[]> {
  const op = "findStagedFiles";
  const { path, prefix, operation } = prepare(op, directory, options);
  return await runAsync(find(path, prefix), operation);
}

/**
 * Removes staged files that nobody will finish: whose owner is dead, proved by process id and start
 * time on this boot and in this pid namespace, or, where that cannot be judged, that are older than
 * `olderThanMs`. The file of a live owner is never removed, however old.
 *
 * @param directory a path or `file:` URL; not searched recursively
 * @returns what was removed and what was kept, and why can be seen in `ownerAlive` and `ageMs`
 * @throws `HoldfastError`: reading the directory failed (effect `"none"`), or a removal did (effect
 * `"partial"`: the ones before it are gone, the rest were still tried).
 */
export async function sweepStagedFiles(
  directory: string | URL,
  options: SweepStagedFilesOptions = {},
): Promise<SweepReport> {
  const op = "sweepStagedFiles";
  const { path, prefix, operation } = prepare(op, directory, options);
  const olderThanMs = readCount(op, "olderThanMs", options.olderThanMs, day);
  const dryRun = readBoolean(op, "dryRun", options.dryRun, false);
  return await runAsync(sweep(operation, path, prefix, olderThanMs, dryRun), operation);
}

function prepare(
  op: string,
  directory: string | URL,
  options: FindStagedFilesOptions,
): { path: string; prefix: string; operation: Operation } {
  requireObject(op, options);
  const { fileSystem } = options;
  requireCalls(op, fileSystem, "async", ["readdir", "lstat", "unlink"]);
  const path = readPath(op, "directory", directory);
  return {
    path: absolute(path),
    prefix: readPrefix(op, "tempPrefix", options.tempPrefix, defaultPrefix),
    operation: new Operation({ op, path, fileSystem }),
  };
}

function* find(directory: string, prefix: string): Steps<FoundStagedFile[]> {
  const found: FoundStagedFile[] = [];
  for (const name of yield* readdir(directory)) {
    const owner = typeof name === "string" ? parseStagedName(name, prefix) : undefined;
    if (owner === undefined) continue;
    const path = joinName(directory, name as string);
    const stats = yield* attempt(lstat(path));
    if (!stats.ok) {
      if (errorCode(stats.error) === "ENOENT") continue; // put into place meanwhile
      throw stats.error;
    }
    if (!stats.value.isFile()) continue; // planted: no process of ours makes anything else
    const state = processState(owner);
    found.push({
      path,
      pid: owner.pid,
      ownerAlive: state === "unknown" ? state : state === "alive",
      ageMs: Math.max(0, Date.now() - Number(stats.value.mtimeNs / 1_000_000n)),
      bytes: Number(stats.value.size),
    });
  }
  return found;
}

function* sweep(
  operation: Operation,
  directory: string,
  prefix: string,
  olderThanMs: number,
  dryRun: boolean,
): Steps<SweepReport> {
  const removed: FoundStagedFile[] = [];
  const kept: FoundStagedFile[] = [];
  const failures: unknown[] = [];
  for (const file of yield* find(directory, prefix)) {
    const orphaned =
      file.ownerAlive === false || (file.ownerAlive === "unknown" && file.ageMs >= olderThanMs);
    if (!orphaned) {
      kept.push(file);
      continue;
    }
    const gone = dryRun ? undefined : yield* attempt(unlink(file.path));
    if (gone?.ok === false && errorCode(gone.error) !== "ENOENT") {
      failures.push(gone.error);
      operation.leftovers.push(file.path);
    } else {
      removed.push(file);
      if (!dryRun) operation.effect = "partial";
    }
  }
  if (failures.length > 0) {
    operation.suppressed.push(...failures.slice(1));
    throw failures[0];
  }
  return { removed, kept };
}
