import {
  access,
  accessFlags,
  all,
  attempt,
  closeFlushed,
  commitPoint,
  directoryOf,
  errorCode,
  type FileStats,
  fstat,
  fsync,
  type Handle,
  joinName,
  lstat,
  nameOf,
  open,
  openFlags,
  type Operation,
  readdir,
  Refusal,
  sameIdentity,
  stat,
  type Steps,
  unlink,
} from "@holdfast/fs/steps";
import { closeAll, openForSync, syncDirectory, type Synced } from "../durable/directories.ts";
import { defaultPrefix, newStagedName } from "../staging/staged-name.ts";
import { registerStaged, unregisterStaged } from "../staging/staged-registry.ts";
import { TreeCopy } from "./copy-tree.ts";
import type { MoveReceipt, MoveRequest } from "./move-path.ts";
import { putInPlace, removeName, renameSurely } from "./put-in-place.ts";
import { removeSource } from "./remove-source.ts";
import { checkUnchanged, kindOf, lstatIfAny, scanTree, type Entry } from "./source-tree.ts";

/** What was seen of a move before anything is changed. */
interface Situation {
  readonly request: MoveRequest;
  readonly stats: FileStats;
  /** What is at the destination. */
  readonly target: FileStats | undefined;
  /** The device of the directory that the source is in. */
  readonly device: bigint;
  readonly sourceDirectory: Directory;
  /** The same object if it is the same directory. */
  readonly destinationDirectory: Directory;
}

/** A directory in which a name changes. */
interface Directory {
  readonly path: string;
  handle: Handle | undefined;
}

/** Moves: by a rename or, where that is impossible, by a copy. */
export function* move(operation: Operation, request: MoveRequest): Steps<MoveReceipt> {
  const { source, destination, overwrite } = request;
  const stats = yield* lstat(source);
  const sourceDirectory: Directory = { path: directoryOf(source), handle: undefined };
  let destinationDirectory: Directory = { path: directoryOf(destination), handle: undefined };
  const [from, to] = yield* all([stat(sourceDirectory.path), stat(destinationDirectory.path)]);
  if (stats.isDirectory()) yield* refuseInside(stats, to, request);
  const target = yield* lstatIfAny(destination);
  const isOneDirectory = sameIdentity(from, to) === true;
  if (isOneDirectory) destinationDirectory = sourceDirectory;
  const situation: Situation = {
    request,
    stats,
    target,
    device: from.dev,
    sourceDirectory,
    destinationDirectory,
  };

  const relation = yield* relate(situation, isOneDirectory);
  if (relation === "one name") {
    return receipt(situation, "rename", { file: false, directory: false });
  }
  if (target !== undefined && relation !== "two spellings") {
    yield* refuseTarget(stats, target, request);
  }
  try {
    if (request.syncParentDir) {
      sourceDirectory.handle = yield* openForSync(operation, sourceDirectory.path);
      if (!isOneDirectory) {
        destinationDirectory.handle = yield* openForSync(operation, destinationDirectory.path);
      }
    }
    // Otherwise the file will be copied, and its own blocks need not be durable.
    const file = from.dev === to.dev ? yield* flushFile(operation, situation) : false;
    if (relation === "two names") {
      return yield* unlinkSource(operation, situation, stats, file);
    }
    const mayReplace = overwrite || relation === "two spellings";
    const placed = yield* attempt(
      relation === "two spellings"
        ? respell(operation, situation)
        : putInPlace(operation, source, stats, destination, mayReplace),
    );
    if (!placed.ok) {
      const code = errorCode(placed.error) ?? "";
      const copies = (code === "EXDEV" || code === "EPERM") && operation.effect === "none";
      if (copies && relation === "strangers") return yield* copy(operation, situation);
      throw explained(placed.error, stats, overwrite);
    }
    yield* commitPoint();
    if (placed.value === "link") {
      return yield* unlinkSource(operation, situation, yield* linked(operation, request), file);
    }
    operation.effect = "complete";
    const directory = yield* flushBoth(operation, situation);
    return receipt(situation, "rename", { file, directory });
  } finally {
    const handles = new Set([sourceDirectory, destinationDirectory]);
    const open = [...handles].map(({ handle }) => handle);
    yield* operation.cleanUp(closeAll(operation, open));
  }
}

/**
 * Refuses a destination below the source, by identity: through links, and whatever it is called. What
 * this cannot see (a directory of the source that is mounted elsewhere too) changes the source while it
 * is copied, which is noticed.
 */
