import { Buffer } from "node:buffer";
import {
  attempt,
  errorCode,
  lstat,
  Refusal,
  sameIdentity,
  type FileStats,
  type PathArgument,
  type Steps,
} from "@holdfast/fs/steps";
import { namesOf, type RootCall } from "../call/root-call.ts";
import { findOrMakeDirectory } from "../methods/make-directory.ts";
import { lookAt } from "../methods/make-change.ts";
import type { ParsedPath } from "../path/parse-path.ts";
import type { Pin, Place } from "../walk/strategy.ts";
import { allNames, findDirectory, meansDirectory } from "../walk/walker.ts";

/** Where a copy goes. */
export interface CopyTarget {
  readonly place: Place;
  readonly existing: FileStats | undefined;
}

/**
 * Finds where a copy goes, and makes the directories that are missing on the way, as plain `cp` does;
 * but first refuses what must not be copied there.
 *
 * @param made told when a directory was made
 * @throws `ERR_INSIDE_SOURCE`; `EINVAL` for a source and destination that are the same; `EISDIR` and
 * `ENOTDIR` for a directory over something else and the reverse, the errnos of Node's own codes
 */
export function* findTarget(
  call: RootCall,
  to: ParsedPath,
  source: Pin,
  made: () => void,
): Steps<CopyTarget> {
  if (meansDirectory(to)) {
    const found = yield* attempt(findDirectory(call, allNames(to)));
    if (found.ok) {
      const place = { directory: found.value, name: "." };
      const existing = yield* lstat(`${found.value.path}/.`);
      refuseTarget(call, source, namesOf(place), existing);
      return { place, existing };
    }
    const isNew = errorCode(found.error) === "ENOENT" && to.last !== "." && to.last !== "..";
    if (!isNew) throw found.error;
    if (!source.stats.isDirectory()) throw new Refusal("EISDIR");
  }
  const name = to.last;
  const parent = yield* attempt(findDirectory(call, to.directories));
  if (parent.ok) {
    const place = { directory: parent.value, name };
    const existing = yield* lookAt(place);
    refuseTarget(call, source, namesOf(place), existing);
    return { place, existing };
  }
  if (errorCode(parent.error) !== "ENOENT") throw parent.error;
  refuseTarget(call, source, [...(yield* wouldBe(call, to.directories)), name], undefined);
  call.forgetLinks();
  const directory = yield* findOrMakeDirectory(call, to.directories, 0o777, made);
  return { place: { directory, name }, existing: yield* lookAt({ directory, name }) };
}

/** The place of a directory that is not there yet. */
function* wouldBe(call: RootCall, names: readonly PathArgument[]): Steps<PathArgument[]> {
  for (let length = names.length - 1; ; length--) {
    call.forgetLinks();
    const found = yield* attempt(findDirectory(call, names.slice(0, length)));
    if (found.ok) {
      yield* call.release(found.value);
      const missing = names.slice(length);
      // "missing/.." leads nowhere; it would not do to make something first and then find out where.
      if (missing.includes("..")) throw new Refusal("ENOENT");
      return [...found.value.names, ...missing];
    }
    if (errorCode(found.error) !== "ENOENT") throw found.error;
  }
}

function refuseTarget(
  call: RootCall,
  source: Pin,
  names: readonly PathArgument[],
  existing: FileStats | undefined,
): void {
  if (existing !== undefined) {
    if (sameIdentity(source.stats, existing) === true) {
      throw new Refusal("EINVAL", { problem: "source and destination are the same" });
    }
    refuseKinds(source.stats, existing);
  }
  const above = namesOf(source.place);
  const { fold } = call.core.rules;
  if (source.stats.isDirectory() && isWithin(names, above, fold)) throw insideSource();
}

/** The destination is in the source: a copy of it would never end. */
export const insideSource = (): Refusal => new Refusal("ERR_INSIDE_SOURCE");

/** A directory is not put over something else, nor the reverse. */
export function refuseKinds(source: FileStats, existing: FileStats): void {
  if (source.isDirectory() === existing.isDirectory()) return;
  throw new Refusal(source.isDirectory() ? "EISDIR" : "ENOTDIR", {
    problem: source.isDirectory()
      ? "a directory cannot take the place of something else"
      : "only a directory can be copied onto a directory",
  });
}

function isWithin(
  names: readonly PathArgument[],
  above: readonly PathArgument[],
  fold: (name: string) => string,
): boolean {
  const same = (a: PathArgument, b: PathArgument): boolean =>
    typeof a === "string" && typeof b === "string"
      ? fold(a) === fold(b)
      : typeof a === typeof b && Buffer.compare(a as Buffer, b as Buffer) === 0;
  return above.length <= names.length && above.every((name, index) => same(name, names[index]!));
}
