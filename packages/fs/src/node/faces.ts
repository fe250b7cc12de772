/** The vocabulary of calls, answered in the three ways that Node has. */

import { Buffer, isUtf8 } from "node:buffer";
import { toFileStats } from "../file-stats.ts";
import type { PathArgument, PortFileHandle, PromiseFileSystem, SyncFileSystem } from "../port.ts";
import type { CallName, Calls, Handle } from "../steps/step.ts";
import { builtIn, isBuiltIn } from "./node-fs.ts";

/** A name as a string where it is valid UTF-8, as bytes where a string could not hold it. */
function toPathArgument(name: unknown): PathArgument {
  if (typeof name === "string") return name;
  const bytes = Buffer.from(name as Uint8Array);
  return isUtf8(bytes) ? bytes.toString("utf8") : bytes;
}

/** The vocabulary, answered synchronously. */
export type SyncFace = Calls;

/** A handle that an injected `promises.open` returned is a `FileHandle`, and has its number in it. */
const fd = (handle: Handle): number => {
  const opened = handle as unknown as number | { readonly fd: number };
  return typeof opened === "number" ? opened : opened.fd;
};
const bigint = { bigint: true } as const;
const asBuffer = { encoding: "buffer" } as const;
/** The types of the port know only what the protocols ask for. */
const asWanted = (wanted: boolean): typeof bigint => ({ bigint: wanted }) as typeof bigint;

/** The number of an open file; `undefined` where an injected file system gives handles without one. */
export function descriptorOf(handle: Handle): number | undefined {
  const number: unknown = fd(handle);
  return typeof number === "number" ? number : undefined;
}

function over(fs: Required<SyncFileSystem>): SyncFace {
  return {
    open: (path, flags, mode) => fs.openSync(path, flags, mode) as unknown as Handle,
    close: (handle) => fs.closeSync(fd(handle)),
    closeFlushed: (handle) => fs.closeSync(fd(handle)),
    read: (handle, buffer, offset, length, position) =>
      fs.readSync(fd(handle), buffer, offset, length, position),
    write: (handle, buffer, offset, length, position) =>
      fs.writeSync(fd(handle), buffer, offset, length, position),
    writeFile: (handle, data) => fs.writeFileSync(fd(handle), data),
    fstat: (handle) => toFileStats(fs.fstatSync(fd(handle), bigint)),
    fchmod: (handle, mode) => fs.fchmodSync(fd(handle), mode),
    fchown: (handle, uid, gid) => fs.fchownSync(fd(handle), uid, gid),
    futimes: (handle, atime, mtime) => fs.futimesSync(fd(handle), atime, mtime),
    ftruncate: (handle, length) => fs.ftruncateSync(fd(handle), length),
    fsync: (handle) => fs.fsyncSync(fd(handle)),
    fdatasync: (handle) => fs.fdatasyncSync(fd(handle)),
    rename: (from, to) => fs.renameSync(from, to),
    link: (existing, path) => fs.linkSync(existing, path),
    unlink: (path) => fs.unlinkSync(path),
    symlink: (target, path) => fs.symlinkSync(target, path),
    readlink: (path) => toPathArgument(fs.readlinkSync(path, asBuffer)),
    mkdir: (path, mode) => void fs.mkdirSync(path, { mode }),
    rmdir: (path) => fs.rmdirSync(path),
    readdir: (path) => (fs.readdirSync(path, asBuffer) as unknown[]).map(toPathArgument),
    // `lstatSync` can only be `undefined` with `throwIfNoEntry: false`, which is not asked for.
    lstat: (path) => toFileStats(fs.lstatSync(path, bigint)!),
    stat: (path) => toFileStats(fs.statSync(path, bigint)!),
    access: (path, mode) => fs.accessSync(path, mode),
    copyFile: (from, to, mode) => fs.copyFileSync(from, to, mode),
    lutimes: (path, atime, mtime) => fs.lutimesSync(path, atime, mtime),
    chmod: (path, mode) => fs.chmodSync(path, mode),
    utimes: (path, atime, mtime) => fs.utimesSync(path, atime, mtime),
    lstatHeld: (path) => toFileStats(fs.lstatSync(path, bigint)!),
    openHeld: (path, flags) => fs.openSync(path, flags) as unknown as Handle,
    fileSystemType: (path) => BigInt(fs.statfsSync(path, bigint).type),
    readlinkHeld: (path) => toPathArgument(fs.readlinkSync(path, asBuffer)),
    nodeLstat: (path, wanted) => fs.lstatSync(path, asWanted(wanted)),
    nodeFstat: (handle, wanted) => fs.fstatSync(fd(handle), asWanted(wanted)),
    nodeReaddir: (path, options) => fs.readdirSync(path, options as typeof asBuffer) as unknown[],
    nodeOpendir: (path, options) => fs.opendirSync(path, options),
    nodeOpen: (path, flags, mode) => fs.openSync(path, flags, mode),
  };
}

