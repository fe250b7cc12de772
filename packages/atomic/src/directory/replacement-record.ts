import {
  attempt,
  closeFlushed,
  errorCode,
  type FileStats,
  fstat,
  fsync,
  joinName,
  nameOf,
  open,
  openFlags,
  type Operation,
  quotePath,
  read,
  Refusal,
  rename,
  type Steps,
  unlink,
  writeAll,
} from "@holdfast/fs/steps";
import { syncDirectoryAt } from "../durable/directories.ts";
import type { Claim } from "./target-claim.ts";

/**
 * What is written down before a target is renamed away, so that whoever comes after a crash need
 * not guess. Names only, all of them in the target's own directory: nothing outside it can be
 * reached through a record.
 */
export interface ReplacementRecord {
  readonly target: string;
  readonly backup: string;
  readonly keepBackup: boolean;
  readonly staged: Fingerprint;
}

/**
 * Tells the staged tree from everything else that may stand at the target's name later. The inode
 * number alone does not: ext4 gives the number of a removed directory to the next one made (a
 * program that cleans its staging area after a crash and makes an empty target would look as if the
 * replacement had succeeded). The device number is left out: on btrfs, overlayfs and NFS it is
 * another one after each mount.
 */
export interface Fingerprint {
  readonly ino: string;
  readonly birthtimeNs: string;
  readonly mtimeNs: string;
}

/** What can be recognised later of a directory. */
export function fingerprint(stats: FileStats): Fingerprint {
  return {
    ino: String(stats.ino),
    birthtimeNs: String(stats.birthtimeNs),
    mtimeNs: String(stats.mtimeNs),
  };
}

/**
 * Whether this is the directory of a fingerprint. The time of birth is not known everywhere (0, or
 * the time of the last change instead); then the time of modification must do, which is the same
 * until somebody adds an entry.
 */
export function isThatDirectory(stats: FileStats, print: Fingerprint): boolean {
  if (!stats.isDirectory() || String(stats.ino) !== print.ino) return false;
  const birthtime = String(stats.birthtimeNs);
  return (
    (birthtime !== "0" && birthtime === print.birthtimeNs) ||
    String(stats.mtimeNs) === print.mtimeNs
  );
}

// The state of a replacement is in the name of its record, because a rename changes it at once.
const unfinished = "record.tmp";
/** The target is being changed; the backup is whole. */
const prepared = "record";
/** The new tree is in place, durably; the backup may be half removed. */
const committed = "record-committed";

/** Writes a record, durable as far as its own directory. The caller flushes that one's parent. */
export function* writeRecord(
  operation: Operation,
  { box }: Claim,
  record: ReplacementRecord,
  sync: boolean,
): Steps<void> {
  const { create, exclusive, writeOnly, noFollow } = openFlags;
  const path = joinName(box, unfinished);
  const handle = yield* open(path, create | exclusive | writeOnly | noFollow, 0o600);
  try {
    yield* writeAll(handle, Buffer.from(JSON.stringify({ version: 1, ...record })));
    // Also where directories are not flushed: a file system that keeps its directory changes in
    // order then shows either no record or a whole one, but never one of zeros.
    yield* fsync(handle);
  } finally {
    yield* operation.cleanUp(closeFlushed(handle));
  }
  yield* rename(path, joinName(box, prepared));
  if (sync) yield* syncDirectoryAt(operation, box);
}

/** Writes down that from now on nothing may be put back. */
export function* markCommitted(operation: Operation, { box }: Claim, sync: boolean): Steps<void> {
  yield* rename(joinName(box, prepared), joinName(box, committed));
  if (sync) yield* syncDirectoryAt(operation, box);
}

/** Removes the record, whatever its state. */
export function* dropRecord({ box }: Claim): Steps<void> {
  for (const name of [unfinished, prepared, committed]) {
    const removed = yield* attempt(unlink(joinName(box, name)));
    if (!removed.ok && errorCode(removed.error) !== "ENOENT") throw removed.error;
  }
}

/** A record as it was found. */
export interface FoundRecord {
  readonly record: ReplacementRecord;
  readonly committed: boolean;
}

/** Reads what an earlier call left. One that it had not finished writing says nothing. */
export function* readRecord(operation: Operation, claim: Claim): Steps<FoundRecord | undefined> {
  if (claim.found.includes(unfinished)) yield* unlink(joinName(claim.box, unfinished));
  const name = [committed, prepared].find((state) => claim.found.includes(state));
  if (name === undefined) return undefined;
  const path = joinName(claim.box, name);
  const record = parseRecord(yield* readOwnFile(operation, claim, path));
  if (record === undefined) throw unreadable(path, "cannot be understood");
  return { record, committed: name === committed };
}

const largestRecord = 16 * 1024;

function* readOwnFile(operation: Operation, { uid }: Claim, path: string): Steps<string> {
  const handle = yield* open(path, openFlags.readOnly | openFlags.noFollow | openFlags.nonBlocking);
  try {
    const stats = yield* fstat(handle);
    const ours = !operation.platform.owners || stats.uid === uid;
    if (!stats.isFile() || !ours) throw unreadable(path, "was not made by this user");
    const bytes = Buffer.alloc(largestRecord);
    let length = 0;
    for (let got = -1; got !== 0 && length < bytes.length; length += got) {
      got = yield* read(handle, bytes.subarray(length), length);
    }
    return bytes.toString("utf8", 0, length);
  } finally {
    yield* operation.cleanUp(closeFlushed(handle));
  }
}

function unreadable(path: string, how: string): Refusal {
  return new Refusal("ERR_RECOVERY", {
    problem: `the record of an interrupted replacement, ${quotePath(path)}, ${how}`,
    hint: "Look for the backup beside the target; when the target is right, remove the record.",
  });
}

function parseRecord(text: string): ReplacementRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { version, target, backup, keepBackup, staged } = value as Record<string, unknown>;
  if (version !== 1 || typeof keepBackup !== "boolean") return undefined;
  if (!isName(target) || !isName(backup) || target === backup) return undefined;
  if (typeof staged !== "object" || staged === null) return undefined;
  const { ino, birthtimeNs, mtimeNs } = staged as Record<string, unknown>;
  if (typeof ino !== "string" || typeof birthtimeNs !== "string") return undefined;
  if (typeof mtimeNs !== "string") return undefined;
  return { target, backup, keepBackup, staged: { ino, birthtimeNs, mtimeNs } };
}

/** One name: no way leads out of the directory. */
function isName(value: unknown): value is string {
  if (typeof value !== "string" || value.includes("\0") || value.includes("/")) return false;
  return value !== "" && value !== "." && value !== ".." && nameOf(value) === value;
}
