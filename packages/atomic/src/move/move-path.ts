import { sep } from "node:path";
import type { FileSystem } from "@holdfast/fs/steps";
import {
  absolute,
  type CallName,
  invalidRange,
  invalidType,
  nameOf,
  Operation,
  readBoolean,
  readPath,
  readSignal,
  requireCalls,
  requireObject,
  runAsync,
  runSync,
} from "@holdfast/fs/steps";
import type { Synced } from "../durable/directories.ts";
import { move } from "./move-steps.ts";

/** How far a copy has come. Sizes are those of the contents of regular files, in bytes. */
export interface MoveProgress {
  readonly bytes: number;
  readonly totalBytes: number;
  /** Files, directories and symbolic links that are complete, and how many there are. */
  readonly entries: number;
  readonly totalEntries: number;
  /** What is being copied: a path at the source. */
  readonly path: string;
}

/**
 * What a copy could not keep: `"owner"` and `"group"`; `"set-id"` bits, which are dropped with them;
 * other permission bits (`"mode"`); `"times"`; `"hardlinks"` to names outside the tree, or where the
 * destination has none.
 */
export type MoveLoss = "owner" | "group" | "set-id" | "mode" | "times" | "hardlinks";

/** Options of `movePathWithCopyFallbackSync`. */
export interface MovePathSyncOptions {
  /**
   * What is moved: a file, a directory with all that is in it, or a symbolic link, which is moved as a
   * link. A path, or a `file:` URL; relative to the working directory. It is not normalised, and a
   * separator at its end means nothing.
   */
  readonly source: string | URL;
  /** Its new path, of the same form: not the directory to put it into. That must exist. */
  readonly destination: string | URL;
  /**
   * Whether a file or symbolic link at the destination is replaced by one, and an empty directory by a
   * directory. Default: `false`, which is `EEXIST` if there is anything.
   */
  readonly overwrite?: boolean | undefined;
  /**
   * Called during a copy, after each piece of content (of at most 1 MiB) and each entry; never after
   * the commit point. A throw, or a promise as the answer, ends the copy:
   * `ERR_HOOK` with the thrown value as `cause`.
   */
  readonly onProgress?: ((progress: MoveProgress) => void) | undefined;
  /**
   * Flush both directories, and a file before it is renamed. Default: `true`. With `false` a move
   * survives the end of the process but perhaps not a power cut. A copy, and the directory in which a
   * copy or link is, are flushed all the same: the source goes next, and that may become durable first.
   */
  readonly syncParentDir?: boolean | undefined;
  /** The file system to use. Default: `node:fs`. */
  readonly fileSystem?: FileSystem | undefined;
}

/** Options of `movePathWithCopyFallback`. */
export interface MovePathOptions extends MovePathSyncOptions {
  /** Honoured until the destination has changed; then the call is completed. */
  readonly signal?: AbortSignal | undefined;
}

/** What a successful move did. */
export interface MoveReceipt {
  /** The destination, absolute. */
  readonly path: string;
  /**
   * `"rename"`; `"link"`: a file got its new name by link(2), which replaces nothing, and lost its old
   * one; `"copy"`: to another device.
   */
  readonly method: "rename" | "link" | "copy";
  /** Whether there was nothing at the destination before. */
  readonly created: boolean;
  /** Content that was copied, in bytes, and entries that were; both 0 unless the method is `"copy"`. */
  readonly bytes: number;
  readonly entries: number;
  readonly synced: {
    /**
     * Whether the content of what was moved is flushed. `false` for a directory that was renamed, and
     * for a file that was and may not be read by the caller.
     */
    readonly file: Synced;
    /** Whether both directories are. */
    readonly directory: Synced;
  };
  /** What a copy could not keep. */
  readonly lost: readonly MoveLoss[];
}

/** Options as the protocol reads them: checked, complete, and no longer the caller's object. */
export interface MoveRequest {
  readonly source: string;
  readonly destination: string;
  readonly overwrite: boolean;
  readonly onProgress: ((progress: MoveProgress) => void) | undefined;
  readonly syncParentDir: boolean;
}

const needed: readonly CallName[] = [
  ...(["open", "close", "closeFlushed", "read", "write", "fstat", "fchmod", "fchown"] as const),
  ...(["futimes", "fsync", "rename", "link", "unlink", "symlink", "readlink", "mkdir"] as const),
  ...(["rmdir", "readdir", "lstat", "stat", "access", "lutimes"] as const),
];

