import type { Position } from "../calls/call.ts";
import { O_APPEND, O_CREAT, O_DIRECTORY, O_EXCL } from "../calls/constants.ts";
import { O_NOFOLLOW, O_RDWR, O_TRUNC, O_WRONLY } from "../calls/constants.ts";
import { create, letGo, mayCreate } from "./entries.ts";
import { S_IFREG } from "./inode.ts";
import type { Inode, Link } from "./inode.ts";
import { firstDescriptor, isDirectory, O_PATH } from "./kernel.ts";
import type { Implementation, Kernel, OpenFile } from "./kernel.ts";
import { child, isLink, lookup, lookupToCreate } from "./walk.ts";

const maxDescriptors = 65_536; // Node raises the limit to the hard one, which is at least that on most systems
const accessMode = O_WRONLY | O_RDWR; // O_ACCMODE
const O_RDONLY = 0;
const maxFileSize = 2 ** 44 - 4096; // of ext4 with blocks of 4 KiB
const maxStored = 2 ** 31 - 1; // what one buffer holds everywhere

export const open: Implementation<"open"> = (kernel, path, given, mode) => {
  const flags = flagsThatCount(kernel, given);
  const text = kernel.pathOf(path);
  const fd = freeDescriptor(kernel);
  const link =
    (flags & O_CREAT) === 0
      ? openExisting(kernel, text, flags)
      : openOrCreate(kernel, text, flags, mode);
  const inode = link.node as Inode;
  inode.opened++;
  const shown = typeof path === "string" ? path : path.toString();
  kernel.files[fd] = { inode, flags, path: shown, link, position: 0 };
  return fd + firstDescriptor;
};

/** open(2): with O_PATH "flag bits other than O_CLOEXEC, O_DIRECTORY, and O_NOFOLLOW are ignored". */
function flagsThatCount(kernel: Kernel, flags: number): number {
  if (kernel.facts.name !== "linux") return flags & ~O_PATH;
  return (flags & O_PATH) === 0 ? flags : flags & (O_PATH | O_DIRECTORY | O_NOFOLLOW);
}

/** The lowest one that is free, as POSIX wants it. */
function freeDescriptor(kernel: Kernel): number {
  const { files } = kernel;
  let fd = 0;
  while (files[fd] !== undefined) fd++;
  if (fd >= maxDescriptors) throw kernel.error("EMFILE");
  return fd;
}

function openExisting(kernel: Kernel, path: string, flags: number): Link {
  const link = lookup(kernel, path, (flags & O_NOFOLLOW) === 0);
  mayOpen(kernel, link, flags);
  return link;
}

function openOrCreate(kernel: Kernel, path: string, flags: number, mode: number): Link {
  // Since Linux 6.4; before, what happened was never what anybody wanted.
  if ((flags & O_DIRECTORY) !== 0) throw kernel.error("EINVAL");
  const exclusive = (flags & O_EXCL) !== 0;
  const place = lookupToCreate(kernel, path, !exclusive && (flags & O_NOFOLLOW) === 0);
  if (place.last === "name" && place.slash) throw kernel.error("EISDIR");
  const link = child(kernel, place);
  if (link === undefined) {
    mayCreate(kernel, place.directory);
    return create(kernel, place.directory, place.name, S_IFREG | (mode & 0o7777));
  }
  if (exclusive) throw kernel.error("EEXIST");
  if (isDirectory(link.node as Inode)) throw kernel.error(kernel.windows ? "EPERM" : "EISDIR");
  mayOpen(kernel, link, flags);
  return link;
}

/** What `do_open` and `may_open` of Linux ask of something that is there, in their order. */
function mayOpen(kernel: Kernel, link: Link, flags: number): void {
  const inode = link.node as Inode;
  const directory = isDirectory(inode);
  if ((flags & O_DIRECTORY) !== 0 && !directory) throw kernel.error("ENOTDIR");
  if ((flags & O_PATH) !== 0) return;
  if (isLink(link)) throw kernel.error("ELOOP");
  const access = flags & accessMode;
  const truncates = (flags & O_TRUNC) !== 0;
  const writes = access !== O_RDONLY || truncates;
  if (directory && writes) throw kernel.error("EISDIR");
  const wanted = (access === O_WRONLY ? 0 : 4) | (writes ? 2 : 0);
  // Of what is read-only, Windows says ERROR_ACCESS_DENIED.
  if (!kernel.permits(inode, wanted)) throw kernel.error(kernel.windows ? "EPERM" : "EACCES");
  if (truncates) setLength(kernel, inode, 0);
}

/** The open file behind a descriptor. */
export function fileOf(kernel: Kernel, fd: number): OpenFile {
  const file = kernel.files[fd - firstDescriptor];
  if (file === undefined) throw kernel.error("EBADF");
  return file;
}

/** The same, for a call that a descriptor opened with O_PATH does not allow. */
export function usableFile(kernel: Kernel, fd: number): OpenFile {
  const file = fileOf(kernel, fd);
  if ((file.flags & O_PATH) !== 0) throw kernel.error("EBADF");
  return file;
}

