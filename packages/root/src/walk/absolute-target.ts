import { Buffer } from "node:buffer";
import { attempt, readlinkHeld, type PathArgument, type Steps } from "@holdfast/fs/steps";
import type { RootCall } from "../call/root-call.ts";
import { escapes, splitTarget } from "../path/parse-path.ts";

/**
 * The names from the root for a link whose target is absolute. It is outside unless it leads back in,
 * which its text must say: where the root is, or was when it was opened, and then names. Asking where the
 * kernel would arrive would tell a guest, who can make links, which directories there are outside.
 * What comes of it is only a list of names: they are looked up from the root like any others.
 *
 * @throws `ERR_PATH_ESCAPES`
 */
export function* insideNames(call: RootCall, target: PathArgument): Steps<PathArgument[]> {
  const { strategy, top, location } = call.core;
  let names = below(target, location);
  if (names === undefined && strategy.containment === "identity") names = below(target, top.path);
  if (names === undefined && strategy.containment === "descriptor") {
    const now = yield* attempt(readlinkHeld(top.path)); // the root may have been renamed since
    if (now.ok) names = below(target, now.value);
  }
  if (names !== undefined) return names;
  throw escapes(
    "a symbolic link on the way leads out of the root",
    "The link itself can be read, renamed and removed.",
  );
}

/** The names from `base` to `path`, if the one begins with the other. */
function below(path: PathArgument, base: PathArgument): PathArgument[] | undefined {
  const [whole, start] = [Buffer.from(path as string), Buffer.from(base as string)];
  const end = start.at(-1) === slash ? start.length - 1 : start.length; // the root may be "/"
  if (!whole.subarray(0, end).equals(start.subarray(0, end))) return undefined;
  if (whole.length > end && whole[end] !== slash) return undefined;
  return splitTarget(whole.subarray(end));
}

const slash = 0x2f;
