import { createHash } from "node:crypto";
import { sep } from "node:path";
import {
  absolute,
  attempt,
  directoryOf,
  errorCode,
  invalidRange,
  joinName,
  lstat,
  nameOf,
  readPath,
} from "@holdfast/fs/steps";
import type { FileStats, Operation, PathArgument, Steps } from "@holdfast/fs/steps";

/** A directory that is to be renamed or renamed over: the one name in the one directory. */
export interface DirectoryTarget {
  /** Absolute, not normalised, without a separator at its end. */
  readonly path: string;
  readonly parent: string;
  readonly name: string;
}

/**
 * The path in an option. Made absolute at entry: a `process.chdir()` during an asynchronous call
 * must not lead its second half elsewhere.
 */
export function directoryArgument(op: string, option: string, value: unknown): DirectoryTarget {
  let path = absolute(readPath(op, option, value));
  while (path !== "" && nameOf(path) === "") path = path.slice(0, -1);
  const name = nameOf(path);
  // rename(2) refuses "." and ".." with EBUSY or EINVAL, and "/" has no directory to be renamed in.
  if (name === "" || name === "." || name === "..") {
    throw invalidRange(op, option, 'a path that ends in a name other than "." and ".."', value);
  }
  return { path, parent: directoryOf(path), name };
}

/**
 * Where a replacement of this target keeps its claim and its record: a directory beside the target,
 * named after a hash of its name, because that name alone may be 255 bytes long. Where names that
 * differ in case are one file, they are one here.
 */
export function recordDirectory(operation: Operation, target: DirectoryTarget): string {
  const name = operation.platform.foldsCase
    ? target.name.normalize("NFC").toLowerCase()
    : target.name;
  const hash = createHash("sha256").update(name).digest("hex").slice(0, 32);
  return joinName(target.parent, `.holdfast-directory-${hash}`);
}

/** `lstat`, and `undefined` for a name that does not exist. */
export function* lstatIfPresent(path: PathArgument): Steps<FileStats | undefined> {
  const found = yield* attempt(lstat(path));
  if (found.ok) return found.value;
  if (errorCode(found.error) === "ENOENT") return undefined;
  throw found.error;
}

/** An entry of a directory; in bytes where its name is not valid UTF-8. */
export function joinEntry(directory: PathArgument, name: PathArgument): PathArgument {
  if (typeof directory === "string" && typeof name === "string") return joinName(directory, name);
  return Buffer.concat([Buffer.from(directory), Buffer.from(sep), Buffer.from(name)]);
}

/** Adds a name to `leftovers`, once. */
export function leaveBehind(operation: Operation, path: string): void {
  if (!operation.leftovers.includes(path)) operation.leftovers.push(path);
}
