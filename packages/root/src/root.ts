import type { BigIntStats, Dirent, ReadStream, Stats } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import type { Writable } from "node:stream";
import type { FileContent, ReplaceFileReceipt } from "@holdfast/atomic";
import type {
  AsyncCallOptions,
  CopyInOptions,
  CopyOptions,
  CopyOutOptions,
  CopyReceipt,
  CopyTreeOptions,
  CreateOptions,
  ListOptions,
  MakeDirectoryOptions,
  OpenDirectoryOptions,
  OpenOptions,
  ReadStreamOptions,
  RemoveOptions,
  RenameOptions,
  RootPath,
  SubRootOptions,
  Time,
  WalkEntry,
  WalkOptions,
  WriteOptions,
} from "./options.ts";
import type { RootDir } from "./handles/root-dir.ts";
import type { RootPromises } from "./promises.ts";
import type { Containment } from "./walk/strategy.ts";

/**
 * One directory, handed out as an object. Each method takes paths relative to it and acts inside it:
 * nothing that the path says, that is in the tree, or that another process does meanwhile gets a call
 * out.
 *
 * Methods have the names, parameters and results of `node:fs/promises`, and act as those do wherever
 * both accept a call: the same result, errno and tree. What is said of a method here is only how it
 * differs. Each takes {@link AsyncCallOptions} last, among its options.
 *
 * **Paths.** Relative, with `/`. `..` is resolved on the tree, not on the string: `link/..` is where the
 * kernel says it is. What is empty, absolute, begins with `..`, or on Windows names a drive, a share, a
 * device or a stream, is refused before any I/O. Links are followed if they lead to something inside.
 *
 * **With `containment: "descriptor"`** (Linux with its own /proc; macOS where volume ids work) every
 * call starts at a directory that is held open, and a swap of any component at any time cannot
 * redirect it. The root may be renamed, or another directory put in its place: it goes on in the one
 * that was opened. Two things are left to others, as with openat(2): a directory that somebody moves
 * out of the root while a call is at work in it goes on being that call's directory; and whoever can
 * move directories about outside and inside at once, at the instant in which the kernel climbs from one
 * to the next, can have one of those he moved taken for an inner one, which gives him nothing that
 * moving it in would not.
 *
 * **With `containment: "identity"`** (Windows; Linux without /proc; others) calls go by path. The
 * directories on the way are compared before and after, by identity and change time, which the kernel
 * sets whenever an entry of a directory is exchanged. A swap is not prevented but detected: what was
 * read meanwhile is not returned, and a change fails with `ERR_CHANGED`, effect `"unknown"`: it may
 * have happened elsewhere. Where the way does not hold still, calls wait for up to a quarter of a
 * second (2.5 where change times are whole seconds). This is as good as the change times of the file system; FAT has none.
 *
 * **Also stopped:** hard links by which a file outside can be read or changed (`hardlinks`); FIFOs,
 * sockets and devices, which are never opened; reads that would fill memory (`maxReadBytes`).
 *
 * **Not stopped:** mounts inside the root, unless `crossMounts: "refuse"`; what another process of the
 * same user does outside by itself; what the content of a file makes somebody do who reads it. Handles,
 * streams and directories that were opened stay usable by whoever has them.
 *
 * **Errors** are `HoldfastError`s with the path as it was given. `ERR_PATH_ESCAPES`: the path, or a link
 * on it, leads out. `ERR_PATH_INVALID`: it is not a path that a root takes. `ERR_SYMLINK`,
 * `ERR_HARDLINK`, `ERR_OTHER_MOUNT`, `ERR_DENIED`: a rule. `ERR_NOT_FILE`: a FIFO, socket or device.
 * `ERR_TOO_LARGE`: more than was allowed. `ERR_CHANGED`: a swap was detected. `ERR_CLOSED`. Everything
 * else is the errno that plain fs gives; a path that leads nowhere is `ENOENT`, as ever. Effect
 * `"none"` unless the method says otherwise.
 *
 * docs/threat-model.md goes through the attacks one by one.
 */
export interface Root extends AsyncDisposable {
  /** What is guaranteed here. */
  readonly containment: Containment;
  /**
   * The methods that `node:fs/promises` has too, bound: for libraries that take an `fs`
   * (`{ promises: root.promises }`) or an `fs.promises`. Such a library works inside the root, by
   * relative paths, and only there.
   */
  readonly promises: RootPromises;

