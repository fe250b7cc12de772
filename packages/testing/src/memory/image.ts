import type { Image, ImageInode, InodeId } from "./effect.ts";
import { S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } from "./inode.ts";
import type { Inode, Link } from "./inode.ts";
import { attributesOf } from "./kernel.ts";
import type { Kernel } from "./kernel.ts";

const types = { file: S_IFREG, directory: S_IFDIR, symlink: S_IFLNK } as const;

/** Makes an empty file system what an image says; the ids of its inodes are those of the image. */
export function loadImage(kernel: Kernel, image: Image): void {
  const root = image.inodes.get(image.root);
  if (root?.type !== "directory") throw new TypeError("the root of an image must be a directory");
  const inode = kernel.root.node as Inode;
  inode.id = image.root;
  kernel.store.lastId = image.root;
  const made = new Map<InodeId, Inode>();
  fill(kernel, kernel.root, root.entries, image, made);
  setAttributes(inode, root);
}

function fill(
  kernel: Kernel,
  directory: Link,
  entries: ReadonlyMap<string, InodeId>,
  image: Image,
  made: Map<InodeId, Inode>,
): void {
  for (const [name, id] of entries) {
    const content = image.inodes.get(id);
    if (content === undefined) throw new TypeError(`an image names inode ${id} and has none`);
    const known = made.get(id);
    if (known !== undefined) {
      if (content.type === "directory") throw new TypeError(`directory ${id} has two names`);
      known.nlink++;
      directory.createChild(name, known);
      continue;
    }
    const inode = kernel.store.createInode(types[content.type], 0, 0, id, content.attributes.ino);
    made.set(id, inode);
    inode.dev = (directory.node as Inode).dev;
    const link = directory.createChild(name, inode);
    if (content.type === "file") inode.adopt(content.data);
    else if (content.type === "symlink") inode.symlink = content.target;
    else fill(kernel, link, content.entries, image, made);
    setAttributes(inode, content); // last: memfs changes the time of a directory with its entries
  }
}

function setAttributes(inode: Inode, { attributes }: ImageInode): void {
  inode.mode = (inode.mode & S_IFMT) | attributes.mode;
  inode.uid = attributes.uid;
  inode.gid = attributes.gid;
  const { mtimeMs, birthtimeMs = mtimeMs } = attributes;
  inode.atimeUs = inode.mtimeUs = inode.ctimeUs = Math.round(mtimeMs * 1000);
  inode.btimeUs = Math.round(birthtimeMs * 1000);
}

/** All that names lead to, as it is now. */
export function takeImage(root: Link): Image {
  const inodes = new Map<InodeId, ImageInode>();
  take(root, inodes);
  return { root: (root.node as Inode).id, inodes };
}

function take(link: Link, inodes: Map<InodeId, ImageInode>): void {
  const inode = link.node as Inode;
  if (inodes.has(inode.id)) return;
  const attributes = attributesOf(inode);
  switch (inode.mode & S_IFMT) {
    case S_IFDIR: {
      const entries = new Map<string, InodeId>();
      inodes.set(inode.id, { type: "directory", entries, attributes });
      for (const [name, child] of link.children) {
        if (child === undefined || name === "." || name === "..") continue;
        entries.set(name, (child.node as Inode).id);
        take(child, inodes);
      }
      return;
    }
    case S_IFLNK:
      inodes.set(inode.id, { type: "symlink", target: inode.symlink, attributes });
      return;
    default:
      inodes.set(inode.id, { type: "file", data: inode.share(), attributes });
  }
}