export const close: Implementation<"close"> = (kernel, fd) => {
  const { link } = fileOf(kernel, fd);
  kernel.files[fd - firstDescriptor] = undefined;
  letGo(kernel, link);
};

export const read: Implementation<"read"> = (kernel, fd, into, offset, length, position) => {
  const file = usableFile(kernel, fd);
  if ((file.flags & accessMode) === O_WRONLY) throw kernel.error("EBADF");
  const { inode } = file;
  if (isDirectory(inode)) throw kernel.error("EISDIR");
  const at = explicit(position);
  const count = inode.readInto(into, offset, length, at ?? file.position);
  if (at === undefined) file.position += count;
  // relatime, the default of mount(8): only where it tells whether a file was read since it changed.
  if (count > 0 && inode.atimeUs <= Math.max(inode.mtimeUs, inode.ctimeUs)) {
    inode.atimeUs = kernel.now();
  }
  return count;
};

export const write: Implementation<"write"> = (kernel, fd, from, offset, length, position) => {
  const file = usableFile(kernel, fd);
  if ((file.flags & accessMode) === O_RDONLY) throw kernel.error("EBADF");
  if (length === 0) return 0;
  const { inode } = file;
  const sizeBefore = inode.getSize();
  const given = explicit(position);
  // pwrite(2), BUGS: "if a file is opened with O_APPEND, on Linux, pwrite() appends data to the end
  // of the file, regardless of the value of offset".
  const at = (file.flags & O_APPEND) === 0 ? (given ?? file.position) : sizeBefore;
  const count = Math.min(length, roomAt(kernel, inode, at));
  if (count <= 0) throw kernel.error(at >= maxStored ? "EFBIG" : "ENOSPC");
  dropSetId(kernel, inode);
  inode.writeFrom(from, offset, count, at);
  inode.mtimeUs = inode.ctimeUs = kernel.now();
  if (given === undefined) file.position = at + count;
  if (kernel.onEffect !== undefined) {
    const bytes = new Uint8Array(count);
    bytes.set(from.subarray(offset, offset + count));
    kernel.onEffect({ kind: "write", inode: inode.id, offset: at, bytes, sizeBefore });
  }
  return count;
};

/** How many bytes can be written there. */
function roomAt(kernel: Kernel, inode: Inode, at: number): number {
  if (kernel.capacityBytes === Infinity) return maxStored - at;
  const free = Math.max(kernel.capacityBytes - kernel.store.usage.bytes, 0);
  return Math.min(maxStored, inode.stored + free) - at;
}

function explicit(position: Position): number | undefined {
  return position === null || position < 0 ? undefined : Number(position);
}

/** Who writes to a file and is not root takes its set-user-ID and set-group-ID bits (inode(7)). */
function dropSetId(kernel: Kernel, inode: Inode): void {
  if (kernel.uid === 0) return;
  const kept = kernel.withoutSetId(inode);
  if (kept === inode.mode) return;
  inode.mode = kept;
  kernel.emitAttributes(inode);
}

export const ftruncate: Implementation<"ftruncate"> = (kernel, fd, length) => {
  const { inode, flags } = usableFile(kernel, fd);
  if ((flags & accessMode) === O_RDONLY || isDirectory(inode)) {
    throw kernel.error(kernel.windows ? "EPERM" : "EINVAL");
  }
  setLength(kernel, inode, length);
};

export const truncate: Implementation<"truncate"> = (kernel, path, length) => {
  const link = lookup(kernel, kernel.pathOf(path), true);
  const inode = link.node as Inode;
  if (length < 0) throw kernel.error("EINVAL");
  if (isLink(link)) throw kernel.error("ELOOP"); // from a descriptor: it is opened to be truncated
  if (isDirectory(inode)) throw kernel.error("EISDIR");
  if (!kernel.permits(inode, 2)) throw kernel.error("EACCES");
  setLength(kernel, inode, length);
};

function setLength(kernel: Kernel, inode: Inode, size: number): void {
  if (size < 0) throw kernel.error("EINVAL");
  if (size > maxFileSize) throw kernel.error("EFBIG");
  const sizeBefore = inode.getSize();
  dropSetId(kernel, inode);
  inode.resize(size);
  inode.mtimeUs = inode.ctimeUs = kernel.now();
  if (size === sizeBefore) return;
  kernel.onEffect?.({ kind: "truncate", inode: inode.id, size, sizeBefore });
}

export const fsync: Implementation<"fsync"> = (kernel, fd) => sync(kernel, fd, false);
export const fdatasync: Implementation<"fdatasync"> = (kernel, fd) => sync(kernel, fd, true);

function sync(kernel: Kernel, fd: number, dataOnly: boolean): void {
  const { inode, flags } = usableFile(kernel, fd);
  // FlushFileBuffers wants a handle opened for writing, which a directory never has.
  if (kernel.windows && (flags & accessMode) === O_RDONLY) throw kernel.error("EPERM");
  kernel.onEffect?.({ kind: "sync", inode: inode.id, dataOnly });
}
