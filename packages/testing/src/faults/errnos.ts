/**
 * Which errnos each call can really give a Node program, as data. Left out are those that only a
 * broken program gets (`EBADF`, `EFAULT`) and `EINTR`, which libuv answers itself by calling again
 * (`uv__fs_work`).
 *
 * - linux: section 2 of the man pages, and path_resolution(7).
 * - darwin: section 2 of its man pages, which follow POSIX.1-2017; where a volume cannot do something
 *   it says `ENOTSUP`.
 * - win32: what libuv makes of the errors of Windows (`uv_translate_sys_error` in src/win/error.c): a
 *   file that somebody holds is `EBUSY` or `EPERM`, a bad name is `ENOENT` or `EINVAL`.
 */

import type { PlatformName } from "@holdfast/fs";
import type { Call, CallName } from "../calls/call.ts";
import { O_CREAT, O_EXCL } from "../calls/constants.ts";

type Table = { readonly [Name in CallName]: readonly string[] };

// A path is looked up: path_resolution(7). EIO and ENOMEM: directories and inodes have to be read.
const lookup = ["EIO", "EACCES", "ELOOP", "ENAMETOOLONG", "ENOENT", "ENOMEM", "ENOTDIR"] as const;
// An entry of a directory is made, changed or removed.
const change = [...lookup, "EPERM", "EROFS"] as const;
const grow = ["ENOSPC", "EDQUOT"] as const;
const attribute = ["EIO", "EPERM", "EROFS"] as const;
const tooManyOpen = ["EMFILE", "ENFILE"] as const;
const flush = ["EIO", ...grow, "EINVAL", "EROFS"] as const;

const linux: Table = {
  open: [
    ...lookup,
    ...grow,
    ...tooManyOpen,
    "EBUSY",
    "EEXIST",
    "EISDIR",
    "ENODEV",
    "ENXIO",
    "EPERM",
    "EROFS",
    "ETXTBSY",
  ],
  // close(2): "a previously uncommitted write(2)" may be reported here; of quotas on NFS too.
  close: ["EIO", ...grow],
  // Not EAGAIN: never of a regular file.
  read: ["EIO", "EISDIR"],
  write: ["EIO", ...grow, "EFBIG", "EPERM"],
  fstat: ["EIO", "ENOMEM"],
  fchmod: attribute,
  fchown: [...attribute, "EDQUOT"],
  futimes: [...attribute, "EACCES"],
  ftruncate: ["EIO", "EFBIG", "EINVAL", "ENOSPC", "EPERM"],
  // EROFS and EINVAL: "fd is bound to a special file which does not support synchronization".
  fsync: flush,
  fdatasync: flush,
  rename: [
    ...change,
    ...grow,
    "EBUSY",
    "EEXIST",
    "EINVAL",
    "EISDIR",
    "EMLINK",
    "ENOTEMPTY",
    "EXDEV",
  ],
  link: [...change, ...grow, "EEXIST", "EMLINK", "EXDEV"],
  unlink: [...change, "EBUSY", "EISDIR"],
  symlink: [...change, ...grow, "EEXIST"],
  readlink: [...lookup, "EINVAL"],
  mkdir: [...change, ...grow, "EEXIST", "EMLINK"],
  mkdtemp: [...change, ...grow, "EMLINK"],
  rmdir: [...change, "EBUSY", "EINVAL", "ENOTEMPTY"],
  // It is opened, read and closed: scandir(3).
  readdir: [...lookup, ...tooManyOpen],
  lstat: lookup,
  stat: lookup,
  statfs: [...lookup, "ENOSYS"],
  access: [...lookup, "EROFS", "ETXTBSY"],
  realpath: lookup,
  chmod: change,
  chown: [...change, "EDQUOT"],
  lchown: [...change, "EDQUOT"],
  utimes: change,
  lutimes: change,
  truncate: [...change, "EFBIG", "EINVAL", "EISDIR", "ENOSPC", "ETXTBSY"],
};

const without = (errnos: readonly string[], ...gone: readonly string[]): readonly string[] =>
  errnos.filter((errno) => !gone.includes(errno));

const lookupOnDarwin = without(lookup, "ENOMEM");
const changeOnDarwin = [...lookupOnDarwin, "EPERM", "EROFS"];
const flushOnDarwin = ["EIO", ...grow, "EINVAL", "ENOTSUP"];