const builtInFace = over(builtIn as Required<SyncFileSystem>);

/** The synchronous face of a file system. */
export function syncFace(fileSystem: SyncFileSystem | undefined): SyncFace {
  return isBuiltIn(fileSystem) ? builtInFace : over(fileSystem as Required<SyncFileSystem>);
}

/** Told the end of a call, as Node's callbacks are. */
type Done<T> = (error: unknown, value?: T) => void;

/** The vocabulary, answered with callbacks. */
export type CallbackFace = {
  readonly [N in CallName]: (
    done: Done<ReturnType<Calls[N]>>,
    ...args: Parameters<Calls[N]>
  ) => void;
};

const mapped =
  <A, B>(done: Done<B>, map: (value: A) => B) =>
  (error: unknown, value: A): void => {
    if (error === null || error === undefined) done(null, map(value));
    else done(error);
  };

/** Answers with the result of a call that cannot wait for a device. */
const now = <T>(done: Done<T>, call: () => T): void => {
  let value: T;
  try {
    value = call();
  } catch (error) {
    done(error);
    return;
  }
  done(null, value);
};

/**
 * Node's own file system: the callback API with raw descriptors, which allocates less than
 * `FileHandle`. Every call goes to the thread pool except two that only read or drop what the
 * kernel has in memory, and so cost less than the trip: `fstat` of a descriptor that is open here,
 * and closing one that has nothing left to write.
 */
export const callbackFace: CallbackFace = {
  open: (done, path, flags, mode) =>
    builtIn.open(path, flags, mode, done as unknown as Done<number>),
  close: (done, handle) => builtIn.close(fd(handle), done),
  closeFlushed: (done, handle) => now(done, () => builtIn.closeSync(fd(handle))),
  read: (done, handle, buffer, offset, length, position) =>
    builtIn.read(fd(handle), buffer, offset, length, position, done),
  write: (done, handle, buffer, offset, length, position) =>
    builtIn.write(fd(handle), buffer, offset, length, position, done),
  writeFile: (done, handle, data) => builtIn.writeFile(fd(handle), data, done),
  fstat: (done, handle) => now(done, () => builtIn.fstatSync(fd(handle), bigint)),
  fchmod: (done, handle, mode) => builtIn.fchmod(fd(handle), mode, done),
  fchown: (done, handle, uid, gid) => builtIn.fchown(fd(handle), uid, gid, done),
  futimes: (done, handle, atime, mtime) => builtIn.futimes(fd(handle), atime, mtime, done),
  ftruncate: (done, handle, length) => builtIn.ftruncate(fd(handle), length, done),
  fsync: (done, handle) => builtIn.fsync(fd(handle), done),
  fdatasync: (done, handle) => builtIn.fdatasync(fd(handle), done),
  rename: (done, from, to) => builtIn.rename(from, to, done),
  link: (done, existing, path) => builtIn.link(existing, path, done),
  unlink: (done, path) => builtIn.unlink(path, done),
  symlink: (done, target, path) => builtIn.symlink(target, path, done),
  readlink: (done, path) => builtIn.readlink(path, asBuffer, mapped(done, toPathArgument)),
  mkdir: (done, path, mode) => builtIn.mkdir(path, { mode }, done as Done<unknown>),
  rmdir: (done, path) => builtIn.rmdir(path, done),
  readdir: (done, path) =>
    builtIn.readdir(
      path,
      asBuffer,
      mapped(done, (names: Buffer[]) => names.map(toPathArgument)),
    ),
  lstat: (done, path) => builtIn.lstat(path, bigint, done),
  stat: (done, path) => builtIn.stat(path, bigint, done),
  access: (done, path, mode) => builtIn.access(path, mode, done),
  copyFile: (done, from, to, mode) => builtIn.copyFile(from, to, mode, done),
  lutimes: (done, path, atime, mtime) => builtIn.lutimes(path, atime, mtime, done),
  chmod: (done, path, mode) => builtIn.chmod(path, mode, done),
  utimes: (done, path, atime, mtime) => builtIn.utimes(path, atime, mtime, done),
  lstatHeld: (done, path) => now(done, () => builtIn.lstatSync(path, bigint)),
  openHeld: (done, path, flags) => now(done, () => builtInFace.openHeld(path, flags)),
  fileSystemType: (done, path) =>
    builtIn.statfs(
      path,
      bigint,
      mapped(done, ({ type }: { type: bigint }) => type),
    ),
  readlinkHeld: (done, path) => now(done, () => builtInFace.readlinkHeld(path)),
  nodeLstat: (done, path, wanted) => builtIn.lstat(path, { bigint: wanted }, done),
  nodeFstat: (done, handle, wanted) => now(done, () => builtInFace.nodeFstat(handle, wanted)),
  nodeReaddir: (done, path, options) => builtIn.readdir(path, options, done as Done<unknown>),
  nodeOpendir: (done, path, options) => builtIn.opendir(path, options, done),
  nodeOpen: (done, path, flags, mode) => {
    builtIn.promises.open(path, flags, mode).then((handle) => done(null, handle), done);
  },
};

