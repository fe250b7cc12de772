import {
  access,
  all,
  attempt,
  lstat,
  readlink,
  Refusal,
  type PathArgument,
  type Steps,
} from "@holdfast/fs/steps";
import { namesOf, type RootCall } from "../call/root-call.ts";
import { joinName } from "../path/names.ts";
import { containByProof, wayOf } from "./contain-by-proof.ts";
import { chmodByIdentity, openByIdentity, utimesByIdentity } from "./identity-objects.ts";
import type { Directory, Link, Strategy } from "./strategy.ts";
import { pathOfDirectory } from "./way-names.ts";
import { changed } from "./way-refusals.ts";

/** How often a name is looked at again that others keep changing. */
const maxLooks = 40;

/**
 * Windows, Linux without /proc, others: calls go by path, and that no path led astray is proved from
 * change times ({@link Way}). A swap is not prevented but always leaves a trace, also one that is taken
 * back before anybody looks.
 *
 * Objects are found by `lstat`, opened by path and compared by `fstat`: an open file is safe from swaps.
 *
 * Weaker than `"descriptor"`: a root that is renamed is not found any more; a change can have happened
 * elsewhere before that is known; directories above the one that the root is in are trusted; where others
 * change a directory and the one above it all the time, nothing can be proved and calls fail; and what
 * change times do not show (FAT, a file server whose clock lags, somebody who sets the clock) is not seen.
 */
export const identityStrategy: Strategy = {
  containment: "identity",

  *openDirectory(call, names) {
    // A name that is no text could not be gone into; the walk name by name says so.
    if (!names.every((name) => typeof name === "string")) return undefined;
    if (!(yield* wayOf(call).reach(names))) return undefined;
    return entered(call, names);
  },

  *enter(call, directory, name) {
    yield* relyOn(call, directory);
    const names = [...directory.names, name];
    const path = joinName(directory.path, name);
    for (let looks = 0; looks < maxLooks; looks++) {
      const stats = yield* lstat(path);
      if (stats.isDirectory()) {
        pathOfDirectory(directory.path, name);
        if (yield* wayOf(call).reach(names)) return entered(call, names);
      } else if (stats.isSymbolicLink()) {
        const target = yield* attempt(readlink(path));
        if (target.ok) return { target: target.value } satisfies Link;
      } else {
        throw new Refusal("ENOTDIR");
      }
      // It was something else a moment ago.
    }
    throw changed();
  },

  /** The directories and the object are looked at together: all of it is proved from before that on. */
  *pinAtOnce(call, names) {
    const above = names.slice(0, -1);
    const [name] = names.slice(-1);
    if (name === undefined || !above.every((one) => typeof one === "string")) return undefined;
    const way = wayOf(call);
    const { rests } = way;
    const path = [...above, name].reduce(joinName, call.core.top.path as PathArgument);
    const [reached, found] = yield* all([way.reach(above), attempt(lstat(path))]);
    // After a rest only what was seen from then on can be proved; a directory is for the way itself.
    if (!reached || rests !== way.rests || !found.ok || found.value.isDirectory()) return undefined;
    const place = { directory: entered(call, above), name };
    return { place, stats: found.value, path, handle: undefined };
  },

  *pin(call, place) {
    yield* relyOn(call, place.directory);
    const path = joinName(place.directory.path, place.name);
    for (let looks = 0; looks < maxLooks; looks++) {
      const stats = yield* lstat(path);
      if (!stats.isDirectory() || typeof path !== "string") {
        return { place, stats, path, handle: undefined };
      }
      // It may be listed by this path.
      if (yield* wayOf(call).reach(namesOf(place))) {
        const { stats: found } = wayOf(call).pointAt(namesOf(place));
        return { place, stats: found, path, handle: undefined };
      }
    }
    throw changed();
  },

  *openPinned(call, pin, flags) {
    return yield* openByIdentity(call, pin, flags, "handle");
  },
  *nodeOpenPinned(call, pin, flags) {
    return yield* openByIdentity(call, pin, flags, "node");
  },
  *chmodPinned(call, pin, mode) {
    yield* chmodByIdentity(call, pin, mode);
  },
  *utimesPinned(call, pin, atime, mtime) {
    yield* utimesByIdentity(call, pin, atime, mtime);
  },

  // access(2) follows what is there: it is put on the way, so that in the end it is known what was there.
  *accessPinned(call, pin, mode) {
    const names = namesOf(pin.place);
    yield* relyOn(call, pin.place.directory);
    if (!pin.stats.isDirectory()) {
      yield* wayOf(call).include(pin.path, names, pin.stats);
    }
    yield* access(pin.path, mode);
  },

  *settle(call, names) {
    yield* wayOf(call).announce(names);
  },

  contain: containByProof,
};

function entered(call: RootCall, names: Directory["names"]): Directory {
  const { path, stats } = wayOf(call).pointAt(names);
  if (call.policy.crossMounts === "refuse") call.checkMount(stats);
  return { path: path as string, names, handle: undefined };
}

/** It may have been forgotten when all that had been done by it was proved. */
function* relyOn(call: RootCall, directory: Directory): Steps<void> {
  if (!(yield* wayOf(call).reach(directory.names))) throw changed();
}