function* refuseInside(stats: FileStats, parent: FileStats, request: MoveRequest): Steps<void> {
  const { source, destination } = request;
  // Where files have no numbers there is only the name to go by.
  let isInside = stats.ino === 0n && destination.startsWith(joinName(source, ""));
  let path = directoryOf(destination);
  for (let here = parent; !isInside;) {
    isInside = sameIdentity(here, stats) === true;
    path = joinName(path, "..");
    const above = yield* stat(path);
    if (sameIdentity(here, above) !== false) break; // the root, or nobody knows
    here = above;
  }
  if (isInside) throw new Refusal("ERR_INSIDE_SOURCE");
}

/**
 * How source and destination are related. `"two spellings"`: one name of a file system that folds case
 * or normalises Unicode. `"two names"`: hard links of one file, which rename(2) leaves as they are and
 * reports success.
 */
function* relate(
  { request, stats, target, destinationDirectory }: Situation,
  isOneDirectory: boolean,
): Steps<"strangers" | "one name" | "two spellings" | "two names"> {
  const { source, destination } = request;
  if (source === destination) return "one name";
  if (target === undefined || sameIdentity(stats, target) !== true) return "strangers";
  if (isOneDirectory && nameOf(source) === nameOf(destination)) return "one name";
  if (isOneDirectory) {
    // Two spellings of one name are not both listed.
    const names = yield* readdir(destinationDirectory.path);
    if (!names.includes(nameOf(source)) || !names.includes(nameOf(destination))) {
      return "two spellings";
    }
  }
  if (!stats.isDirectory() && stats.nlink > 1n) return "two names";
  // To remove one would be to remove both.
  throw new Refusal("EBUSY", {
    problem: "source and destination are one thing that is mounted in two places",
  });
}

/** Refuses a destination that may not be replaced, or not by this source. */
function* refuseTarget(stats: FileStats, target: FileStats, request: MoveRequest): Steps<void> {
  if (!request.overwrite) throw new Refusal("EEXIST");
  if (stats.isDirectory()) {
    if (!target.isDirectory()) {
      throw new Refusal("ENOTDIR", { problem: "a directory cannot replace what is not one" });
    }
    if ((yield* readdir(request.destination)).length > 0) throw notEmpty();
  } else if (target.isDirectory()) {
    throw new Refusal("EISDIR", { problem: "only a directory can replace a directory" });
  }
}

function notEmpty(cause?: unknown): Refusal {
  return new Refusal("ENOTEMPTY", {
    problem: "the directory at the destination is not empty",
    hint: "To replace a directory with all that is in it, use replaceDirectoryAtomic.",
    ...(cause !== undefined && { cause }),
  });
}

function explained(error: unknown, stats: FileStats, overwrite: boolean): unknown {
  const code = errorCode(error);
  const isFull = code === "ENOTEMPTY" || code === "EEXIST"; // POSIX allows both
  return isFull && overwrite && stats.isDirectory() ? notEmpty(error) : error;
}

/**
 * Makes the content of a file durable before its name changes. Otherwise the flush of the directory
 * alone would leave a file of zeros after a power cut (ext4), where another file was before.
 */
function* flushFile(operation: Operation, { request, stats }: Situation): Steps<Synced> {
  if (!request.syncParentDir || kindOf(stats) !== "file") return false;
  const flags = openFlags.readOnly | openFlags.noFollow | openFlags.nonBlocking;
  const opened = yield* attempt(open(request.source, flags));
  if (!opened.ok) {
    // It may be moved without being read. Or it has just become a link, which has no content.
    if (["EACCES", "EPERM", "ELOOP"].includes(errorCode(opened.error) ?? "")) return false;
    throw opened.error;
  }
  try {
    if (!(yield* fstat(opened.value)).isFile()) return false;
    const flushed = yield* attempt(fsync(opened.value));
    if (flushed.ok) return true;
    // On Windows a file that is open for reading cannot be flushed.
    const { unsupported } = operation.platform.directorySync;
    if (unsupported.has(errorCode(flushed.error) ?? "")) return "unsupported";
    throw flushed.error;
  } finally {
    yield* operation.cleanUp(closeFlushed(opened.value));
  }
}

function* respell(operation: Operation, { request, stats }: Situation): Steps<"rename"> {
  yield* renameSurely(operation, request.source, stats, request.destination);
  return "rename";
}

