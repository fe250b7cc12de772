import {
  all,
  attempt,
  closeFlushed,
  errorCode,
  fsync,
  lstat,
  open,
  openFlags,
  readdir,
  rename,
  rmdir,
  shielded,
  unlink,
  type FileStats,
  type Operation,
  type PathArgument,
  type Steps,
} from "@holdfast/fs/steps";
import type { Synced } from "../durable/directories.ts";
import { newStagedName } from "../staging/staged-name.ts";
import { joinEntry } from "./directory-target.ts";

/** How many entries of one directory are worked on at once. */
const atOnce = 16;

function* eachEntry<T>(
  directory: PathArgument,
  names: readonly PathArgument[],
  visit: (path: PathArgument) => Steps<T>,
): Steps<T[]> {
  const results: T[] = [];
  for (let at = 0; at < names.length; at += atOnce) {
    const some = names.slice(at, at + atOnce).map((name) => visit(joinEntry(directory, name)));
    results.push(...(yield* all(some)));
  }
  return results;
}

/**
 * Flushes every regular file and every directory of a tree. Symbolic links have no content of their
 * own to flush; FIFOs, sockets and devices are not opened, because opening one can have effects.
 *
 * @returns `"unsupported"` where the directories cannot be flushed; the files were.
 */
export function* flushTree(operation: Operation, root: PathArgument): Steps<Synced> {
  // A list, not recursion: a tree may be deeper than the stack.
  const directories: PathArgument[] = [root];
  let synced: Synced = true;
  for (let next = directories.pop(); next !== undefined; next = directories.pop()) {
    const names = yield* readdir(next);
    const inner = yield* eachEntry(next, names, (path) => flushEntry(operation, path));
    directories.push(...inner.filter((path) => path !== undefined));
    const flushed = yield* flushOne(operation, next, true);
    if (flushed !== true) synced = flushed;
  }
  return synced;
}

/** Flushes a regular file. Returns the path of a directory, for which it is too early. */
function* flushEntry(operation: Operation, path: PathArgument): Steps<PathArgument | undefined> {
  const stats = yield* lstat(path);
  if (stats.isDirectory()) return path;
  if (stats.isFile()) yield* flushOne(operation, path, false);
  return undefined;
}

function* flushOne(operation: Operation, path: PathArgument, directory: boolean): Steps<Synced> {
  const { possible, unsupported } = operation.platform.directorySync;
  if (directory && !possible) return "unsupported";
  // Where a directory cannot be flushed, that is because flushing wants a handle for writing.
  const access = possible ? openFlags.readOnly : openFlags.readWrite;
  const kind = directory ? openFlags.directory : openFlags.nonBlocking;
  const handle = yield* open(path, access | kind | openFlags.noFollow);
  try {
    const flushed = yield* attempt(fsync(handle));
    if (flushed.ok) return true;
    if (directory && unsupported.has(errorCode(flushed.error) ?? "")) return "unsupported";
    throw flushed.error;
  } finally {
    yield* operation.cleanUp(closeFlushed(handle));
  }
}

/**
 * Above this many bytes a path is shortened by moving its directory up: PATH_MAX is 1024 on macOS
 * and 4096 on Linux, and one more name is at most 255 bytes long.
 */
const longPath = 700;

/**
 * Removes a tree as far as that is possible: never follows a symbolic link, never goes on into
 * another device, and does not stop at the first entry that cannot be removed.
 *
 * Node has no `openat`: somebody who can write in the tree while it is being removed can exchange a
 * directory for a link between the look at it and the step into it.
 *
 * @returns whether all of it is gone; failures are `suppressed`
 */
export function* removeTree(operation: Operation, root: PathArgument): Steps<boolean> {
  const top = yield* lstat(root);
  // Listing a link would list what it leads to.
  if (!top.isDirectory()) return yield* operation.cleanUp(goneAfter(unlink(root)));
  const open: { readonly path: PathArgument; listed: boolean }[] = [{ path: root, listed: false }];
  let whole = true;
  for (let next = open.at(-1); next !== undefined; next = open.at(-1)) {
    if (next.listed) {
      open.pop();
      if (whole || next.path !== root) {
        whole = (yield* operation.cleanUp(goneAfter(rmdir(next.path)))) && whole;
      }
      continue;
    }
    next.listed = true;
    const listed = yield* attempt(readdir(next.path));
    if (!listed.ok) {
      operation.suppressed.push(listed.error);
      whole = false;
      open.pop();
      continue;
    }
    const { path } = next;
    const inner = yield* eachEntry(path, listed.value, (entry) =>
      // Shielded each: a shield around `all` does not reach into its branches.
      attempt(shielded(removeEntry(root, path === root, top, entry))),
    );
    for (const entry of inner) {
      if (!entry.ok) {
        operation.suppressed.push(entry.error);
        whole = false;
      } else if (entry.value !== undefined) open.push({ path: entry.value, listed: false });
    }
  }
  return whole;
}

/** Removes what is not a directory. Returns the path of one, under which it can be emptied. */
function* removeEntry(
  root: PathArgument,
  atTop: boolean,
  top: FileStats,
  path: PathArgument,
): Steps<PathArgument | undefined> {
  const found = yield* attempt(lstat(path));
  if (!found.ok) {
    if (errorCode(found.error) === "ENOENT") return undefined;
    throw found.error;
  }
  if (!found.value.isDirectory()) {
    yield* goneAfter(unlink(path));
    return undefined;
  }
  // A mount point inside the tree came along with the rename. What is mounted there was never part
  // of the tree, and emptying it would destroy somebody else's file system.
  if (found.value.dev !== top.dev) {
    yield* rmdir(path);
    return undefined;
  }
  if (atTop || Buffer.byteLength(path) <= longPath) return path;
  const higher = joinEntry(root, newStagedName(""));
  const moved = yield* attempt(rename(path, higher));
  return moved.ok ? higher : path;
}

/** Removal by somebody else at the same moment is as good as ours. */
function* goneAfter(removal: Steps<void>): Steps<void> {
  const removed = yield* attempt(removal);
  if (!removed.ok && errorCode(removed.error) !== "ENOENT") throw removed.error;
}
