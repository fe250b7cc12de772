import {
  Refusal,
  attempt,
  link,
  sameIdentity,
  unlink,
  type FileStats,
  type Steps,
} from "@holdfast/fs/steps";
import type { RootCall } from "../call/root-call.ts";
import type { Place } from "../walk/strategy.ts";
import { pathOf } from "../walk/walker.ts";
import { lookAt, makeChange, nameAt } from "./make-change.ts";

/**
 * Gives what has one name a second one, which must not exist. What is at `from` is looked at as a
 * name: a link gets the second name itself.
 *
 * @param seen what had the first name just now
 */
export function* linkName(call: RootCall, from: Place, to: Place, seen: FileStats): Steps<void> {
  // POSIX leaves it open whether link(2) follows a link; that of Linux does not (link(2)). Elsewhere a
  // link that leads out would bring a file from outside in.
  const follows = call.operation.platform.name !== "linux" && call.operation.platform.modes;
  if (follows && seen.isSymbolicLink()) {
    throw new Refusal("ERR_UNSUPPORTED", {
      problem: "a symbolic link cannot be given a second name here",
    });
  }
  yield* makeChange(call, link(nameAt(from), pathOf(to)), function* (code) {
    const now = yield* lookAt(to);
    if (now === undefined || sameIdentity(now, seen) === false) return "none";
    // It may have been a second name of this very file all along.
    return code === "EEXIST" && now.nlink <= seen.nlink ? "none" : "complete";
  });
  if (!follows) return;
  const made = yield* attempt(lookAt(to));
  if (made.ok && made.value !== undefined && sameIdentity(made.value, seen) !== false) return;
  call.operation.effect = "unknown";
  if (yield* call.operation.cleanUp(unlink(nameAt(to)))) call.operation.effect = "none";
  throw new Refusal("ERR_CHANGED", { problem: "another file took the place of the first name" });
}
