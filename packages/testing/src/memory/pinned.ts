/**
 * `/proc/self/fd/1000` of Linux (proc(5)): a way to say "this directory that I hold open, wherever it
 * is by now", and the only one that a program without `openat` has. It works as long as nothing else
 * is at `/proc`; nothing else of `/proc` does.
 */

import { firstDescriptor } from "./kernel.ts";
import type { Kernel } from "./kernel.ts";
import type { Inode, Link } from "./inode.ts";

const pattern = /^\/+proc\/+(?:self|thread-self)\/+fd\/+(\d+)(\/.*)?$/s;

/** What a path starts at, if it starts at a descriptor, and what follows. */
export function pinnedStart(
  kernel: Kernel,
  path: string,
): { readonly link: Link; readonly rest: string } | undefined {
  if (!path.startsWith("/proc/") || kernel.facts.pinning !== "proc-self-fd") return undefined;
  if (kernel.root.children.has("proc")) return undefined;
  const [, fd, rest = ""] = pattern.exec(path) ?? [];
  if (fd === undefined) return undefined;
  const file = kernel.files[Number(fd) - firstDescriptor];
  if (file === undefined) throw kernel.error("ENOENT");
  return { link: file.link, rest };
}

/** Where a name is, from the root, without links; as `/proc/self/fd` says it, also when it is gone. */
export function pathOfLink(kernel: Kernel, link: Link): string {
  let path = "";
  for (let at = link; at !== kernel.root && at.parent !== undefined; at = at.parent) {
    path = `/${at.name}${path}`;
  }
  if (path === "") return "/";
  return (link.node as Inode).nlink === 0 ? `${path} (deleted)` : path;
}
