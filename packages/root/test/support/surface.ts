/**
 * The methods of a root behind one signature each, whoever answers: plain node:fs by paths from a
 * directory, an asynchronous root, a synchronous one, a promises view.
 */

import { Buffer } from "node:buffer";
import * as nodeFs from "node:fs";
import type { Dirent } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { relative } from "node:path";
import type { Root, RootDir, RootDirSync, RootSync, WalkEntry } from "../../src/index.ts";
import { methods, type MethodName } from "../../src/methods/method-table.ts";

export type Path = string | Buffer;

/** A file that was opened, whether as a `FileHandle` or as a descriptor. */
export interface Opened {
  readonly read: () => Promise<Buffer>;
  readonly write: (text: string) => Promise<unknown>;
  readonly close: () => Promise<void>;
}

// oxlint-disable-next-line typescript/no-explicit-any -- thirty signatures, in three forms
type Method = (...args: any[]) => Promise<any>;

/** What is read in pieces is answered as a whole; a smaller root as its surface. */
export type Surface = { readonly [Name in MethodName | "walk" | "createReadStream"]: Method };

const { promises } = nodeFs;

/** Plain node:fs, by paths from a directory. Nothing is normalised: that would change the meaning. */
export function plainSurface(dir: string): Surface {
  const at = (path: Path): Path => plainPath(dir, path);
  const fromDir = (path: Path | undefined): string | undefined =>
    path === undefined
      ? undefined
      : String(path) === dir
        ? "."
        : String(path).replace(`${dir}/`, "");
  return {
    readFile: (path, options) => promises.readFile(at(path), options),
    open: async (path, flags, mode) => openedHandle(await promises.open(at(path), flags, mode)),
    createReadStream: async (path, options) =>
      wholeStream(nodeFs.createReadStream(at(path), options)),
    stat: (path, options) => promises.stat(at(path), options),
    lstat: (path, options) => promises.lstat(at(path), options),
    access: (path, mode) => promises.access(at(path), mode),
    exists: async (path) => {
      try {
        await promises.access(at(path));
        return true;
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === "ENOENT" || code === "ENOTDIR") return false;
        throw error;
      }
    },
    readdir: async (path, options) => {
      const directory = at(path);
      if (options?.recursive === true)
        return everythingIn(directory, options.withFileTypes, fromDir);
      const entries = (await promises.readdir(directory, options)) as (string | Dirent)[];
      return entries.map((entry) => (typeof entry === "string" ? entry : placed(entry, fromDir)));
    },
    opendir: async (path, options) =>
      wholeDirectory(await promises.opendir(at(path) as string, options)),
    readlink: (path, options) => promises.readlink(at(path), options),
    realpath: async (path, options) =>
      relative(dir, String(await promises.realpath(at(path), options))) || ".",
    walk: async (path = ".") => {
      const found = (await everythingIn(at(path), false, fromDir)) as string[];
      return found.map((one) => ({ path: one, depth: one.split("/").length - 1 }));
    },
    writeFile: (path, data, options) => promises.writeFile(at(path), data, options),
    create: (path, data, options) => promises.writeFile(at(path), data, { ...options, flag: "wx" }),
    appendFile: (path, data, options) => promises.appendFile(at(path), data, options),
    copyFile: (from, to, mode) => promises.copyFile(at(from), at(to), mode),
    // Paths of bytes are refused by Node here. Links as they are: Node would rewrite their targets.
    cp: (from, to, options) =>
      promises.cp(at(from) as string, at(to) as string, { ...options, verbatimSymlinks: true }),
    mkdir: async (path, options) => fromDir(await promises.mkdir(at(path), options)),
    mkdtemp: async (prefix, options) =>
      fromDir(await promises.mkdtemp(at(prefix) as string, options)),
    rename: (from, to) => promises.rename(at(from), at(to)),
    rm: (path, options) => promises.rm(at(path), options),
    rmdir: (path) => promises.rmdir(at(path)),
    unlink: (path) => promises.unlink(at(path)),
    symlink: (target, path, type) => promises.symlink(target, at(path), type),
    link: (existing, path) => promises.link(at(existing), at(path)),
    truncate: (path, length) => promises.truncate(at(path), length),
    chmod: (path, mode) => promises.chmod(at(path), mode),
    utimes: (path, atime, mtime) => promises.utimes(at(path), atime, mtime),
    copyIn: (source, path) => promises.writeFile(at(path), source),
    copyOut: (path, destination) => promises.copyFile(at(path), destination),
    openRoot: async (path) => {
      const inner = at(path);
      await promises.stat(
        typeof inner === "string" ? `${inner}/.` : Buffer.concat([inner, slashDot]),
      );
      return plainSurface(String(inner));
    },
  };
}

