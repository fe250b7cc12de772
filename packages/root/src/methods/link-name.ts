import {
  attempt,
  errorCode,
  link,
  readlink,
  Refusal,
  sameIdentity,
  symlink,
  unlink,
  type FileStats,
  type Steps,
} from "@holdfast/fs/steps";
import type { RootCall } from "../call/root-call.ts";
import type { Place } from "../walk/strategy.ts";
import { pathOf } from "../walk/walker.ts";
import { lookAt, lookMade, makeChange, nameAt } from "./make-change.ts";

/** How often a first name is looked at again that others keep replacing. */
const maxLooks = 8;

/** A file that is replaced between the look-up and the link has no name left: ENOENT (link(2)). */
function* linkPatiently(from: Place, to: Place): Steps<void> {
  for (let looks = 1; ; looks++) {
    const linked = yield* attempt(link(nameAt(from), pathOf(to)));
    if (linked.ok) return;
    const code = errorCode(linked.error);
    const replaced = code === "ENOENT" && looks < maxLooks && (yield* lookAt(from)) !== undefined;
    // The other thing that can be missing is the directory of the second name, which was removed.
    if (!replaced || (yield* lookAt({ ...to, name: "." })) === undefined) throw linked.error;
  }
}

/**
 * Gives what has one name a second one, which must not exist. What is at `from` is looked at as a
 * name: a link gets the second name itself, or where the system cannot do that, one like it is made.
 *
 * @param seen what had the first name just now
 * @returns what has the second name
 */
export function* linkName(
  call: RootCall,
  from: Place,
  to: Place,
  seen: FileStats,
): Steps<FileStats> {
  // POSIX leaves it open whether link(2) follows a link; that of Linux does not (link(2)). Elsewhere a
  // link that leads out would bring a file from outside in.
  const { name, modes } = call.operation.platform;
  const follows = name !== "linux" && modes;
  if (follows && seen.isSymbolicLink()) {
    const target = yield* readlink(nameAt(from));
    yield* makeChange(call, symlink(target, pathOf(to)), lookMade(to));
    return (yield* lookAt(to)) ?? seen;
  }
  yield* makeChange(call, linkPatiently(from, to), function* (code) {
    const now = yield* lookAt(to);
    if (now === undefined || sameIdentity(now, seen) === false) return "none";
    // It may have been a second name of this very file all along.
    return code === "EEXIST" && now.nlink <= seen.nlink ? "none" : "complete";
  });
  if (!follows) return seen;
  const made = yield* attempt(lookAt(to));
  if (made.ok && made.value !== undefined && sameIdentity(made.value, seen) !== false) return seen;
  // Either the first name was swapped for a link, which was followed; or somebody has given the second
  // name to something of theirs. It loses nothing by this if it has another name.
  call.operation.effect = "unknown";
  if (made.ok && (made.value?.nlink ?? 1n) > 1n) {
    yield* call.operation.cleanUp(unlink(nameAt(to)));
  }
  throw new Refusal("ERR_CHANGED", { problem: "another file took the place of the first name" });
}
