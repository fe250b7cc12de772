/**
 * Which errnos each call can really give a Node program on Linux: those of the man pages (section 2)
 * and of POSIX, without the ones that only a broken program gets (`EBADF`, `EFAULT`) and without
 * `EINTR`, which libuv answers itself by calling again (`uv__fs_work`, `uv__fs_close`). `EIO` and
 * `ENOMEM` stand where the kernel has to read or change metadata: ext4 and NFS give them there.
 */

import { constants } from "node:os";

// A path is looked up: path_resolution(7).
const lookup = ["EACCES", "ELOOP", "ENAMETOOLONG", "ENOENT", "ENOMEM", "ENOTDIR", "EIO"] as const;
// An entry of a directory is made, changed or removed.
const change = [...lookup, "EPERM", "EROFS"] as const;
const grow = ["ENOSPC", "EDQUOT"] as const;
const attribute = ["EIO", "EPERM", "EROFS"] as const;

const table = {
  open: [
    ...lookup,
    ...grow,
    "EBUSY",
    "EEXIST",
    "EISDIR",
    "EMFILE",
    "ENFILE",
    "ENODEV",
    "ENXIO",
    "EPERM",
    "EROFS",
    "ETXTBSY",
  ],
  close: ["EIO", ...grow],
  read: ["EIO", "EISDIR", "EAGAIN"],
  write: ["EIO", ...grow, "EFBIG", "EAGAIN", "EPERM"],
  writeFile: ["EIO", ...grow, "EFBIG", "EPERM"],
  fstat: ["EIO", "ENOMEM"],
  fchmod: attribute,
  fchown: [...attribute, "EDQUOT"],
  futimes: [...attribute, "EACCES"],
  ftruncate: ["EIO", "EFBIG", "EINVAL", "EPERM", "ENOSPC"],
  fsync: ["EIO", ...grow, "EINVAL", "EROFS"],
  fdatasync: ["EIO", ...grow, "EINVAL", "EROFS"],
  rename: [
    ...change,
    ...grow,
    "EBUSY",
    "EINVAL",
    "EISDIR",
    "EMLINK",
    "ENOTEMPTY",
    "EEXIST",
    "EXDEV",
  ],
  link: [...change, ...grow, "EEXIST", "EMLINK", "EXDEV"],
  unlink: [...change, "EBUSY", "EISDIR"],
  symlink: [...change, ...grow, "EEXIST"],
  readlink: [...lookup, "EINVAL"],
  mkdir: [...change, ...grow, "EEXIST", "EMLINK"],
  rmdir: [...change, "EBUSY", "EINVAL", "ENOTEMPTY"],
  readdir: [...lookup, "EMFILE", "ENFILE"],
  lstat: lookup,
  stat: lookup,
  access: [...lookup, "EROFS", "ETXTBSY"],
  copyFile: [...change, ...grow, "EEXIST", "EISDIR", "EMFILE", "ENFILE", "EFBIG", "ETXTBSY"],
  lutimes: [...lookup, "EPERM", "EROFS"],
} as const satisfies Record<string, readonly string[]>;

/** A call of the port, under the name it has in both halves (`closeSync` and `close` are `close`). */
export type CallName = keyof typeof table;

/** The table: the name of a call to the errnos it can give. */
export const errnosOf: { readonly [N in CallName]: readonly string[] } = table;

/** All calls of the port. */
export const callNames = Object.keys(table) as readonly CallName[];

/** The number of an errno on this system, as Node gives it: negative. */
export function errnoNumber(name: string): number {
  const number = (constants.errno as Readonly<Record<string, number>>)[name];
  if (number === undefined) throw new Error(`this system has no errno ${name}`);
  return -number;
}
