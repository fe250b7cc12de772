import type { FileSystem } from "@holdfast/fs/steps";
import {
  absolute,
  type CallName,
  currentPlatform,
  invalidCombination,
  invalidType,
  type Offload,
  platforms,
  readBoolean,
  readCount,
  readMode,
  readPath,
  readPrefix,
  readSignal,
  readWord,
  requireCalls,
  requireObject,
} from "@holdfast/fs/steps";
import type { Synced } from "../durable/directories.ts";
import type { RenameRetry } from "../durable/rename.ts";
import { defaultPrefix } from "../staging/staged-name.ts";
import { readContent, type Content, type FileContent, type SyncFileContent } from "./content.ts";

/** What a file must be for a replacement to go ahead; see `ifMatch`. */
export type IfMatch = string | { readonly sha256: string } | { readonly absent: true };

/** Passed to `beforeRename`. */
export interface BeforeRenameParameters {
  /** The destination, as the caller gave it. */
  readonly filePath: string;
  /** The staged file, complete and flushed. Empty where the directory allowed no staged file. */
  readonly tempPath: string;
}

/** Options that say how a file is staged, flushed and put into place. */
export interface StageFileOptions {
  /** Destination: a path, or a `file:` URL. Not normalised; relative to the working directory. */
  readonly filePath: string | URL;
  /**
   * Permission bits of the file, exact: the umask does not apply. With `preserveExistingMode` they
   * are for a new file only. Default for a new file: `0o666 & ~umask`.
   */
  readonly mode?: number | undefined;
  /** Keep the permission bits of the file that is replaced. Default: `true` unless `mode` is given. */
  readonly preserveExistingMode?: boolean | undefined;
  /**
   * Exact permission bits for parent directories that this call creates. One that exists is never
   * touched. Default: `0o777 & ~umask`.
   */
  readonly dirMode?: number | undefined;
  /**
   * Start of the staged file's name; the rest is the process and a random part. Default:
   * `".holdfast-"`.
   */
  readonly tempPrefix?: string | undefined;
  /** Flush the content before it is put into place. Default: `true`. */
  readonly syncTempFile?: boolean | undefined;
  /**
   * Flush the directory afterwards, and the parent of each directory created on the way. Default:
   * `true`, and `false` where `syncTempFile` is `false`: flushing only the directory left files of
   * zeros on ext4, so asking for that is refused.
   */
  readonly syncParentDir?: boolean | undefined;
  /** How often a rename that the platform may refuse for a moment is tried again. Windows: 14, elsewhere: 0. */
  readonly renameMaxRetries?: number | undefined;
  /** First delay before such a retry, in milliseconds; doubles, with jitter, up to 200. Default: 20. */
  readonly renameRetryBaseDelayMs?: number | undefined;
  /**
   * After `EPERM` or `EEXIST` from the rename, write over the file in place (`method: "copy"`). Never
   * through a symbolic link. Default: `false`.
   */
  readonly copyFallbackOnPermissionError?: boolean | undefined;
  /**
   * A symbolic link as the last component: `"follow"` writes what it leads to, through at most 40
   * links, and creates the target of a dangling one; `"replace"` replaces the link itself;
   * `"refuse"` is `ERR_SYMLINK`. Default: `"follow"`.
   */
  readonly symlinks?: "follow" | "replace" | "refuse" | undefined;
  /**
   * A file with other names: `"break"` gives this name a file of its own; `"preserve"` writes in
   * place, so that all names see it; `"refuse"` is `ERR_HARDLINK`. Default: `"break"`.
   */
  readonly hardlinks?: "break" | "preserve" | "refuse" | undefined;
  /**
   * A file of another owner or group: `"preserve"` gives the new file to them or, if that is not
   * allowed, writes in place; `"refuse"` is `ERR_OWNERSHIP` where `"preserve"` would write in place;
   * `"ignore"` leaves the new file to whoever wrote it. Default: `"preserve"`.
   */
  readonly ownership?: "preserve" | "ignore" | "refuse" | undefined;
  /**
   * A file that the caller may not write: `"refuse"` fails with `EACCES`, as plain writing would;
   * `"override"` replaces it, which the permissions of the directory allow. Default: `"refuse"`.
   */
  readonly readonly?: "refuse" | "override" | undefined;
  /**
   * Write in place where a rename is impossible (a bind-mounted file, another device, an unwritable
   * or sticky directory) or would lose the owner. Default: `true`.
   */
  readonly inPlaceFallback?: boolean | undefined;
  /**
   * Go ahead only if the file is still this: the `version` of an earlier receipt, `{ sha256 }` of its
   * content in hex, or `{ absent: true }`. Otherwise `ERR_CHANGED`, effect `"none"`. Looked at last
   * just before the rename; `absent` is exact, the others leave other processes that moment. A `version`
   * does not see a write in place that keeps the size and falls into the same tick of the file
   * system's clock (4 to 10 ms on many kernels).
   */
  readonly ifMatch?: IfMatch | undefined;
  /** The file system to use. Default: `node:fs`. */
  readonly fileSystem?: FileSystem | undefined;
}

