import type { MemoryBackend } from "../../memory/memory-backend.ts";
import type { Matcher } from "../condition.ts";
import type { Made } from "./faulty-calls.ts";
import { inodeOfName, type InodeKey } from "./inode-key.ts";

// Others (EINVAL, ENOTSUP, EROFS) say that there is nothing to flush, or no such thing as a flush.
const lost: ReadonlySet<string> = new Set(["EIO", "ENOSPC", "EDQUOT"]);
const naming: ReadonlySet<string> = new Set(
  "open rename link unlink symlink mkdir mkdtemp rmdir".split(" "),
);

const isFlush = ({ call: { name } }: Made): boolean => name === "fsync" || name === "fdatasync";

/**
 * Of a run that said it had succeeded: files and directories that are there, were flushed, and whose
 * flush failed with the data lost. Calling fsync again does not help: after the failure the pages are
 * clean but stale, the second call says ok, and a power cut brings the old bytes back (measured on
 * ext4, xfs and btrfs of Linux 6.18). Writing again and flushing that does.
 *
 * @returns one line each
 */
export function lostFlushes(
  made: readonly Made[],
  paths: ReadonlySet<string>,
  memory: MemoryBackend,
  ignored: Matcher,
): string[] {
  const failed = made.filter(
    (one) =>
      isFlush(one) &&
      one.injected !== undefined &&
      "errno" in one.injected &&
      lost.has(one.injected.errno) &&
      !ignored(one.call),
  );
  if (failed.length === 0) return [];
  const there = new Map<InodeKey, { readonly isDirectory: boolean }>();
  for (const path of ["/", ...paths]) {
    const { key, isDirectory } = inodeOfName(memory, path);
    there.set(key, { isDirectory });
  }
  const lines = failed.flatMap((one) => {
    const { call, inode, injected } = one;
    const found = inode === undefined ? undefined : there.get(inode);
    if (inode === undefined || found === undefined) return [];
    const later = made.filter((other) => other.call.index > call.index);
    if (isMended(inode, found.isDirectory, later)) return [];
    const again = later.some((other) => isFlush(other) && other.inode === inode);
    const retried = again ? " and was called again, which says ok and proves nothing" : "";
    const { errno } = injected as { readonly errno: string };
    return [
      `swallowed: ${call.name} ${call.paths[0]} failed with ${errno}${retried}; the run says done`,
    ];
  });
  return [...new Set(lines)];
}

/** Whether it was written anew after the failure, and that was flushed. */
function isMended(inode: InodeKey, isDirectory: boolean, later: readonly Made[]): boolean {
  const written = later.findIndex(({ call: { name }, error, inode: on }) => {
    if (error !== undefined) return false;
    return isDirectory ? naming.has(name) : name === "write" && on === inode;
  });
  if (written === -1) return false;
  return later
    .slice(written)
    .some((one) => isFlush(one) && one.inode === inode && one.error === undefined);
}
