import {
  attempt,
  commitPoint,
  errorCode,
  type FileStats,
  type FileSystem,
  type Handle,
  joinName,
  lstat,
  Operation,
  readBoolean,
  readPrefix,
  readSignal,
  Refusal,
  requireCalls,
  requireObject,
  runAsync,
  runSync,
  sameIdentity,
  shielded,
  type Steps,
} from "@holdfast/fs/steps";
import { closeAll, openForSync, syncDirectory, type Synced } from "../durable/directories.ts";
import { newStagedName } from "../staging/staged-name.ts";
import {
  directoryArgument,
  leaveBehind,
  lstatIfPresent,
  type DirectoryTarget,
} from "./directory-target.ts";
import {
  atTarget,
  complete,
  heal,
  recoveryCalls,
  renameDirectory,
  syncParent,
  type Site,
} from "./recover-directory.ts";
import {
  dropRecord,
  fingerprint,
  isThatDirectory,
  writeRecord,
  type ReplacementRecord,
} from "./replacement-record.ts";
import { lookAt, otherDevice } from "./refusals.ts";
import { flushTree } from "./tree.ts";

/** Options of {@link replaceDirectoryAtomicSync}. */
export interface ReplaceDirectoryAtomicSyncOptions {
  /** The finished tree: a directory on the same file system. It is gone from here afterwards. */
  readonly stagedDir: string | URL;
  /** The directory to be replaced or made. Its parent must exist. */
  readonly targetDir: string | URL;
  /**
   * The backup is a name beside the target that begins with this, followed by one that nobody can
   * guess. 1 to 128 bytes, no separators. Default `".holdfast-backup-"`.
   */
  readonly backupPrefix?: string | undefined;
  /** Keep the old tree, and say in the receipt where. Default `false`. */
  readonly keepBackup?: boolean | undefined;
  /** Flush every file and directory of the staged tree first. Default `true`. */
  readonly syncStagedTree?: boolean | undefined;
  /** Flush the directories whose entries change, each before the next step counts on it. Default `true`. */
  readonly syncParentDir?: boolean | undefined;
  /** Default: `node:fs`. */
  readonly fileSystem?: FileSystem | undefined;
}

/** Options of {@link replaceDirectoryAtomic}. */
export interface ReplaceDirectoryAtomicOptions extends ReplaceDirectoryAtomicSyncOptions {
  /** Looked at until the target is about to be changed, never after. */
  readonly signal?: AbortSignal | undefined;
}

/** What {@link replaceDirectoryAtomic} did. */
export interface ReplaceDirectoryReceipt {
  /** The target, absolute. */
  readonly path: string;
  /** `"rename"` if there was no target before. */
  readonly method: "rename" | "two-renames";
  readonly created: boolean;
  /** The old tree, if it was to be kept. */
  readonly backup: string | undefined;
  readonly synced: {
    /** The files and directories of the new tree. */
    readonly tree: Synced;
    /** The directories that hold the target and held the staged tree. */
    readonly directory: Synced;
  };
  /** What could not be removed although the replacement succeeded: mostly the old tree. */
  readonly leftovers: readonly string[];
}

