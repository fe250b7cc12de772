/** Whole trees: `readdir` with `recursive`, and `rm`. */

import type { Dirent } from "node:fs";
import { join, sep } from "node:path";
import { toBoolean, toInteger, toStrictOptions } from "../arguments.ts";
import type { AnyStats, Path } from "../call.ts";
import { make, type Composite } from "../composite.ts";

const codeOf = (error: unknown): unknown => (error as NodeJS.ErrnoException | null)?.code;

/** Every entry below, each with the path from `path` that leads to it; directories before what is in them. */
export function* walk(
  path: string,
): Composite<{ readonly name: string; readonly entry: Dirent }[]> {
  const found: { name: string; entry: Dirent }[] = [];
  const open = [""];
  for (let at = open.shift(); at !== undefined; at = open.shift()) {
    const options = { encoding: "utf8", withFileTypes: true } as const;
    const from = at === "" ? path : join(path, at);
    const entries = (yield* make("readdir", from, options)) as Dirent[];
    for (const entry of entries) {
      const name = join(at, entry.name);
      found.push({ name, entry });
      if (entry.isDirectory()) open.push(name);
    }
  }
  return found;
}

interface RemoveOptions {
  readonly recursive: boolean;
  readonly force: boolean;
}

/** `maxRetries` and `retryDelay` are for what keeps a file busy on Windows: they are checked only. */
export function toRemoval(options: unknown): RemoveOptions {
  const { recursive, force, maxRetries, retryDelay } =
    toStrictOptions<Record<keyof RemoveOptions | "maxRetries" | "retryDelay", unknown>>(options);
  toInteger(maxRetries ?? 0, "options.maxRetries", 0, 2 ** 32 - 1);
  toInteger(retryDelay ?? 100, "options.retryDelay", 0, 2 ** 31 - 1);
  return {
    recursive: toBoolean(recursive, "options.recursive"),
    force: toBoolean(force, "options.force"),
  };
}

export function* remove(path: Path, { recursive, force }: RemoveOptions): Composite<void> {
  let stats: AnyStats;
  try {
    stats = yield* make("lstat", path, { bigint: false });
  } catch (error) {
    if (force && codeOf(error) === "ENOENT") return;
    throw error;
  }
  if (!stats.isDirectory()) return yield* make("unlink", path);
  if (!recursive) throw isDirectoryError(String(path));
  yield* removeTree(path, force);
}

function* removeTree(path: Path, force: boolean): Composite<void> {
  const options = { encoding: "buffer", withFileTypes: false } as const;
  const names = (yield* make("readdir", path, options)) as Buffer[];
  for (const name of names) {
    const child = Buffer.concat([Buffer.from(path), Buffer.from(sep), name]);
    // Names that are text stay text: they are what a trace shows.
    const text = child.toString();
    const exact = Buffer.from(text).equals(child);
    yield* remove(exact ? text : child, { recursive: true, force: true });
  }
  try {
    yield* make("rmdir", path);
  } catch (error) {
    if (!force || codeOf(error) !== "ENOENT") throw error;
  }
}

function isDirectoryError(path: string): Error {
  const error = new Error(`Path is a directory: rm returned EISDIR (is a directory) ${path}`);
  return Object.assign(error, { code: "ERR_FS_EISDIR", syscall: "rm", path, errno: 21 });
}
