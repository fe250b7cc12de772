import type { FileSystem } from "@holdfast/fs/steps";
import {
  type CallName,
  type Effect,
  type Handle,
  joinName,
  Operation,
  quotePath,
  readBoolean,
  Refusal,
  requireCalls,
  requireObject,
  runAsync,
  runSync,
  stat,
  type Steps,
} from "@holdfast/fs/steps";
import { closeAll, openForSync, syncDirectory, type Synced } from "../durable/directories.ts";
import { renameWithRetrySteps } from "../durable/rename.ts";
import {
  directoryArgument,
  leaveBehind,
  lstatIfPresent,
  recordDirectory,
  type DirectoryTarget,
} from "./directory-target.ts";
import {
  dropRecord,
  isThatDirectory,
  markCommitted,
  readRecord,
  type FoundRecord,
  type ReplacementRecord,
} from "./replacement-record.ts";
import { claimTarget, inTurn, releaseClaim, type Claim } from "./target-claim.ts";
import { removeTree } from "./tree.ts";

/** Options of {@link recoverDirectory}. */
export interface RecoverDirectoryOptions {
  /**
   * Take an owner that cannot be judged from here for dead. Default `false`. Say `true` only if no
   * other process can be replacing this directory: one that lives loses its work.
   */
  readonly assumeOwnerDead?: boolean | undefined;
  /** Flush the directory that holds the target. Default `true`. */
  readonly syncParentDir?: boolean | undefined;
  /** Default: `node:fs`. */
  readonly fileSystem?: FileSystem | undefined;
}

/** What {@link recoverDirectory} found and did. */
export interface RecoverDirectoryReceipt {
  /** The target, absolute. */
  readonly path: string;
  /**
   * - `"none"`: no replacement was interrupted, or it had not changed the target yet.
   * - `"rolled-back"`: the target was missing; the old tree is in its place again.
   * - `"completed"`: the new tree was in place already; what was left to do is done.
   */
  readonly outcome: "none" | "rolled-back" | "completed";
  /** The old tree, if the interrupted call was to keep it and had come that far. */
  readonly backup: string | undefined;
  /** What could not be removed. */
  readonly leftovers: readonly string[];
}

/**
 * Heals what a crash in the middle of `replaceDirectoryAtomic` left at `targetDir`.
 *
 * Afterwards the target is the whole old tree or the whole new one, and the backup and the record
 * are gone (a backup that was to be kept is kept). Which of the two is not guessed but follows from
 * the record that was made durable before the target was touched: if the new tree had reached its
 * place, the replacement is completed; if the target is missing, the old tree is put back. The tree
 * at `stagedDir` is never touched: what has become of it since the crash is not known here.
 *
 * Calling it when there is nothing to heal does nothing, and a crash during it is healed by the
 * next call. `replaceDirectoryAtomic` does the same first thing; call this when a program starts,
 * before it reads the directory.
 *
 * Not promised: nothing is healed while the process that was replacing lives. On Linux a process is
 * known by its id, its thread and the time it started; an owner of an earlier boot counts as dead if
 * its machine had our host name. So on a network file system two machines need different names. In a
 * container that was made anew, for another user's process, and on macOS and Windows where the
 * number of a dead process is in use again, the owner cannot be judged: say `assumeOwnerDead`.
 *
 * @param targetDir the directory that was being replaced: a string or a `file:` URL
 * @returns what was found and done
 * @throws `ERR_IN_PROGRESS`, effect `none`: another process or thread is replacing it at this moment.
 *   Retryable.
 * @throws `ERR_RECOVERY`, effect `none`: the owner cannot be judged; or target and backup both
 *   exist and the target is not the staged tree (somebody made it anew after the crash): then
 *   nothing is touched, and `leftovers` names the backup. Move one of the two away and call again.
 * @throws a system code: effect `none` if nothing was put back yet, `complete` if it was but may not
 *   survive a power loss. Call again.
 *
 * @example
 * ```ts
 * import { recoverDirectory } from "@holdfast/atomic";
 *
 * const { outcome } = await recoverDirectory("/srv/app/snapshot");
 * if (outcome !== "none") console.warn(`an interrupted replacement was ${outcome}`);
 * ```
 *
 * Source: POSIX rename() and fsync(): of the changes to a directory that no flush has made durable,
 * any may survive a power cut. Tested with every such subset, and with a crash at every call.
 */
