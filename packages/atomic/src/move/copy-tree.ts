import {
  attempt,
  close,
  closeFlushed,
  errorCode,
  fchmod,
  fchown,
  fstat,
  fsync,
  futimes,
  link,
  lstat,
  lutimes,
  mkdir,
  open,
  openFlags,
  permissionBits,
  read,
  Refusal,
  rmdir,
  symlink,
  unlink,
  writeAll,
  type FileStats,
  type Handle,
  type Operation,
  type PathArgument,
  type Steps,
} from "@holdfast/fs/steps";
import { isPromise } from "../replace/content.ts";
import { unregisterStaged } from "../staging/staged-registry.ts";
import type { MoveLoss, MoveProgress } from "./move-path.ts";
import { removeName } from "./put-in-place.ts";
import { changed, display, isUnchanged, pathOf, stillThere, type Entry } from "./source-tree.ts";

const bufferBytes = 1024 * 1024;

/** What setting metadata fails with where it is not allowed or the file system has none of it. */
const notKept: ReadonlySet<string> = new Set(
  "EPERM EACCES EINVAL ENOTSUP EOPNOTSUPP ENOSYS".split(" "),
);

/**
 * A copy of a tree under a staged name. Everything in it is made exclusively and without following
 * links, private to its maker until it is complete, and flushed.
 *
 * Content goes through a buffer, not through `copyFile`: that takes names, which somebody may swap; it
 * gives the copy the source's mode, set-id bits included, while it still belongs to the caller; and it
 * cannot be interrupted.
 */
export class TreeCopy {
  readonly operation: Operation;
  readonly source: string;
  readonly entries: readonly Entry[];
  readonly staged: string;
  readonly lost: Set<MoveLoss> = new Set();
  bytes = 0;

  private readonly totalBytes: number;
  private readonly onProgress: ((progress: MoveProgress) => void) | undefined;
  private buffer: Uint8Array | undefined;
  /** How many entries may exist under the staged name. */
  private made = 0;
  /** Files with several names: the entry that was copied, and how many of the names were met. */
  private readonly groups = new Map<string, { first: number; met: bigint }>();

  constructor(
    operation: Operation,
    source: string,
    entries: readonly Entry[],
    staged: string,
    onProgress: ((progress: MoveProgress) => void) | undefined,
  ) {
    this.operation = operation;
    this.source = source;
    this.entries = entries;
    this.staged = staged;
    this.onProgress = onProgress;
    const counted = new Set<string>();
    this.totalBytes = entries.reduce((total, { kind, stats }) => {
      const group = groupOf(stats);
      if (kind !== "file" || (group !== undefined && counted.has(group))) return total;
      if (group !== undefined) counted.add(group);
      return total + Number(stats.size);
    }, 0);
  }

  /** Makes the copy. */
  *make(): Steps<void> {
    for (const [index, entry] of this.entries.entries()) {
      // Counted before: a call that fails may have been carried out.
      this.made = index + 1;
      if (entry.kind === "directory") yield* mkdir(this.stagedPath(index), 0o700);
      else if (entry.kind === "symlink") yield* this.copyLink(index, entry);
      else if (!(yield* this.linkToGroup(index, entry))) yield* this.copyFile(index, entry);
      this.report(index, index + 1);
    }
    for (const { first, met } of this.groups.values()) {
      if (met < this.entries[first]!.stats.nlink) this.lost.add("hardlinks");
    }
    // The innermost first: making an entry sets the time of the directory that holds it.
    for (let index = this.entries.length - 1; index >= 0; index--) {
      const entry = this.entries[index]!;
      if (entry.kind === "directory") yield* this.sealDirectory(index, entry.stats);
    }
  }

  /** Removes what was made. What cannot be removed is named in `leftovers`. */
  *discard(): Steps<void> {
    const { operation, entries } = this;
    let isGone = true;
    for (let index = this.made - 1; index >= 0; index--) {
      const path = this.stagedPath(index);
      const remove = entries[index]!.kind === "directory" ? rmdir(path) : unlink(path);
      const removed = yield* attempt(removeName(remove, path));
      if (removed.ok) continue;
      if (isGone) operation.suppressed.push(removed.error);
      isGone = false;
    }
    if (isGone) unregisterStaged(this.staged);
    else operation.leftovers.push(this.staged);
  }

