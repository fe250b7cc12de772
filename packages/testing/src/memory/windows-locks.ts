/**
 * Windows keeps a file in place while somebody has it open without FILE_SHARE_DELETE, as virus
 * scanners, indexers and most programs do. Node itself does share, so this is stricter than Node
 * among itself: every descriptor counts as one that does not.
 */

import type { Inode, Link } from "./inode.ts";
import { isDirectory } from "./kernel.ts";
import type { Kernel } from "./kernel.ts";

/** @throws EBUSY: DeleteFile and RemoveDirectory fail with ERROR_SHARING_VIOLATION. */
export function mayRemoveOnWindows(kernel: Kernel, link: Link): void {
  if ((link.node as Inode).opened > 0) throw kernel.error("EBUSY");
}

/** @throws what libuv makes of the failures of MoveFileEx with MOVEFILE_REPLACE_EXISTING. */
export function mayRenameOnWindows(kernel: Kernel, moved: Link, replaced: Link | undefined): void {
  if ((moved.node as Inode).opened > 0) throw kernel.error("EBUSY"); // ERROR_SHARING_VIOLATION
  if (holdsOpenFile(moved)) throw kernel.error("EPERM"); // ERROR_ACCESS_DENIED
  if (replaced === undefined || replaced === moved) return;
  const over = replaced.node as Inode;
  // A directory, an open file and a read-only one cannot be replaced: ERROR_ACCESS_DENIED.
  if (isDirectory(over) || over.opened > 0 || !kernel.permits(over, 2)) throw kernel.error("EPERM");
}

function holdsOpenFile(directory: Link): boolean {
  for (const [name, link] of directory.children) {
    if (name === "." || name === ".." || link === undefined) continue;
    if ((link.node as Inode).opened > 0 || holdsOpenFile(link)) return true;
  }
  return false;
}