export async function recoverDirectory(
  targetDir: string | URL,
  options: RecoverDirectoryOptions = {},
): Promise<RecoverDirectoryReceipt> {
  const { operation, steps } = begin("recoverDirectory", "async", targetDir, options);
  return await runAsync(steps, operation);
}

/** {@link recoverDirectory}, synchronously. It does not wait: `ERR_IN_PROGRESS` while a call runs. */
export function recoverDirectorySync(
  targetDir: string | URL,
  options: RecoverDirectoryOptions = {},
): RecoverDirectoryReceipt {
  const { operation, steps } = begin("recoverDirectorySync", "sync", targetDir, options);
  return runSync(steps, operation);
}

/** The calls of a recovery. */
export const recoveryCalls: readonly CallName[] = [
  ...(["open", "close", "closeFlushed", "read", "write", "fstat", "fsync", "stat"] as const),
  ...(["lstat", "rename", "unlink", "mkdir", "rmdir", "readdir"] as const),
];

function begin(
  op: string,
  half: "async" | "sync",
  targetDir: unknown,
  options: RecoverDirectoryOptions,
): { operation: Operation; steps: Steps<RecoverDirectoryReceipt> } {
  requireObject(op, options);
  const { fileSystem } = options;
  const target = directoryArgument(op, "targetDir", targetDir);
  const assumeOwnerDead = readBoolean(op, "assumeOwnerDead", options.assumeOwnerDead, false);
  const sync = readBoolean(op, "syncParentDir", options.syncParentDir, true);
  requireCalls(op, fileSystem, half, recoveryCalls);
  const operation = new Operation({ op, path: String(targetDir), fileSystem });
  return { operation, steps: recoverySteps(operation, target, { assumeOwnerDead, sync }) };
}

function* recoverySteps(
  operation: Operation,
  target: DirectoryTarget,
  options: SiteOptions,
): Steps<RecoverDirectoryReceipt> {
  const nothing = { outcome: "none", backup: undefined } as const;
  // A program may call this at each start: where nothing was interrupted, nothing is written.
  const interrupted = yield* lstatIfPresent(recordDirectory(operation, target));
  const healed =
    interrupted === undefined
      ? nothing
      : yield* atTarget(operation, target, options, function* (site, found) {
          return found === undefined ? nothing : yield* heal(operation, site, found, "complete");
        });
  return { path: target.path, ...healed, leftovers: [...operation.leftovers] };
}

/** A target that is claimed, with what is needed to change it. */
export interface Site {
  readonly target: DirectoryTarget;
  readonly claim: Claim;
  /** Whether directories are flushed. */
  readonly sync: boolean;
  readonly parentHandle: Handle | undefined;
}

export interface SiteOptions {
  readonly assumeOwnerDead: boolean;
  readonly sync: boolean;
}

/** Runs `work` while nobody else may change the target. It is told what a crash has left there. */
export function* atTarget<T>(
  operation: Operation,
  target: DirectoryTarget,
  { assumeOwnerDead, sync }: SiteOptions,
  work: (site: Site, found: FoundRecord | undefined) => Steps<T>,
): Steps<T> {
  const box = recordDirectory(operation, target);
  // By identity: /d/a and /link-to-d/a are one target.
  const { dev, ino } = yield* stat(target.parent);
  const key = ino === 0n ? box : `${dev}:${ino}:${box.slice(target.parent.length)}`;
  function* claimed(): Steps<T> {
    // Opened before anything is changed: later there might be no descriptor left for it.
    const parentHandle = sync ? yield* openForSync(operation, target.parent) : undefined;
    try {
      const claim = yield* claimTarget(operation, box, assumeOwnerDead);
      try {
        const found = yield* readRecord(operation, claim);
        return yield* work({ target, claim, sync, parentHandle }, found);
      } finally {
        yield* releaseClaim(operation, claim);
      }
    } finally {
      yield* closeAll(operation, [parentHandle]);
    }
  }
  return yield* inTurn(operation, key, claimed());
}

/** Flushes the directory that holds the target. */
export function* syncParent(operation: Operation, site: Site): Steps<Synced> {
  return site.sync ? yield* syncDirectory(operation, site.target.parent, site.parentHandle) : false;
}

/** Renames, with the patience that the platform calls for. */
export function* renameDirectory(operation: Operation, from: string, to: string): Steps<void> {
  yield* renameWithRetrySteps(operation, from, to, operation.platform.rename);
}

