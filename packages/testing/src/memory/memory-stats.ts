import type { BigIntStats, Stats } from "node:fs";
import { S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } from "./inode.ts";
import type { Inode, Microseconds } from "./inode.ts";
import type { Kernel } from "./kernel.ts";
import { nameLength } from "./names.ts";
import { MagicLink } from "./pinned.ts";

const blockSize = 4096; // st_blksize; st_blocks always counts 512 bytes

/** What `stat` returns: of Node's own class only the constructor is deprecated (DEP0180). */
export function statsOf(kernel: Kernel, inode: Inode, bigint: boolean): Stats | BigIntStats {
  return bigint ? new MemoryBigIntStats(kernel, inode) : new MemoryStats(kernel, inode);
}

abstract class FileType {
  readonly #type: number;

  constructor(mode: number) {
    this.#type = mode & S_IFMT;
  }

  isFile(): boolean {
    return this.#type === S_IFREG;
  }
  isDirectory(): boolean {
    return this.#type === S_IFDIR;
  }
  isSymbolicLink(): boolean {
    return this.#type === S_IFLNK;
  }
  isBlockDevice(): boolean {
    return false;
  }
  isCharacterDevice(): boolean {
    return false;
  }
  isFIFO(): boolean {
    return false;
  }
  isSocket(): boolean {
    return false;
  }
}

class MemoryStats extends FileType implements Stats {
  readonly dev: number;
  readonly mode: number;
  readonly nlink: number;
  readonly uid: number;
  readonly gid: number;
  readonly rdev = 0;
  readonly blksize = blockSize;
  readonly ino: number;
  readonly size: number;
  readonly blocks: number;
  readonly atimeMs: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
  readonly birthtimeMs: number;

  constructor(kernel: Kernel, inode: Inode) {
    super(inode.mode);
    this.dev = inode.dev;
    this.mode = kernel.windows ? modeOnWindows(inode) : inode.mode;
    this.nlink = inode.nlink;
    this.uid = kernel.windows ? 0 : inode.uid;
    this.gid = kernel.windows ? 0 : inode.gid;
    this.ino = inode.ino;
    this.size = sizeOf(inode);
    this.blocks = blocksOf(inode);
    this.atimeMs = inode.atimeUs / 1000;
    this.mtimeMs = inode.mtimeUs / 1000;
    this.ctimeMs = inode.ctimeUs / 1000;
    this.birthtimeMs = inode.btimeUs / 1000;
  }

  // Getters, as in Node: most who ask for stats never look at a `Date`.
  get atime(): Date {
    return new Date(Math.round(this.atimeMs));
  }
  get mtime(): Date {
    return new Date(Math.round(this.mtimeMs));
  }
  get ctime(): Date {
    return new Date(Math.round(this.ctimeMs));
  }
  get birthtime(): Date {
    return new Date(Math.round(this.birthtimeMs));
  }
}

class MemoryBigIntStats extends FileType implements BigIntStats {
  readonly dev: bigint;
  readonly mode: bigint;
  readonly nlink: bigint;
  readonly uid: bigint;
  readonly gid: bigint;
  readonly rdev = 0n;
  readonly blksize: bigint = BigInt(blockSize);
  readonly ino: bigint;
  readonly size: bigint;
  readonly blocks: bigint;
  readonly atimeMs: bigint;
  readonly mtimeMs: bigint;
  readonly ctimeMs: bigint;
  readonly birthtimeMs: bigint;
  readonly atimeNs: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly birthtimeNs: bigint;

  constructor(kernel: Kernel, inode: Inode) {
    super(inode.mode);
    this.dev = BigInt(inode.dev);
    this.mode = BigInt(kernel.windows ? modeOnWindows(inode) : inode.mode);
    this.nlink = BigInt(inode.nlink);
    this.uid = BigInt(kernel.windows ? 0 : inode.uid);
    this.gid = BigInt(kernel.windows ? 0 : inode.gid);
    this.ino = BigInt(inode.ino);
    this.size = BigInt(sizeOf(inode));
    this.blocks = BigInt(blocksOf(inode));
    this.atimeNs = nanoseconds(inode.atimeUs);
    this.mtimeNs = nanoseconds(inode.mtimeUs);
    this.ctimeNs = nanoseconds(inode.ctimeUs);
    this.birthtimeNs = nanoseconds(inode.btimeUs);
    this.atimeMs = this.atimeNs / 1_000_000n;
    this.mtimeMs = this.mtimeNs / 1_000_000n;
    this.ctimeMs = this.ctimeNs / 1_000_000n;
    this.birthtimeMs = this.birthtimeNs / 1_000_000n;
  }

  get atime(): Date {
    return new Date(Number(this.atimeMs));
  }
  get mtime(): Date {
    return new Date(Number(this.mtimeMs));
  }
  get ctime(): Date {
    return new Date(Number(this.ctimeMs));
  }
  get birthtime(): Date {
    return new Date(Number(this.birthtimeMs));
  }
}

function nanoseconds(us: Microseconds): bigint {
  return BigInt(us) * 1000n;
}

function sizeOf(inode: Inode): number {
  const type = inode.mode & S_IFMT;
  if (type === S_IFREG || inode instanceof MagicLink) return inode.getSize();
  return type === S_IFLNK ? nameLength(inode.symlink) : blockSize;
}

/** What is stored, in 512 bytes: a hole takes no room, a short link stands in the inode itself. */
function blocksOf(inode: Inode): number {
  if ((inode.mode & S_IFMT) === S_IFDIR) return blockSize / 512;
  return Math.ceil(inode.stored / blockSize) * (blockSize / 512);
}

/** libuv knows of Windows only whether a file is read-only. */
function modeOnWindows(inode: Inode): number {
  return (inode.mode & S_IFMT) | ((inode.mode & 0o222) === 0 ? 0o444 : 0o666);
}
