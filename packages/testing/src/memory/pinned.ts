/**
 * `/proc/self/fd/1000` of Linux (proc(5)): a way to say "this that I hold open, wherever it is by
 * now", and the only one that a program without `openat` has. It is a symbolic link that nobody
 * follows by its text: the kernel jumps to what is open, also if that has no name any more or is
 * itself a symbolic link. It works as long as nothing else is at `/proc`; nothing else of `/proc` does.
 */

import { O_RDWR, O_WRONLY } from "../calls/constants.ts";
import { Inode, LinkOfMemfs, S_IFDIR, S_IFLNK } from "./inode.ts";
import type { Link } from "./inode.ts";
import { firstDescriptor, O_PATH, procDevice } from "./kernel.ts";
import type { Kernel, OpenFile } from "./kernel.ts";

const pattern = /^\/+proc\/+(?:self|thread-self)\/+fd\/+(?=\d+(?:\/|$))/;

/** The directory of the descriptors, if the path leads there, and where in it their name begins. */
export function descriptorsIn(
  kernel: Kernel,
  path: string,
): { readonly directory: Link; readonly at: number } | undefined {
  if (!path.startsWith("/proc/") && !path.startsWith("//")) return undefined;
  if (kernel.facts.pinning !== "proc-self-fd" || kernel.root.children.has("proc")) return undefined;
  const [start] = pattern.exec(path) ?? [];
  if (start === undefined) return undefined;
  kernel.descriptors ??= makeDirectory(kernel);
  return { directory: kernel.descriptors, at: start.length };
}

/** No number of a process in its path: every run has the same. */
function makeDirectory(kernel: Kernel): Link {
  // Linux shows 0500 and asks nothing of the process itself (proc_fd_permission).
  const inode = placed(
    kernel,
    new Inode(0, 1, S_IFDIR | 0o700, kernel.uid, kernel.gid, { bytes: 0 }),
  );
  let link = kernel.root;
  for (const name of ["proc", "self", "fd"]) {
    link = new LinkOfMemfs(kernel.store, link, name);
    link.setNode(inode);
  }
  return link;
}

function placed<Made extends Inode>(kernel: Kernel, inode: Made): Made {
  inode.dev = procDevice;
  inode.atimeUs = inode.mtimeUs = inode.ctimeUs = inode.btimeUs = kernel.now();
  return inode;
}

/** What `lstat` tells of a descriptor's name, and whoever opens that with O_PATH and O_NOFOLLOW. */
export class MagicLink extends Inode {
  readonly file: OpenFile;

  constructor(kernel: Kernel, file: OpenFile, ino: number) {
    super(0, ino, S_IFLNK | permissionsOf(file), kernel.uid, kernel.gid, { bytes: 0 });
    this.file = file;
    placed(kernel, this);
  }

  /** Of every one, however long the path is. */
  override getSize(): number {
    return 64;
  }
}

/** As they say how a file was opened. */
function permissionsOf({ flags }: OpenFile): number {
  if ((flags & O_PATH) !== 0) return 0;
  if ((flags & O_RDWR) !== 0) return 0o700;
  return (flags & O_WRONLY) === 0 ? 0o500 : 0o300;
}

/** What is under a name in the directory of the descriptors. @throws ENOENT, also to who would create. */
export function descriptorNamed(kernel: Kernel, directory: Link, name: string): Link {
  const index = Number(name) - firstDescriptor;
  const file = String(Number(name)) === name ? kernel.files[index] : undefined;
  if (file === undefined) throw kernel.error("ENOENT");
  if (file.name === undefined) {
    file.name = new LinkOfMemfs(kernel.store, directory, name);
    file.name.setNode(new MagicLink(kernel, file, index + 2));
  }
  return file.name;
}

/** Where a name is, from the root, without links; as `/proc/self/fd` says it, also when it is gone. */
export function pathOfLink(kernel: Kernel, link: Link): string {
  let path = "";
  for (let at = link; at !== kernel.root && at.parent !== undefined; at = at.parent) {
    path = `/${at.name}${path}`;
  }
  if (path === "") return "/";
  return isGone(kernel, link) ? `${path} (deleted)` : path;
}

/** Whether it is a name no more: the inode may have others, and the directory another of that name. */
function isGone(kernel: Kernel, link: Link): boolean {
  const { name, parent } = link;
  return parent !== kernel.descriptors && parent?.children.get(name) !== link;
}