/**
 * The rule by which an interrupted replacement ends. The backup says how far it came, because its
 * name belongs to it alone:
 *
 * | record | backup | target | then |
 * |---|---|---|---|
 * | any | missing | anything | the target was not renamed away, or all is done: drop the record |
 * | prepared | there | missing | between the renames: put the backup back |
 * | prepared | there | the staged tree | after both: complete |
 * | prepared | there | anything else | somebody made it anew: refuse, touch nothing |
 * | committed | there | anything | the new tree was there, durably: remove the backup |
 *
 * In each case the parent is flushed before the record goes. So a crash at any call of a recovery
 * leaves the same row, or a later one with the same end.
 *
 * @param effectOfPuttingBack what it means for the operation that the old tree is in place again
 */
export function* heal(
  operation: Operation,
  site: Site,
  found: FoundRecord,
  effectOfPuttingBack: Effect,
): Steps<Pick<RecoverDirectoryReceipt, "outcome" | "backup">> {
  const { record } = found;
  const { parent } = site.target;
  // Where names fold case, the record may be that of another spelling.
  const target = joinName(parent, record.target);
  const backup = joinName(parent, record.backup);
  let backupIsThere = false;
  try {
    backupIsThere = (yield* lstatIfPresent(backup)) !== undefined;
    const now = yield* lstatIfPresent(target);
    const isNew = now !== undefined && isThatDirectory(now, record.staged);
    if (!backupIsThere) {
      yield* syncParent(operation, site);
      yield* forgetRecord(operation, site);
      return { outcome: isNew ? "completed" : "none", backup: undefined };
    }
    if (found.committed || isNew) {
      operation.effect = "complete";
      if (!found.committed) yield* syncParent(operation, site);
      const kept = yield* complete(operation, site, record, found.committed);
      return { outcome: "completed", backup: kept };
    }
    if (now !== undefined) throw unexplained(target, backup);
    yield* renameDirectory(operation, backup, target);
    backupIsThere = false;
    operation.effect = effectOfPuttingBack;
    yield* syncParent(operation, site);
    yield* forgetRecord(operation, site);
    return { outcome: "rolled-back", backup: undefined };
  } catch (error) {
    if (backupIsThere) leaveBehind(operation, backup);
    leaveBehind(operation, site.claim.box);
    throw error;
  }
}

function unexplained(target: string, backup: string): Refusal {
  return new Refusal("ERR_RECOVERY", {
    problem: `a replacement was interrupted while ${quotePath(target)} was away, and now something else is there`,
    hint: `The old tree is ${quotePath(backup)}. Move or remove the one of the two that you do not want, then call again.`,
  });
}

/**
 * What is left to do when the new tree is in place and that is durable. Nothing here can fail the
 * call: it has done what it promised; what stays is named in `leftovers`.
 *
 * @returns the backup, if it is kept
 */
export function* complete(
  operation: Operation,
  site: Site,
  record: ReplacementRecord,
  alreadyMarked = false,
): Steps<string | undefined> {
  const backup = joinName(site.target.parent, record.backup);
  // First the mark: from the first entry that is removed the backup is no tree to go back to.
  const marked =
    alreadyMarked || (yield* operation.cleanUp(markCommitted(operation, site.claim, site.sync)));
  if (!marked) {
    leaveBehind(operation, site.claim.box);
    if (record.keepBackup) return backup;
    leaveBehind(operation, backup);
    return undefined;
  }
  if (!record.keepBackup) {
    const removed = yield* operation.cleanUp(removeBackup(operation, backup));
    // Else a power cut could bring the backup back when the record that explains it is gone.
    const flushed = yield* operation.cleanUp(syncParent(operation, site));
    if (!removed) leaveBehind(operation, backup);
    if (!flushed) {
      leaveBehind(operation, site.claim.box);
      return undefined;
    }
  }
  yield* forgetRecord(operation, site);
  return record.keepBackup ? backup : undefined;
}

function* removeBackup(operation: Operation, backup: string): Steps<void> {
  if ((yield* lstatIfPresent(backup)) === undefined) return;
  if (!(yield* removeTree(operation, backup))) {
    throw new Refusal("ENOTEMPTY", { problem: `${quotePath(backup)} could not be removed whole` });
  }
}

function* forgetRecord(operation: Operation, site: Site): Steps<void> {
  const dropped = yield* operation.cleanUp(dropRecord(site.claim));
  if (!dropped) leaveBehind(operation, site.claim.box);
}
