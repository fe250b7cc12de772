import {
  lstat,
  readlink,
  Refusal,
  type FileStats,
  type PathArgument,
  type PlatformFacts,
  type Steps,
} from "@holdfast/fs/steps";
import { joinName } from "../path/names.ts";
import { isAbsoluteTarget, splitTarget, unifySeparators } from "../path/parse-path.ts";

/** As many as the kernel follows (path_resolution(7)). */
const maxLinks = 40;

/**
 * Goes along an absolute path, link by link, to its end. Nothing is opened.
 *
 * @throws as plain fs does for a path that leads nowhere
 */
function* goAlong(
  path: PathArgument,
  platform: PlatformFacts,
): Steps<{ path: PathArgument; stats: FileStats }> {
  let { top, names } = takeApart(path, platform);
  let at: readonly PathArgument[] = [];
  let links = 0;
  for (;;) {
    const here = pathFrom(top, at);
    const stats = yield* lstat(here);
    if (stats.isSymbolicLink()) {
      if (++links > maxLinks) throw new Refusal("ELOOP");
      const target = unifySeparators(yield* readlink(here), platform);
      at = at.slice(0, -1);
      if (isAbsoluteTarget(target, platform)) {
        const other = takeApart(target, platform);
        [top, at, names] = [other.top, [], [...other.names, ...names]];
      } else {
        names = [...splitTarget(target), ...names];
      }
      continue;
    }
    const [next, ...rest] = names;
    if (next === undefined) return { path: here, stats };
    if (!stats.isDirectory()) throw new Refusal("ENOTDIR");
    // Without links on it, what is above a path is one name less.
    at = next === ".." ? at.slice(0, -1) : [...at, next];
    names = rest;
  }
}

/** The directory that `location` leads to, by its own path. @throws `ENOTDIR` and what plain fs does */
export function* realDirectory(
  location: string,
  platform: PlatformFacts,
): Steps<{ path: string; stats: FileStats }> {
  const { path, stats } = yield* goAlong(location, platform);
  if (!stats.isDirectory()) throw new Refusal("ENOTDIR");
  if (typeof path !== "string") throw notUtf8();
  return { path, stats };
}

/** Without descriptors directories are gone into by paths, and those are strings. */
export const notUtf8 = (): Refusal =>
  new Refusal("ERR_PATH_INVALID", {
    problem: 'a directory whose name is not valid UTF-8 cannot be gone into with "identity"',
  });

/** What a path begins at (`""`, `C:`, `//server/share`), and the names from there. */
function takeApart(
  given: PathArgument,
  platform: PlatformFacts,
): { top: string; names: readonly PathArgument[] } {
  const path = unifySeparators(given, platform);
  if (typeof path !== "string" || platform.separators === "/") {
    return { top: "", names: splitTarget(path) };
  }
  const top = /^(?:\/\/[^/]+\/+[^/]+|[A-Za-z]:)?/.exec(path)![0];
  return { top, names: splitTarget(path.slice(top.length)) };
}

/** The dot makes a directory of a drive, and lets names be added to "/" as to any other. */
function pathFrom(top: string, names: readonly PathArgument[]): PathArgument {
  return names.length === 0 ? `${top}/.` : names.reduce(joinName, top);
}