/**
 * Puts a finished tree in the place of a directory.
 *
 * Afterwards `targetDir` is the directory that was `stagedDir`, and the old tree is gone, or with
 * `keepBackup` lies beside it under the name that the receipt gives. If the call fails, the target
 * is what it was (effect `none`), unless the error says otherwise.
 *
 * Promised: after a crash of the program or the machine at any moment, the target is the whole old
 * tree or the whole new one, at the latest after {@link recoverDirectory} or the next call of this
 * function for the same target, which begins with that. What is to happen is written down durably
 * beside the target before the target is touched, so recovery does not guess. Calls for one target
 * in one process run one after the other, whatever path leads there. If another process or thread
 * is replacing it, this one is refused, and its owner's work is not disturbed.
 *
 * Not promised: a name never missing. There are two renames, and for the moment between them, or
 * until recovery if the program dies right there, the target does not exist. (Linux and macOS could
 * exchange two names in one step; Node has no call for it, so the method is never `"exchange"`.)
 * A reader that holds the old directory open keeps it, but not its entries: without `keepBackup`
 * they are removed, and only files that are open stay readable. Other programs that change the tree
 * meanwhile are not kept out; nor is somebody who may write in the old tree while it is removed
 * kept from leading the removal astray with links.
 *
 * With `syncParentDir: false` directories are not flushed: a crash of the program is still
 * recovered from; after a power cut the replacement may be undone, and where a file system does not
 * keep directory changes in order, the target may be missing or in part. `syncStagedTree: false` is
 * for a tree that is flushed already; otherwise its files may come back empty or as zeros. The two are
 * independent. A power cut in the middle of a call may leave no backup on such a file system.
 *
 * Platforms: Windows cannot flush directories (`"unsupported"` in the receipt) nor rename one in
 * which a file is open; the renames are tried again for about two seconds. On overlayfs a directory
 * that comes from a lower layer (a container's image) cannot be renamed: `EXDEV`.
 *
 * @param options see {@link ReplaceDirectoryAtomicOptions}; read once, at the start. Paths are not
 *   normalised, and must end in a name.
 * @returns what was done. An old tree that could not be removed whole (a directory that may not be
 *   written, a mount point inside) does not fail the call; `leftovers` names it.
 * @throws `ENOENT`, effect `none`: `stagedDir`, or the directory that holds `targetDir`, is missing.
 * @throws `ENOTDIR`, effect `none`: either of the two is not a directory.
 * @throws `ERR_SYMLINK`, effect `none`: either of the two is a symbolic link. To rename the link
 *   would leave the tree behind it where it is, to follow it would replace a directory elsewhere:
 *   resolve it first.
 * @throws `ERR_INSIDE_SOURCE`, effect `none`: they are one directory, or one lies in the other.
 * @throws `EXDEV`, effect `none`: they are on different file systems. Stage beside the target.
 * @throws `ERR_IN_PROGRESS`, effect `none`: another process or thread is replacing the target, or the
 *   target was exchanged during the call. Retryable.
 * @throws `ERR_RECOVERY`, effect `none`: an earlier replacement was interrupted and cannot be healed
 *   unasked; see {@link recoverDirectory}.
 * @throws `ABORT_ERR`, effect `none`: the signal.
 * @throws a system code: effect `none` before the target is changed, and after a failure of the
 *   second rename, when the old tree was put back; `partial` if that failed too: then `leftovers`
 *   names the old tree and {@link recoverDirectory} puts it back; `complete` if the new tree is in
 *   place but the flush of its directory failed: then the old one is kept and named; `unknown` if a
 *   rename failed and it cannot be seen whether it took place.
 *
 * @example
 * ```ts
 * await mkdir("/srv/app/.snapshot-next");
 * await writeFile("/srv/app/.snapshot-next/index.json", "[]");
 * await replaceDirectoryAtomic({
 *   stagedDir: "/srv/app/.snapshot-next",
 *   targetDir: "/srv/app/snapshot",
 * });
 * ```
 *
 * Source: rename(2), fsync(2); that a directory's inode number is given to the next one at once, and
 * what power cuts leave of unflushed renames, was measured on ext4, xfs and btrfs.
 */
export async function replaceDirectoryAtomic(
  options: ReplaceDirectoryAtomicOptions,
): Promise<ReplaceDirectoryReceipt> {
  const { operation, steps } = begin("replaceDirectoryAtomic", "async", options);
  return await runAsync(steps, operation);
}

/**
 * {@link replaceDirectoryAtomic}, synchronously. It cannot wait for an asynchronous call for the
 * same target: `ERR_IN_PROGRESS`, effect `none`, while one runs.
 */
export function replaceDirectoryAtomicSync(
  options: ReplaceDirectoryAtomicSyncOptions,
): ReplaceDirectoryReceipt {
  const { operation, steps } = begin("replaceDirectoryAtomicSync", "sync", options);
  return runSync(steps, operation);
}

