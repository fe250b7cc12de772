import {
  all,
  attempt,
  lstat,
  readlink,
  type FileStats,
  type PlatformFacts,
  type Steps,
} from "@holdfast/fs/steps";

/** As many links as the kernel follows (path_resolution(7)). */
const maxLinks = 40;

/** Where a path leads, without links on it. */
export interface Way {
  /** What it begins with: `""`, or a drive or share of Windows. */
  readonly top: string;
  readonly names: readonly string[];
  /** What has each of these names: `undefined` if nothing does, or that could not be found out. */
  readonly stats: readonly (FileStats | undefined)[];
}

/** The path of the first `count` names, with `/`. */
export function pathAlong({ top, names }: Pick<Way, "top" | "names">, count?: number): string {
  return `${top}/${names.slice(0, count).join("/")}`;
}

/**
 * Goes along a path as the kernel would, link by link. The last name is only followed if something after it says that
 * it is a directory. What is missing, or may not be looked at, is kept as it was given: whoever acts there is told why.
 *
 * This is about names alone. Nothing is read, and who acts on the result goes through a root, which does not trust it.
 *
 * @param path absolute
 */
export function* followWay(platform: PlatformFacts, path: string): Steps<Way> {
  const given = takeApart(platform, path);
  return (yield* withoutLinks(given)) ?? (yield* linkByLink(platform, given));
}

/**
 * The same, where a path begins with a way that is known: only what comes after it is asked for. `undefined` if it does
 * not, or if there are links or `..` in that.
 */
export function* followFrom(
  start: Way,
  platform: PlatformFacts,
  path: string,
): Steps<Way | undefined> {
  const given = takeApart(platform, path);
  const known = start.names.length;
  const begins =
    given.top === start.top &&
    given.names.length > known &&
    start.names.every((name, index) => name === given.names[index]);
  return begins ? yield* withoutLinks(given, start) : undefined;
}

interface Given {
  readonly top: string;
  readonly names: readonly string[];
  readonly followsLast: boolean;
}

function takeApart(platform: PlatformFacts, path: string): Given {
  const text = platform.separators === "/" ? path : path.replaceAll("\\", "/");
  const drive =
    platform.separators === "/" ? "" : /^(?:\/\/[^/]+\/+[^/]+|[A-Za-z]:)?/.exec(text)![0];
  const parts = text.slice(drive.length).split("/");
  const names = parts.filter((part) => part !== "" && part !== ".");
  const end = parts.at(-1)!;
  return { top: drive, names, followsLast: end === "" || end === "." || end === ".." };
}

/** The usual case: all names are asked for at once. */
function* withoutLinks({ top, names, followsLast }: Given, start?: Way): Steps<Way | undefined> {
  if (names.includes("..")) return undefined;
  const known = start?.stats ?? [];
  const rest = names.slice(known.length);
  const looks = rest.map((_, index) =>
    attempt(lstat(pathAlong({ top, names }, known.length + index + 1))),
  );
  const looked = (yield* all(looks)).map((look) => (look.ok ? look.value : undefined));
  const found = [...known, ...looked];
  const followed = followsLast ? found : found.slice(0, -1);
  return followed.some((stats) => stats?.isSymbolicLink())
    ? undefined
    : { top, names, stats: found };
}

function* linkByLink(platform: PlatformFacts, given: Given): Steps<Way> {
  let { top } = given;
  let names: string[] = [];
  let stats: (FileStats | undefined)[] = [];
  const pending = given.names.toReversed();
  for (let links = 0; pending.length > 0;) {
    const name = pending.pop()!;
    if (name === "..") {
      names.pop();
      stats.pop();
      continue;
    }
    names.push(name);
    const isKnown = stats.length === 0 || stats.at(-1)?.isDirectory() === true;
    const found = isKnown ? yield* attempt(lstat(pathAlong({ top, names }))) : undefined;
    const here = found?.ok === true ? found.value : undefined;
    stats.push(here);
    const isLast = pending.length === 0 && !given.followsLast;
    if (here?.isSymbolicLink() !== true || isLast || ++links > maxLinks) continue;
    const target = yield* attempt(readlink(pathAlong({ top, names })));
    if (!target.ok || typeof target.value !== "string") continue;
    const led = takeApart(platform, target.value);
    names.pop();
    stats.pop();
    if (isAbsoluteTarget(platform, target.value)) {
      [names, stats] = [[], []];
      if (led.top !== "") top = led.top;
    }
    pending.push(...led.names.toReversed());
  }
  return { top, names, stats };
}

const isAbsoluteTarget = (platform: PlatformFacts, target: string): boolean =>
  target.startsWith("/") || (platform.separators !== "/" && /^(?:\\|[A-Za-z]:)/.test(target));
