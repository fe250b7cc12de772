import * as namespace from "node:fs";
import builtIn, { constants, readFileSync, readlinkSync } from "node:fs";
import type { FileSystem } from "../port.ts";

/**
 * Whether a file system is Node's own: then the fast path is taken. `undefined` means the default.
 * Methods are looked up on the module at each call, so that a program that patches `node:fs` is
 * served through its patches.
 */
export function isBuiltIn(fileSystem: FileSystem | undefined): boolean {
  return fileSystem === undefined || fileSystem === builtIn || fileSystem === namespace;
}

/** Node's own file system. */
export { builtIn };

/** Its constants. */
export const nodeConstants: typeof constants = constants;

interface OpenFlags {
  readonly readOnly: number;
  readonly writeOnly: number;
  readonly readWrite: number;
  readonly create: number;
  readonly exclusive: number;
  readonly append: number;
  readonly directory: number;
  readonly noFollow: number;
  readonly nonBlocking: number;
  readonly truncate: number;
  readonly sync: number;
  readonly pathOnly: number;
}

/**
 * Flags of open(2). One that the platform does not have is 0: `O_NOFOLLOW`, `O_DIRECTORY` and
 * `O_NONBLOCK` do not exist on Windows.
 */
export const openFlags: OpenFlags = {
  readOnly: constants.O_RDONLY,
  writeOnly: constants.O_WRONLY,
  readWrite: constants.O_RDWR,
  create: constants.O_CREAT,
  exclusive: constants.O_EXCL,
  append: constants.O_APPEND,
  directory: constants.O_DIRECTORY ?? 0,
  noFollow: constants.O_NOFOLLOW ?? 0,
  nonBlocking: constants.O_NONBLOCK ?? 0,
  truncate: constants.O_TRUNC,
  sync: constants.O_SYNC ?? 0,
  /**
   * `O_PATH` of Linux, which Node does not name: a descriptor that stands for a place and cannot be
   * read or written. The number is that of every architecture but alpha, parisc and sparc
   * (asm-generic/fcntl.h), where Node does not run.
   */
  pathOnly: 0o10000000,
};

/** Flags of `copyFile`. */
export const copyFlags: { readonly exclusive: number; readonly reflink: number } = {
  exclusive: constants.COPYFILE_EXCL,
  /** Share the blocks where the file system can, copy them where it cannot. */
  reflink: constants.COPYFILE_FICLONE,
};

/** Flags of `access`. */
export const accessFlags: { readonly write: number } = { write: constants.W_OK };

/** The text of a file under /proc, or `undefined` where there is none (or it may not be read). */
export function readProcFile(path: string): string | undefined {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return undefined; // no /proc: the caller says "unknown"
  }
}

/** The target of a link under /proc, or `undefined`. */
export function readProcLink(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

/**
 * The file mode creation mask. `process.umask()` has to set the mask in order to read it, and for
 * that moment the files that other threads create get no mask (Node's DEP0139): so it is read from
 * /proc where there is one.
 */
export function currentUmask(): number {
  const line = /^Umask:\s*([0-7]+)$/m.exec(readProcFile("/proc/self/status") ?? "");
  return line === null ? process.umask() : Number.parseInt(line[1]!, 8);
}