  /**
   * Never more than `maxReadBytes` (16 MiB): a longer file is `ERR_TOO_LARGE`. A file that somebody
   * replaces meanwhile is read as it was or as it is.
   */
  readFile(
    path: RootPath,
    options?: (AsyncCallOptions & { encoding?: "buffer" | null | undefined }) | null,
  ): Promise<Buffer>;
  readFile(
    path: RootPath,
    options: BufferEncoding | (AsyncCallOptions & { encoding: BufferEncoding }),
  ): Promise<string>;
  readFile(
    path: RootPath,
    options?:
      | BufferEncoding
      | (AsyncCallOptions & { encoding?: BufferEncoding | "buffer" | null | undefined })
      | null,
  ): Promise<string | Buffer>;
  /**
   * A `FileHandle` of Node. Rules are checked when it is opened, and `authorize` is asked then if the
   * flags allow writing; what is done with the handle is not limited or audited (one that was opened for
   * reading can change mode, owner and times of the file). Opening never waits
   * for a FIFO: those are refused.
   */
  open(
    path: RootPath,
    flags?: string | number,
    mode?: number | string,
    options?: OpenOptions,
  ): Promise<FileHandle>;
  /** Opened at once, as by {@link open}; errors come as events. */
  createReadStream(path: RootPath, options?: BufferEncoding | ReadStreamOptions): ReadStream;
  stat(path: RootPath, options?: AsyncCallOptions & { bigint?: false | undefined }): Promise<Stats>;
  stat(path: RootPath, options: AsyncCallOptions & { bigint: true }): Promise<BigIntStats>;
  stat(
    path: RootPath,
    options?: AsyncCallOptions & { bigint?: boolean | undefined },
  ): Promise<Stats | BigIntStats>;
  lstat(
    path: RootPath,
    options?: AsyncCallOptions & { bigint?: false | undefined },
  ): Promise<Stats>;
  lstat(path: RootPath, options: AsyncCallOptions & { bigint: true }): Promise<BigIntStats>;
  lstat(
    path: RootPath,
    options?: AsyncCallOptions & { bigint?: boolean | undefined },
  ): Promise<Stats | BigIntStats>;
  access(path: RootPath, mode?: number, options?: AsyncCallOptions): Promise<void>;
  /**
   * Whether something is there, links followed. Only "it is not" (`ENOENT`, `ENOTDIR`) is `false`;
   * where that could not be found out, or may not be asked, the call fails.
   */
  exists(path: RootPath, options?: AsyncCallOptions): Promise<boolean>;
  /** With `recursive`, links to directories are listed and not entered, and closed places neither. */
  readdir(
    path: RootPath,
    options?: BufferEncoding | (ListOptions & { withFileTypes?: false | undefined }) | null,
  ): Promise<string[]>;
  readdir(
    path: RootPath,
    options: "buffer" | (ListOptions & { encoding: "buffer"; withFileTypes?: false | undefined }),
  ): Promise<Buffer[]>;
  readdir(path: RootPath, options: ListOptions & { withFileTypes: true }): Promise<Dirent[]>;
  readdir(
    path: RootPath,
    options?: BufferEncoding | "buffer" | ListOptions | null,
  ): Promise<string[] | Buffer[] | Dirent[]>;
  /** The directory stays open, and is the one that was opened, until it is closed or read to its end. */
  opendir(path: RootPath, options?: OpenDirectoryOptions): Promise<RootDir>;
  /** What the link says: also of one that leads out. */
  readlink(path: RootPath, options?: BufferEncoding | AsyncCallOptions | null): Promise<string>;
  readlink(path: RootPath, options: AsyncCallOptions & { encoding: "buffer" }): Promise<Buffer>;
  /** Relative to the root; `"."` for the root itself. */
  realpath(path: RootPath, options?: BufferEncoding | AsyncCallOptions | null): Promise<string>;
  /**
   * All that is in a directory, at any depth, as it is met: parents before what is in them, links not
   * followed, closed places not entered. Ends with `ERR_TOO_LARGE` where a budget is used up.
   */
  walk(path?: RootPath, options?: WalkOptions): AsyncIterableIterator<WalkEntry>;

