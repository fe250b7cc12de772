import type { Dirent } from "node:fs";
import type { IfMatch } from "@holdfast/atomic";
import type { FileSystem, Offload } from "@holdfast/fs/steps";
import type { Containment } from "./walk/strategy.ts";

/** A path relative to a root: a string, or bytes for names that are not valid UTF-8. */
export type RootPath = string | Uint8Array;

/** A time: seconds since 1970, as a number or a numeric string, or a `Date`. */
export type Time = number | string | Date;

/** What holds for one call. Each can be given to `openRoot`, as the default, and to a method. */
export interface CallOptions {
  /**
   * Symbolic links on the way and as the last component, where plain fs would follow: `"follow-inside"`
   * follows those that lead to something inside; `"refuse"` is `ERR_SYMLINK`. Default:
   * `"follow-inside"`.
   */
  readonly symlinks?: "follow-inside" | "refuse" | undefined;
  /**
   * Regular files with more than one name, one of which may be outside: `"refuse"` neither reads nor
   * changes them (`ERR_HARDLINK`); `"refuse-writes"` reads them; `"allow"` treats them as any file
   * (`writeFile` then gives this name a file of its own).
   * Calls that are about a name alone (`unlink`, `rename`) are never refused for it. Default:
   * `"refuse"`.
   */
  readonly hardlinks?: "refuse" | "refuse-writes" | "allow" | undefined;
  /**
   * The most bytes that `readFile`, `copyIn` and `copyOut` take, counted while they read; more is
   * `ERR_TOO_LARGE`. Default: 16 MiB.
   */
  readonly maxReadBytes?: number | undefined;
  /** Flush what is written, and the directories on which its name depends. Default: `true`. */
  readonly durable?: boolean | undefined;
  /** Make missing parent directories of what is written. Default: `false`. */
  readonly create?: boolean | undefined;
  /** Other mounts inside the root: `"refuse"` is `ERR_OTHER_MOUNT`. Default: `"allow"`. */
  readonly crossMounts?: "allow" | "refuse" | undefined;
}

