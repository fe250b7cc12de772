import {
  attempt,
  close,
  closeFlushed,
  commitPoint,
  errorCode,
  fstat,
  fsync,
  ftruncate,
  lstat,
  open,
  openFlags,
  read,
  Refusal,
  sameIdentity,
  unlink,
  wait,
  writeAll,
  type FileStats,
  type Handle,
  type Operation,
  type Steps,
} from "@holdfast/fs/steps";
import { unregisterStaged } from "../staging/staged-registry.ts";
import { giveMode } from "./metadata.ts";
import type { StagedFile } from "./replacement.ts";

interface InPlaceWrite {
  readonly path: string;
  /** The file to write over; `undefined` creates one, where a rename could not. */
  readonly existing: FileStats | undefined;
  /** Holds the content. Kept, and named in `leftovers`, if the file ends up in between. */
  readonly staged: StagedFile | undefined;
  /** The content, where the directory allowed no staged file. */
  readonly unstaged: Uint8Array | undefined;
  readonly mode: number;
  readonly sync: boolean;
  /** Length of the staged content. */
  readonly bytes: number;
}

/** What was written over. */
export interface InPlaceResult {
  readonly bytes: number;
  readonly stats: FileStats;
  readonly modeKept: boolean;
}

const copyBytes = 1024 * 1024;

/** Files that are being written over by this thread, each with the end of the last write so far. */
const underWay = new Map<string, Promise<unknown>>();

/**
 * The queue of calls knows names; a file with several of them, or mounted twice, is one file all the
 * same, and two writes at once would mix.
 */
export function* oneAtATime<T>(
  operation: Operation,
  existing: FileStats | undefined,
  steps: () => Steps<T>,
): Steps<T> {
  if (operation.synchronous || existing === undefined || existing.ino === 0n) return yield* steps();
  const key = `${existing.dev}:${existing.ino}`;
  const before = underWay.get(key);
  let end!: () => void;
  const mine = new Promise<void>((resolve) => {
    end = resolve;
  });
  const last = before === undefined ? mine : before.then(() => mine);
  underWay.set(key, last);
  try {
    if (before !== undefined) yield* wait(before);
    return yield* steps();
  } finally {
    end();
    if (underWay.get(key) === last) underWay.delete(key);
  }
}

/**
 * Writes over a file, for where it cannot be replaced. The inode, its owner and its other names stay;
 * in exchange a crash in the middle leaves a mixture, and readers can see one. Guarded: only the very
 * file that was looked at is written, never another one or through a link, and it is not created if
 * it is gone.
 */
export function* writeInPlace(operation: Operation, write: InPlaceWrite): Steps<InPlaceResult> {
  const { path, existing, staged } = write;
  yield* commitPoint();
  const base = openFlags.writeOnly | openFlags.noFollow | openFlags.nonBlocking;
  const flags = existing === undefined ? base | openFlags.create | openFlags.exclusive : base;
  const opened = yield* attempt(open(path, flags, 0o600));
  if (!opened.ok) {
    // A link has its place, or a FIFO or socket that nobody reads.
    const code = errorCode(opened.error) ?? "";
    if (code === "ELOOP" || code === "ENXIO") throw swapped(opened.error);
    throw opened.error;
  }
  const handle = opened.value;
  let before: FileStats | undefined;
  let closed = false;
  if (existing === undefined) operation.effect = "partial"; // it is there, and empty
  try {
    before = yield* fstat(handle);
    if (existing !== undefined && !isTheFile(before, existing)) throw swapped(undefined);
    const bytes = yield* overwrite(operation, handle, write);
    yield* ftruncate(handle, bytes);
    operation.effect = "complete";
    // A write takes set-id bits away; they come back, as after a replacement.
    const modeKept = yield* giveMode(operation, handle, yield* fstat(handle), write.mode);
    if (write.sync) yield* fsync(handle);
    const stats = yield* fstat(handle);
    if (stats.nlink === 0n || (yield* isElsewhere(path, stats))) {
      operation.effect = "unknown"; // what has this name now, if anything, is not ours
      throw swapped(undefined);
    }
    if (!write.sync) {
      // What was not flushed may be reported as lost only now (NFS, quotas): no clean-up.
      closed = true;
      yield* close(handle);
    }
    return { bytes, stats, modeKept };
  } catch (error) {
    if (existing === undefined && (yield* removeCreated(operation, path, before))) {
      operation.effect = "none";
    } else if (staged !== undefined && operation.effect !== "none") {
      operation.leftovers.push(staged.path);
    }
    throw error;
  } finally {
    if (!closed) yield* operation.cleanUp(write.sync ? closeFlushed(handle) : close(handle));
  }
}

/** Whether a name has left a file: a file with other names lives on, so its link count may not tell. */
function* isElsewhere(path: string, stats: FileStats): Steps<boolean> {
  const named = yield* attempt(lstat(path));
  if (named.ok) return sameIdentity(named.value, stats) === false;
  return errorCode(named.error) === "ENOENT";
}

/** Removes what was created here, exclusively, unless something else has the name by now. */
function* removeCreated(
  operation: Operation,
  path: string,
  created: FileStats | undefined,
): Steps<boolean> {
  if (created !== undefined && (yield* isElsewhere(path, created))) return false;
  return yield* operation.cleanUp(unlink(path));
}

/** What is there now is not what was looked at. */
export const swapped = (cause: unknown): Refusal =>
  new Refusal("ERR_CHANGED", {
    problem: "the file was removed, or something else has its name now",
    cause,
  });

function isTheFile(now: FileStats, seen: FileStats): boolean {
  return (
    now.isFile() &&
    sameIdentity(now, seen) !== false &&
    now.uid === seen.uid &&
    now.gid === seen.gid
  );
}

/** First over the old content, then cut: a file that shrinks first would be short for longer. */
function* overwrite(operation: Operation, handle: Handle, write: InPlaceWrite): Steps<number> {
  const { staged, unstaged } = write;
  if (unstaged !== undefined) {
    operation.effect = "partial";
    yield* writeAll(handle, unstaged, 0);
    return unstaged.byteLength;
  }
  if (staged === undefined) throw new Refusal("ERR_CLOSED");
  // Where an open file cannot be renamed it was closed before that was tried.
  staged.handle ??= yield* open(staged.path, openFlags.readOnly | openFlags.noFollow);
  const buffer = Buffer.allocUnsafe(Math.max(1, Math.min(write.bytes, copyBytes)));
  let position = 0;
  for (;;) {
    const length = yield* read(staged.handle, buffer, position);
    if (operation.effect === "none") operation.effect = "partial"; // with the call that comes next
    // From here on it is the only whole copy: it must survive the end of this process.
    if (position === 0) unregisterStaged(staged.path);
    if (length === 0) return position;
    yield* writeAll(handle, buffer.subarray(0, length), position);
    position += length;
  }
}
