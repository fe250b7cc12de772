/** From a path to what it leads to, one name at a time, as path_resolution(7) describes it. */

import type { Kernel } from "./kernel.ts";
import { isDirectory, isTooLong } from "./kernel.ts";
import { S_IFLNK, S_IFMT } from "./inode.ts";
import type { Inode, Link } from "./inode.ts";
import { nameLength } from "./names.ts";
import { descriptorNamed, descriptorsIn, MagicLink, pathOfLink } from "./pinned.ts";
import { isValidOnWindows, nameOnWindows } from "./windows.ts";

const nameMax = 255; // NAME_MAX
const maxLinks = 40; // MAXSYMLINKS

/** The last name of a path, and the directory that it is to be looked up in. */
export interface Place {
  readonly directory: Link;
  readonly name: string;
  /** What the last name is: calls that add or remove names refuse all but the first. */
  readonly last: "name" | "." | ".." | "/";
  /** Whether a slash follows it: then only a directory will do. */
  readonly slash: boolean;
}

/** How many symbolic links one lookup has followed. */
interface Hops {
  count: number;
  /** Whether names of descriptors are followed by their text, and not to what is open. */
  readonly byText: boolean;
}

/**
 * What the path leads to. @throws ENOENT and all that the way there can give.
 *
 * @param byText as realpath(3) does it, which reads every link, also those of `/proc/self/fd`
 */
export function lookup(kernel: Kernel, path: string, follow: boolean, byText = false): Link {
  checkPath(kernel, path);
  return resolve(kernel, kernel.root, path, follow, { count: 0, byText });
}

/** Everything but the last name. */
export function lookupParent(kernel: Kernel, path: string): Place {
  checkPath(kernel, path);
  return walk(kernel, kernel.root, path, { count: 0, byText: false });
}

/** Where a file that is opened to be created is or will be: the last name may be a link to it. */
export function lookupToCreate(kernel: Kernel, path: string, follow: boolean): Place {
  checkPath(kernel, path);
  const hops: Hops = { count: 0, byText: false };
  let place = walk(kernel, kernel.root, path, hops);
  while (follow && place.last === "name" && !place.slash) {
    const link = child(kernel, place);
    if (link === undefined || !isLink(link)) break;
    const target = targetOf(kernel, link, hops);
    if (typeof target !== "string") return { directory: target, name: "", last: "/", slash: false };
    place = walk(kernel, place.directory, target, hops);
  }
  return place;
}

/** What is at a place, if anything is. */
export function child(kernel: Kernel, { directory, name, last }: Place): Link | undefined {
  if (last === "name") return entry(kernel, directory, name);
  return last === ".." ? parentOf(directory) : directory;
}

/** What a directory has under a name. */
function entry(kernel: Kernel, directory: Link, name: string): Link | undefined {
  if (name.length > nameMax || (name.length * 3 > nameMax && nameLength(name) > nameMax)) {
    throw kernel.error("ENAMETOOLONG");
  }
  if (kernel.windows && !isValidOnWindows(name, kernel.facts)) throw kernel.error("ENOENT");
  if (directory === kernel.descriptors) return descriptorNamed(kernel, directory, name);
  const link = directory.children.get(name);
  if (link !== undefined || !kernel.facts.foldsCase) return link;
  const folded = foldName(name);
  for (const [other, candidate] of directory.children) {
    if (foldName(other) === folded) return candidate;
  }
  return undefined;
}

/** What is equal for names that macOS and Windows take for one. */
function foldName(name: string): string {
  return name.normalize("NFD").toLowerCase();
}

function checkPath(kernel: Kernel, path: string): void {
  if (path === "") throw kernel.error("ENOENT");
  if (isTooLong(path)) throw kernel.error("ENAMETOOLONG");
}

function resolve(kernel: Kernel, from: Link, path: string, follow: boolean, hops: Hops): Link {
  const place = walk(kernel, from, path, hops);
  const link = child(kernel, place);
  if (link === undefined) throw kernel.error("ENOENT");
  // "A pathname that ends in a slash is resolved as if it named what follows the link."
  if (isLink(link) && (follow || place.slash)) {
    const end = endOf(kernel, place.directory, link, hops);
    if (place.slash && !isDirectory(end.node as Inode)) notDirectory(kernel);
    return end;
  }
  if (place.slash && !isDirectory(link.node as Inode)) notDirectory(kernel);
  return link;
}

function walk(kernel: Kernel, from: Link, path: string, hops: Hops): Place {
  let directory = from;
  let at = 0;
  const descriptors = descriptorsIn(kernel, path);
  if (descriptors !== undefined) {
    countLink(kernel, hops); // /proc/self is one
    ({ directory, at } = descriptors);
  } else if (path.charCodeAt(0) === slash) {
    directory = kernel.root;
    at = skipSlashes(path, 0);
    if (at === path.length) return { directory, name: "", last: "/", slash: true };
  }
  for (;;) {
    if (!kernel.permits(directory.node as Inode, 1)) throw kernel.error("EACCES");
    let end = path.indexOf("/", at);
    if (end === -1) end = path.length;
    let name = path.slice(at, end);
    const last = name === "." || name === ".." ? name : "name";
    if (kernel.windows && last === "name") name = nameOnWindows(name);
    const next = skipSlashes(path, end);
    if (next === path.length) return { directory, name, last, slash: end < next };
    directory = step(kernel, directory, name, last, hops);
    at = next;
  }
}

/** Through one name that is not the last. */
function step(
  kernel: Kernel,
  directory: Link,
  name: string,
  last: Place["last"],
  hops: Hops,
): Link {
  if (last === ".") return directory;
  if (last === "..") return parentOf(directory);
  let link = entry(kernel, directory, name);
  if (link === undefined) throw kernel.error("ENOENT");
  if (isLink(link)) link = endOf(kernel, directory, link, hops);
  return directoryOf(kernel, link);
}

/** What a symbolic link leads to in the end. */
function endOf(kernel: Kernel, directory: Link, link: Link, hops: Hops): Link {
  const target = targetOf(kernel, link, hops);
  return typeof target === "string" ? resolve(kernel, directory, target, true, hops) : target;
}

function directoryOf(kernel: Kernel, link: Link): Link {
  if (!isDirectory(link.node as Inode)) notDirectory(kernel);
  return link;
}

/** The text of a link; of the name of a descriptor what is open, and that is the end of the way. */
function targetOf(kernel: Kernel, link: Link, hops: Hops): string | Link {
  countLink(kernel, hops);
  const { node } = link;
  if (node instanceof MagicLink) {
    return hops.byText ? pathOfLink(kernel, node.file.link) : node.file.link;
  }
  return kernel.windows ? kernel.pathOf(node.symlink) : node.symlink;
}

function countLink(kernel: Kernel, hops: Hops): void {
  if (++hops.count > maxLinks) throw kernel.error("ELOOP");
}

/** Windows says "the system cannot find the path", which libuv makes ENOENT. */
function notDirectory(kernel: Kernel): never {
  throw kernel.error(kernel.windows ? "ENOENT" : "ENOTDIR");
}

export function isLink(link: Link): boolean {
  return (link.node.mode & S_IFMT) === S_IFLNK;
}

/** The directory above; of the root, itself. */
export function parentOf(directory: Link): Link {
  return directory.parent ?? directory;
}

const slash = 0x2f;

function skipSlashes(path: string, from: number): number {
  let at = from;
  while (path.charCodeAt(at) === slash) at++;
  return at;
}
