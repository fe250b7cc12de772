import { attempt, errorCode, readlink, Refusal, type Steps } from "@holdfast/fs/steps";
import { namesOf, type RootCall } from "../call/root-call.ts";
import { shownPath } from "../path/names.ts";
import type { ParsedPath } from "../path/parse-path.ts";
import type { Directory, Place } from "../walk/strategy.ts";
import { allNames, findDirectory, followLink, meansDirectory } from "../walk/walker.ts";
import { nameAt } from "./make-change.ts";
import { findOrMakeDirectory } from "./make-directory.ts";

/**
 * The directory of a file that is to be written; made, if that is wanted.
 *
 * @param exclusive whether the file must not exist
 */
export function* findParent(call: RootCall, path: ParsedPath, exclusive = false): Steps<Directory> {
  const { directories, last } = path;
  if (!meansDirectory(path)) {
    if (!call.policy.create) return yield* findDirectory(call, directories);
    return yield* findOrMakeDirectory(call, directories, 0o777, (place) => {
      call.leavesIfItFails(shownPath(namesOf(place)));
    });
  }
  // As open(2) with O_CREAT, which looks up the way and does not look at the last name.
  yield* findDirectory(call, last === ".." ? allNames(path) : directories);
  const isThere = last === "." || last === "..";
  throw new Refusal(exclusive && isThere ? "EEXIST" : "EISDIR");
}

/** Where a link leads that is to be written through; the same place if there is none any more. */
export function* followToWrite(call: RootCall, place: Place): Steps<Place> {
  const next = yield* attempt(followLink(call, place));
  if (next.ok) return next.value ?? place;
  const code = errorCode(next.error);
  if (code !== "ENOENT" && code !== "ENOTDIR") throw next.error;
  // A slash after the target: again as open(2) with O_CREAT.
  const target = yield* attempt(readlink(nameAt(place)));
  if (target.ok && target.value.toString("latin1").endsWith("/")) throw new Refusal("EISDIR");
  throw next.error;
}
