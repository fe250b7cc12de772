import { isAbsolute } from "node:path";
import {
  attempt,
  closeFlushed,
  errorCode,
  lstat,
  open,
  openFlags,
  readlink,
  Refusal,
  stat,
  type FileStats,
  type Steps,
} from "@holdfast/fs/steps";
import { directoryOf, joinName, nameOf } from "../durable/paths.ts";
import type { Request } from "./options.ts";
import { checkStats } from "./version.ts";

/** As many as the kernel follows (path_resolution(7)). */
const maxLinks = 40;

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

/**
 * Follows a symbolic link to the path where its chain ends, whether something is there or not. Link
 * by link, because the kernel follows a link as a whole only if it leads to something; relative
 * links continue from the directory that really holds them, without normalising.
 */
export function* resolveLink(start: string): Steps<string> {
  let path = start;
  for (let links = 0; ; links++) {
    const found = yield* attempt(lstat(path));
    if (!found.ok && errorCode(found.error) !== "ENOENT") throw found.error;
    if (!found.ok || !found.value.isSymbolicLink()) {
      yield* askKernel(start);
      return path;
    }
    if (links === maxLinks) throw new Refusal("ELOOP");
    const read = yield* attempt(readlink(path));
    if (!read.ok) {
      const code = errorCode(read.error);
      if (code !== "EINVAL" && code !== "ENOENT") throw read.error;
      // Replaced by a file or removed since: the caller looks again at what is there now.
      yield* askKernel(start);
      return path;
    }
    const target = read.value;
    if (typeof target !== "string") {
      throw new Refusal("ERR_SYMLINK", {
        problem: "a symbolic link leads to a name that is not valid UTF-8",
      });
    }
    path = isAbsolute(target) ? target : joinName(directoryOf(path), target);
  }
}

/**
 * Asks the kernel to follow the same link: it refuses links that somebody planted in a sticky
 * directory (`fs.protected_symlinks`, proc_sys_fs(5)), which following by hand would get around.
 * Where it arrives is not compared: an honest writer may be replacing that file at this moment.
 */
function* askKernel(start: string): Steps<void> {
  const kernel = yield* attempt(stat(start));
  if (!kernel.ok && errorCode(kernel.error) !== "ENOENT") throw kernel.error;
}
