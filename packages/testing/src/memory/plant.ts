/** What the owner of a memory file system does with it from outside: nothing stops it. */

import { invalidType } from "@holdfast/fs/steps";
import { defaultModes } from "../tree/tree-entry.ts";
import type { TreeEntry } from "../tree/tree-entry.ts";
import { create } from "./entries.ts";
import { S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } from "./inode.ts";
import type { Inode, Link } from "./inode.ts";
import type { Kernel } from "./kernel.ts";
import { isDirectory } from "./kernel.ts";

const types = { directory: S_IFDIR, file: S_IFREG, symlink: S_IFLNK } as const;

/** Puts entries into an empty file system, as if they had always been there. */
export function plant(kernel: Kernel, entries: readonly TreeEntry[]): void {
  for (const entry of entries) {
    if (entry.type === "other") {
      throw invalidType(
        "createMemoryFileSystem",
        "tree",
        "files, directories and links",
        entry.path,
      );
    }
    const names = entry.path.split("/");
    const name = names.pop() as string;
    const parent = names.reduce((at, step) => directoryIn(kernel, at, step), kernel.root);
    // A directory may be there already, because something in it came first.
    const link = parent.children.get(name) ?? create(kernel, parent, name, types[entry.type]);
    const inode = link.node as Inode;
    if (entry.type === "symlink") inode.symlink = entry.target;
    else inode.mode = types[entry.type] | entry.mode;
    if (entry.type === "file") inode.adopt(entry.content);
  }
}

/** The directory of a name; made if it is missing. */
function directoryIn(kernel: Kernel, parent: Link, name: string): Link {
  const there = parent.children.get(name);
  if (there !== undefined) return there;
  const link = create(kernel, parent, name, S_IFDIR);
  (link.node as Inode).mode = S_IFDIR | defaultModes.directory;
  return link;
}

/** Makes a directory the root of a device of its own. */
export function mountDevice(kernel: Kernel, path: string): void {
  const link = namesOf(path).reduce((at, name) => directoryIn(kernel, at, name), kernel.root);
  const inode = link.node as Inode;
  if (!isDirectory(inode) || inode.mounted) {
    throw invalidType("createMemoryFileSystem", "devices", "different directories", path);
  }
  inode.mounted = true;
  moveToDevice(link, kernel.newDevice());
}

function moveToDevice(link: Link, dev: number): void {
  (link.node as Inode).dev = dev;
  for (const child of childrenOf(link)) {
    if (!(child.node as Inode).mounted) moveToDevice(child, dev);
  }
}

/** All that is in a directory, whoever may read it. */
export function entriesIn(kernel: Kernel, path: string): TreeEntry[] {
  const directory = namesOf(path).reduce<Link | undefined>(
    (at, name) => at?.children.get(name),
    kernel.root,
  );
  if (directory === undefined) throw kernel.error("ENOENT");
  if (!isDirectory(directory.node as Inode)) throw kernel.error("ENOTDIR");
  return collect(kernel, directory, "");
}

function collect(kernel: Kernel, directory: Link, prefix: string): TreeEntry[] {
  return childrenOf(directory).flatMap((link) => {
    const inode = link.node as Inode;
    const path = prefix + link.name;
    const mode = inode.mode & 0o7777;
    switch (inode.mode & S_IFMT) {
      case S_IFDIR:
        return [
          { type: "directory", path, mode: kernel.windows ? defaultModes.directory : mode },
          ...collect(kernel, link, `${path}/`),
        ];
      case S_IFLNK:
        return [{ type: "symlink", path, target: inode.symlink }];
      case S_IFREG: {
        const content = inode.share();
        return [{ type: "file", path, mode: kernel.windows ? defaultModes.file : mode, content }];
      }
      default:
        return [{ type: "other", path }]; // made through the volume
    }
  });
}

function childrenOf(directory: Link): Link[] {
  const links: Link[] = [];
  for (const [name, link] of directory.children) {
    if (link !== undefined && name !== "." && name !== "..") links.push(link);
  }
  return links;
}

function namesOf(path: string): string[] {
  return path.split("/").filter((name) => name !== "" && name !== ".");
}
