import {
  access,
  attempt,
  chmod,
  errorCode,
  fstat,
  lstat,
  lutimes,
  open,
  openFlags,
  readlink,
  Refusal,
  sameIdentity,
  type FileStats,
  type Handle,
  type Steps,
} from "@holdfast/fs/steps";
import type { RootCall } from "../call/root-call.ts";
import { joinName } from "../path/names.ts";
import { openAndCompare, type HandleForm } from "./open-and-compare.ts";
import type { Link, Pin, Strategy } from "./strategy.ts";

const toDirectory = openFlags.readOnly | openFlags.directory | openFlags.noFollow;

/**
 * macOS: `/.vol/<device>/<inode>` stands for a file or directory of a volume, wherever it is by now, and
 * `/.vol/<device>/<inode>/<name>` is looked up in that very directory. A number is that of one file as
 * long as this is open, so directories are held open while they are used; other objects are not held, and
 * compared by identity and time of birth when they are opened.
 *
 * Used only where the probe at opening shows that it works. Exercised so far with an emulation of /.vol
 * on another system, not on macOS itself.
 *
 * Weaker than /proc of Linux: a directory that may be searched and not listed cannot be opened, and
 * nothing in it reached (`EACCES`).
 */
export const volumeIdStrategy: Strategy = {
  containment: "descriptor",

  // The kernel does not say by which names it went: they are gone one by one.
  // oxlint-disable-next-line require-yield -- of the strategies that can, it makes calls
  *openDirectory() {
    return undefined;
  },

  *enter(call, directory, name) {
    const path = joinName(directory.path, name);
    const opened = yield* attempt(open(path, toDirectory));
    if (opened.ok) {
      const handle = call.hold(opened.value);
      const stats = yield* fstat(handle);
      if (call.policy.crossMounts === "refuse") call.checkMount(stats);
      const found = { path: pathOfIdentity(stats), names: [...directory.names, name], handle };
      call.remember(found);
      return found;
    }
    const code = errorCode(opened.error);
    if (code !== "ENOTDIR" && code !== "ELOOP") throw opened.error;
    const target = yield* attempt(readlink(path));
    if (target.ok) return { target: target.value } satisfies Link;
    throw errorCode(target.error) === "EINVAL" ? opened.error : target.error;
  },

  // oxlint-disable-next-line require-yield -- as above
  *pinAtOnce() {
    return undefined;
  },

  *pin(call, place) {
    const name = joinName(place.directory.path, place.name);
    const stats = yield* lstat(name);
    // A link by its number would be followed like any other.
    const path = stats.isSymbolicLink() ? name : pathOfIdentity(stats);
    const pin = { place, stats, path, handle: undefined };
    pins.get(call)?.push(pin);
    return pin;
  },

  *openPinned(call, pin, flags) {
    return yield* openPinned(call, pin, flags, "handle");
  },
  *nodeOpenPinned(call, pin, flags) {
    return yield* openPinned(call, pin, flags, "node");
  },
  *chmodPinned(_call, pin, mode) {
    yield* chmod(pin.path, mode);
  },
  *utimesPinned(_call, pin, atime, mtime) {
    yield* lutimes(pin.path, atime, mtime);
  },
  *accessPinned(_call, pin, mode) {
    yield* access(pin.path, mode);
  },

  *settle() {},
  /**
   * What is not held can be gone when it is used, and others replace files honestly: then a body that
   * changes nothing is run again.
   */
  *contain(call, body) {
    for (let looks = 1; ; looks++) {
      pins.set(call, []);
      const ended = yield* attempt(body());
      if (ended.ok) return ended.value;
      const gone = errorCode(ended.error) === "ENOENT" && (yield* isAnyGone(pins.get(call)!));
      if (!gone || call.changing || looks === maxLooks) throw ended.error;
      yield* call.releaseAll();
      call.forgetLinks();
      call.bytes = 0;
    }
  },
};

/** How often a body is run again. */
const maxLooks = 40;
const pins = new WeakMap<RootCall, Pin[]>();

function* isAnyGone(pinned: readonly Pin[]): Steps<boolean> {
  for (const { path, stats } of pinned) {
    const found = yield* attempt(lstat(path));
    if (!found.ok || !isSame(found.value, stats)) return true;
  }
  return false;
}

function* openPinned(call: RootCall, pin: Pin, flags: number, form: HandleForm): Steps<Handle> {
  const handle = yield* openAndCompare(call, pin.path, flags, form, (stats) =>
    isSame(stats, pin.stats),
  );
  if (handle === undefined) throw new Refusal("ENOENT");
  return handle;
}

/** A number may be used again when its file is gone, but not for one that was born earlier. */
function isSame(one: FileStats, other: FileStats): boolean {
  return sameIdentity(one, other) === true && one.birthtimeNs === other.birthtimeNs;
}

/** The path that stands for what has this identity. */
export function pathOfIdentity({ dev, ino }: FileStats): string {
  return `/.vol/${dev}/${ino}`;
}
