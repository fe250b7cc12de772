import { create, dropName, isEmpty, mayCreate, mayDelete, remove } from "./entries.ts";
import { S_IFLNK, S_IFMT, S_IFREG } from "./inode.ts";
import type { Inode, Link } from "./inode.ts";
import { isDirectory } from "./kernel.ts";
import type { Implementation, Kernel } from "./kernel.ts";
import { encodeName } from "./names.ts";
import { MagicLink, pathOfLink } from "./pinned.ts";
import { child, lookup, lookupParent, parentOf } from "./walk.ts";
import type { Place } from "./walk.ts";
import { mayRemoveOnWindows, mayRenameOnWindows } from "./windows-locks.ts";

export const symlink: Implementation<"symlink"> = (kernel, target, path) => {
  const text = kernel.targetOf(target);
  const place = lookupParent(kernel, kernel.pathOf(path));
  if (child(kernel, place) !== undefined) throw kernel.error("EEXIST");
  if (place.slash) throw kernel.error("ENOENT");
  mayCreate(kernel, place.directory);
  create(kernel, place.directory, place.name, S_IFLNK, text);
};

export const readlink: Implementation<"readlink"> = (kernel, path, { encoding }) => {
  const { node } = lookup(kernel, kernel.pathOf(path), false);
  if ((node.mode & S_IFMT) !== S_IFLNK) throw kernel.error("EINVAL");
  const magic = node instanceof MagicLink;
  return encodeName(magic ? pathOfLink(kernel, node.file.link) : node.symlink, encoding);
};

export const link: Implementation<"link"> = (kernel, existing, path) => {
  const [from, to] = [kernel.pathOf(existing), kernel.pathOf(path)];
  // link(2): "if oldpath is a symbolic link, it is not dereferenced"; macOS does dereference it.
  const source = lookup(kernel, from, kernel.facts.name === "darwin");
  const inode = source.node as Inode;
  const place = lookupParent(kernel, to);
  if (child(kernel, place) !== undefined) throw kernel.error("EEXIST");
  if (place.slash) throw kernel.error("ENOENT");
  const holder = place.directory.node as Inode;
  if (holder.dev !== inode.dev) throw kernel.error("EXDEV");
  if (!mayLink(kernel, inode)) throw kernel.error("EPERM");
  mayCreate(kernel, place.directory);
  if (isDirectory(inode)) throw kernel.error("EPERM");
  place.directory.createChild(place.name, inode);
  inode.nlink++;
  inode.ctimeUs = holder.mtimeUs = holder.ctimeUs = kernel.now();
  kernel.onEffect?.({ kind: "link", directory: holder.id, name: place.name, inode: inode.id });
};

/**
 * proc(5), /proc/sys/fs/protected_hardlinks, which distributions turn on: nobody gives a new name to
 * somebody else's file, unless they may read and write it and it is a plain one.
 */
function mayLink(kernel: Kernel, inode: Inode): boolean {
  if (kernel.owns(inode)) return true;
  const { mode } = inode;
  const plain = (mode & S_IFMT) === S_IFREG && (mode & 0o4000) === 0 && (mode & 0o2010) !== 0o2010;
  return plain && kernel.permits(inode, 6);
}

export const unlink: Implementation<"unlink"> = (kernel, path) => {
  const place = lookupParent(kernel, kernel.pathOf(path));
  if (place.last !== "name") throw kernel.error(kernel.facts.name === "linux" ? "EISDIR" : "EPERM");
  const found = child(kernel, place);
  if (found === undefined) throw kernel.error("ENOENT");
  if (place.slash) throw kernel.error(isDirectory(found.node as Inode) ? "EISDIR" : "ENOTDIR");
  mayDelete(kernel, place.directory, found, "file");
  if (kernel.windows) mayRemoveOnWindows(kernel, found);
  remove(kernel, place.directory, found);
};