/**
 * All that is in a directory. Always asked for with types: without them Node 20 follows links to
 * directories, out of the tree and round in circles. And by the real path: Node resolves `..` on the
 * string when it goes on from there.
 */
async function everythingIn(
  directory: Path,
  types: boolean | undefined,
  fromDir: (path: Path) => string | undefined,
): Promise<(string | Dirent)[]> {
  await promises.readdir(directory); // `file/` and the like: the real path would have no slash
  const real = await promises.realpath(directory);
  const entries = await promises.readdir(real, { recursive: true, withFileTypes: true });
  if (types !== true)
    return entries.map((entry) => relative(real, `${entry.parentPath}/${entry.name}`));
  return entries.map((entry) => {
    const below = entry.parentPath.slice(real.length);
    return placed(Object.assign(entry, { parentPath: `${String(directory)}${below}` }), fromDir);
  });
}

/** With a parent that is told from the directory. */
function placed<T>(entry: T, fromDir: (path: Path) => string | undefined): T {
  if (!(entry instanceof nodeFs.Dirent)) return entry;
  const parent = fromDir(entry.parentPath) ?? entry.parentPath;
  return Object.assign(entry, { parentPath: parent });
}

const slashDot = Buffer.from("/.");

/** The same place for plain fs: an absolute path stays one. */
function plainPath(dir: string, path: Path): Path {
  if (typeof path !== "string") return Buffer.concat([Buffer.from(`${dir}/`), path]);
  return path.startsWith("/") ? path : `${dir}/${path}`;
}

/** An asynchronous root. */
export function asyncSurface(root: Root): Surface {
  const surface = surfaceOf((name) => (root[name] as Method).bind(root));
  return {
    ...surface,
    open: async (...args) => openedHandle((await (root.open as Method)(...args)) as FileHandle),
    opendir: async (...args) =>
      wholeDirectory((await (root.opendir as Method)(...args)) as RootDir),
    createReadStream: async (path, options) => wholeStream(root.createReadStream(path, options)),
    walk: async (path, options) => {
      const found: WalkEntry[] = [];
      for await (const entry of root.walk(path, options)) found.push(entry);
      return found;
    },
    openRoot: async (path, options) => {
      const inner = await root.openRoot(path, options);
      return { ...asyncSurface(inner), close: () => inner.close() };
    },
  };
}

/** The promises view of a root, with its other methods from the root. */
export function viewSurface(root: Root): Surface {
  const surface = asyncSurface(root);
  const view = Object.fromEntries(
    Object.entries(root.promises)
      .filter(([name]) => name !== "open" && name !== "opendir")
      .map(([name, method]) => [name, (...args: unknown[]) => (method as Method)(...args)]),
  );
  const { open, opendir } = root.promises;
  return {
    ...surface,
    ...view,
    open: async (...args) => openedHandle(await (open as Method)(...args)),
    opendir: async (...args) => wholeDirectory(await (opendir as Method)(...args)),
  };
}

/** A synchronous root. It has no streams. */
export function syncSurface(root: RootSync): Surface {
  const surface = surfaceOf((name) => {
    const method = root[`${name}Sync`] as (...args: unknown[]) => unknown;
    return async (...args) => method.apply(root, args);
  });
  return {
    ...surface,
    open: async (path, flags, mode, options) =>
      openedDescriptor(root.openSync(path, flags, mode, options)),
    opendir: async (path, options) => wholeDirectorySync(root.opendirSync(path, options)),
    createReadStream: () => Promise.reject(new Error("a synchronous root has no streams")),
    walk: async (path, options) => [...root.walkSync(path, options)],
    openRoot: async (path, options) => {
      const inner = root.openRootSync(path, options);
      return { ...syncSurface(inner), close: async () => inner.close() };
    },
  };
}

function surfaceOf(method: (name: MethodName) => Method): Record<MethodName, Method> {
  const names = Object.keys(methods) as MethodName[];
  return Object.fromEntries(names.map((name) => [name, method(name)])) as Record<
    MethodName,
    Method
  >;
}

function openedHandle(handle: FileHandle): Opened {
  return {
    read: () => handle.readFile(),
    write: (text) => handle.write(text),
    close: () => handle.close(),
  };
}

function openedDescriptor(fd: number): Opened {
  return {
    read: async () => nodeFs.readFileSync(fd),
    write: async (text) => nodeFs.writeSync(fd, text),
    close: async () => nodeFs.closeSync(fd),
  };
}

async function wholeStream(stream: AsyncIterable<Buffer | string>): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of stream) pieces.push(Buffer.from(piece as string));
  return Buffer.concat(pieces);
}

async function wholeDirectory(directory: AsyncIterable<Dirent>): Promise<Dirent[]> {
  const entries: Dirent[] = [];
  for await (const entry of directory) entries.push(entry);
  return entries;
}

function wholeDirectorySync(directory: RootDirSync): Dirent[] {
  return [...directory];
}
