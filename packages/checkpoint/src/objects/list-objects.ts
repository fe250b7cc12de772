import {
  all,
  attempt,
  errorCode,
  joinName,
  lstat,
  readdir,
  rename,
  type FileStats,
  type Operation,
  type PathArgument,
  type Steps,
} from "@holdfast/fs/steps";
import type { Folders } from "./folders.ts";
import type { ListedObject, ObjectLister } from "./object-store.ts";
import { isObjectName, isShardName, isStagedName, newStagedPath } from "./places.ts";
import { removeIfThere } from "./staged.ts";

/** How many are looked at together. */
const lookedAtTogether = 16;

/** Goes through `objects/`: first what is staged in it, then its directories one by one. */
export function listObjects(folder: string): ObjectLister {
  let shards: string[] | undefined;
  return {
    *next(): Steps<readonly ListedObject[] | undefined> {
      if (shards === undefined) {
        const names = yield* namesIn(folder);
        shards = names.filter(isShardName).toSorted().toReversed();
        return yield* lookAtAll(folder, names.filter(isStagedName), () => undefined);
      }
      const shard = shards.pop();
      if (shard === undefined) return undefined;
      const directory = joinName(folder, shard);
      const names = (yield* namesIn(directory)).filter(isObjectName);
      return yield* lookAtAll(directory, names, (name) => shard + name);
    },
  };
}

/** Nothing where there is no such directory (any more). */
function* namesIn(directory: string): Steps<PathArgument[]> {
  const names = yield* attempt(readdir(directory));
  if (names.ok) return names.value;
  const code = errorCode(names.error);
  if (code === "ENOENT" || code === "ENOTDIR") return [];
  throw names.error;
}

function* lookAtAll(
  directory: string,
  names: readonly string[],
  sha256Of: (name: string) => string | undefined,
): Steps<ListedObject[]> {
  const listed: ListedObject[] = [];
  for (let start = 0; start < names.length; start += lookedAtTogether) {
    const some = names.slice(start, start + lookedAtTogether);
    const looks = some.map((name) => lookIfThere(joinName(directory, name)));
    for (const [index, stats] of (yield* all(looks)).entries()) {
      if (stats?.isFile() !== true) continue; // none of ours
      const name = some[index]!;
      const path = joinName(directory, name);
      const sha256 = sha256Of(name);
      listed.push({ path, sha256, size: Number(stats.size), mtimeMs: mtimeOf(stats) });
    }
  }
  return listed;
}

function* lookIfThere(path: string): Steps<FileStats | undefined> {
  const found = yield* attempt(lstat(path));
  if (found.ok) return found.value;
  if (errorCode(found.error) === "ENOENT") return undefined;
  throw found.error;
}

const mtimeOf = ({ mtimeNs }: FileStats): number => Number(mtimeNs) / 1e6;

/**
 * Removes what was listed, unless it has been made young since: then somebody is about to refer to it. It is taken away
 * first and looked at then, for between a look and a removal it could be made young.
 */
export function* removeListed(
  operation: Operation,
  folders: Folders,
  { path, sha256, mtimeMs }: ListedObject,
): Steps<boolean> {
  const isOld = (stats: FileStats | undefined): boolean =>
    stats !== undefined && mtimeOf(stats) === mtimeMs;
  if (!isOld(yield* lookIfThere(path))) return false;
  if (sha256 === undefined) {
    yield* removeIfThere(path);
    return true;
  }
  const taken = newStagedPath(folders.folder);
  const moved = yield* attempt(rename(path, taken));
  if (!moved.ok) {
    if (errorCode(moved.error) === "ENOENT") return false;
    throw moved.error;
  }
  if (isOld(yield* lookIfThere(taken))) {
    yield* removeIfThere(taken);
    return true;
  }
  const names = folders.namesFor(operation, sha256);
  try {
    yield* names.open();
    // Should there be another one by now, it has the same bytes.
    yield* rename(taken, path);
    yield* names.flush();
    return false;
  } finally {
    yield* names.close();
  }
}
