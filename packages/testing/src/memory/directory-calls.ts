import type { Path } from "../calls/call.ts";
import { MemoryDirent } from "./directory-entry.ts";
import { create, isEmpty, mayCreate, mayDelete, remove } from "./entries.ts";
import { S_IFDIR } from "./inode.ts";
import type { Inode, Link } from "./inode.ts";
import { isDirectory } from "./kernel.ts";
import type { Implementation } from "./kernel.ts";
import { compareNames, encodeName, nameFromBytes, nameFromString } from "./names.ts";
import { child, lookup, lookupParent } from "./walk.ts";
import { mayRemoveOnWindows } from "./windows-locks.ts";

export const mkdir: Implementation<"mkdir"> = (kernel, path, mode) => {
  const place = lookupParent(kernel, kernel.pathOf(path));
  if (child(kernel, place) !== undefined) throw kernel.error("EEXIST");
  mayCreate(kernel, place.directory);
  create(kernel, place.directory, place.name, S_IFDIR | (mode & 0o1777));
};

const letters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** Six letters that look random and are the same in every run. */
function temporaryName(count: number): string {
  // Odd, so that no two counts below 2^32 meet; 2^32 / golden ratio spreads neighbours far apart.
  let rest = Math.imul(count, 0x9e3779b1) >>> 0;
  let name = "";
  for (let i = 0; i < 6; i++) {
    name += letters.charAt(rest % letters.length);
    rest = Math.floor(rest / letters.length);
  }
  return name;
}

export const mkdtemp: Implementation<"mkdtemp"> = (kernel, prefix, { encoding }) => {
  for (;;) {
    const suffix = temporaryName(++kernel.temporaryNames);
    const path: Path =
      typeof prefix === "string" ? prefix + suffix : Buffer.concat([prefix, Buffer.from(suffix)]);
    const place = lookupParent(kernel, kernel.pathOf(path));
    if (child(kernel, place) !== undefined) continue;
    mayCreate(kernel, place.directory);
    create(kernel, place.directory, place.name, S_IFDIR | 0o700);
    return encodeName(
      typeof path === "string" ? nameFromString(path) : nameFromBytes(path),
      encoding,
    );
  }
};

export const rmdir: Implementation<"rmdir"> = (kernel, path) => {
  const place = lookupParent(kernel, kernel.pathOf(path));
  if (place.last === "..") throw kernel.error("ENOTEMPTY");
  if (place.last === ".") throw kernel.error("EINVAL");
  if (place.last === "/") throw kernel.error("EBUSY");
  const found = child(kernel, place);
  if (found === undefined) throw kernel.error("ENOENT");
  mayDelete(kernel, place.directory, found, "directory");
  if ((found.node as Inode).mounted) throw kernel.error("EBUSY");
  if (!isEmpty(found)) throw kernel.error("ENOTEMPTY");
  if (kernel.windows) mayRemoveOnWindows(kernel, found);
  remove(kernel, place.directory, found);
};

export const readdir: Implementation<"readdir"> = (kernel, path, { encoding, withFileTypes }) => {
  const directory = lookup(kernel, kernel.pathOf(path), true);
  const inode = directory.node as Inode;
  if (!isDirectory(inode)) throw kernel.error("ENOTDIR");
  if (!kernel.permits(inode, 4)) throw kernel.error("EACCES");
  inode.atimeUs = kernel.now();
  const names = namesIn(directory);
  if (!withFileTypes) return names.map((name) => encodeName(name, encoding)) as string[];
  const parent = typeof path === "string" ? path : path.toString();
  return names.map((name) => {
    const { mode } = directory.children.get(name)!.node;
    return new MemoryDirent(encodeName(name, encoding) as string, parent, mode);
  });
};

/** The names in a directory, in order. */
export function namesIn(directory: Link): string[] {
  const names: string[] = [];
  for (const [name, link] of directory.children) {
    if (link !== undefined && name !== "." && name !== "..") names.push(name);
  }
  return names.sort(compareNames);
}