/** Options of an asynchronous replacement beyond {@link StageFileOptions}. */
interface AsyncOptions {
  /** Honoured until the commit point; then the call resolves as committed. */
  readonly signal?: AbortSignal | undefined;
  /**
   * `"calls"`: every call that can wait for a device is made on the thread pool. `"flushes"`: only
   * the flushes and transfers above 64 KiB are; the others are made synchronously. About half the
   * time on a fast local disk, but a slow one holds up the event loop. Default: `"calls"`.
   */
  readonly offload?: Offload | undefined;
}

/** Options of `replaceFileAtomic` and `createFileAtomic`. */
export interface ReplaceFileAtomicOptions extends StageFileOptions, AsyncOptions {
  /**
   * A string (written as UTF-8), any view of an `ArrayBuffer` (its bytes), or an iterable, async
   * iterable or stream of them. A view must not be changed until the call has ended; a piece until the
   * next is asked for. A stream is read to its end, or destroyed. A source must not wait for a call for the
   * same file: that call would wait for this one.
   */
  readonly content: FileContent;
  /**
   * Called when the staged file is complete and flushed, before the rename. A throw removes it and
   * leaves the destination unchanged: `ERR_HOOK` with the thrown value as `cause`. It may change the
   * staged file in place. It must not wait for a call for the same file, or for one whose own hook or
   * content waits for this file: they would wait for each other for ever.
   */
  readonly beforeRename?: ((parameters: BeforeRenameParameters) => unknown) | undefined;
}

/** Options of `replaceFileAtomicSync` and `createFileAtomicSync`. */
export interface ReplaceFileAtomicSyncOptions extends StageFileOptions {
  /** As for the asynchronous form, without what must be waited for. */
  readonly content: SyncFileContent;
  /** As for the asynchronous form; returning a promise is refused. */
  readonly beforeRename?: ((parameters: BeforeRenameParameters) => unknown) | undefined;
}

/** Options of `stageFileAtomic`. */
export interface StageFileAtomicOptions extends StageFileOptions, AsyncOptions {
  /** As for `replaceFileAtomic`; called by `commit()`. */
  readonly beforeRename?: ((parameters: BeforeRenameParameters) => unknown) | undefined;
}

/** What a successful replacement did. */
export interface ReplaceFileReceipt {
  /** The file that was written: where links led, if the destination was one. */
  readonly path: string;
  /**
   * How the new content got its name. `"in-place"` and `"copy"` wrote over the file itself, which a
   * crash can interrupt. `"link"` is how a file is created that must not replace another.
   */
  readonly method: "rename" | "link" | "in-place" | "copy";
  /** Whether there was no file before. */
  readonly created: boolean;
  /** Length of the content. */
  readonly bytes: number;
  readonly synced: {
    readonly file: boolean;
    /** `"unsupported"`: this platform or file system cannot flush a directory. */
    readonly directory: Synced;
  };
  /** What could not be kept of the file that was replaced. */
  readonly lost: readonly ("owner" | "group" | "mode" | "hardlinks")[];
  /** Names this state of the file, for a later `ifMatch`. Opaque. */
  readonly version: string;
}

/** Options as the protocol reads them: checked, complete, and no longer the caller's object. */
export interface Request {
  readonly filePath: string;
  /** Absolute, not normalised. */
  readonly target: string;
  readonly mode: number | undefined;
  readonly preserveExistingMode: boolean;
  readonly dirMode: number | undefined;
  readonly tempPrefix: string;
  readonly syncTempFile: boolean;
  readonly syncParentDir: boolean;
  readonly retry: RenameRetry;
  readonly copyFallbackOnPermissionError: boolean;
  readonly symlinks: "follow" | "replace" | "refuse";
  readonly hardlinks: "break" | "preserve" | "refuse";
  readonly ownership: "preserve" | "ignore" | "refuse";
  readonly readonly: "refuse" | "override";
  readonly inPlaceFallback: boolean;
  readonly ifMatch: IfMatch | undefined;
  readonly beforeRename: ((parameters: BeforeRenameParameters) => unknown) | undefined;
  /** Must not replace anything. */
  readonly exclusive: boolean;
  /** Make missing parent directories. */
  readonly parents: boolean;
  /** Called at the moment of publication, which then happens before any other code runs. */
  readonly guard: (() => void) | undefined;
  readonly fileSystem: FileSystem | undefined;
  readonly signal: AbortSignal | undefined;
  readonly offload: Offload | undefined;
}

