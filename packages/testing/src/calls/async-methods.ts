/**
 * The methods of `node:fs/promises`, but that a bad argument is thrown at once: that is what the half
 * with callbacks does.
 */

import * as given from "./arguments.ts";
import type { Backend, Origin } from "./backend.ts";
import type { CallName, CallTable } from "./call.ts";
import { driveAsync, type Composite } from "./composite.ts";
import * as files from "./composites/files.ts";
import { copyTree, toCopyOptions } from "./composites/copy-tree.ts";
import { listing, openDirectory, toOpendir, toReaddir } from "./composites/listing.ts";
import { makeDirectories } from "./composites/make-directories.ts";
import * as trees from "./composites/trees.ts";
import { FileHandle } from "./file-handle.ts";
import { checkContent, writeContent } from "./write-content.ts";

type Any = unknown;

export type AsyncMethod = (...args: Any[]) => Promise<unknown>;

/** `origin` says where a call comes from, given the method that the program called. */
export function asyncMethods(
  backend: Backend,
  origin: (via: string) => Origin,
): Readonly<Record<string, AsyncMethod>> {
  const call = <Name extends CallName>(
    name: Name,
    ...args: Parameters<CallTable[Name]>
  ): Promise<ReturnType<CallTable[Name]>> => backend.async(name, args, origin(name));
  const drive = <Result>(composite: Composite<Result>, via: string): Promise<Result> =>
    driveAsync(backend, composite, origin(via));
  const look = (name: "stat" | "lstat", path: Any, options: Any): Promise<unknown> => {
    const { bigint } = given.toOptions<{ bigint: boolean }>(options);
    return call(name, given.toPath(path), { bigint: bigint === true });
  };
  const writeFile = (
    file: Any,
    data: Any,
    options: Any,
    byDefault: "w" | "a",
    via: string,
  ): Promise<void> => {
    const { encoding, flags, mode, flush, signal } = given.toWriteFile(options, byDefault);
    checkContent(data);
    if (file instanceof FileHandle) return file.writeFile(data, options);
    const path = given.toPath(file);
    const from = origin(via);
    const work = async (): Promise<void> => {
      given.throwIfAborted(signal);
      const fd = await backend.async("open", [path, flags, mode], from);
      try {
        await writeContent(backend, fd, data, encoding, from, signal);
        if (flush) await backend.async("fsync", [fd], from);
      } catch (error) {
        await backend.async("close", [fd], from).catch(() => {}); // the first failure is reported
        throw error;
      }
      await backend.async("close", [fd], from);
    };
    return work();
  };
  return {
    open: (path: Any, flags?: Any, mode?: Any) => {
      const args = [
        given.toPath(path),
        given.toFlags(flags, "r"),
        given.toMode(mode, 0o666),
      ] as const;
      return backend
        .async("open", [...args], origin("open"))
        .then((fd) => new FileHandle(backend, origin, fd));
    },
    rename: (from: Any, to: Any) => call("rename", given.toPath(from), given.toPath(to, "newPath")),
    link: (from: Any, to: Any) => call("link", given.toPath(from), given.toPath(to, "newPath")),
    unlink: (path: Any) => call("unlink", given.toPath(path)),
    symlink: (target: Any, path: Any, type?: Any) =>
      call("symlink", given.toPath(target, "target"), given.toPath(path), given.toLinkType(type)),
    readlink: (path: Any, options?: Any) =>
      call("readlink", given.toPath(path), { encoding: given.toEncoding(options, "utf8") }),
    mkdir: (path: Any, options?: Any): Promise<unknown> => {
      const { recursive, mode } = given.toDirectoryOptions(options);
      return recursive
        ? drive(makeDirectories(given.toText(path), mode), "mkdir")
        : call("mkdir", given.toPath(path), mode);
    },
    mkdtemp: (prefix: Any, options?: Any) =>
      call("mkdtemp", given.toPath(prefix, "prefix"), {
        encoding: given.toEncoding(options, "utf8"),
      }),
    rmdir: (path: Any, options?: Any) =>
      given.toOptions<{ recursive: boolean }>(options).recursive === true
        ? drive(trees.remove(given.toPath(path), { recursive: true, force: false }), "rmdir")
        : call("rmdir", given.toPath(path)),
    rm: (path: Any, options?: Any) =>
      drive(trees.remove(given.toPath(path), trees.toRemoval(options)), "rm"),
    readdir: (path: Any, options?: Any) =>
      drive(listing(given.toPath(path), toReaddir(options)), "readdir"),
    opendir: (path: Any, options?: Any) =>
      drive(openDirectory(given.toText(path), toOpendir(options)), "opendir"),
    lstat: (path: Any, options?: Any) => look("lstat", path, options),
    stat: (path: Any, options?: Any) => look("stat", path, options),
    statfs: (path: Any, options?: Any) => {
      const { bigint } = given.toOptions<{ bigint: boolean }>(options);
      return call("statfs", given.toPath(path), { bigint: bigint === true });
    },
    access: (path: Any, mode?: Any) => call("access", given.toPath(path), given.toAccessMode(mode)),
    realpath: (path: Any, options?: Any) =>
      call("realpath", given.toPath(path), { encoding: given.toEncoding(options, "utf8") }),
    chmod: (path: Any, mode: Any) => call("chmod", given.toPath(path), given.toMode(mode)),
    chown: (path: Any, uid: Any, gid: Any) =>
      call("chown", given.toPath(path), given.toOwner(uid, "uid"), given.toOwner(gid, "gid")),
    lchown: (path: Any, uid: Any, gid: Any) =>
      call("lchown", given.toPath(path), given.toOwner(uid, "uid"), given.toOwner(gid, "gid")),
    utimes: (path: Any, atime: Any, mtime: Any) =>
      call("utimes", given.toPath(path), given.toTime(atime), given.toTime(mtime)),
    lutimes: (path: Any, atime: Any, mtime: Any) =>
      call("lutimes", given.toPath(path), given.toTime(atime), given.toTime(mtime)),
    truncate: (path: Any, length?: Any) =>
      call("truncate", given.toPath(path), given.toLength(length)),
    readFile: (file: Any, options?: Any) => {
      const { encoding, flags, signal } = given.toReadFile(options);
      if (file instanceof FileHandle) return file.readFile(options);
      const work = files.readFile(given.toPath(file), flags, signal);
      return drive(work, "readFile").then((bytes) => given.fromBytes(bytes, encoding));
    },
    writeFile: (file: Any, data: Any, options?: Any) =>
      writeFile(file, data, options, "w", "writeFile"),
    appendFile: (file: Any, data: Any, options?: Any) =>
      writeFile(file, data, options, "a", "appendFile"),
    copyFile: (from: Any, to: Any, mode?: Any) =>
      drive(
        files.copyFile(given.toPath(from), given.toPath(to, "dest"), given.toCopyMode(mode)),
        "copyFile",
      ),
    cp: (from: Any, to: Any, options?: Any) =>
      drive(copyTree(given.toText(from), given.toText(to, "dest"), toCopyOptions(options)), "cp"),
  };
}