/** The vocabulary, answered with promises. */
export type PromiseFace = {
  readonly [N in CallName]: (...args: Parameters<Calls[N]>) => Promise<ReturnType<Calls[N]>>;
};

const fileHandle = (handle: Handle): PortFileHandle => handle as unknown as PortFileHandle;

/** The vocabulary over the `promises` of an injected file system. */
export function promiseFace(injected: PromiseFileSystem): PromiseFace {
  const promises = injected as Required<PromiseFileSystem>;
  return {
    open: async (path, flags, mode) =>
      (await promises.open(path, flags, mode)) as unknown as Handle,
    close: (handle) => fileHandle(handle).close(),
    closeFlushed: (handle) => fileHandle(handle).close(),
    read: async (handle, buffer, offset, length, position) =>
      (await fileHandle(handle).read(buffer, offset, length, position)).bytesRead,
    write: async (handle, buffer, offset, length, position) =>
      (await fileHandle(handle).write(buffer, offset, length, position)).bytesWritten,
    writeFile: (handle, data) => promises.writeFile(handle, data),
    fstat: async (handle) => toFileStats(await fileHandle(handle).stat(bigint)),
    fchmod: (handle, mode) => fileHandle(handle).chmod(mode),
    fchown: (handle, uid, gid) => fileHandle(handle).chown(uid, gid),
    futimes: (handle, atime, mtime) => fileHandle(handle).utimes(atime, mtime),
    ftruncate: (handle, length) => fileHandle(handle).truncate(length),
    fsync: (handle) => fileHandle(handle).sync!(),
    fdatasync: (handle) => fileHandle(handle).datasync(),
    rename: (from, to) => promises.rename(from, to),
    link: (existing, path) => promises.link(existing, path),
    unlink: (path) => promises.unlink(path),
    symlink: (target, path) => promises.symlink(target, path),
    readlink: async (path) => toPathArgument(await promises.readlink(path, asBuffer)),
    mkdir: async (path, mode) => void (await promises.mkdir(path, { mode })),
    rmdir: (path) => promises.rmdir(path),
    readdir: async (path) =>
      ((await promises.readdir(path, asBuffer)) as unknown[]).map(toPathArgument),
    lstat: async (path) => toFileStats(await promises.lstat(path, bigint)),
    stat: async (path) => toFileStats(await promises.stat(path, bigint)),
    access: (path, mode) => promises.access(path, mode),
    copyFile: (from, to, mode) => promises.copyFile(from, to, mode),
    lutimes: (path, atime, mtime) => promises.lutimes(path, atime, mtime),
    chmod: (path, mode) => promises.chmod(path, mode),
    utimes: (path, atime, mtime) => promises.utimes(path, atime, mtime),
    lstatHeld: async (path) => toFileStats(await promises.lstat(path, bigint)),
    openHeld: async (path, flags) => (await promises.open(path, flags)) as unknown as Handle,
    fileSystemType: async (path) => BigInt((await promises.statfs(path, bigint)).type),
    readlinkHeld: async (path) => toPathArgument(await promises.readlink(path, asBuffer)),
    nodeLstat: (path, wanted) => promises.lstat(path, asWanted(wanted)),
    nodeFstat: (handle, wanted) => fileHandle(handle).stat(asWanted(wanted)),
    nodeReaddir: async (path, options) =>
      (await promises.readdir(path, options as typeof asBuffer)) as unknown[],
    nodeOpendir: (path, options) => promises.opendir(path, options),
    nodeOpen: (path, flags, mode) => promises.open(path, flags, mode),
  };
}