export const rename: Implementation<"rename"> = (kernel, from, to) => {
  const [fromPath, toPath] = [kernel.pathOf(from), kernel.pathOf(to)];
  // Both ways are walked before either name is looked up, as in do_renameat2 of Linux.
  const source = lookupParent(kernel, fromPath);
  const target = lookupParent(kernel, toPath);
  if (devOf(source) !== devOf(target)) throw kernel.error("EXDEV");
  if (source.last !== "name" || target.last !== "name") throw kernel.error("EBUSY");
  const moved = child(kernel, source);
  if (moved === undefined) throw kernel.error("ENOENT");
  const replaced = child(kernel, target);
  if (!mayRename(kernel, source, moved, target, replaced)) return;
  if (kernel.windows) mayRenameOnWindows(kernel, moved, replaced);
  move(kernel, source, moved, target, replaced);
};

function devOf({ directory }: Place): number {
  return (directory.node as Inode).dev;
}

/** Whether there is anything to do. @throws whatever forbids it, in the order of Linux. */
function mayRename(
  kernel: Kernel,
  source: Place,
  moved: Link,
  target: Place,
  replaced: Link | undefined,
): boolean {
  const inode = moved.node as Inode;
  const directory = isDirectory(inode);
  if (!directory && (source.slash || target.slash)) throw kernel.error("ENOTDIR");
  if (isAbove(moved, target.directory)) throw kernel.error("EINVAL");
  if (replaced !== undefined && isAbove(replaced, source.directory))
    throw kernel.error("ENOTEMPTY");
  // rename(2): two names of one file: "rename() does nothing, and returns a success status".
  // Where case is folded the name itself may be found again, and then it gets the new spelling.
  if (replaced?.node === inode && (replaced !== moved || source.name === target.name)) {
    return moved.name !== target.name && replaced === moved;
  }
  mayDelete(kernel, source.directory, moved, inode);
  if (replaced === undefined) mayCreate(kernel, target.directory);
  else if (replaced !== moved) mayDelete(kernel, target.directory, replaced, inode);
  const changesParent = source.directory !== target.directory;
  if (directory && changesParent && !kernel.permits(inode, 2)) throw kernel.error("EACCES");
  const over = replaced === undefined || replaced === moved ? undefined : (replaced.node as Inode);
  if (inode.mounted || over?.mounted === true) throw kernel.error("EBUSY");
  if (over !== undefined && isDirectory(over) && !isEmpty(replaced as Link)) {
    throw kernel.error("ENOTEMPTY");
  }
  return true;
}

/** Whether a directory holds another, or is it. */
function isAbove(above: Link, directory: Link): boolean {
  for (let at = directory; ; at = parentOf(at)) {
    if (at === above) return true;
    if (at === parentOf(at)) return false;
  }
}

function move(
  kernel: Kernel,
  source: Place,
  moved: Link,
  target: Place,
  replaced: Link | undefined,
): void {
  const inode = moved.node as Inode;
  const [left, entered] = [source.directory.node as Inode, target.directory.node as Inode];
  const over = replaced === undefined || replaced === moved ? undefined : (replaced.node as Inode);
  // Where case is folded, what is replaced may be spelled otherwise: that spelling stays.
  const name = over === undefined ? target.name : (replaced as Link).name;
  const from = { directory: left.id, name: moved.name };
  const to = { directory: entered.id, name };
  source.directory.deleteChild(moved);
  if (over !== undefined) target.directory.deleteChild(replaced as Link);
  moved.name = name;
  moved.steps = [...target.directory.steps, name];
  target.directory.setChild(name, moved);
  const now = kernel.now();
  left.mtimeUs = left.ctimeUs = entered.mtimeUs = entered.ctimeUs = inode.ctimeUs = now;
  if (over !== undefined) dropName(kernel, replaced as Link, now);
  kernel.onEffect?.({ kind: "rename", from, to, inode: inode.id, replaced: over?.id });
}
