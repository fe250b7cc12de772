/** The synchronous half of `node:fs`. */

import * as given from "./arguments.ts";
import type { Backend, Origin } from "./backend.ts";
import { driveSync, type Composite } from "./composite.ts";
import * as files from "./composites/files.ts";
import * as trees from "./composites/trees.ts";
import { copyTree, toCopyOptions } from "./composites/copy-tree.ts";
import { listing, openDirectory, toOpendir, toReaddir } from "./composites/listing.ts";
import { makeDirectories } from "./composites/make-directories.ts";
import { toReading, toVector, toVectorPosition, toWriting } from "./transfer.ts";

type Any = unknown;

interface StatOptions {
  readonly bigint?: boolean;
  readonly throwIfNoEntry?: boolean;
}

/** `origin` says where a call comes from, given the method that the program called. */
export function syncFace(backend: Backend, origin: (via: string) => Origin): object {
  const drive = <Result>(composite: Composite<Result>, via: string): Result =>
    driveSync(backend, composite, origin(via));
  const isMissing = (error: unknown): boolean => {
    const { code } = error as NodeJS.ErrnoException;
    return code === "ENOENT" || (code === "ENOTDIR" && backend.platform === "win32");
  };
  const look = (name: "stat" | "lstat", path: Any, options: Any): unknown => {
    const { bigint, throwIfNoEntry } = given.toOptions<StatOptions>(options);
    try {
      return backend.sync(name, [given.toPath(path), { bigint: bigint === true }], origin(name));
    } catch (error) {
      if (throwIfNoEntry === false && isMissing(error)) return undefined;
      throw error;
    }
  };
  const writeFile = (
    file: Any,
    data: Any,
    options: Any,
    byDefault: "w" | "a",
    via: string,
  ): void => {
    const { encoding, flags, mode, flush } = given.toWriteFile(options, byDefault);
    const bytes = given.toBytes(data, encoding);
    const work = (fd: number): Composite<void> => files.writeFlushed(fd, bytes, flush);
    if (typeof file === "number") return drive(work(given.toDescriptor(file)), via);
    drive(files.withFile(given.toPath(file), flags, mode, work), via);
  };
  const realpath =
    (via: string) =>
    (path: Any, options?: Any): unknown =>
      backend.sync(
        "realpath",
        [given.toPath(path), { encoding: given.toEncoding(options, "utf8") }],
        origin(via),
      );
  const sync = {
    openSync: (path: Any, flags?: Any, mode?: Any) =>
      backend.sync(
        "open",
        [given.toPath(path), given.toFlags(flags, "r"), given.toMode(mode, 0o666)],
        origin("open"),
      ),
    closeSync: (fd: Any) => backend.sync("close", [given.toDescriptor(fd)], origin("close")),
    readSync: (fd: Any, ...args: Any[]) => {
      const number = given.toDescriptor(fd);
      const { buffer, offset, length, position } = toReading(args);
      if (length === 0) return 0; // Node makes no call for nothing
      return backend.sync("read", [number, buffer, offset, length, position], origin("read"));
    },
    readvSync: (fd: Any, buffers: Any, position?: Any) =>
      drive(
        files.moveVector(
          "read",
          given.toDescriptor(fd),
          toVector(buffers),
          toVectorPosition(position),
        ),
        "readv",
      ),
    writeSync: (fd: Any, ...args: Any[]) => {
      const number = given.toDescriptor(fd);
      const { buffer, offset, length, position } = toWriting(args);
      return backend.sync("write", [number, buffer, offset, length, position], origin("write"));
    },
    writevSync: (fd: Any, buffers: Any, position?: Any) =>
      drive(
        files.moveVector(
          "write",
          given.toDescriptor(fd),
          toVector(buffers),
          toVectorPosition(position),
        ),
        "writev",
      ),
    fstatSync: (fd: Any, options?: Any) => {
      const { bigint } = given.toOptions<StatOptions>(options);
      const number = given.toDescriptor(fd);
      return backend.sync("fstat", [number, { bigint: bigint === true }], origin("fstat"));
    },
    fchmodSync: (fd: Any, mode: Any) =>
      backend.sync("fchmod", [given.toDescriptor(fd), given.toMode(mode)], origin("fchmod")),
    fchownSync: (fd: Any, uid: Any, gid: Any) =>
      backend.sync(
        "fchown",
        [given.toDescriptor(fd), given.toOwner(uid, "uid"), given.toOwner(gid, "gid")],
        origin("fchown"),
      ),
    futimesSync: (fd: Any, atime: Any, mtime: Any) =>
      backend.sync(
        "futimes",
        [given.toDescriptor(fd), given.toTime(atime), given.toTime(mtime)],
        origin("futimes"),
      ),
    ftruncateSync: (fd: Any, length?: Any) =>
      backend.sync(
        "ftruncate",
        [given.toDescriptor(fd), given.toLength(length)],
        origin("ftruncate"),
      ),
    fsyncSync: (fd: Any) => backend.sync("fsync", [given.toDescriptor(fd)], origin("fsync")),
    fdatasyncSync: (fd: Any) =>
      backend.sync("fdatasync", [given.toDescriptor(fd)], origin("fdatasync")),
    renameSync: (from: Any, to: Any) =>
      backend.sync("rename", [given.toPath(from), given.toPath(to, "newPath")], origin("rename")),
    linkSync: (from: Any, to: Any) =>
      backend.sync("link", [given.toPath(from), given.toPath(to, "newPath")], origin("link")),
    unlinkSync: (path: Any) => backend.sync("unlink", [given.toPath(path)], origin("unlink")),
    symlinkSync: (target: Any, path: Any, type?: Any) =>
      backend.sync(
        "symlink",
        [given.toPath(target, "target"), given.toPath(path), given.toLinkType(type)],
        origin("symlink"),
      ),
    readlinkSync: (path: Any, options?: Any) =>
      backend.sync(
        "readlink",
        [given.toPath(path), { encoding: given.toEncoding(options, "utf8") }],
        origin("readlink"),
      ),
    mkdirSync: (path: Any, options?: Any) => {
      const { recursive, mode } = given.toDirectoryOptions(options);
      if (recursive) {
        return drive(makeDirectories(given.toText(path), mode), "mkdir");
      }
      backend.sync("mkdir", [given.toPath(path), mode], origin("mkdir"));
      return undefined;
    },
    mkdtempSync: (prefix: Any, options?: Any) =>
      backend.sync(
        "mkdtemp",
        [given.toPath(prefix, "prefix"), { encoding: given.toEncoding(options, "utf8") }],
        origin("mkdtemp"),
      ),
    rmdirSync: (path: Any, options?: Any) =>
      given.toOptions<{ recursive: boolean }>(options).recursive === true
        ? drive(trees.remove(given.toPath(path), { recursive: true, force: false }), "rmdir")
        : backend.sync("rmdir", [given.toPath(path)], origin("rmdir")),
    rmSync: (path: Any, options?: Any) =>
      drive(trees.remove(given.toPath(path), trees.toRemoval(options)), "rm"),
    readdirSync: (path: Any, options?: Any) =>
      drive(listing(given.toPath(path), toReaddir(options)), "readdir"),
    opendirSync: (path: Any, options?: Any) =>
      drive(openDirectory(given.toText(path), toOpendir(options)), "opendir"),
    lstatSync: (path: Any, options?: Any) => look("lstat", path, options),
    statSync: (path: Any, options?: Any) => look("stat", path, options),
    statfsSync: (path: Any, options?: Any) => {
      const { bigint } = given.toOptions<StatOptions>(options);
      return backend.sync(
        "statfs",
        [given.toPath(path), { bigint: bigint === true }],
        origin("statfs"),
      );
    },
    accessSync: (path: Any, mode?: Any) =>
      backend.sync("access", [given.toPath(path), given.toAccessMode(mode)], origin("access")),
    existsSync: (path: Any) => {
      try {
        backend.sync("access", [given.toPath(path), 0], origin("exists"));
        return true;
      } catch {
        return false; // whatever is wrong, as Node says
      }
    },
    realpathSync: Object.assign(realpath("realpath"), { native: realpath("realpath.native") }),
    chmodSync: (path: Any, mode: Any) =>
      backend.sync("chmod", [given.toPath(path), given.toMode(mode)], origin("chmod")),
    chownSync: (path: Any, uid: Any, gid: Any) =>
      backend.sync(
        "chown",
        [given.toPath(path), given.toOwner(uid, "uid"), given.toOwner(gid, "gid")],
        origin("chown"),
      ),
    lchownSync: (path: Any, uid: Any, gid: Any) =>
      backend.sync(
        "lchown",
        [given.toPath(path), given.toOwner(uid, "uid"), given.toOwner(gid, "gid")],
        origin("lchown"),
      ),
    utimesSync: (path: Any, atime: Any, mtime: Any) =>
      backend.sync(
        "utimes",
        [given.toPath(path), given.toTime(atime), given.toTime(mtime)],
        origin("utimes"),
      ),
    lutimesSync: (path: Any, atime: Any, mtime: Any) =>
      backend.sync(
        "lutimes",
        [given.toPath(path), given.toTime(atime), given.toTime(mtime)],
        origin("lutimes"),
      ),
    truncateSync: (path: Any, length?: Any) =>
      typeof path === "number"
        ? backend.sync("ftruncate", [path, given.toLength(length)], origin("truncate"))
        : backend.sync(
            "truncate",
            [given.toPath(path), given.toLength(length)],
            origin("truncate"),
          ),
    readFileSync: (file: Any, options?: Any) => {
      const { encoding, flags } = given.toReadFile(options);
      const work =
        typeof file === "number"
          ? files.readAll(given.toDescriptor(file))
          : files.readFile(given.toPath(file), flags);
      return given.fromBytes(drive(work, "readFile"), encoding);
    },
    writeFileSync: (file: Any, data: Any, options?: Any) =>
      writeFile(file, data, options, "w", "writeFile"),
    appendFileSync: (file: Any, data: Any, options?: Any) =>
      writeFile(file, data, options, "a", "appendFile"),
    copyFileSync: (from: Any, to: Any, mode?: Any) =>
      drive(
        files.copyFile(given.toPath(from), given.toPath(to, "dest"), given.toCopyMode(mode)),
        "copyFile",
      ),
    cpSync: (from: Any, to: Any, options?: Any) =>
      drive(copyTree(given.toText(from), given.toText(to, "dest"), toCopyOptions(options)), "cp"),
  };
  return sync;
}