  private stagedPath(index: number): PathArgument {
    return pathOf(this.staged, this.entries, index);
  }

  private report(index: number, entries: number): void {
    if (this.onProgress === undefined) return;
    const { onProgress, bytes, totalBytes } = this;
    const path = display(pathOf(this.source, this.entries, index));
    try {
      const progress = { bytes, totalBytes, entries, totalEntries: this.entries.length, path };
      const answer: unknown = onProgress(progress);
      if (isPromise(answer)) {
        answer.then(undefined, () => {}); // its failure would have nobody to go to
        throw new TypeError("onProgress returned a promise, which is not waited for");
      }
    } catch (error) {
      throw new Refusal("ERR_HOOK", { problem: "onProgress failed", cause: error });
    }
  }

  /** Gives an entry to the copy of another name of the same file, if there is one. */
  private *linkToGroup(index: number, { stats }: Entry): Steps<boolean> {
    const key = groupOf(stats);
    if (key === undefined) return false;
    const group = this.groups.get(key);
    if (group === undefined) {
      this.groups.set(key, { first: index, met: 1n });
      return false;
    }
    group.met++;
    const linked = yield* attempt(link(this.stagedPath(group.first), this.stagedPath(index)));
    if (linked.ok) return true;
    const code = errorCode(linked.error) ?? "";
    if (code !== "EMLINK" && !notKept.has(code)) throw linked.error;
    this.lost.add("hardlinks");
    return false;
  }

  private *copyFile(index: number, entry: Entry): Steps<void> {
    const { operation } = this;
    const from = pathOf(this.source, this.entries, index);
    const input = yield* openSource(operation, from, entry.stats);
    let output: Handle | undefined;
    try {
      const flags =
        openFlags.writeOnly | openFlags.create | openFlags.exclusive | openFlags.noFollow;
      output = yield* open(this.stagedPath(index), flags, 0o600);
      yield* this.copyContent(input, output, index, Number(entry.stats.size));
      if (!isUnchanged(entry.stats, yield* fstat(input), true)) throw changed(from);
      yield* setMetadata(operation, output, entry.stats, this.lost);
      yield* fsync(output);
    } finally {
      if (output !== undefined) yield* operation.cleanUp(close(output));
      yield* operation.cleanUp(closeFlushed(input));
    }
  }

  private *copyContent(input: Handle, output: Handle, index: number, size: number): Steps<void> {
    this.buffer ??= new Uint8Array(
      Math.min(bufferBytes, Math.max(this.totalBytes, 1)), // one byte to see the end with
    );
    let copied = 0;
    for (;;) {
      const length = yield* read(input, this.buffer);
      if (length === 0) break;
      copied += length;
      // Somebody appends to it: would never end if they are faster.
      if (copied > size) break;
      yield* writeAll(output, this.buffer.subarray(0, length));
      this.bytes += length;
      this.report(index, index);
    }
    if (copied !== size) throw changed(pathOf(this.source, this.entries, index));
  }

  private *copyLink(index: number, { target, stats }: Entry): Steps<void> {
    const path = this.stagedPath(index);
    yield* symlink(target!, path);
    if (!(yield* isAllowed(lutimes(path, seconds(stats.atimeNs), seconds(stats.mtimeNs))))) {
      this.lost.add("times");
    }
    // Node's lchown is not in the port: the link belongs to whoever made it.
    if (this.operation.platform.owners) noteOwner(yield* lstat(path), stats, this.lost);
    if (stats.nlink > 1n) this.lost.add("hardlinks");
  }

