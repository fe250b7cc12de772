import { parse, sep } from "node:path";
import {
  attempt,
  directoryOf,
  errorCode,
  joinName,
  lstat,
  readlink,
  Refusal,
  type FileStats,
  type Steps,
} from "@holdfast/fs/steps";

/** Where a path leads, and what it passes. */
export interface RealPath {
  /** All links followed; what is missing is as it was given. */
  readonly path: string;
  /** The directories on the way, and what is there itself: as far as they exist. */
  readonly passed: readonly FileStats[];
}

const maxLinks = 40;
const separators = sep === "/" ? /\/+/ : /[\\/]+/;

/** Follows the links of a path, of which the end may be missing. Name by name, as the kernel does. */
export function* realPathOf(given: string): Steps<RealPath> {
  let { root: path, names } = takeApart(given);
  let stats: FileStats | undefined = yield* statsOf(path);
  let way = new Map<string, FileStats>();
  if (stats !== undefined) way.set(path, stats);
  for (let links = 0; names.length > 0;) {
    const [name, ...rest] = names as [string, ...string[]];
    names = rest;
    if (name === "." || name === "") continue;
    if (name === "..") {
      if (path !== directoryOf(path)) way.delete(path);
      path = directoryOf(path);
      continue;
    }
    const next = joinName(path, name);
    stats = yield* statsOf(next);
    if (stats?.isSymbolicLink() === true) {
      if (++links > maxLinks) throw new Refusal("ELOOP");
      const target = String(yield* readlink(next));
      const start = takeApart(target);
      names = [...start.names, ...names];
      if (start.root !== "") {
        path = start.root;
        const first = yield* statsOf(path);
        way = new Map(first === undefined ? [] : [[path, first]]);
      }
      continue;
    }
    path = next;
    if (stats !== undefined) way.set(path, stats);
  }
  return { path, passed: [...way.values()] };
}

function takeApart(path: string): { root: string; names: string[] } {
  const { root } = parse(path);
  return { root, names: path.slice(root.length).split(separators) };
}

function* statsOf(path: string): Steps<FileStats | undefined> {
  const found = yield* attempt(lstat(path));
  if (found.ok) return found.value;
  const code = errorCode(found.error);
  if (code === "ENOENT" || code === "ENOTDIR") return undefined;
  throw found.error;
}
