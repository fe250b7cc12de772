import {
  attempt,
  currentUmask,
  errorCode,
  fchmod,
  fchown,
  fstat,
  permissionBits,
  Refusal,
  type FileStats,
  type Handle,
  type Operation,
  type Steps,
} from "@holdfast/fs/steps";
import type { ReplaceFileReceipt, Request } from "./options.ts";

type Lost = ReplaceFileReceipt["lost"][number];

/** What setting metadata fails with where the caller may not, or the file system has none. */
const notKept: ReadonlySet<string> = new Set([
  "EPERM",
  "ENOTSUP",
  "EOPNOTSUPP",
  "ENOSYS",
  "EINVAL",
]);

/** The permission bits that the file is to have. */
export function wantedMode(request: Request, replaced: FileStats | undefined): number {
  if (replaced !== undefined && request.preserveExistingMode) return permissionBits(replaced);
  return request.mode ?? 0o666 & ~currentUmask();
}

/** Whether a staged file, as it is, would change the owner or group of what it replaces. */
export function ownersDiffer(
  operation: Operation,
  own: FileStats,
  replaced: FileStats | undefined,
): boolean {
  if (replaced === undefined || !operation.platform.owners) return false;
  return own.uid !== replaced.uid || own.gid !== replaced.gid;
}

/**
 * Gives a staged file the owner and group of the file it replaces, and looks whether it has them.
 * Returns `"in-place"` if it has not, and the file is to be written over instead.
 */
export function* giveOwner(
  operation: Operation,
  request: Request,
  handle: Handle,
  own: FileStats,
  replaced: FileStats,
): Steps<"in-place" | { now: FileStats; lost: Lost[] }> {
  if (request.ownership === "ignore") {
    const lost: Lost[] = [];
    if (own.uid !== replaced.uid) lost.push("owner");
    if (own.gid !== replaced.gid) lost.push("group");
    return { now: own, lost };
  }
  const changed = yield* attempt(fchown(handle, Number(replaced.uid), Number(replaced.gid)));
  if (!changed.ok && !notKept.has(errorCode(changed.error) ?? "")) throw changed.error;
  const now = yield* fstat(handle);
  if (!ownersDiffer(operation, now, replaced)) return { now, lost: [] };
  if (request.ownership === "preserve" && request.inPlaceFallback) return "in-place";
  throw new Refusal("ERR_OWNERSHIP", {
    hint: 'Use ownership: "ignore" to give the file to the caller.',
    cause: changed.ok ? undefined : changed.error,
  });
}

/** Sets permission bits, by descriptor; returns whether the file has them. */
export function* giveMode(
  operation: Operation,
  handle: Handle,
  own: FileStats,
  mode: number,
): Steps<boolean> {
  if (!operation.platform.modes || permissionBits(own) === mode) return true;
  const changed = yield* attempt(fchmod(handle, mode));
  // chmod(2) drops the set-group-id bit without a word where the caller is not in the group.
  if (changed.ok) return (mode & 0o6000) === 0 || permissionBits(yield* fstat(handle)) === mode;
  // A file that is more private than asked for is no reason to lose the content.
  if (notKept.has(errorCode(changed.error) ?? "")) return false;
  throw changed.error;
}