  private *sealDirectory(index: number, stats: FileStats): Steps<void> {
    const { operation } = this;
    if (!operation.platform.directorySync.possible) {
      this.lost.add("times"); // a directory cannot be opened there
      return;
    }
    const flags = openFlags.readOnly | openFlags.directory | openFlags.noFollow;
    const handle = yield* open(this.stagedPath(index), flags);
    try {
      yield* setMetadata(operation, handle, stats, this.lost);
      const flushed = yield* attempt(fsync(handle));
      const { unsupported } = operation.platform.directorySync;
      if (!flushed.ok && !unsupported.has(errorCode(flushed.error) ?? "")) throw flushed.error;
    } finally {
      yield* operation.cleanUp(closeFlushed(handle));
    }
  }
}

function groupOf({ nlink, dev, ino }: FileStats): string | undefined {
  return nlink > 1n && ino !== 0n ? `${dev}:${ino}` : undefined;
}

/**
 * Opens a file of the source for reading: the one that was seen, or `ERR_CHANGED`. Neither a link nor
 * a pipe that took its place is followed or waited for.
 */
function* openSource(operation: Operation, path: PathArgument, stats: FileStats): Steps<Handle> {
  const flags = openFlags.readOnly | openFlags.noFollow | openFlags.nonBlocking;
  const handle = yield* stillThere(path, open(path, flags));
  let isTheFile = false;
  try {
    const now = yield* fstat(handle);
    isTheFile = isUnchanged(stats, now, true);
    if (!isTheFile) throw changed(path);
    return handle;
  } finally {
    if (!isTheFile) yield* operation.cleanUp(closeFlushed(handle));
  }
}

function* isAllowed(steps: Steps<void>): Steps<boolean> {
  const done = yield* attempt(steps);
  if (!done.ok && !notKept.has(errorCode(done.error) ?? "")) throw done.error;
  return done.ok;
}

/**
 * Owner, then mode, then times, all on the descriptor: chown(2) clears set-id bits, and they are not
 * set at all on a file that went to another owner or group than it came from. What the file system
 * made of it is looked at, not guessed.
 */
function* setMetadata(
  operation: Operation,
  handle: Handle,
  wanted: FileStats,
  lost: Set<MoveLoss>,
): Steps<void> {
  const { owners, modes } = operation.platform;
  let now = yield* fstat(handle);
  let mode = permissionBits(wanted);
  if (owners && (now.uid !== wanted.uid || now.gid !== wanted.gid)) {
    const group = Number(wanted.gid);
    if (!(yield* isAllowed(fchown(handle, Number(wanted.uid), group)))) {
      // Who may not give a file away may still give it to a group of theirs.
      yield* isAllowed(fchown(handle, Number(now.uid), group));
    }
    now = yield* fstat(handle);
    if (noteOwner(now, wanted, lost) && (mode & 0o6000) !== 0) {
      lost.add("set-id");
      mode &= 0o1777;
    }
  }
  if (modes && permissionBits(now) !== mode) yield* isAllowed(fchmod(handle, mode));
  yield* isAllowed(futimes(handle, seconds(wanted.atimeNs), seconds(wanted.mtimeNs)));
  now = yield* fstat(handle);
  const difference = permissionBits(now) ^ mode;
  if (modes && (difference & 0o1777) !== 0) lost.add("mode");
  if (modes && (difference & 0o6000) !== 0) lost.add("set-id");
  if (now.mtimeNs / 1000n !== wanted.mtimeNs / 1000n) lost.add("times");
}

function noteOwner(now: FileStats, wanted: FileStats, lost: Set<MoveLoss>): boolean {
  if (now.uid !== wanted.uid) lost.add("owner");
  if (now.gid !== wanted.gid) lost.add("group");
  return now.uid !== wanted.uid || now.gid !== wanted.gid;
}

/**
 * A time as Node takes it. libuv cuts the fraction to microseconds (`uv__fs_to_timespec`), and a
 * double holds a time of today to a quarter of one: from the middle of a microsecond it is cut to the
 * right one.
 */
function seconds(nanoseconds: bigint): number {
  return (Number(nanoseconds / 1000n) + 0.5) / 1e6;
}
