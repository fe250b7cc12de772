/** What all calls that add and remove names have in common. */

import type { Effect } from "./effect.ts";
import { S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } from "./inode.ts";
import type { Inode, Link } from "./inode.ts";
import { attributesOf, isDirectory, procDevice } from "./kernel.ts";
import type { Kernel } from "./kernel.ts";
import { parentOf } from "./walk.ts";

const S_ISGID = 0o2000;
const S_ISVTX = 0o1000;

/** @throws ENOENT if the directory is gone; EACCES if the program may not add a name. */
export function mayCreate(kernel: Kernel, directory: Link): void {
  const inode = directory.node as Inode;
  if (inode.nlink === 0) throw kernel.error("ENOENT");
  if (!kernel.permits(inode, 3)) throw kernel.error("EACCES");
}

/** What `may_delete` of Linux asks, in its order. */
export function mayDelete(
  kernel: Kernel,
  directory: Link,
  link: Link,
  wanted: Inode | "directory" | "file",
): void {
  const holder = directory.node as Inode;
  const inode = link.node as Inode;
  if (!kernel.permits(holder, 3)) throw kernel.error("EACCES");
  if ((holder.mode & S_ISVTX) !== 0 && !kernel.owns(inode) && !kernel.owns(holder)) {
    throw kernel.error("EPERM");
  }
  const wantsDirectory = typeof wanted === "string" ? wanted === "directory" : isDirectory(wanted);
  if (wantsDirectory && !isDirectory(inode)) throw kernel.error("ENOTDIR");
  if (!wantsDirectory && isDirectory(inode)) {
    // POSIX has EPERM for this, and macOS gives it; Windows: ERROR_ACCESS_DENIED.
    throw kernel.error(
      kernel.facts.name === "linux" || typeof wanted !== "string" ? "EISDIR" : "EPERM",
    );
  }
  if (holder.dev === procDevice) throw kernel.error("EPERM"); // names of descriptors come and go with them
}

/** A new inode with a name. `mode` has its type; the file mode creation mask is applied here. */
export function create(
  kernel: Kernel,
  directory: Link,
  name: string,
  mode: number,
  target?: string,
): Link {
  const holder = directory.node as Inode;
  const type = mode & S_IFMT;
  // inode(7): in a set-group-ID directory the group is the directory's, and goes on to subdirectories.
  const inherits = (holder.mode & S_ISGID) !== 0;
  let permissions = type === S_IFLNK ? 0o777 : mode & 0o7777 & ~kernel.umask;
  // inode(7): nobody can make a program run with the privileges of a group that they are not in.
  const runsAsGroup = type === S_IFREG && (mode & 0o2010) === 0o2010;
  const ownGroup = kernel.uid === 0 || kernel.gid === holder.gid;
  if (inherits && runsAsGroup && !ownGroup) permissions &= ~S_ISGID;
  if (inherits && type === S_IFDIR) permissions |= S_ISGID;
  const gid = inherits ? holder.gid : kernel.gid;
  const inode = kernel.store.createInode(type | permissions, kernel.uid, gid);
  inode.dev = holder.dev;
  if (target !== undefined) inode.symlink = target;
  const link = directory.createChild(name, inode);
  const now = kernel.now();
  inode.atimeUs = inode.mtimeUs = inode.ctimeUs = inode.btimeUs = now;
  holder.mtimeUs = holder.ctimeUs = now;
  if (kernel.onEffect !== undefined) {
    kernel.onEffect(creationOf(inode));
    kernel.onEffect({ kind: "link", directory: holder.id, name, inode: inode.id });
  }
  return link;
}

function creationOf(inode: Inode): Effect {
  const attributes = attributesOf(inode);
  const { id, symlink } = inode;
  if ((inode.mode & S_IFMT) === S_IFLNK) {
    return { kind: "create", inode: id, type: "symlink", target: symlink, attributes };
  }
  const type = isDirectory(inode) ? "directory" : "file";
  return { kind: "create", inode: id, type, attributes };
}

/** Takes a name away, and what it led to with the last one. */
export function remove(kernel: Kernel, directory: Link, link: Link): void {
  const holder = directory.node as Inode;
  const inode = link.node as Inode;
  const { name } = link;
  directory.deleteChild(link);
  const now = kernel.now();
  holder.mtimeUs = holder.ctimeUs = now;
  dropName(kernel, link, now);
  kernel.onEffect?.({ kind: "unlink", directory: holder.id, name, inode: inode.id });
}

/** One name less leads to an inode. */
export function dropName(kernel: Kernel, link: Link, now: number): void {
  const inode = link.node as Inode;
  inode.nlink = isDirectory(inode) ? 0 : inode.nlink - 1;
  inode.ctimeUs = now;
  if (inode.nlink > 0) return;
  if (inode.opened === 0) kernel.store.discard(inode);
  // ".." still leads up from it: nobody else may get the number of what is there.
  else if (isDirectory(inode)) (parentOf(link).node as Inode).opened++;
}

/** One descriptor less is open on what a name leads to, or led to. */
export function letGo(kernel: Kernel, link: Link): void {
  const inode = link.node as Inode;
  inode.opened--;
  if (inode.opened > 0 || inode.nlink > 0) return;
  kernel.store.discard(inode);
  if (isDirectory(inode)) letGo(kernel, parentOf(link));
}

export function isEmpty(directory: Link): boolean {
  for (const name of directory.children.keys()) {
    if (name !== "." && name !== "..") return false; // memfs keeps these two in the map
  }
  return true;
}