  /**
   * Replaces the file as a whole, or creates it: `replaceFileAtomic` says what that means. Durable
   * unless `durable: false`. `flag: "wx"` is {@link create}, `"a"` is {@link appendFile}. Calls for one
   * path take place in the order in which they were made; calls for one file by different paths do if they
   * were made in the same moment.
   *
   * @throws effect as `replaceFileAtomic`; a failed call leaves the old content.
   */
  writeFile(
    path: RootPath,
    data: FileContent,
    options?: BufferEncoding | (WriteOptions & { flag?: "w" | "wx" | undefined }) | null,
  ): Promise<ReplaceFileReceipt>;
  writeFile(
    path: RootPath,
    data: FileContent,
    options: WriteOptions & { flag: "a" },
  ): Promise<void>;
  writeFile(
    path: RootPath,
    data: FileContent,
    options?: BufferEncoding | WriteOptions | null,
  ): Promise<ReplaceFileReceipt | void>;
  /** As {@link writeFile}, and never replaces: `EEXIST`. A link, dangling or not, exists. */
  create(
    path: RootPath,
    data: FileContent,
    options?: BufferEncoding | CreateOptions | null,
  ): Promise<ReplaceFileReceipt>;
  /** Not atomic: a crash can leave a part of `data` at the end. Effect then `"partial"`. */
  appendFile(
    path: RootPath,
    data: FileContent,
    options?: BufferEncoding | CreateOptions | null,
  ): Promise<void>;
  /** The copy appears as a whole, as by {@link writeFile}. `mode` as for Node's `copyFile`. */
  copyFile(
    source: RootPath,
    destination: RootPath,
    mode?: number,
    options?: CopyOptions,
  ): Promise<void>;
  /**
   * Files one by one, each as by {@link copyFile}; links as they are, not followed. Effect `"partial"`
   * when it fails in the middle.
   */
  cp(source: RootPath, destination: RootPath, options?: CopyTreeOptions): Promise<void>;
  /** With `recursive`, resolves to the first directory made, relative to the root. */
  mkdir(
    path: RootPath,
    options?: number | string | MakeDirectoryOptions | null,
  ): Promise<string | undefined>;
  mkdtemp(prefix: string, options?: BufferEncoding | AsyncCallOptions | null): Promise<string>;
  /**
   * Acts on a link itself. `overwrite: false`: `EEXIST` if something has the new name. Durable: both
   * directories are flushed.
   */
  rename(from: RootPath, to: RootPath, options?: RenameOptions): Promise<void>;
  /**
   * `recursive` goes by directories that are held, never by paths: one that is swapped for a link in
   * the middle is removed as a link. Effect `"partial"` when it fails in the middle.
   */
  rm(path: RootPath, options?: RemoveOptions): Promise<void>;
  rmdir(path: RootPath, options?: AsyncCallOptions): Promise<void>;
  /** Acts on a link itself, also one that leads out. */
  unlink(path: RootPath, options?: AsyncCallOptions): Promise<void>;
  /** The target is written as it is, also one that leads out: no method follows it then. */
  symlink(
    target: string,
    path: RootPath,
    type?: string | null,
    options?: AsyncCallOptions,
  ): Promise<void>;
  /**
   * Of a link, the link itself gets the second name. A file with two names is neither read nor changed by
   * this root afterwards, unless `hardlinks` allows it.
   */
  link(existing: RootPath, path: RootPath, options?: AsyncCallOptions): Promise<void>;
  truncate(path: RootPath, length?: number, options?: AsyncCallOptions): Promise<void>;
  chmod(path: RootPath, mode: number | string, options?: AsyncCallOptions): Promise<void>;
  utimes(path: RootPath, atime: Time, mtime: Time, options?: AsyncCallOptions): Promise<void>;

  /**
   * Copies into the root, across its boundary, because the caller wants it: `source` is an absolute path
   * or `file:` URL that the caller vouches for, or a stream, iterable or bytes. At most `maxReadBytes`. A
   * stream that never ends holds up later writes to the path, and `close()`: give a `signal`.
   *
   * @throws `ERR_TOO_LARGE`, effect `"none"`: nothing was put in place
   */
  copyIn(
    source: string | URL | Exclude<FileContent, string>,
    destination: RootPath,
    options?: CopyInOptions,
  ): Promise<ReplaceFileReceipt>;
  /**
   * Copies out of the root: to an absolute path or `file:` URL that the caller vouches for, where the
   * file is replaced as a whole, or into a stream, which is ended. At most `maxReadBytes`.
   */
  copyOut(
    source: RootPath,
    destination: string | URL | Writable,
    options?: CopyOutOptions,
  ): Promise<CopyReceipt>;

  /**
   * A directory inside as a root of its own: what holds for this one holds there too, and `..` ends
   * there. It is closed by itself.
   */
  openRoot(path: RootPath, options?: SubRootOptions): Promise<Root>;
  /**
   * Lets go of the directory. Calls that are under way are waited for; calls that come later are
   * `ERR_CLOSED`. Handles, streams and sub-roots live on. Again: nothing.
   */
  close(): Promise<void>;
}
