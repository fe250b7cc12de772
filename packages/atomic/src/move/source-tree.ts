import { Buffer } from "node:buffer";
import { sep } from "node:path";
import {
  access,
  accessFlags,
  attempt,
  errorCode,
  type FileStats,
  joinName,
  lstat,
  type PathArgument,
  quotePath,
  readdir,
  readlink,
  Refusal,
  sameIdentity,
  type Steps,
} from "@holdfast/fs/steps";

/** What a name can stand for, as far as moving it is concerned. */
export type Kind = "file" | "directory" | "symlink" | "special";

/** One name of a tree; the list of them holds each directory before what is in it. */
export interface Entry {
  /** Index of the directory that holds it; -1 for the root of the tree. */
  readonly parent: number;
  readonly name: PathArgument;
  readonly kind: Kind;
  readonly stats: FileStats;
  /** Of a symbolic link: where it leads. */
  readonly target: PathArgument | undefined;
}

export function kindOf(stats: FileStats): Kind {
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "directory";
  return stats.isSymbolicLink() ? "symlink" : "special";
}

/** A path without its last part being followed; `undefined` if there is nothing of that name. */
export function* lstatIfAny(path: PathArgument): Steps<FileStats | undefined> {
  const found = yield* attempt(lstat(path));
  if (found.ok) return found.value;
  if (errorCode(found.error) === "ENOENT") return undefined;
  throw found.error;
}

/** A name in a directory; bytes as soon as one of them is. */
export function childOf(directory: PathArgument, name: PathArgument): PathArgument {
  if (typeof directory === "string" && typeof name === "string") return joinName(directory, name);
  return Buffer.concat([toBytes(directory), toBytes(sep), toBytes(name)]);
}

const toBytes = (path: PathArgument): Buffer =>
  typeof path === "string" ? Buffer.from(path) : path;

/** The path of an entry when the tree is at `base`. */
export function pathOf(base: string, entries: readonly Entry[], index: number): PathArgument {
  const names: PathArgument[] = [];
  for (let at = index; at > 0; at = entries[at]!.parent) names.push(entries[at]!.name);
  return names.reduceRight<PathArgument>(childOf, base);
}

/** A path for a message or a list: a name that is not UTF-8 loses what a string cannot hold. */
export function display(path: PathArgument): string {
  return typeof path === "string" ? path : path.toString("utf8");
}

/**
 * Whether what was seen twice is one thing in one state, as far as numbers can tell. The change time
 * is set by the kernel alone, so that nobody can restore it after a change; it is also set by a
 * rename, and by every change of the number of names.
 */
export function isUnchanged(before: FileStats, now: FileStats, changeTime: boolean): boolean {
  return (
    sameIdentity(before, now) !== false &&
    before.mode === now.mode &&
    before.size === now.size &&
    before.mtimeNs === now.mtimeNs &&
    before.uid === now.uid &&
    before.gid === now.gid &&
    (!changeTime || before.ctimeNs === now.ctimeNs)
  );
}

/** The source was changed by somebody else. */
export function changed(path: PathArgument, cause?: unknown): Refusal {
  return new Refusal("ERR_CHANGED", {
    problem: `${quotePath(display(path))} was changed while it was moved`,
    hint: "Move it again when nobody writes to it.",
    ...(cause !== undefined && { cause }),
  });
}

// What a path gives after it has been replaced by something else, or its directory has.
const replaced: ReadonlySet<string> = new Set(["ENOENT", "ENOTDIR", "ELOOP", "EINVAL", "ENXIO"]);

/** Steps on something that was seen before: that it is gone now means that it was changed. */
export function* stillThere<T>(path: PathArgument, steps: Steps<T>): Steps<T> {
  const done = yield* attempt(steps);
  if (done.ok) return done.value;
  if (replaced.has(errorCode(done.error) ?? "")) throw changed(path, done.error);
  throw done.error;
}

/**
 * Lists a tree, link by link and never through one, and refuses what cannot be moved by copying it:
 * special files, mount points, and directories from which nothing can be removed.
 *
 * @param device of the directory that holds the root
 */
export function* scanTree(root: string, stats: FileStats, device: bigint): Steps<Entry[]> {
  const entries = [yield* look(root, -1, "", stats, device)];
  for (let index = 0; index < entries.length; index++) {
    if (entries[index]!.kind !== "directory") continue;
    const directory = pathOf(root, entries, index);
    const names = yield* stillThere(directory, readdir(directory));
    // Otherwise the copy would be made in full before it turns out that the source has to stay.
    if (names.length > 0) yield* access(directory, accessFlags.write);
    for (const name of names) {
      const path = childOf(directory, name);
      const found = yield* stillThere(path, lstat(path));
      entries.push(yield* look(path, index, name, found, device));
    }
  }
  return entries;
}

function* look(
  path: PathArgument,
  parent: number,
  name: PathArgument,
  stats: FileStats,
  device: bigint,
): Steps<Entry> {
  const kind = kindOf(stats);
  if (kind === "special") {
    throw new Refusal("ERR_NOT_FILE", {
      problem: `${quotePath(display(path))} is a pipe, a socket or a device, which cannot be copied`,
    });
  }
  // Its content could be copied and removed, but not the mount point itself. Only directories tell:
  // overlayfs gives files the device of the layer that they are in.
  if (kind === "directory" && stats.dev !== device && stats.dev !== 0n && device !== 0n) {
    throw new Refusal("EBUSY", {
      problem: `${quotePath(display(path))} is the root of a mounted file system, which cannot be removed`,
      hint: "Unmount it, or move what is in it.",
    });
  }
  const target = kind === "symlink" ? yield* stillThere(path, readlink(path)) : undefined;
  return { parent, name, kind, stats, target };
}

const keyOf = (name: PathArgument): string =>
  typeof name === "string" ? name : `\0${name.toString("latin1")}`;

/** Throws `ERR_CHANGED` unless every entry, and every list of entries, is what it was. */
export function* checkUnchanged(root: string, entries: readonly Entry[]): Steps<void> {
  const names = new Map<number, Set<string>>();
  for (const [index, { parent, name, stats }] of entries.entries()) {
    const path = pathOf(root, entries, index);
    const now = yield* stillThere(path, lstat(path));
    if (!isUnchanged(stats, now, true)) throw changed(path);
    if (parent >= 0) names.set(parent, (names.get(parent) ?? new Set()).add(keyOf(name)));
  }
  for (const [index, { kind }] of entries.entries()) {
    if (kind !== "directory") continue;
    const path = pathOf(root, entries, index);
    const expected = names.get(index) ?? new Set();
    const found = yield* stillThere(path, readdir(path));
    const isSame = found.length === expected.size && found.every((n) => expected.has(keyOf(n)));
    if (!isSame) throw changed(path);
  }
}