/** The file that has the new name now, whatever happened to the old one since. */
function* linked(operation: Operation, { source, destination }: MoveRequest): Steps<FileStats> {
  operation.effect = "partial";
  operation.leftovers.push(source);
  return yield* lstat(destination);
}

/** The end of a move of a file that has its new name already. */
function* unlinkSource(
  operation: Operation,
  situation: Situation,
  stats: FileStats,
  file: Synced,
): Steps<MoveReceipt> {
  const { request, sourceDirectory, destinationDirectory } = situation;
  yield* commitPoint();
  operation.effect = "partial";
  operation.leftovers.splice(0, Infinity, request.source);
  // Whatever was asked for: the removal may become durable first, and the file be lost.
  destinationDirectory.handle ??= yield* openForSync(operation, destinationDirectory.path);
  const { path, handle } = destinationDirectory;
  const there = yield* syncDirectory(operation, path, handle);
  const root: Entry = { parent: -1, name: "", kind: kindOf(stats), stats, target: undefined };
  yield* removeSource(operation, request.source, [root], "identity");
  operation.effect = "complete";
  operation.leftovers.length = 0;
  const here = yield* flushDirectory(operation, request, sourceDirectory);
  return receipt(situation, "link", { file, directory: both(there, here) });
}

function* copy(operation: Operation, situation: Situation): Steps<MoveReceipt> {
  const { request, stats, device, sourceDirectory, destinationDirectory } = situation;
  const { source, overwrite, onProgress } = request;
  const entries = yield* scanTree(source, stats, device);
  yield* access(sourceDirectory.path, accessFlags.write); // otherwise it could not be removed
  // Before anything is made: what cannot be opened now would be missed when it is too late.
  destinationDirectory.handle ??= yield* openForSync(operation, destinationDirectory.path);
  const staged = joinName(destinationDirectory.path, newStagedName(defaultPrefix));
  const made = new TreeCopy(operation, source, entries, staged, onProgress);
  // Only names that unlink(2) removes.
  if (!stats.isDirectory()) registerStaged(staged, operation.fileSystem);
  let method: "rename" | "link";
  try {
    method = yield* place(operation, made, request);
  } catch (error) {
    yield* operation.cleanUp(made.discard());
    throw explained(error, stats, overwrite);
  }
  yield* commitPoint();
  operation.effect = "partial";
  operation.leftovers.push(source);
  if (method === "link") {
    operation.leftovers.push(staged);
    yield* removeName(unlink(staged), staged);
    operation.leftovers.pop();
  }
  unregisterStaged(staged);
  const there = yield* syncDirectory(
    operation,
    destinationDirectory.path,
    destinationDirectory.handle,
  );
  yield* removeSource(operation, source, entries, "state");
  operation.effect = "complete";
  operation.leftovers.length = 0;
  const here = yield* flushDirectory(operation, request, sourceDirectory);
  return {
    ...receipt(situation, "copy", {
      file: true,
      directory: both(there, here),
    }),
    bytes: made.bytes,
    entries: entries.length,
    lost: [...made.lost],
  };
}

/** Makes the copy and gives it its name. */
function* place(
  operation: Operation,
  made: TreeCopy,
  { source, destination, overwrite }: MoveRequest,
): Steps<"rename" | "link"> {
  yield* made.make();
  yield* checkUnchanged(source, made.entries);
  const stats = yield* lstat(made.staged);
  return yield* putInPlace(operation, made.staged, stats, destination, overwrite);
}

function* flushDirectory(
  operation: Operation,
  request: MoveRequest,
  { path, handle }: Directory,
): Steps<Synced> {
  return request.syncParentDir ? yield* syncDirectory(operation, path, handle) : false;
}

/** The destination's directory first: a name in both is better than one in neither. */
function* flushBoth(
  operation: Operation,
  { request, sourceDirectory, destinationDirectory }: Situation,
): Steps<Synced> {
  const there = yield* flushDirectory(operation, request, destinationDirectory);
  if (sourceDirectory === destinationDirectory) return there;
  return both(there, yield* flushDirectory(operation, request, sourceDirectory));
}

/** What is to be said of both; `false` for the other one says that nothing was asked for. */
const both = (one: Synced, other: Synced): Synced => other && (one === true ? other : one);

function receipt(
  { request, target }: Situation,
  method: MoveReceipt["method"],
  synced: MoveReceipt["synced"],
): MoveReceipt {
  return {
    path: request.destination,
    method,
    created: target === undefined,
    bytes: 0,
    entries: 0,
    synced,
    lost: [],
  };
}
