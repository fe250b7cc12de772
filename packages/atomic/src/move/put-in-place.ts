import {
  attempt,
  directoryOf,
  errorCode,
  type FileStats,
  link,
  lstat,
  mkdir,
  type Operation,
  type PathArgument,
  Refusal,
  rmdir,
  sameIdentity,
  stat,
  type Steps,
} from "@holdfast/fs/steps";
import { renameWithRetrySteps } from "../durable/rename.ts";
import { kindOf, lstatIfAny } from "./source-tree.ts";

// FAT has no hard links and full ones have no room for another; Linux lets only somebody who may
// write a file, or owns it, give it another name (fs.protected_hardlinks, proc_sys_fs(5)); Android's
// policy says EACCES. None of that says that the file cannot be renamed.
const cannotLink: ReadonlySet<string> = new Set(
  "EPERM EACCES EMLINK ENOTSUP EOPNOTSUPP ENOSYS".split(" "),
);

/**
 * Gives the name `to` to what `from` names. With `"rename"`, `from` is gone; with `"link"` it is
 * still there and the caller removes it.
 *
 * Without `overwrite` nothing is replaced: a file gets its new name by link(2), a directory is renamed
 * over an empty one that was made for it, both of which fail if the name is taken. Everything else,
 * and a file that cannot be linked, is renamed after a look, which leaves others that moment.
 *
 * @param stats what `from` is
 */
export function* putInPlace(
  operation: Operation,
  from: string,
  stats: FileStats,
  to: string,
  overwrite: boolean,
): Steps<"rename" | "link"> {
  const kind = kindOf(stats);
  // MoveFileEx, which rename is on Windows, never replaces a directory.
  const replacesDirectories = operation.platform.name !== "win32";
  if (overwrite) {
    if (kind === "directory" && !replacesDirectories) yield* removeEmpty(to);
  } else if (kind === "file" && (yield* linkInPlace(operation, from, stats, to))) {
    return "link";
  } else if (kind === "directory" && replacesDirectories) {
    yield* renameOntoOwn(operation, from, stats, to);
    return "rename";
  } else if ((yield* lstatIfAny(to)) !== undefined) {
    throw new Refusal("EEXIST");
  }
  yield* renameSurely(operation, from, stats, to);
  return "rename";
}

/** Returns whether the file has the name now; `false` if it cannot have a second one. */
function* linkInPlace(
  operation: Operation,
  from: string,
  stats: FileStats,
  to: string,
): Steps<boolean> {
  const linked = yield* attempt(link(from, to));
  if (linked.ok) return true;
  const found = yield* attempt(lstat(to));
  // NFS: the answer was lost, the call was sent again, and found its own link.
  if (found.ok && sameIdentity(found.value, stats) === true) return true;
  if (!found.ok && errorCode(found.error) !== "ENOENT") {
    const left = yield* attempt(lstat(from));
    if (!left.ok || left.value.nlink !== stats.nlink) operation.effect = "unknown";
  } else if (cannotLink.has(errorCode(linked.error) ?? "")) return false;
  // link(2) says EXDEV for a bind-mounted file too, which a copy could not remove afterwards; rename(2)
  // says EBUSY.
  if (errorCode(linked.error) === "EXDEV" && !found.ok) {
    const parent = yield* stat(directoryOf(to));
    if (parent.dev === stats.dev) return false;
  }
  throw linked.error;
}

/**
 * Renames a directory over an empty one of our own. There is no rename without replacing in Node, and
 * rename(2) replaces an empty directory without a word; but mkdir(2) does not.
 */
function* renameOntoOwn(
  operation: Operation,
  from: string,
  stats: FileStats,
  to: string,
): Steps<void> {
  const made = yield* attempt(mkdir(to, 0o700));
  if (!made.ok) {
    if (errorCode(made.error) !== "EEXIST") yield* nameIfAny(operation, to);
    throw made.error;
  }
  const before = operation.effect;
  const release = (): void => {
    operation.leftovers.splice(operation.leftovers.lastIndexOf(to), 1);
    operation.effect = before;
  };
  operation.effect = "partial";
  operation.leftovers.push(to);
  try {
    yield* renameSurely(operation, from, stats, to);
  } catch (error) {
    // If it may have happened, what would be removed here may be the directory that was moved.
    const isOurs = (operation.effect as string) !== "unknown";
    if (isOurs && (yield* operation.cleanUp(removeName(rmdir(to), to)))) release();
    const code = errorCode(error);
    if (code !== "ENOTEMPTY" && code !== "EEXIST") throw error;
    throw new Refusal("EEXIST", { problem: "somebody else put something there", cause: error });
  }
  release();
}

/** A call that failed may have been carried out; if there is something now, it is named. */
function* nameIfAny(operation: Operation, path: string): Steps<void> {
  const found = yield* attempt(lstat(path));
  if (!found.ok && errorCode(found.error) === "ENOENT") return;
  operation.effect = "unknown";
  operation.leftovers.push(path);
}

function* removeEmpty(path: string): Steps<void> {
  const removed = yield* attempt(rmdir(path));
  if (!removed.ok && errorCode(removed.error) !== "ENOENT") throw removed.error;
}

/**
 * Renames and, if that fails, looks whether it happened all the same (an answer of a file server that
 * was lost). If not even that can be told, the effect is `"unknown"`.
 */
export function* renameSurely(
  operation: Operation,
  from: string,
  stats: FileStats,
  to: string,
): Steps<void> {
  const { maxRetries, baseDelayMs } = operation.platform.rename;
  const renamed = yield* attempt(
    renameWithRetrySteps(operation, from, to, { maxRetries, baseDelayMs }),
  );
  if (renamed.ok) return;
  const left = yield* attempt(lstat(from));
  if (!left.ok || sameIdentity(left.value, stats) === false) {
    const found = yield* attempt(lstat(to));
    if (found.ok && sameIdentity(found.value, stats) === true) return;
    if (!found.ok && errorCode(found.error) !== "ENOENT") operation.effect = "unknown";
  }
  throw renamed.error;
}

/** Removes a name; that it is gone counts, not what the call said. */
export function* removeName(remove: Steps<void>, path: PathArgument): Steps<void> {
  const removed = yield* attempt(remove);
  if (removed.ok) return;
  const left = yield* attempt(lstat(path));
  if (!left.ok && errorCode(left.error) === "ENOENT") return;
  throw removed.error;
}
