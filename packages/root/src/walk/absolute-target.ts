import { Buffer } from "node:buffer";
import {
  attempt,
  closeFlushed,
  descriptorOf,
  open,
  openFlags,
  readlinkHeld,
  sameIdentity,
  type FileStats,
  type PathArgument,
  type Steps,
} from "@holdfast/fs/steps";
import type { RootCall } from "../call/root-call.ts";
import { goAlong } from "./real-path.ts";
import { escapes, splitTarget } from "../path/parse-path.ts";

/**
 * The names from the root for a link whose target is absolute. It is outside unless it leads back in,
 * which is found out by its text or, if that says nothing, by asking where the kernel would arrive.
 * What comes of it is only a list of names: they are looked up from the root like any others.
 *
 * @throws `ERR_PATH_ESCAPES`
 */
export function* insideNames(call: RootCall, target: PathArgument): Steps<PathArgument[]> {
  const { strategy, top, location } = call.core;
  let names = below(target, location);
  if (names === undefined && strategy.containment === "descriptor") {
    // The root may have been renamed since; and a link may come back in by another one outside.
    const now = yield* attempt(readlinkHeld(top.path));
    if (now.ok) names = below(target, now.value);
    if (now.ok && names === undefined) {
      const arrived = yield* attempt(whereKernelArrives(call, target));
      if (arrived.ok) names = below(arrived.value, now.value);
    }
  }
  if (names === undefined && strategy.containment === "identity") {
    const arrived = yield* attempt(goAlong(target, call.operation.platform, isTop(call)));
    if (arrived.ok && isTop(call)(arrived.value.stats)) names = [...arrived.value.rest];
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

/** Met on the way, by whatever path, it is the root. */
const isTop =
  ({ core }: RootCall) =>
  (stats: FileStats): boolean =>
    sameIdentity(stats, core.topStats) === true;

const slash = 0x2f;

/** Nothing is opened for I/O: the descriptor stands for a place, and is closed at once. */
function* whereKernelArrives(call: RootCall, target: PathArgument): Steps<PathArgument> {
  const handle = yield* open(target, openFlags.pathOnly);
  try {
    return yield* readlinkHeld(`/proc/self/fd/${descriptorOf(handle)}`);
  } finally {
    yield* call.operation.cleanUp(closeFlushed(handle));
  }
}