export interface Replacement {
  readonly staged: DirectoryTarget;
  readonly target: DirectoryTarget;
  readonly backupPrefix: string;
  readonly keepBackup: boolean;
  readonly syncStagedTree: boolean;
  readonly sync: boolean;
}

function begin(
  op: string,
  half: "async" | "sync",
  options: ReplaceDirectoryAtomicOptions,
): { operation: Operation; steps: Steps<ReplaceDirectoryReceipt> } {
  requireObject(op, options);
  const { stagedDir, targetDir, fileSystem } = options;
  const signal = readSignal(op, options.signal, half);
  const replacement: Replacement = {
    staged: directoryArgument(op, "stagedDir", stagedDir),
    target: directoryArgument(op, "targetDir", targetDir),
    // The name as a whole has at most 255 bytes.
    backupPrefix: readPrefix(op, "backupPrefix", options.backupPrefix, ".holdfast-backup-"),
    keepBackup: readBoolean(op, "keepBackup", options.keepBackup, false),
    syncStagedTree: readBoolean(op, "syncStagedTree", options.syncStagedTree, true),
    sync: readBoolean(op, "syncParentDir", options.syncParentDir, true),
  };
  requireCalls(op, fileSystem, half, recoveryCalls);
  const operation = new Operation({
    op,
    path: String(stagedDir),
    dest: String(targetDir),
    fileSystem,
    signal,
  });
  return { operation, steps: replacementSteps(operation, replacement) };
}

function* replacementSteps(
  operation: Operation,
  replacement: Replacement,
): Steps<ReplaceDirectoryReceipt> {
  const { staged, target, syncStagedTree, sync } = replacement;
  // Refused before anything is written; and looked at again when nobody else can change it.
  yield* lookAt(replacement);
  const tree = syncStagedTree ? yield* flushTree(operation, staged.path) : false;
  const siteOptions = { sync, assumeOwnerDead: false };
  const done = yield* atTarget(operation, target, siteOptions, function* (site, found) {
    if (found !== undefined) {
      yield* shielded(heal(operation, site, found, "none"));
      operation.effect = "none"; // what was completed was an earlier replacement
    }
    const { stagedStats, old } = yield* lookAt(replacement);
    const others = staged.parent === target.parent || !sync ? undefined : staged.parent;
    const stagedParent = others === undefined ? undefined : yield* openForSync(operation, others);
    try {
      const place: Place = { ...replacement, site, stagedStats, stagedParent };
      return yield* old === undefined
        ? createSteps(operation, place)
        : twoRenames(operation, place, old);
    } finally {
      yield* closeAll(operation, [stagedParent]);
    }
  });
  return {
    path: target.path,
    method: done.method,
    created: done.method === "rename",
    backup: done.backup,
    synced: { tree, directory: done.directory },
    // Only now: giving the target free may have left something too.
    leftovers: [...operation.leftovers],
  };
}

interface Place extends Replacement {
  readonly site: Site;
  readonly stagedStats: FileStats;
  /** For flushing; `undefined` where both have one parent. */
  readonly stagedParent: Handle | undefined;
}

interface Done {
  readonly method: ReplaceDirectoryReceipt["method"];
  readonly backup: string | undefined;
  readonly directory: Synced;
}

/** No target yet: one rename, which needs no record. */
function* createSteps(operation: Operation, place: Place): Steps<Done> {
  const { staged, target, stagedStats } = place;
  yield* commitPoint();
  operation.effect = "unknown";
  const moved = yield* attempt(renameDirectory(operation, staged.path, target.path));
  if (!moved.ok) {
    // A file server may fail a call that it has carried out.
    const now = yield* attempt(lstatIfPresent(target.path));
    const print = fingerprint(stagedStats);
    if (now.ok) {
      const there = now.value !== undefined && isThatDirectory(now.value, print);
      operation.effect = there ? "complete" : "none";
    }
    throw explained(moved.error);
  }
  operation.effect = "complete";
  const directory = yield* syncParents(operation, place);
  return { method: "rename", backup: undefined, directory };
}

