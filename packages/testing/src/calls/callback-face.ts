/** The half of `node:fs` that takes callbacks. */

import * as given from "./arguments.ts";
import { asyncMethods } from "./async-methods.ts";
import type { Backend, Origin } from "./backend.ts";
import { driveAsync, type Composite } from "./composite.ts";
import * as files from "./composites/files.ts";
import { toReading, toVector, toVectorPosition, toWriting } from "./transfer.ts";

type Callback = (error: unknown, ...results: unknown[]) => void;
type Method = (...args: unknown[]) => Promise<unknown>;

/** Those that take the arguments of their namesakes in `node:fs/promises`, and a callback. */
const likePromises = (
  "rename link unlink symlink readlink mkdir mkdtemp rmdir rm readdir " +
  "opendir lstat stat statfs access realpath chmod chown lchown utimes " +
  "lutimes truncate copyFile cp"
).split(" ");

/** `origin` says where a call comes from, given the method that the program called. */
export function callbackFace(backend: Backend, origin: (via: string) => Origin): object {
  const drive = <Result>(composite: Composite<Result>, via: string): Promise<Result> =>
    driveAsync(backend, composite, origin(via));
  const methods = asyncMethods(backend, origin);
  const readFile: Method = (file, options) => {
    if (typeof file !== "number") return methods["readFile"]!(file, options);
    const { encoding, signal } = given.toReadFile(options);
    const work = files.readAll(given.toDescriptor(file), signal);
    return drive(work, "readFile").then((bytes) => given.fromBytes(bytes, encoding));
  };
  const writeFile =
    (byDefault: "w" | "a", via: string): Method =>
    (file, data, options) => {
      const { encoding, flags, mode, flush, signal } = given.toWriteFile(options, byDefault);
      const bytes = given.toBytes(data, encoding);
      const work = (fd: number): Composite<void> => files.writeFlushed(fd, bytes, flush, signal);
      if (typeof file === "number") return drive(work(given.toDescriptor(file)), via);
      return drive(files.withFile(given.toPath(file), flags, mode, work, signal), via);
    };
  const face: Record<string, unknown> = {
    open: calledBack((path, flags, mode) =>
      backend.async(
        "open",
        [given.toPath(path), given.toFlags(flags, "r"), given.toMode(mode, 0o666)],
        origin("open"),
      ),
    ),
    close: (fd: unknown, callback: unknown = throwing) => {
      settle(
        backend.async("close", [given.toDescriptor(fd)], origin("close")),
        toCallback(callback),
      );
    },
    read: calledBack((fd, ...args) => {
      const number = given.toDescriptor(fd);
      const { buffer, offset, length, position, given: into } = toReading(args);
      if (length === 0) return Promise.resolve([0, into]); // Node makes no call for nothing
      return backend
        .async("read", [number, buffer, offset, length, position], origin("read"))
        .then((count) => [count, into]);
    }, "spread"),
    write: calledBack((fd, ...args) => {
      const number = given.toDescriptor(fd);
      const { buffer, offset, length, position } = toWriting(args);
      return backend
        .async("write", [number, buffer, offset, length, position], origin("write"))
        .then((count) => [count, args[0]]);
    }, "spread"),
    readv: calledBack((fd, buffers, position) => {
      const number = given.toDescriptor(fd);
      const work = files.moveVector("read", number, toVector(buffers), toVectorPosition(position));
      return drive(work, "readv").then((count) => [count, buffers]);
    }, "spread"),
    writev: calledBack((fd, buffers, position) => {
      const number = given.toDescriptor(fd);
      const work = files.moveVector("write", number, toVector(buffers), toVectorPosition(position));
      return drive(work, "writev").then((count) => [count, buffers]);
    }, "spread"),
    fstat: calledBack((fd, options) => {
      const { bigint } = given.toOptions<{ bigint: boolean }>(options);
      const number = given.toDescriptor(fd);
      return backend.async("fstat", [number, { bigint: bigint === true }], origin("fstat"));
    }),
    fchmod: calledBack((fd, mode) =>
      backend.async("fchmod", [given.toDescriptor(fd), given.toMode(mode)], origin("fchmod")),
    ),
    fchown: calledBack((fd, uid, gid) =>
      backend.async(
        "fchown",
        [given.toDescriptor(fd), given.toOwner(uid, "uid"), given.toOwner(gid, "gid")],
        origin("fchown"),
      ),
    ),
    futimes: calledBack((fd, atime, mtime) =>
      backend.async(
        "futimes",
        [given.toDescriptor(fd), given.toTime(atime), given.toTime(mtime)],
        origin("futimes"),
      ),
    ),
    ftruncate: calledBack((fd, length) =>
      backend.async(
        "ftruncate",
        [given.toDescriptor(fd), given.toLength(length)],
        origin("ftruncate"),
      ),
    ),
    fsync: calledBack((fd) => backend.async("fsync", [given.toDescriptor(fd)], origin("fsync"))),
    fdatasync: calledBack((fd) =>
      backend.async("fdatasync", [given.toDescriptor(fd)], origin("fdatasync")),
    ),
    exists: (path: unknown, callback: unknown) => {
      const there = toCallback(callback) as unknown as (there: boolean) => void;
      // Whatever is wrong, a path that is none included, Node says that it is not there.
      const look = async (): Promise<unknown> =>
        backend.async("access", [given.toPath(path), 0], origin("exists"));
      look().then(
        () => queueMicrotask(() => there(true)),
        () => queueMicrotask(() => there(false)),
      );
    },
    readFile: calledBack(readFile),
    writeFile: calledBack(writeFile("w", "writeFile")),
    appendFile: calledBack(writeFile("a", "appendFile")),
  };
  for (const name of likePromises) face[name] = calledBack(methods[name]!);
  return face;
}

/** What is wrong with an argument is thrown at once; all else goes to the callback, later. */
function calledBack(work: Method, results: "one" | "spread" = "one"): (...args: unknown[]) => void {
  return (...args) => {
    const callback = toCallback(args.pop());
    settle(work(...args), callback, results);
  };
}

function toCallback(callback: unknown): Callback {
  if (typeof callback === "function") return callback as Callback;
  throw given.invalidArgument("cb", "of type function", callback);
}

function settle(
  promise: Promise<unknown>,
  callback: Callback,
  results: "one" | "spread" = "one",
): void {
  promise.then(
    (value) => {
      // Out of the promise: what the callback throws is the program's own uncaught error.
      queueMicrotask(() => {
        if (results === "spread") callback(null, ...(value as unknown[]));
        else if (value === undefined) callback(null);
        else callback(null, value);
      });
    },
    (error: unknown) => {
      queueMicrotask(() => callback(error));
    },
  );
}

const throwing: Callback = (error) => {
  if (error !== null) throw error;
};
