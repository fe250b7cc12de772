import { createHash } from "node:crypto";
import {
  attempt,
  closeFlushed,
  errorCode,
  type FileStats,
  fstat,
  type Handle,
  lstat,
  open,
  openFlags,
  type Operation,
  quotePath,
  read,
  Refusal,
  shielded,
  type Steps,
  wait,
} from "@holdfast/fs/steps";
import { isPortOfRoot } from "../root-port.ts";
import { largestRecord, type LockRecord, parseRecord } from "./lock-record.ts";
import { refusedName } from "./name-refusals.ts";

/** What is at a name of a lock. */
export interface Found {
  readonly path: string;
  /** As they were before it was read. */
  readonly stats: FileStats;
  /** `undefined`: unreadable. */
  readonly record: LockRecord | undefined;
  /** Whether nobody let us read it: then there may be a good record in it. */
  readonly sealed: boolean;
  /** The nonce; of what is unreadable, a hash of what else tells it from others. */
  readonly identity: string;
}

// A name that is just being given or taken away: a view of a root refuses what has two names, Windows what somebody has
// open, NFS what its server has removed.
const mayPass = new Set(["ERR_HARDLINK", "EBUSY", "ESTALE"]);

/** Reads a record; `"gone"` if nothing is there, `"busy"` if that cannot be told at this moment. */
export function* readEntry(operation: Operation, path: string): Steps<Found | "gone" | "busy"> {
  const opened = yield* attempt(openEntry(operation, path));
  if (!opened.ok) {
    const code = errorCode(opened.error) ?? "";
    if (code === "ENOENT") return "gone";
    if (mayPass.has(code)) return "busy";
    if (code === "EACCES" || code === "EPERM") return yield* findSealed(path);
    if (code === "ELOOP" || code === "EISDIR") throw notAFile(path);
    throw yield* refusedName(opened.error, path, "read");
  }
  try {
    return yield* readOpened(path, opened.value);
  } finally {
    yield* operation.cleanUp(closeFlushed(opened.value));
  }
}

/**
 * An entry has two names for a moment, and for ever if its maker was killed in it. A root that refuses such files would
 * keep everybody waiting for the dead. Here it is a record that is read, and shown to nobody.
 */
function* openEntry({ fileSystem }: Operation, path: string): Steps<Handle> {
  const { readOnly, noFollow, nonBlocking } = openFlags;
  // Non-blocking: opening a FIFO that somebody put there would wait for a writer.
  const flags = readOnly | noFollow | nonBlocking;
  if (!isPortOfRoot(fileSystem)) return yield* open(path, flags);
  const root = fileSystem?.promises as unknown as RootOpen;
  // To its end also if the signal comes: a handle that nobody has would stay open.
  return yield* shielded(wait(root.open(path, flags, undefined, { hardlinks: "allow" })));
}

interface RootOpen {
  open(
    path: string,
    flags: number,
    mode: undefined,
    options: { readonly hardlinks: "allow" },
  ): Promise<Handle>;
}

function* readOpened(path: string, handle: Handle): Steps<Found | "busy"> {
  const stats = yield* fstat(handle);
  if (!stats.isFile()) throw notAFile(path);
  const bytes = new Uint8Array(Math.min(Number(stats.size), largestRecord + 1));
  let length = 0;
  while (length < bytes.length) {
    const count = yield* attempt(read(handle, bytes.subarray(length), length));
    if (!count.ok) {
      if (mayPass.has(errorCode(count.error) ?? "")) return "busy";
      throw count.error;
    }
    if (count.value === 0) break;
    length += count.value;
  }
  const record = length > largestRecord ? undefined : parseRecord(bytes.subarray(0, length));
  return {
    path,
    stats,
    record,
    sealed: false,
    identity: record?.nonce ?? identityOf(stats),
  };
}

function* findSealed(path: string): Steps<Found | "gone" | "busy"> {
  const found = yield* attempt(lstat(path));
  if (!found.ok) {
    const code = errorCode(found.error) ?? "";
    if (code === "ENOENT") return "gone";
    if (mayPass.has(code)) return "busy";
    throw yield* refusedName(found.error, path, "read");
  }
  const stats = found.value;
  if (!stats.isFile()) throw notAFile(path);
  return { path, stats, record: undefined, sealed: true, identity: identityOf(stats) };
}

/** Of a file that nobody changes any more: whoever might is taken to be dead. */
function identityOf({ ino, mtimeNs, size }: FileStats): string {
  return createHash("sha256").update(`${ino} ${mtimeNs} ${size}`).digest("hex").slice(0, 32);
}

function notAFile(path: string): Refusal {
  return new Refusal("ERR_NOT_FILE", {
    problem: `${quotePath(path)}, the name of the lock, is not a regular file`,
    hint: "Something else put it there; if nobody needs it, remove it.",
  });
}
