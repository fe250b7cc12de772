import { basename, posix } from "node:path";
import type { PlatformName } from "@holdfast/fs";
import type { Image, InodeId } from "../../memory/effect.ts";
import type { Made } from "./faulty-calls.ts";

/** Every path of an image, from `/`, without the root. */
export function pathsOf(image: Image): Set<string> {
  const paths = new Set<string>();
  const visit = (directory: InodeId, prefix: string): void => {
    const inode = image.inodes.get(directory);
    if (inode?.type !== "directory") return;
    for (const [name, child] of inode.entries) {
      paths.add(`${prefix}/${name}`);
      visit(child, `${prefix}/${name}`);
    }
  };
  visit(image.root, "");
  return paths;
}

export interface LeftoverQuestion {
  /** What is there now. */
  readonly paths: ReadonlySet<string>;
  /** What was there before, and what a run without a fault leaves. */
  readonly expected: ReadonlySet<string>;
  readonly made: readonly Made[];
  readonly end: "done" | Error;
  readonly platform: PlatformName;
  readonly allowed: readonly RegExp[];
}

/**
 * New names that nobody is to blame for less than the program. Not blamed on it are
 *
 * - names that its error tells of (`leftovers`, or in a message of its own);
 * - names that it tried to remove, and could not;
 * - names made by a call that said it had failed: it cannot know that they are its own.
 */
export function leftoversOf(question: LeftoverQuestion): string[] {
  const { paths, expected, made, end, allowed } = question;
  const fresh = [...paths].filter((path) => !expected.has(path));
  if (fresh.length === 0) return [];
  const told = tellingOf(end, made);
  const excused = excusesOf(made, question.platform);
  const isExcused = (path: string): boolean =>
    allowed.some((glob) => glob.test(path)) || told(path) || excused.some((excuse) => excuse(path));
  const may = fresh.filter(isExcused);
  return fresh.filter(
    (path) =>
      !may.some(
        (other) =>
          other === path ||
          // A directory cannot be removed that holds what may be there.
          other.startsWith(`${path}/`) ||
          // Who tells of a directory tells of what is in it.
          path.startsWith(`${other}/`),
      ),
  );
}

type Excuse = (path: string) => boolean;

const making: ReadonlySet<string> = new Set(["open", "mkdir", "link", "symlink", "rename"]);
const removing: ReadonlySet<string> = new Set(["unlink", "rmdir"]);
const removingVia: ReadonlySet<string> = new Set(["rm", "rmdir"]);

function excusesOf(made: readonly Made[], platform: PlatformName): Excuse[] {
  const first = made.find(({ injected }) => injected !== undefined)?.call.index ?? Infinity;
  return made.flatMap(({ call, injected, error }): Excuse[] => {
    if (error === undefined || call.index < first) return [];
    const given = call.paths.map((path) => absolute(path, platform));
    if (injected !== undefined && "when" in injected && injected.when === "after") {
      if (call.name === "mkdtemp") return [(path) => path.startsWith(given[0]!)];
      if (making.has(call.name)) return [isOrIsIn(given.at(-1)!)];
    }
    const removes = removing.has(call.name) || removingVia.has(call.via);
    // "There is none" is no reason to leave it.
    if (!removes || (error as NodeJS.ErrnoException).code === "ENOENT") return [];
    return [isOrIsIn(given[0]!)];
  });
}

function absolute(path: string, platform: PlatformName): string {
  const slashed = platform === "win32" ? path.replace(/^[a-z]:/i, "").replaceAll("\\", "/") : path;
  return posix.resolve("/", slashed);
}

/** By its name alone, too: the program may have come there through a symbolic link. */
function isOrIsIn(removed: string): Excuse {
  const name = basename(removed);
  return (path) => basename(path) === name || path.split("/").includes(name);
}

interface Telling {
  readonly message?: unknown;
  readonly leftovers?: unknown;
  readonly syscall?: unknown;
  readonly cause?: unknown;
  readonly errors?: unknown;
  readonly suppressed?: unknown;
}

/**
 * Whether an error tells of a name on purpose. The message of a failed call names its paths too, and
 * says nothing of what was left: it is taken out first.
 */
function tellingOf(end: "done" | Error, made: readonly Made[]): (path: string) => boolean {
  const listed = new Set<string>();
  let text = "";
  const open: unknown[] = end === "done" ? [] : [end];
  for (let seen = 0; seen < 50 && open.length > 0; seen++) {
    const one = open.shift();
    if (typeof one !== "object" || one === null) continue;
    const { message, leftovers, syscall, cause, errors, suppressed } = one as Telling;
    for (const name of listOf(leftovers)) listed.add(posix.resolve("/", String(name)));
    if (syscall === undefined && typeof message === "string") text += `${message}\n`;
    open.push(cause, ...listOf(errors), ...listOf(suppressed));
  }
  for (const { error } of made) {
    if (error instanceof Error) text = text.replaceAll(error.message, "");
  }
  return (path) => listed.has(path) || text.includes(path);
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