const darwin: Table = {
  ...linux,
  open: [...without(linux.open, "ENOMEM", "ENODEV", "EBUSY"), "EAGAIN", "EOPNOTSUPP"],
  fstat: ["EIO"],
  // fcntl(2), F_FULLFSYNC, which libuv uses for both; it falls back to fsync(2).
  fsync: flushOnDarwin,
  fdatasync: flushOnDarwin,
  rename: without(linux.rename, "ENOMEM", "EMLINK", "EEXIST"),
  link: [...without(linux.link, "ENOMEM"), "ENOTSUP"],
  // unlink(2) of Darwin and POSIX: a directory is EPERM.
  unlink: without(linux.unlink, "ENOMEM", "EISDIR"),
  symlink: without(linux.symlink, "ENOMEM"),
  readlink: [...lookupOnDarwin, "EINVAL"],
  mkdir: without(linux.mkdir, "ENOMEM"),
  mkdtemp: without(linux.mkdtemp, "ENOMEM"),
  rmdir: without(linux.rmdir, "ENOMEM"),
  readdir: without(linux.readdir, "ENOMEM"),
  lstat: lookupOnDarwin,
  stat: lookupOnDarwin,
  statfs: lookupOnDarwin,
  access: [...lookupOnDarwin, "EROFS", "ETXTBSY"],
  realpath: lookupOnDarwin,
  chmod: changeOnDarwin,
  chown: [...changeOnDarwin, "EDQUOT"],
  lchown: [...changeOnDarwin, "EDQUOT"],
  utimes: changeOnDarwin,
  lutimes: changeOnDarwin,
  truncate: without(linux.truncate, "ENOMEM"),
};

// ERROR_CRC, ERROR_IO_DEVICE and others are EIO, ERROR_SHARING_VIOLATION is EBUSY, ERROR_ACCESS_DENIED
// is EPERM and in later versions of libuv EACCES, ERROR_CANT_RESOLVE_FILENAME is ELOOP,
// ERROR_FILENAME_EXCED_RANGE is ENAMETOOLONG, ERROR_PATH_NOT_FOUND and a bad name are ENOENT.
const lookupOnWindows = ["EIO", "EACCES", "EBUSY", "ELOOP", "ENAMETOOLONG", "ENOENT", "EPERM"];
// ERROR_WRITE_PROTECT, ERROR_DISK_FULL.
const changeOnWindows = [...lookupOnWindows, "EROFS", "ENOSPC"];
const attributeOnWindows = ["EIO", "EPERM", "EROFS"];
// FlushFileBuffers needs a handle that may write: else ERROR_ACCESS_DENIED.
const flushOnWindows = ["EIO", "ENOSPC", "EPERM"];

const win32: Table = {
  open: [...changeOnWindows, "EEXIST", "EISDIR", "EMFILE", "EINVAL"],
  close: ["EIO"],
  // EBUSY: ERROR_LOCK_VIOLATION, somebody has locked that range.
  read: ["EIO", "EBUSY", "EISDIR"],
  write: ["EIO", "EBUSY", "ENOSPC", "EPERM", "EROFS"],
  fstat: ["EIO"],
  fchmod: attributeOnWindows,
  // libuv does nothing and says that it worked; so with the other two.
  fchown: [],
  chown: [],
  lchown: [],
  futimes: attributeOnWindows,
  ftruncate: ["EIO", "EINVAL", "ENOSPC", "EPERM"],
  fsync: flushOnWindows,
  fdatasync: flushOnWindows,
  rename: [...changeOnWindows, "EEXIST", "ENOTEMPTY", "EXDEV"],
  link: [...changeOnWindows, "EEXIST", "EMLINK", "EXDEV"],
  unlink: lookupOnWindows,
  symlink: [...changeOnWindows, "EEXIST"],
  readlink: [...lookupOnWindows, "EINVAL"],
  mkdir: [...changeOnWindows, "EEXIST", "EINVAL"],
  mkdtemp: [...changeOnWindows, "EINVAL"],
  rmdir: [...lookupOnWindows, "ENOTDIR", "ENOTEMPTY"],
  readdir: [...lookupOnWindows, "ENOTDIR"],
  lstat: lookupOnWindows,
  stat: lookupOnWindows,
  statfs: lookupOnWindows,
  access: lookupOnWindows,
  realpath: lookupOnWindows,
  chmod: [...lookupOnWindows, "EROFS"],
  utimes: [...lookupOnWindows, "EROFS"],
  lutimes: [...lookupOnWindows, "EROFS"],
  truncate: changeOnWindows,
};

const tables: { readonly [Name in PlatformName]: Table } = { linux, darwin, win32, other: linux };

/**
 * The errnos that a call can really give a program, by the names of errno(3).
 *
 * @param platform whose rules count; `"other"` has those of Linux
 */
export function errnosOf(name: CallName, platform: PlatformName): readonly string[] {
  return tables[platform][name];
}

const writing: ReadonlySet<string> = new Set(["EISDIR", "EPERM", "EROFS", "ETXTBSY"]);

/** The same for one call: what `open` can give depends on what it is to do. */
export function errnosOfCall(
  { name, args }: Pick<Call, "name" | "args">,
  platform: PlatformName,
): readonly string[] {
  const errnos = errnosOf(name, platform);
  if (name !== "open") return errnos;
  const flags = args[1] as number;
  const creates = (flags & O_CREAT) !== 0;
  const exclusive = creates && (flags & O_EXCL) !== 0;
  const readsOnly = (flags & 3) === 0 && !creates;
  return errnos.filter((errno) => {
    if (errno === "EEXIST") return exclusive;
    if (errno === "ENOSPC" || errno === "EDQUOT") return creates;
    // On Windows EPERM is also what ERROR_ACCESS_DENIED of a read becomes.
    return !readsOnly || !writing.has(errno) || (errno === "EPERM" && platform === "win32");
  });
}