const needed: readonly CallName[] = [
  ...(["open", "close", "closeFlushed", "read", "write", "writeFile", "fstat"] as const),
  ...(["fchmod", "fchown", "ftruncate", "fsync", "rename", "link", "unlink"] as const),
  ...(["readlink", "mkdir", "lstat", "stat"] as const),
];

/** Checks the options of any of the file operations, before any I/O, and reads each of them once. */
export function readOptions(
  op: string,
  options: StageFileOptions & AsyncOptions & Pick<ReplaceFileAtomicOptions, "beforeRename">,
  half: "async" | "sync",
  exclusive: boolean,
): Request {
  requireObject(op, options);
  const { fileSystem, mode, ifMatch, beforeRename } = options;
  const signal = readSignal(op, options.signal, half);
  requireCalls(op, fileSystem, half, needed);
  const filePath = readPath(op, "filePath", options.filePath);
  const bool = (name: keyof StageFileOptions, byDefault: boolean): boolean =>
    readBoolean(op, name, options[name], byDefault);
  const syncTempFile = bool("syncTempFile", true);
  const syncParentDir = bool("syncParentDir", syncTempFile);
  if (syncParentDir && !syncTempFile) {
    throw invalidCombination(
      op,
      '"syncParentDir" must be false where "syncTempFile" is: flushing only the directory can make a file of zeros durable',
    );
  }
  if (beforeRename !== undefined && typeof beforeRename !== "function") {
    throw invalidType(op, "beforeRename", "a function", beforeRename);
  }
  const { rename } =
    fileSystem?.platform === undefined ? currentPlatform : platforms[fileSystem.platform];
  return {
    filePath,
    target: absolute(filePath),
    mode: readMode(op, "mode", mode),
    preserveExistingMode: bool("preserveExistingMode", mode === undefined),
    dirMode: readMode(op, "dirMode", options.dirMode),
    tempPrefix: readPrefix(op, "tempPrefix", options.tempPrefix, defaultPrefix),
    syncTempFile,
    syncParentDir,
    retry: {
      maxRetries: readCount(op, "renameMaxRetries", options.renameMaxRetries, rename.maxRetries),
      baseDelayMs: readCount(
        op,
        "renameRetryBaseDelayMs",
        options.renameRetryBaseDelayMs,
        rename.baseDelayMs,
      ),
    },
    copyFallbackOnPermissionError: bool("copyFallbackOnPermissionError", false),
    symlinks: readWord(op, "symlinks", options.symlinks, ["follow", "replace", "refuse"]),
    hardlinks: readWord(op, "hardlinks", options.hardlinks, ["break", "preserve", "refuse"]),
    ownership: readWord(op, "ownership", options.ownership, ["preserve", "ignore", "refuse"]),
    readonly: readWord(op, "readonly", options.readonly, ["refuse", "override"]),
    inPlaceFallback: bool("inPlaceFallback", true),
    ifMatch: readIfMatch(op, ifMatch),
    beforeRename,
    exclusive,
    parents: true,
    guard: undefined,
    fileSystem,
    signal,
    offload: readWord(op, "offload", options.offload, ["calls", "flushes"]),
  };
}

/** Checks the content, before any I/O. */
export function readContentOption(op: string, content: unknown, half: "async" | "sync"): Content {
  const read = readContent(content, half);
  if (read !== undefined) return read;
  throw invalidType(
    op,
    "content",
    half === "async"
      ? "a string, an ArrayBuffer view, or an (async) iterable of them"
      : "a string, an ArrayBuffer view, or an iterable of them",
    content,
  );
}

function readIfMatch(op: string, value: unknown): IfMatch | undefined {
  if (value === undefined || (typeof value === "string" && value !== "")) return value;
  if (typeof value === "object" && value !== null) {
    const { sha256, absent } = value as { sha256?: unknown; absent?: unknown };
    if (absent === true && sha256 === undefined) return { absent };
    if (absent === undefined && typeof sha256 === "string" && /^[0-9a-f]{64}$/i.test(sha256)) {
      return { sha256: sha256.toLowerCase() };
    }
  }
  throw invalidType(
    op,
    "ifMatch",
    "a receipt's version, { sha256: 64 hex digits } or { absent: true }",
    value,
  );
}