function explained(error: unknown): unknown {
  const code = errorCode(error) ?? "";
  if (code === "EXDEV") return otherDevice(error);
  if (!["ENOTEMPTY", "EEXIST", "ENOTDIR"].includes(code)) return error;
  return new Refusal("ERR_CHANGED", {
    problem: "something appeared at the target during the call",
    cause: error,
  });
}

function* syncParents(operation: Operation, place: Place): Steps<Synced> {
  // First the directory that gained a name: a tree with two names for a moment is not lost.
  const gained = yield* syncParent(operation, place.site);
  if (place.stagedParent === undefined) return gained;
  const lost = yield* syncDirectory(operation, place.staged.parent, place.stagedParent);
  return lost === true ? gained : lost;
}

/** The target away, the staged tree in its place; written down before, tidied up after. */
function* twoRenames(operation: Operation, place: Place, old: FileStats): Steps<Done> {
  const { site, staged, target } = place;
  const record: ReplacementRecord = {
    target: target.name,
    backup: newStagedName(place.backupPrefix),
    keepBackup: place.keepBackup,
    staged: fingerprint(place.stagedStats),
  };
  const backup = joinName(target.parent, record.backup);
  try {
    yield* writeRecord(operation, site.claim, record, site.sync);
    // The record's directory is a new name there. Not before it is durable may the target go.
    yield* syncParent(operation, site);
    yield* commitPoint();
  } catch (error) {
    const dropped = yield* operation.cleanUp(dropRecord(site.claim));
    if (!dropped) leaveBehind(operation, site.claim.box);
    throw error;
  }

  operation.effect = "unknown";
  const away = yield* attempt(takeAway(operation, target.path, backup, old));
  if (!away.ok) return yield* undo(operation, place, record, away.error);
  const moved = yield* attempt(renameDirectory(operation, staged.path, target.path));
  if (!moved.ok) return yield* undo(operation, place, record, moved.error);
  operation.effect = "complete";

  const synced = yield* attempt(syncParents(operation, place));
  if (!synced.ok) {
    // The new tree may not be there after a power cut: then the old one must be.
    leaveBehind(operation, backup);
    leaveBehind(operation, site.claim.box);
    throw synced.error;
  }
  const kept = yield* complete(operation, site, record);
  return { method: "two-renames", backup: kept, directory: synced.value };
}

function* takeAway(
  operation: Operation,
  target: string,
  backup: string,
  old: FileStats,
): Steps<void> {
  yield* renameDirectory(operation, target, backup);
  operation.effect = "partial";
  // What was renamed will be removed: it must be what was looked at, and not what another program
  // put there in the meantime.
  if (sameIdentity(yield* lstat(backup), old) === false) {
    throw new Refusal("ERR_CHANGED", { problem: "the target was exchanged during the call" });
  }
}

/** After a rename that failed: ends as a recovery would, and throws. */
function* undo(
  operation: Operation,
  { site }: Place,
  record: ReplacementRecord,
  error: unknown,
): Steps<never> {
  const before = operation.effect;
  const undone = yield* attempt(heal(operation, site, { record, committed: false }, "none"));
  if (undone.ok) {
    const { outcome } = undone.value;
    if (outcome === "completed") operation.effect = "complete";
    // The backup is gone although the target had become it: somebody else has taken it.
    else operation.effect = outcome === "none" && before === "partial" ? "unknown" : "none";
    throw explained(error);
  }
  operation.suppressed.push(undone.error);
  // Put back, or there after all; but perhaps not durably: the record stays.
  if (operation.effect !== before) throw explained(error);
  if (before === "partial") leaveBehind(operation, joinName(site.target.parent, record.backup));
  const code = errorCode(error) ?? "UNKNOWN";
  throw new Refusal(code as "UNKNOWN", {
    problem: `the staged tree could not be put in place (${code}), nor could the old one be put back`,
    hint: "When the cause is gone, call recoverDirectory(): it puts the old tree back.",
    cause: error instanceof Refusal ? undefined : error,
  });
}
