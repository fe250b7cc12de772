import type { BigIntStatsFs, StatsFs } from "node:fs";
import type { Time } from "../calls/call.ts";
import { fileOf, usableFile } from "./descriptor-calls.ts";
import { S_IFMT } from "./inode.ts";
import type { Inode, Microseconds } from "./inode.ts";
import { isDirectory } from "./kernel.ts";
import type { Implementation, Kernel } from "./kernel.ts";
import { statsOf } from "./memory-stats.ts";
import { encodeName } from "./names.ts";
import { pathOfLink } from "./pinned.ts";
import { isLink, lookup } from "./walk.ts";

export const stat: Implementation<"stat"> = (kernel, path, { bigint }) =>
  statsOf(kernel, inodeAt(kernel, path, true), bigint);

export const lstat: Implementation<"lstat"> = (kernel, path, { bigint }) =>
  statsOf(kernel, inodeAt(kernel, path, false), bigint);

export const fstat: Implementation<"fstat"> = (kernel, fd, { bigint }) =>
  statsOf(kernel, fileOf(kernel, fd).inode, bigint);

function inodeAt(kernel: Kernel, path: string | Buffer, follow: boolean): Inode {
  return lookup(kernel, kernel.pathOf(path), follow).node as Inode;
}

export const access: Implementation<"access"> = (kernel, path, mode) => {
  const inode = inodeAt(kernel, path, true);
  if ((mode & ~7) !== 0) throw kernel.error("EINVAL");
  if (!kernel.permits(inode, mode)) throw kernel.error(kernel.windows ? "EPERM" : "EACCES");
};

export const realpath: Implementation<"realpath"> = (kernel, path, { encoding }) => {
  const link = lookup(kernel, kernel.pathOf(path), true, true);
  return encodeName(pathOfLink(kernel, link), encoding);
};

export const chmod: Implementation<"chmod"> = (kernel, path, mode) => {
  const link = lookup(kernel, kernel.pathOf(path), true);
  // From a descriptor. Until Linux 6.6 some file systems changed the mode, which nobody ever asks for.
  if (isLink(link)) throw kernel.error("ENOTSUP");
  setMode(kernel, link.node as Inode, mode);
};

export const fchmod: Implementation<"fchmod"> = (kernel, fd, mode) =>
  setMode(kernel, usableFile(kernel, fd).inode, mode);

function setMode(kernel: Kernel, inode: Inode, mode: number): void {
  if (!kernel.owns(inode)) throw kernel.error("EPERM");
  let bits = mode & 0o7777;
  // chmod(2): "the S_ISGID bit will be turned off, but this will not cause an error".
  if (kernel.uid !== 0 && kernel.gid !== inode.gid) bits &= ~0o2000;
  inode.mode = (inode.mode & S_IFMT) | bits;
  inode.ctimeUs = kernel.now();
  kernel.emitAttributes(inode);
}

export const chown: Implementation<"chown"> = (kernel, path, uid, gid) =>
  setOwner(kernel, inodeAt(kernel, path, true), uid, gid);

export const lchown: Implementation<"lchown"> = (kernel, path, uid, gid) =>
  setOwner(kernel, inodeAt(kernel, path, false), uid, gid);

export const fchown: Implementation<"fchown"> = (kernel, fd, uid, gid) =>
  setOwner(kernel, usableFile(kernel, fd).inode, uid, gid);

const unchanged = 0xffffffff; // (uid_t) -1

function setOwner(kernel: Kernel, inode: Inode, uid: number, gid: number): void {
  if (kernel.windows) return; // libuv does nothing and says that it worked
  const setsUid = uid !== -1 && uid !== unchanged;
  const setsGid = gid !== -1 && gid !== unchanged;
  if (kernel.uid !== 0) {
    // chown(2): only root changes the owner; an owner may give a file to a group of their own.
    const owns = kernel.uid === inode.uid;
    if (setsUid && !(owns && uid === inode.uid)) throw kernel.error("EPERM");
    if (setsGid && !(owns && (gid === inode.gid || gid === kernel.gid)))
      throw kernel.error("EPERM");
  }
  // For root, too, since Linux 2.2.13.
  if (!isDirectory(inode)) inode.mode = kernel.withoutSetId(inode);
  if (setsUid) inode.uid = uid;
  if (setsGid) inode.gid = gid;
  inode.ctimeUs = kernel.now();
  kernel.emitAttributes(inode);
}

export const utimes: Implementation<"utimes"> = (kernel, path, atime, mtime) =>
  setTimes(kernel, inodeAt(kernel, path, true), atime, mtime);

export const lutimes: Implementation<"lutimes"> = (kernel, path, atime, mtime) =>
  setTimes(kernel, inodeAt(kernel, path, false), atime, mtime);

export const futimes: Implementation<"futimes"> = (kernel, fd, atime, mtime) =>
  setTimes(kernel, usableFile(kernel, fd).inode, atime, mtime);

function setTimes(kernel: Kernel, inode: Inode, atime: Time, mtime: Time): void {
  if (!kernel.owns(inode)) throw kernel.error("EPERM");
  inode.atimeUs = microseconds(atime);
  inode.mtimeUs = microseconds(mtime);
  inode.ctimeUs = kernel.now();
  kernel.emitAttributes(inode);
}

/** As libuv makes a `timespec` of a double: cut to whole microseconds, not rounded. */
function microseconds(time: Time): Microseconds {
  const seconds = typeof time === "number" ? time : time.getTime() / 1000;
  const whole = Math.floor(seconds);
  return whole * 1e6 + Math.floor(Math.trunc((seconds - whole) * 1e9) / 1000);
}

const blockSize = 4096;
const ext4Magic = 0xef53; // EXT4_SUPER_MAGIC of statfs(2)
const blocksWithoutLimit = 2 ** 28; // 1 TiB
const inodes = 2 ** 24;

export const statfs: Implementation<"statfs"> = (kernel, path, { bigint }) => {
  inodeAt(kernel, path, true);
  const { capacityBytes, store } = kernel;
  const blocks =
    capacityBytes === Infinity ? blocksWithoutLimit : Math.ceil(capacityBytes / blockSize);
  const bfree = Math.max(blocks - Math.ceil(store.usage.bytes / blockSize), 0);
  const numbers = {
    type: ext4Magic,
    bsize: blockSize,
    blocks,
    bfree,
    bavail: bfree,
    files: inodes,
    ffree: inodes - Object.keys(store.inodes).length,
  } satisfies StatsFs;
  if (!bigint) return numbers;
  const big = Object.entries(numbers).map(([key, value]) => [key, BigInt(value)] as const);
  return Object.fromEntries(big) as unknown as BigIntStatsFs;
};
