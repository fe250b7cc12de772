import {
  attempt,
  errorCode,
  fstat,
  lstat,
  open,
  openFlags,
  closeFlushed,
  permissionBits,
  Refusal,
  sameIdentity,
  stat,
  type FileStats,
  type Handle,
  type Operation,
  type Steps,
} from "@holdfast/fs/steps";
import { descriptorStrategy, pathOfHandle } from "./descriptor.ts";
import { identityStrategy } from "./identity.ts";
import { realDirectory } from "./real-path.ts";
import type { Directory, Strategy } from "./strategy.ts";
import { volumeIdStrategy, pathOfIdentity } from "./volume-id.ts";

/** A root directory, opened, and the best that can be promised of it here. */
export interface OpenedTop {
  readonly strategy: Strategy;
  readonly top: Directory;
  readonly topStats: FileStats;
}

/**
 * Opens a directory to be a root, in the strongest way that works. What the kernel does is tried, not
 * guessed from a name or a version.
 *
 * @param location absolute
 */
export function* openTop(operation: Operation, location: string): Steps<OpenedTop> {
  const { pinning } = operation.platform;
  if (pinning === "none") return yield* byPath(operation, location);
  const handle = yield* open(location, directoryFlags[pinning]);
  let kept = false;
  try {
    const topStats = yield* fstat(handle);
    const path = pathFor(pinning, handle, topStats);
    if (yield* leadsTo(operation, pinning, path, topStats)) {
      kept = true;
      const strategy = pinning === "proc-self-fd" ? descriptorStrategy : volumeIdStrategy;
      return { strategy, top: { path, names: [], handle }, topStats };
    }
  } finally {
    if (!kept) yield* operation.cleanUp(closeFlushed(handle));
  }
  return yield* byPath(operation, location);
}

type Pinning = "proc-self-fd" | "volume-id";

const pathFor = (pinning: Pinning, handle: Handle, stats: FileStats): string =>
  pinning === "proc-self-fd" ? pathOfHandle(handle) : pathOfIdentity(stats);

const directoryFlags = {
  "proc-self-fd": openFlags.pathOnly | openFlags.directory,
  "volume-id": openFlags.readOnly | openFlags.directory,
};

function* byPath(operation: Operation, location: string): Steps<OpenedTop> {
  const { path, stats } = yield* realDirectory(location, operation.platform);
  yield* stat(`${path}/.`); // a directory that may not be searched is of no use
  // Nothing could ever be proved.
  if (sameIdentity(stats, stats) !== true) {
    throw new Refusal("ERR_UNSUPPORTED", {
      problem: "the file system does not number its files, and nothing tells one from another",
    });
  }
  return {
    strategy: identityStrategy,
    top: { path, names: [], handle: undefined },
    topStats: stats,
  };
}

/**
 * Whether paths that ought to stand for open directories do: by themselves, as the start of other paths,
 * for one directory and for another, and not as something that somebody has put there. A /proc that is
 * missing, that hides descriptors, that belongs to other processes, or that has been filled with links
 * or directories, fails: it cannot know which number a descriptor will get and what it will have open.
 */
function* leadsTo(
  operation: Operation,
  pinning: Pinning,
  path: string,
  topStats: FileStats,
): Steps<boolean> {
  if (!(yield* standsFor(pinning, path, topStats))) return false;
  // Two more: the same directory by another number, and another directory, if there is one above.
  for (const way of [`${path}/.`, `${path}/..`]) {
    const opened = yield* attempt(open(way, directoryFlags[pinning]));
    if (!opened.ok) {
      // What is above may be closed to us; the kernel has found it all the same.
      if (way.endsWith("..") && errorCode(opened.error) === "EACCES") continue;
      return false;
    }
    try {
      const stats = yield* fstat(opened.value);
      const itself = pathFor(pinning, opened.value, stats);
      if (way.endsWith("/.") && sameIdentity(stats, topStats) !== true) return false;
      if (!(yield* standsFor(pinning, itself, stats))) return false;
    } finally {
      yield* operation.cleanUp(closeFlushed(opened.value));
    }
  }
  return true;
}

function* standsFor(pinning: Pinning, path: string, stats: FileStats): Steps<boolean> {
  for (const way of [path, `${path}/.`]) {
    const found = yield* attempt(stat(way));
    if (!found.ok || sameIdentity(found.value, stats) !== true) return false;
  }
  const itself = yield* attempt(lstat(path));
  if (!itself.ok) return false;
  if (pinning === "volume-id") return !itself.value.isSymbolicLink();
  // The links that the kernel makes have the permissions that the descriptor was opened with (proc(5)):
  // none with O_PATH. Ordinary links have all, and cannot be given less on Linux.
  return itself.value.isSymbolicLink() && permissionBits(itself.value) === 0;
}
