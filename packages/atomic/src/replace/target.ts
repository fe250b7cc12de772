import {
  attempt,
  closeFlushed,
  errorCode,
  type FileStats,
  nameOf,
  open,
  openFlags,
  Refusal,
  type Steps,
} from "@holdfast/fs/steps";
import type { Request } from "./options.ts";
import { checkStats } from "./version.ts";

/** A path that can only lead to a directory: `dir/`, `.`, `dir/..`. */
export function refuseDirectoryPath(path: string): void {
  if (["", ".", ".."].includes(nameOf(path))) throw new Refusal("EISDIR");
}

/** Whether the target is a link that leads to the real one. */
export function follows(request: Request, existing: FileStats | undefined): boolean {
  return existing?.isSymbolicLink() === true && request.symlinks === "follow" && !request.exclusive;
}

/**
 * Refuses what, as it is, must not be replaced. Returns whether it is to be written in place, for the
 * sake of its other names.
 */
export function refuseByPolicy(request: Request, existing: FileStats | undefined): boolean {
  // First, as link(2) would say it if the file came a moment later.
  if (request.exclusive && existing !== undefined) throw new Refusal("EEXIST");
  checkStats(request.ifMatch, existing);
  if (existing === undefined) return false;
  if (existing.isSymbolicLink()) {
    if (request.symlinks === "refuse") throw new Refusal("ERR_SYMLINK");
    return false;
  }
  if (existing.isDirectory()) throw new Refusal("EISDIR");
  if (!existing.isFile()) throw new Refusal("ERR_NOT_FILE");
  if (existing.nlink <= 1n || request.hardlinks === "break") return false;
  if (request.hardlinks === "refuse") throw new Refusal("ERR_HARDLINK");
  return true;
}

/**
 * Fails as plain writing would where the caller may not write a file.
 *
 * @param uid the owner that this file system gives to what the caller creates, if known
 */
export function* checkWritable(
  path: string,
  existing: FileStats,
  uid: bigint | undefined,
): Steps<void> {
  // Whoever owns what we create may write what they own: no need to ask.
  if (uid === existing.uid && (existing.mode & 0o200n) !== 0n) return;
  const flags = openFlags.writeOnly | openFlags.noFollow | openFlags.nonBlocking;
  const opened = yield* attempt(open(path, flags));
  if (opened.ok) {
    yield* closeFlushed(opened.value);
    return;
  }
  const code = errorCode(opened.error);
  // A running program cannot be opened for writing, but its name can be given to a new file. Gone or
  // changed in the meantime: the replacement itself will find out.
  if (code === "ETXTBSY" || code === "ENOENT" || code === "ELOOP") return;
  throw opened.error;
}
