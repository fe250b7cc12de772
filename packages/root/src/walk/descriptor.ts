import {
  all,
  attempt,
  chmod,
  access,
  descriptorOf,
  errorCode,
  fstat,
  lstat,
  lstatHeld,
  nodeOpen,
  open,
  openFlags,
  openHeld,
  readlink,
  readlinkHeld,
  sameIdentity,
  utimes,
  type Attempt,
  type Handle,
  type PathArgument,
  type Steps,
} from "@holdfast/fs/steps";
import { Buffer } from "node:buffer";
import type { RootCall } from "../call/root-call.ts";
import { joinName } from "../path/names.ts";
import type { Directory, Link, Strategy } from "./strategy.ts";

const toDirectory = openFlags.pathOnly | openFlags.directory;
const toName = openFlags.pathOnly | openFlags.noFollow;

/** How often a name is looked at again that others keep changing. */
const maxLooks = 40;

/** Beyond this a path of /proc has no room in a system call; such a way is gone name by name. */
const longestWay = 4000;

/** The way there, in bytes (at most three for a UTF-16 unit), and the way back up. */
const isTooLong = (way: string, names: readonly PathArgument[]): boolean =>
  (way.length > longestWay / 3 && Buffer.byteLength(way) > longestWay) ||
  names.length * "/..".length > longestWay;

/**
 * Linux: `/proc/self/fd/<n>` stands for what descriptor `n` has open, wherever that is by now
 * (proc(5)), and `/proc/self/fd/<n>/<name>` is looked up in that very directory: openat(2), in
 * JavaScript. Descriptors are opened with O_PATH, which needs no permission on the object itself and
 * does nothing to it: a FIFO or a device that is only looked at is never opened.
 */
export const descriptorStrategy: Strategy = {
  containment: "descriptor",

  /**
   * In one call, with the kernel following whatever is on the way; then the kernel is asked where it
   * arrived. Its path must end in these very names, so no link was followed; and so many steps up from
   * there must be the root, which the kernel answers from the directory that is held and not from a
   * path. Neither alone is enough: a path can be imitated by swapping the root, and steps up say
   * nothing of names.
   */
  *openDirectory(call, names) {
    const way = names.join("/");
    if (isTooLong(way, names) || !names.every((name) => typeof name === "string")) return;
    const handle = yield* hold(call, `${call.core.top.path}/${way}`, toDirectory);
    const path = pathOfHandle(handle);
    const [kernelPath, above] = [
      yield* readlinkHeld(path),
      yield* lstatHeld(path + "/..".repeat(names.length)),
    ];
    const directory = { path, names, handle };
    const asNamed = typeof kernelPath === "string" && kernelPath.endsWith(`/${way}`);
    if (asNamed && sameIdentity(above, call.core.topStats) === true) {
      return yield* checked(call, directory);
    }
    yield* call.release(directory);
    return undefined;
  },

  *enter(call, directory, name) {
    const path = joinName(directory.path, name);
    for (let looks = 1; ; looks++) {
      const opened = yield* attempt(hold(call, path, toDirectory | openFlags.noFollow));
      if (opened.ok) {
        const names = [...directory.names, name];
        return yield* checked(call, {
          path: pathOfHandle(opened.value),
          names,
          handle: opened.value,
        });
      }
      // O_NOFOLLOW with O_DIRECTORY: a link is "not a directory", as a file is.
      const code = errorCode(opened.error);
      if (code !== "ENOTDIR" && code !== "ELOOP") throw opened.error;
      const target = yield* attempt(readlink(path));
      if (target.ok) return { target: target.value } satisfies Link;
      if (errorCode(target.error) !== "EINVAL") throw target.error;
      // Neither a directory then nor a link now: a file; or a link then and a directory now.
      const stats = yield* lstat(path);
      const isNeither = !stats.isDirectory() && !stats.isSymbolicLink();
      if (isNeither || looks === maxLooks) throw opened.error;
    }
  },

  /**
   * The directory and, by its full path, the object, at the same time. The directory is proved as ever;
   * then the object is asked for once more, by its name in that directory, and must be the one that is
   * held: so it does not matter which way it was found. The kernel has just looked it up.
   */
  *pinAtOnce(call, names) {
    const way = names.join("/");
    if (isTooLong(way, names) || !names.every((name) => typeof name === "string")) return;
    const opening = attempt(hold(call, `${call.core.top.path}/${way}`, toName));
    const above = names.slice(0, -1);
    let directory: Directory | undefined = call.core.top;
    let opened: Attempt<Handle>;
    if (above.length === 0) opened = yield* opening;
    else {
      const holding = attempt(this.openDirectory(call, above));
      const [held, object] = yield* all([holding, opening]);
      directory = held.ok ? held.value : undefined;
      opened = object;
    }
    if (!opened.ok) {
      if (directory !== undefined) yield* call.release(directory);
      return;
    }
    const handle = opened.value;
    if (directory !== undefined) {
      const name = names.at(-1)!;
      const stats = yield* fstat(handle);
      const named = yield* attempt(lstatHeld(joinName(directory.path, name)));
      if (named.ok && sameIdentity(named.value, stats) === true) {
        return { place: { directory, name }, stats, path: pathOfHandle(handle), handle };
      }
      yield* call.release(directory);
    }
    yield* call.release({ handle });
    return;
  },

  *pin(call, place) {
    const path = joinName(place.directory.path, place.name);
    const handle = yield* hold(call, path, toName);
    return { place, stats: yield* fstat(handle), path: pathOfHandle(handle), handle };
  },

  // Through the descriptor, which is followed to what it has open: its name is not looked up again.
  *openPinned(call, pin, flags) {
    const { opensFromMemory, topStats } = call.core;
    const reads = (flags & (openFlags.writeOnly | openFlags.readWrite)) === 0;
    const atOnce = reads && opensFromMemory && pin.stats.dev === topStats.dev;
    const opener = atOnce ? openHeld : open;
    return yield* opener(pin.path, flags | openFlags.nonBlocking);
  },
  *nodeOpenPinned(_call, pin, flags) {
    return yield* nodeOpen(pin.path, flags, 0);
  },
  *chmodPinned(_call, pin, mode) {
    yield* chmod(pin.path, mode);
  },
  *utimesPinned(_call, pin, atime, mtime) {
    yield* utimes(pin.path, atime, mtime);
  },
  *accessPinned(_call, pin, mode) {
    yield* access(pin.path, mode);
  },

  *settle() {},
  *contain(_call, body) {
    return yield* body();
  },
};

/** Held at once: an abort elsewhere in the same step must not lose the descriptor. */
function* hold(call: RootCall, path: PathArgument, flags: number): Steps<Handle> {
  return call.hold(yield* open(path, flags));
}

/** The path that stands for what a descriptor has open. */
export function pathOfHandle(handle: Handle): string {
  return `/proc/self/fd/${descriptorOf(handle)}`;
}

function* checked(call: RootCall, directory: Directory): Steps<Directory> {
  if (call.policy.crossMounts === "refuse") call.checkMount(yield* fstat(directory.handle!));
  call.remember(directory);
  return directory;
}
