/** `cp`, call by call as Node's own: what it refuses, in its order. */

import { dirname, isAbsolute, join, parse, resolve, sep } from "node:path";
import { invalidArgument, toBoolean, toCopyMode, toStrictOptions } from "../arguments.ts";
import type { AnyStats } from "../call.ts";
import { make, settled, type Composite } from "../composite.ts";
import { copyFile } from "./files.ts";
import { makeDirectories } from "./make-directories.ts";

export interface CopyTreeOptions {
  readonly recursive: boolean;
  readonly force: boolean;
  readonly errorOnExist: boolean;
  readonly dereference: boolean;
  readonly preserveTimestamps: boolean;
  readonly verbatimSymlinks: boolean;
  readonly mode: number;
  readonly filter: ((from: string, to: string) => unknown) | undefined;
}

export function toCopyOptions(options: unknown): CopyTreeOptions {
  const given = toStrictOptions<Record<keyof CopyTreeOptions, unknown>>(options);
  const flag = (name: keyof CopyTreeOptions, byDefault = false): boolean =>
    toBoolean(given[name], `options.${name}`, byDefault);
  const { filter } = given;
  if (filter !== undefined && typeof filter !== "function") {
    throw invalidArgument("options.filter", "of type function", filter);
  }
  if (given.dereference === true && given.verbatimSymlinks === true) {
    const text =
      'Option "dereference" cannot be used in combination with option "verbatimSymlinks"';
    throw Object.assign(new TypeError(text), { code: "ERR_INCOMPATIBLE_OPTION_PAIR" });
  }
  return {
    recursive: flag("recursive"),
    force: flag("force", true),
    errorOnExist: flag("errorOnExist"),
    dereference: flag("dereference"),
    preserveTimestamps: flag("preserveTimestamps"),
    verbatimSymlinks: flag("verbatimSymlinks"),
    mode: toCopyMode(given.mode),
    filter: filter as CopyTreeOptions["filter"],
  };
}

export function* copyTree(from: string, to: string, options: CopyTreeOptions): Composite<void> {
  const target = yield* checkPaths(from, to, options);
  if (target === skipped) return;
  yield* checkParents(from, to, options);
  if ((yield* lookIfThere(dirname(to), "stat")) === undefined) {
    yield* makeDirectories(dirname(to), 0o777);
  }
  yield* copyEntry(from, to, target, options);
}

const skipped = Symbol("skipped by the filter");
type Target = AnyStats | undefined;

/** Returns what is at the target, if anything is. */
function* checkPaths(
  from: string,
  to: string,
  { filter, dereference }: CopyTreeOptions,
): Composite<Target | typeof skipped> {
  if (filter !== undefined && !(yield* settled(filter(from, to)))) return skipped;
  const look = dereference ? "stat" : "lstat";
  const source = yield* make(look, from, { bigint: true });
  const target = yield* lookIfThere(to, look);
  if (target !== undefined) {
    if (isSame(source, target)) throw invalid("src and dest cannot be the same", to);
    if (source.isDirectory() && !target.isDirectory()) {
      const text = `cannot overwrite non-directory ${to} with directory ${from}`;
      throw copyError("ERR_FS_CP_DIR_TO_NON_DIR", text, to);
    }
    if (!source.isDirectory() && target.isDirectory()) {
      const text = `cannot overwrite directory ${to} with non-directory ${from}`;
      throw copyError("ERR_FS_CP_NON_DIR_TO_DIR", text, to);
    }
  }
  if (source.isDirectory() && isBelow(from, to)) throw intoItself(from, to);
  return target;
}

/** Whether the target lies in the source by other names: through a link, say. */
function* checkParents(
  from: string,
  to: string,
  { dereference }: CopyTreeOptions,
): Composite<void> {
  const source = yield* make(dereference ? "stat" : "lstat", from, { bigint: true });
  const end = resolve(dirname(from));
  for (let parent = resolve(dirname(to)); ; parent = dirname(parent)) {
    if (parent === end || parent === parse(parent).root) return;
    const there = yield* lookIfThere(parent, "stat");
    if (there === undefined) return;
    if (isSame(source, there)) throw intoItself(from, to);
  }
}