/** {@link CallOptions} of an asynchronous method. */
export interface AsyncCallOptions extends CallOptions {
  /** Honoured until the change is made; then the call ends as if it had not come. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Places inside the root that are closed to its methods, as paths from the root. A rule is for the place
 * with these very names: links in it are not resolved.
 */
export interface DenyOptions {
  /** Neither read, nor listed, nor looked at, nor changed. Its name is still seen in its directory. */
  readonly read?: readonly string[] | undefined;
  /** Not changed, and nothing made in them; nor is a directory above them renamed or removed. */
  readonly write?: readonly string[] | undefined;
}

/** Passed to `authorize`. */
export interface AuthorizeEvent {
  /** The public name of the method: `"writeFile"`, `"rmSync"`. */
  readonly method: string;
  /** The place that is about to change, from the root, links resolved. */
  readonly path: string;
}

/** Passed to `audit`. */
export interface AuditEvent {
  readonly method: string;
  /** The paths inside as the caller gave them; of `copyIn` and `copyOut` also one outside. */
  readonly path: string | undefined;
  readonly dest: string | undefined;
  /** `"ok"`, or the code of the error. */
  readonly result: "ok" | (string & {});
  /** Bytes of content read or written by the call itself. */
  readonly bytes: number;
  readonly durationMs: number;
}

/** Options of `openRoot`. */
export interface RootOptions extends CallOptions {
  /**
   * The least containment that will do; where it is not to be had, opening fails with
   * `ERR_UNSUPPORTED`. Default: `"identity"`.
   */
  readonly require?: Containment | undefined;
  /** Rules for places. They hold for every call and cannot be lifted by one. Default: none. */
  readonly deny?: DenyOptions | undefined;
  /**
   * Called synchronously, immediately before each change. A throw refuses it: `ERR_DENIED` with the
   * thrown value as `cause`; so does returning `false`, or a promise, which is not waited for. Of a change of many places (`rm`, `cp`) before each of them.
   */
  readonly authorize?: ((event: AuthorizeEvent) => void | boolean) | undefined;
  /** Called after each call, whether it succeeded or not. A throw is an error of the program. */
  readonly audit?: ((event: AuditEvent) => void) | undefined;
  /** As for `replaceFileAtomic`: which calls are made on the thread pool. Default: `"calls"`. */
  readonly offload?: Offload | undefined;
  /** The file system to use. Default: `node:fs`. */
  readonly fileSystem?: FileSystem | undefined;
}

/** Options of `openRootSync`. */
export type RootSyncOptions = Omit<RootOptions, "offload">;

/** Options of `root.openRoot`: what is not given is as the root has it. */
export interface SubRootOptions extends AsyncCallOptions {
  /** Added to what the root forbids; relative to the smaller root. */
  readonly deny?: DenyOptions | undefined;
}

/** Options of `open`, after flags and mode. */
export type OpenOptions = AsyncCallOptions;

/** Options of `opendir`. */
export interface OpenDirectoryOptions extends AsyncCallOptions {
  readonly encoding?: BufferEncoding | "buffer" | null | undefined;
  /** How many entries are read at a time. Default: 32. */
  readonly bufferSize?: number | undefined;
}

/** Options of `createReadStream`. */
export interface ReadStreamOptions extends AsyncCallOptions {
  readonly encoding?: BufferEncoding | undefined;
  /** First and last byte, both included. Default: all. */
  readonly start?: number | undefined;
  readonly end?: number | undefined;
  readonly highWaterMark?: number | undefined;
}

/** Options of `create` and `appendFile`. */
export interface CreateOptions extends AsyncCallOptions {
  readonly encoding?: BufferEncoding | null | undefined;
  /** Permission bits for a file that is made. Default: `0o666 & ~umask`. */
  readonly mode?: number | undefined;
}

/** Options of `writeFile`. */
export interface WriteOptions extends CreateOptions {
  /** `"w"` replaces or creates, `"wx"` creates, `"a"` appends. Default: `"w"`. */
  readonly flag?: "w" | "wx" | "a" | undefined;
  /**
   * Go ahead only if the file is still this, as for `replaceFileAtomic`: the `version` of a receipt,
   * `{ sha256 }` of its content, `{ absent: true }`. Otherwise `ERR_CHANGED`, effect `"none"`.
   */
  readonly ifMatch?: IfMatch | undefined;
}

/** Options of `readdir`. */
export interface ListOptions extends AsyncCallOptions {
  readonly encoding?: BufferEncoding | "buffer" | null | undefined;
  readonly withFileTypes?: boolean | undefined;
  readonly recursive?: boolean | undefined;
}

/** Limits for what goes through a tree; more is `ERR_TOO_LARGE`. */
export interface TreeBudget {
  /** The most entries. Default: no limit. */
  readonly maxEntries?: number | undefined;
  /** How deep, in directories; 0 is what the directory itself holds. Default: no limit. */
  readonly maxDepth?: number | undefined;
}

/** Options of `walk`. */
export interface WalkOptions extends AsyncCallOptions, TreeBudget {
  /** Whether to go into a directory that was met. Default: into all. */
  readonly enter?: ((entry: WalkEntry) => boolean) | undefined;
}

/** What `walk` meets. */
export interface WalkEntry {
  /** As a method of the root takes it: it begins with the path that is walked. */
  readonly path: string;
  readonly name: string;
  /** 0 for what is in the directory itself. */
  readonly depth: number;
  /** What it was when it was met: as Node's, without looking again. */
  readonly entry: Dirent;
}

/** Options of `copyFile`. */
export type CopyOptions = AsyncCallOptions;

/** Options of `cp`. */
export interface CopyTreeOptions extends AsyncCallOptions, TreeBudget {
  readonly recursive?: boolean | undefined;
  /** Whether a file that exists is replaced. Default: `true`. */
  readonly force?: boolean | undefined;
  /** With `force: false`: `EEXIST` instead of leaving it. Default: `false`. */
  readonly errorOnExist?: boolean | undefined;
  readonly preserveTimestamps?: boolean | undefined;
  /** Whether to copy this; of a directory, whether to enter it. Default: all. */
  readonly filter?: ((source: string, destination: string) => boolean) | undefined;
}

/** Options of `mkdir`. */
export interface MakeDirectoryOptions extends AsyncCallOptions {
  readonly recursive?: boolean | undefined;
  /** Default: `0o777 & ~umask`. */
  readonly mode?: number | string | undefined;
}

/** Options of `rename`. */
export interface RenameOptions extends AsyncCallOptions {
  /** Whether what has the new name may be replaced. Default: `true`. */
  readonly overwrite?: boolean | undefined;
}

/** Options of `rm`. */
export interface RemoveOptions extends AsyncCallOptions, TreeBudget {
  readonly recursive?: boolean | undefined;
  /** Nothing there is no error. Default: `false`. */
  readonly force?: boolean | undefined;
}

/** Options of `copyIn`. */
export interface CopyInOptions extends CreateOptions {
  /** Whether a file that exists is replaced. Default: `true`. */
  readonly overwrite?: boolean | undefined;
}

/** Options of `copyOut`. */
export interface CopyOutOptions extends AsyncCallOptions {
  /** Whether a file that exists outside is replaced. Default: `true`. */
  readonly overwrite?: boolean | undefined;
  /** Permission bits of a file made outside. Default: `0o666 & ~umask`. */
  readonly mode?: number | undefined;
}

/** What `copyOut` did. */
export interface CopyReceipt {
  readonly bytes: number;
}
