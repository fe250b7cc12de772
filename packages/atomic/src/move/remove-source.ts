import {
  attempt,
  directoryOf,
  errorCode,
  type FileStats,
  joinName,
  lstat,
  type Operation,
  type PathArgument,
  readdir,
  rename,
  rmdir,
  sameIdentity,
  type Steps,
  unlink,
} from "@holdfast/fs/steps";
import { defaultPrefix, newStagedName } from "../staging/staged-name.ts";
import { putInPlace, removeName } from "./put-in-place.ts";
import {
  changed,
  childOf,
  display,
  isUnchanged,
  lstatIfAny,
  pathOf,
  type Entry,
} from "./source-tree.ts";

/** Something that was not removed: an entry of the tree, or a new name in a directory of it. */
interface Kept {
  readonly index: number;
  readonly name?: PathArgument;
}

/**
 * Removes a source whose destination is complete and durable: exactly what was moved, and nothing that
 * came or changed since, which is named in `leftovers` with `ERR_CHANGED`.
 *
 * The whole of it is renamed first to a name that nobody can guess, and looked at there: between a look
 * at a name that others know and its removal, they could put another file there. Where that rename is
 * impossible (a directory of a lower layer of overlayfs gives EXDEV) it is removed where it is.
 *
 * @param proof `"state"`: it must be unchanged. `"identity"`: the destination is the same file, which
 *   may change as it likes.
 */
export function* removeSource(
  operation: Operation,
  source: string,
  entries: readonly Entry[],
  proof: "state" | "identity",
): Steps<void> {
  const root = entries[0]!.stats;
  const now = yield* lstatIfAny(source);
  if (now !== undefined && !isSame(root, now, proof, true)) throw changed(source);
  const aside = joinName(directoryOf(source), newStagedName(defaultPrefix));
  const isAside = yield* takeAside(operation, source, aside);
  // Somebody removed it: the source is gone.
  if (!isAside && (yield* lstatIfAny(source)) === undefined) return;
  const base = isAside ? aside : source;
  operation.leftovers.splice(0, Infinity, base);

  const kept: Kept[] = [];
  try {
    yield* removeEntries(base, entries, proof, isAside, kept);
  } catch (error) {
    if (isAside) yield* putBack(operation, aside, source);
    throw error;
  }
  if (kept.length === 0) return;
  const where = isAside && !(yield* putBack(operation, aside, source)) ? aside : source;
  const paths = kept.map(({ index, name }) => {
    const path = pathOf(where, entries, index);
    return display(name === undefined ? path : childOf(path, name));
  });
  operation.leftovers.splice(0, Infinity, ...paths);
  throw changed(paths[0]!);
}

/** Returns whether the source has its new name: also where the rename failed after it was done. */
function* takeAside(operation: Operation, source: string, aside: string): Steps<boolean> {
  const moved = yield* attempt(rename(source, aside));
  if (moved.ok) return true;
  const found = yield* attempt(lstat(aside));
  if (found.ok) return true;
  if (errorCode(found.error) === "ENOENT") return false;
  operation.leftovers.push(aside); // it may be there
  throw found.error;
}

function isSame(
  before: FileStats,
  now: FileStats,
  proof: "state" | "identity",
  changeTime: boolean,
): boolean {
  const same = proof === "identity" ? sameIdentity(before, now) : undefined;
  return same ?? isUnchanged(before, now, changeTime);
}

/** The innermost first. */
function* removeEntries(
  base: string,
  entries: readonly Entry[],
  proof: "state" | "identity",
  isAside: boolean,
  kept: Kept[],
): Steps<void> {
  // Removing one name of a file changes the change time of its other names.
  const removed = new Set<string>();
  const explained = new Set<string>();
  const keyOf = (path: PathArgument): string =>
    typeof path === "string" ? path : `\0${path.toString("latin1")}`;
  for (let index = entries.length - 1; index >= 0; index--) {
    const { kind, stats } = entries[index]!;
    const path = pathOf(base, entries, index);
    // Nobody else knows this name; what cannot be found there is not gone.
    const now = index === 0 && isAside ? yield* lstat(path) : yield* lstatIfAny(path);
    if (now === undefined) continue;
    const file = `${stats.dev}:${stats.ino}`;
    // The rename set the change time of the root, and removing entries sets the times of directories.
    const changeTime = !(index === 0 && isAside) && !removed.has(file);
    const isTheSame =
      kind === "directory"
        ? now.isDirectory() && sameIdentity(stats, now) !== false
        : isSame(stats, now, proof, changeTime);
    if (!isTheSame) {
      kept.push({ index });
      explained.add(keyOf(path));
    } else if (kind !== "directory") {
      yield* removeName(unlink(path), path);
      if (stats.nlink > 1n) removed.add(file);
    } else {
      const result = yield* attempt(removeName(rmdir(path), path));
      if (result.ok) continue;
      const code = errorCode(result.error);
      if (code !== "ENOTEMPTY" && code !== "EEXIST") throw result.error;
      const names = yield* readdir(path);
      const appeared = names.filter((name) => !explained.has(keyOf(childOf(path, name))));
      kept.push(...appeared.map((name) => ({ index, name })));
      if (names.length === 0) kept.push({ index }); // emptied since: not by us
      explained.add(keyOf(path));
    }
  }
}

/** Gives what is left its own name again, unless somebody else has taken that. */
function* putBack(operation: Operation, aside: string, source: string): Steps<boolean> {
  const isBack = yield* operation.cleanUp(restore(operation, aside, source));
  operation.effect = "partial";
  operation.leftovers.splice(0, Infinity, isBack ? source : aside);
  return isBack;
}

function* restore(operation: Operation, aside: string, source: string): Steps<void> {
  const stats = yield* lstat(aside);
  const method = yield* putInPlace(operation, aside, stats, source, false);
  if (method === "link") yield* removeName(unlink(aside), aside);
}
