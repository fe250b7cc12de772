import {
  attempt,
  errorCode,
  lstat,
  rmdir,
  unlink,
  type PathArgument,
  type Steps,
} from "@holdfast/fs/steps";
import { namesOf, type RootCall } from "../call/root-call.ts";
import { joinName } from "../path/names.ts";
import type { Place } from "../walk/strategy.ts";

/** What came of it: it is gone, by whomever; it is of the other kind; it is not empty. */
export type Removal =
  | { readonly is: "gone" }
  | { readonly is: "other" | "full"; readonly error: unknown };

/**
 * Removes one name: a directory by rmdir(2), anything else by unlink(2), neither of which follows a
 * link or takes the one for the other.
 *
 * @param whole whether the call is done with it
 */
export function* removeName(
  call: RootCall,
  place: Place,
  kind: "directory" | "file",
  whole: boolean,
): Steps<Removal> {
  const { operation } = call;
  yield* call.mayChange(namesOf(place), true);
  const path = joinName(place.directory.path, place.name);
  const removed = yield* attempt(kind === "directory" ? rmdir(path) : unlink(path));
  if (removed.ok) {
    operation.effect = whole ? "complete" : "partial";
    return { is: "gone" };
  }
  const { error } = removed;
  const code = errorCode(error);
  if (kind === "directory") {
    if (code === "ENOTEMPTY" || code === "EEXIST") return { is: "full", error };
    if (code === "ENOTDIR") return { is: "other", error };
  }
  const left = yield* attempt(lstat(path));
  if (left.ok) {
    const directory = left.value.isDirectory();
    // Linux says EISDIR, POSIX EPERM; but a file may have that too (an immutable one).
    if (kind === "file" && directory && (code === "EISDIR" || code === "EPERM")) {
      return { is: "other", error };
    }
    throw error;
  }
  if (errorCode(left.error) !== "ENOENT") {
    operation.effect = "unknown"; // the call may have been carried out, as on a network file system
    throw error;
  }
  if (code !== "ENOENT" || whole) operation.effect = whole ? "complete" : "partial";
  return { is: "gone" };
}

/** What {@link Removal} says of a name that is asked for once more than can be honest. */
export const mostLooks = 8;

/** An entry of a directory that is to be removed. */
export interface Doomed {
  readonly name: PathArgument;
  readonly kind: "directory" | "file";
  /** How often it turned out to be something else. */
  readonly looks: number;
}