/**
 * Afterwards `destination` is what `source` was, on the same device or another one, and `source` is
 * gone.
 *
 * **Promised.** The first thing tried is a rename. Where that is impossible (`EXDEV`, and `EPERM`) a
 * copy is made under a staged name beside the destination, flushed, compared with the source once more,
 * and put into place as a whole; only when that is durable is the source removed. So whoever looks at
 * the destination sees nothing of it or all of it, and a crash at any moment leaves the whole source,
 * the whole destination, or both. The source loses exactly what was copied: what somebody added or
 * changed meanwhile stays. Contents, names (byte for byte), permission bits, owner and group, times (to
 * the microsecond), symbolic links (also dangling ones), hard links within a tree and empty directories
 * are kept; what could not be is in `lost`. Without `overwrite` nothing is replaced. Memory is constant
 * for a file of any size; for a tree it grows with the number of its entries.
 *
 * **Not promised.** A copy has no extended attributes, access control lists or file flags, which Node
 * cannot read; and no holes: a sparse file takes its full size. Symbolic links belong to the caller. A
 * change of a source file is seen by its identity, size, mode and times: one that leaves its size, within
 * the tick of the clock (about 4 ms) in which the file had been changed before, is not; neither is
 * one in the moment before a single file is removed that puts size and time back, nor a write by somebody
 * who has the file open while it is removed. Without `overwrite`, symbolic links, and
 * files where hard links are impossible, are renamed after a look, and a name made between the two is
 * replaced. A directory replaces nothing, but while it is put into place an empty directory is there: a
 * crash in that moment leaves it. After a crash there may also be a `.holdfast-….tmp` beside the
 * destination (an unfinished copy) or the source (what is left of a source whose destination is complete);
 * `findStagedFiles` finds the files among them. When the process ends by itself or by a signal, a copy of
 * a file is removed, one of a directory stays. Special files, mount points and directories that the
 * caller may not write are moved by a rename or not at all.
 *
 * **Weaker.** Windows has no flush of a directory (`synced.directory` is `"unsupported"`), and copies of
 * directories get new times there.
 *
 * @returns a receipt that says how it was done and what was lost.
 *
 * @throws `TypeError`, `RangeError` (`ERR_INVALID_ARG`) before any I/O if an option is wrong.
 * @throws `HoldfastError`. With effect `"none"`, the source whole and the destination untouched:
 * `EEXIST` without `overwrite`; `EISDIR`, `ENOTDIR`, `ENOTEMPTY` if the destination is a directory, is
 * not one, is not empty; `ENOENT` also if the directory of the destination is missing;
 * `ERR_INSIDE_SOURCE`; and for a copy `ERR_NOT_FILE` (a pipe, socket or device, named), `EBUSY` (a mount
 * point), `ERR_CHANGED` (the source was changed), `ERR_HOOK`, `ABORT_ERR`, and whatever the system says.
 * With effect `"partial"`: the destination is complete and `leftovers` names what is left of the source
 * (`ERR_CHANGED`: changed or added since it was copied; otherwise what the system said when it was to be
 * flushed or removed); or, if the destination itself is named there, an empty directory that was made in
 * its place. With effect `"complete"`: only the last flush failed. With effect `"unknown"`: a rename
 * failed, and the file system does not say whether it was carried out.
 *
 * @example
 * ```ts
 * const { method } = await movePathWithCopyFallback({
 *   source: "/srv/cache/model.bin",
 *   destination: "/mnt/archive/model.bin",
 *   onProgress: ({ bytes, totalBytes }) => console.log(`${bytes} of ${totalBytes}`),
 * });
 * ```
 *
 * Sources: rename(2), link(2), mkdir(2), fsync(2); POSIX.1-2024, rename. That a directory is flushed
 * before the old name goes, and a file before its name changes, is what power cuts on ext4, xfs and btrfs
 * showed to be needed.
 */
export async function movePathWithCopyFallback(options: MovePathOptions): Promise<MoveReceipt> {
  const op = "movePathWithCopyFallback";
  const { operation, request } = begin(op, options, "async");
  return await runAsync(move(operation, request), operation);
}

/** As {@link movePathWithCopyFallback}, synchronously. */
export function movePathWithCopyFallbackSync(options: MovePathSyncOptions): MoveReceipt {
  const op = "movePathWithCopyFallbackSync";
  const { operation, request } = begin(op, options, "sync");
  return runSync(move(operation, request), operation);
}

/** Checks the options, before any I/O, and reads each of them once. */
function begin(
  op: string,
  options: MovePathOptions,
  half: "async" | "sync",
): { operation: Operation; request: MoveRequest } {
  requireObject(op, options);
  const { onProgress, fileSystem } = options;
  requireCalls(op, fileSystem, half, needed);
  const path = readPath(op, "source", options.source);
  const dest = readPath(op, "destination", options.destination);
  const overwrite = readBoolean(op, "overwrite", options.overwrite, false);
  const syncParentDir = readBoolean(op, "syncParentDir", options.syncParentDir, true);
  const signal = readSignal(op, options.signal, half);
  if (onProgress !== undefined && typeof onProgress !== "function") {
    throw invalidType(op, "onProgress", "a function", onProgress);
  }
  const source = absolute(withoutEnd(op, "source", path));
  const destination = absolute(withoutEnd(op, "destination", dest));
  return {
    operation: new Operation({ op, path, dest, fileSystem, signal }),
    request: { source, destination, overwrite, onProgress, syncParentDir },
  };
}

/** A path without separators at its end, which would make the kernel follow a link. */
function withoutEnd(op: string, option: string, path: string): string {
  let end = path.length;
  while (end > 0 && (path[end - 1] === "/" || path[end - 1] === sep)) end--;
  const cut = path.slice(0, end);
  const name = nameOf(cut);
  // They stand for a directory that has a name elsewhere; rename(2) refuses them too.
  if (name === "" || name === "." || name === "..") {
    throw invalidRange(op, option, "a path that ends in a name", path);
  }
  return cut;
}