function* copyEntry(
  from: string,
  to: string,
  target: Target,
  options: CopyTreeOptions,
): Composite<void> {
  const source = yield* make(options.dereference ? "stat" : "lstat", from, { bigint: false });
  if (source.isDirectory()) {
    if (!options.recursive) {
      throw copyError("ERR_FS_EISDIR", `${from} is a directory (not copied)`, from);
    }
    return yield* copyDirectory(from, to, source, target, options);
  }
  if (source.isSymbolicLink()) return yield* copyLink(from, to, target, options);
  if (source.isSocket()) throw copyError("ERR_FS_CP_SOCKET", "cannot copy a socket file", to);
  if (source.isFIFO()) throw copyError("ERR_FS_CP_FIFO_PIPE", "cannot copy a FIFO pipe", to);
  if (target !== undefined) {
    if (!options.force) {
      if (options.errorOnExist) throw copyError("ERR_FS_CP_EEXIST", `${to} already exists`, to);
      return;
    }
    yield* make("unlink", to);
  }
  yield* copyFile(from, to, options.mode);
  const bits = Number(source.mode) & 0o7777;
  if (options.preserveTimestamps) {
    // utimes of a file that nobody may write fails on Windows
    if ((bits & 0o200) === 0) yield* make("chmod", to, bits | 0o200);
    const { atime, mtime } = yield* make("stat", from, { bigint: false }); // reading it changed atime
    yield* make("utimes", to, atime, mtime);
  }
  yield* make("chmod", to, bits);
}

function* copyDirectory(
  from: string,
  to: string,
  source: AnyStats,
  target: Target,
  options: CopyTreeOptions,
): Composite<void> {
  if (target === undefined) yield* make("mkdir", to, 0o777);
  const names = yield* make("readdir", from, { encoding: "utf8", withFileTypes: false });
  for (const name of names as string[]) {
    const there = yield* checkPaths(join(from, name), join(to, name), options);
    if (there !== skipped) yield* copyEntry(join(from, name), join(to, name), there, options);
  }
  if (target === undefined) yield* make("chmod", to, Number(source.mode) & 0o7777);
}

function* copyLink(
  from: string,
  to: string,
  target: Target,
  { verbatimSymlinks }: CopyTreeOptions,
): Composite<void> {
  const raw = (yield* make("readlink", from, { encoding: "utf8" })) as string;
  const text = verbatimSymlinks || isAbsolute(raw) ? raw : resolve(dirname(from), raw);
  if (target === undefined) return yield* make("symlink", text, to, null);
  let old: string;
  try {
    old = (yield* make("readlink", to, { encoding: "utf8" })) as string;
  } catch (error) {
    // No link is there: Node goes on to the failure of symlink.
    if (codeOf(error) === "EINVAL") return yield* make("symlink", text, to, null);
    throw error;
  }
  const replaced = isAbsolute(old) ? old : resolve(dirname(to), old);
  if (isBelow(text, replaced)) throw intoItself(text, replaced);
  // Taking the old link away would take what the new one leads to.
  if ((yield* make("stat", from, { bigint: false })).isDirectory() && isBelow(replaced, text)) {
    const reason = `cannot overwrite ${replaced} with ${text}`;
    throw copyError("ERR_FS_CP_SYMLINK_TO_SUBDIRECTORY", reason, to);
  }
  yield* make("unlink", to);
  yield* make("symlink", text, to, null);
}

function* lookIfThere(path: string, look: "stat" | "lstat"): Composite<Target> {
  try {
    return yield* make(look, path, { bigint: true });
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

const codeOf = (error: unknown): unknown => (error as NodeJS.ErrnoException | null)?.code;
const isSame = (one: AnyStats, other: AnyStats): boolean =>
  one.ino === other.ino && one.dev === other.dev;
const isBelow = (parent: string, path: string): boolean =>
  `${resolve(path)}${sep}`.startsWith(`${resolve(parent)}${sep}`);

const invalid = (reason: string, path: string): Error =>
  copyError("ERR_FS_CP_EINVAL", reason, path);
const intoItself = (from: string, to: string): Error =>
  invalid(`cannot copy ${from} to a subdirectory of self ${to}`, to);

function copyError(code: string, reason: string, path: string): Error {
  const error = new Error(`cp: ${reason} '${path}'`);
  return Object.assign(error, { code, syscall: "cp", path });
}
