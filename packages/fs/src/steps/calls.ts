/** The vocabulary as functions: `const handle = yield* open(path, flags, mode)`. */

import type { FileStats } from "../file-stats.ts";
import type { PathArgument } from "../port.ts";
import { Refusal } from "../errors/holdfast-error.ts";
import { Call, type Handle, type Steps } from "./step.ts";

export function* open(path: PathArgument, flags: number, mode = 0o666): Steps<Handle> {
  return yield new Call("open", [path, flags, mode]);
}
export function* close(handle: Handle): Steps<void> {
  yield new Call("close", [handle]);
}
export function* closeFlushed(handle: Handle): Steps<void> {
  yield new Call("closeFlushed", [handle]);
}
export function* read(
  handle: Handle,
  buffer: Uint8Array,
  position: number | null = null,
): Steps<number> {
  return yield new Call("read", [handle, buffer, 0, buffer.byteLength, position]);
}
export function* fstat(handle: Handle): Steps<FileStats> {
  return yield new Call("fstat", [handle]);
}
export function* fchmod(handle: Handle, mode: number): Steps<void> {
  yield new Call("fchmod", [handle, mode]);
}
export function* fchown(handle: Handle, uid: number, gid: number): Steps<void> {
  yield new Call("fchown", [handle, uid, gid]);
}
/** Times in seconds since 1970, as Node takes them. */
export function* futimes(handle: Handle, atime: number, mtime: number): Steps<void> {
  yield new Call("futimes", [handle, atime, mtime]);
}
export function* ftruncate(handle: Handle, length: number): Steps<void> {
  yield new Call("ftruncate", [handle, length]);
}
export function* fsync(handle: Handle): Steps<void> {
  yield new Call("fsync", [handle]);
}
export function* fdatasync(handle: Handle): Steps<void> {
  yield new Call("fdatasync", [handle]);
}
export function* rename(from: PathArgument, to: PathArgument): Steps<void> {
  yield new Call("rename", [from, to]);
}
export function* link(existing: PathArgument, path: PathArgument): Steps<void> {
  yield new Call("link", [existing, path]);
}
export function* unlink(path: PathArgument): Steps<void> {
  yield new Call("unlink", [path]);
}
export function* symlink(target: PathArgument, path: PathArgument): Steps<void> {
  yield new Call("symlink", [target, path]);
}
export function* readlink(path: PathArgument): Steps<PathArgument> {
  return yield new Call("readlink", [path]);
}
export function* mkdir(path: PathArgument, mode = 0o777): Steps<void> {
  yield new Call("mkdir", [path, mode]);
}
export function* rmdir(path: PathArgument): Steps<void> {
  yield new Call("rmdir", [path]);
}
/** Names without `.` and `..`; as bytes where a name is not valid UTF-8. */
export function* readdir(path: PathArgument): Steps<PathArgument[]> {
  return yield new Call("readdir", [path]);
}
export function* lstat(path: PathArgument): Steps<FileStats> {
  return yield new Call("lstat", [path]);
}
export function* stat(path: PathArgument): Steps<FileStats> {
  return yield new Call("stat", [path]);
}
export function* access(path: PathArgument, mode: number): Steps<void> {
  yield new Call("access", [path, mode]);
}
export function* copyFile(from: PathArgument, to: PathArgument, mode = 0): Steps<void> {
  yield new Call("copyFile", [from, to, mode]);
}
export function* lutimes(path: PathArgument, atime: number, mtime: number): Steps<void> {
  yield new Call("lutimes", [path, atime, mtime]);
}
export function* chmod(path: PathArgument, mode: number): Steps<void> {
  yield new Call("chmod", [path, mode]);
}
export function* utimes(path: PathArgument, atime: number, mtime: number): Steps<void> {
  yield new Call("utimes", [path, atime, mtime]);
}
/** Of a directory above one that is held open. */
export function* lstatHeld(path: PathArgument): Steps<FileStats> {
  return yield new Call("lstatHeld", [path]);
}
/** Of what is held open already, where that asks no device. */
export function* openHeld(path: PathArgument, flags: number): Steps<Handle> {
  return yield new Call("openHeld", [path, flags]);
}
export function* fileSystemType(path: PathArgument): Steps<bigint> {
  return yield new Call("fileSystemType", [path]);
}
/** Of a descriptor, in /proc. */
export function* readlinkHeld(path: PathArgument): Steps<PathArgument> {
  return yield new Call("readlinkHeld", [path]);
}
/** Node's `Stats` or `BigIntStats`. */
export function* nodeLstat(path: PathArgument, bigint: boolean): Steps<unknown> {
  return yield new Call("nodeLstat", [path, bigint]);
}
/** Node's `Stats` or `BigIntStats`. */
export function* nodeFstat(handle: Handle, bigint: boolean): Steps<unknown> {
  return yield new Call("nodeFstat", [handle, bigint]);
}
/** What Node's `readdir` returns for these options. */
export function* nodeReaddir(path: PathArgument, options: object): Steps<unknown[]> {
  return yield new Call("nodeReaddir", [path, options]);
}
/** Node's `Dir`. */
export function* nodeOpendir(path: PathArgument, options: object): Steps<unknown> {
  return yield new Call("nodeOpendir", [path, options]);
}
/** Node's `FileHandle`; a descriptor in a synchronous run. */
export function* nodeOpen(path: PathArgument, flags: number, mode: number): Steps<unknown> {
  return yield new Call("nodeOpen", [path, flags, mode]);
}

// Node refuses a length above 2 ** 31 - 1 in one call, and Linux writes at most 0x7ffff000 bytes.
const largestWrite = 1 << 30;

/**
 * Writes all of `bytes`, from `position` on or (`null`) from where the handle stands. A short write
 * is continued; one that makes no progress is an error, not a loop.
 */
export function* writeAll(
  handle: Handle,
  bytes: Uint8Array,
  position: number | null = null,
): Steps<void> {
  let done = 0;
  while (done < bytes.byteLength) {
    const length = Math.min(bytes.byteLength - done, largestWrite);
    const at = position === null ? null : position + done;
    const written: number = yield new Call("write", [handle, bytes, done, length, at]);
    if (!(written > 0)) {
      throw new Refusal("ERR_NO_PROGRESS", {
        problem: `writing stopped after ${done} of ${bytes.byteLength} bytes without an error`,
      });
    }
    done += written;
  }
}

/** Writes a whole content to a fresh handle of an injected file system, in its own one call. */
export function* writeWhole(handle: Handle, bytes: Uint8Array): Steps<void> {
  yield new Call("writeFile", [handle, bytes]);
}
