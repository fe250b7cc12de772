import {
  attempt,
  type Attempt,
  descriptorOf,
  errorCode,
  fstat,
  openFlags,
  permissionBits,
  read,
  Refusal,
  sameIdentity,
  shielded,
  wait,
  type FileStats,
  type Handle,
  type Operation,
  type Steps,
} from "@holdfast/fs/steps";
import type { FileHandle } from "node:fs/promises";
import type { Root } from "@holdfast/root";
import type { ByteSource, ObjectStore, Stored } from "../objects/object-store.ts";
import type { PathState } from "../state.ts";
import { Changed, WorkspaceFailure } from "./look-failures.ts";
import type { LookSettings } from "./look.ts";
import { isUntouched } from "./signature.ts";

const readFlags = openFlags.readOnly | openFlags.noFollow | openFlags.nonBlocking;

/** A file that was read, and what it was then. */
export interface ReadFile {
  readonly state: PathState;
  readonly stats: FileStats;
}

/** How to get at files of a root. */
interface Access {
  readonly operation: Operation;
  readonly root: Root;
  readonly objects: ObjectStore;
  readonly settings: LookSettings;
}

/**
 * Reads a file to its end, from one descriptor, and keeps it.
 *
 * @param seen what its name had a moment ago
 * @throws {@link Changed}, {@link WorkspaceFailure}, and what the store throws
 */
export function* lookAtFile(access: Access, inside: string, seen: FileStats): Steps<PathState> {
  if (seen.size > BigInt(access.settings.maxFileBytes)) return tooLarge;
  const opened = yield* openFile(access.root, inside);
  if (!opened.ok) throw new WorkspaceFailure(opened.error);
  const found = yield* readAndClose(access, opened.value, (stats) => {
    // Where links cannot be refused (Windows) one that was put there since has been followed.
    if (sameIdentity(stats, seen) === false || !isUntouched(stats, seen)) throw new Changed();
    return true;
  });
  return found!.state;
}

/**
 * The same without looking at the name first: what is opened, without following a link, is what it is. `undefined`
 * where that is no regular file, or cannot be read: a look at the name says what it is.
 */
export function* lookAtRegularFile(access: Access, inside: string): Steps<ReadFile | undefined> {
  if (openFlags.noFollow === 0) return undefined; // Windows
  const opened = yield* openFile(access.root, inside);
  if (!opened.ok) return undefined;
  const read = yield* attempt(readAndClose(access, opened.value, (stats) => stats.isFile()));
  if (read.ok) return read.value;
  if (read.error instanceof WorkspaceFailure) return undefined;
  throw read.error;
}

const tooLarge: PathState = { kind: "skipped", reason: "too-large" };

// To its end also if the signal comes: a handle that nobody has would stay open.
const openFile = (root: Root, inside: string): Steps<Attempt<FileHandle>> =>
  attempt(shielded(wait(root.open(inside, readFlags))));

/** @param accepts says of what was opened whether it is read */
function* readAndClose(
  { operation, root, objects, settings }: Access,
  file: FileHandle,
  accepts: (stats: FileStats) => boolean,
): Steps<ReadFile | undefined> {
  const { keep, maxFileBytes } = settings;
  try {
    const handle = file as unknown as Handle;
    const stats = yield* statsOf(handle);
    if (!accepts(stats)) return undefined;
    if (stats.size > BigInt(maxFileBytes)) return { state: tooLarge, stats };
    const source = new FileSource(handle, stats, root.containment === "descriptor");
    const stored = yield* attempt(
      keep === "bytes"
        ? objects.put(operation, source, maxFileBytes)
        : objects.hash(source, maxFileBytes),
    );
    if (!stored.ok) throw hasGrown(stored.error) ? new Changed() : stored.error;
    yield* source.check(stored.value);
    const { sha256, size } = stored.value;
    return { state: { kind: "file", sha256, size, mode: permissionBits(stats) }, stats };
  } finally {
    yield* operation.cleanUp(wait(file.close()));
  }
}

/** The limit was looked at before: the source is longer by now. */
const hasGrown = (error: unknown): boolean =>
  error instanceof Refusal && errorCode(error) === "ERR_TOO_LARGE";

function* statsOf(handle: Handle): Steps<FileStats> {
  const stats = yield* attempt(fstat(handle));
  if (!stats.ok) throw new WorkspaceFailure(stats.error);
  return stats.value;
}

/** The bytes of an open file, as long as nobody changes it. */
class FileSource implements ByteSource {
  readonly clonePath: string | undefined;
  readonly device: string;
  readonly size: number;
  private readonly handle: Handle;
  private readonly stats: FileStats;
  private position = 0;

  /** @param byDescriptor whether /proc is known to tell the truth of descriptors */
  constructor(handle: Handle, stats: FileStats, byDescriptor: boolean) {
    this.handle = handle;
    this.stats = stats;
    this.size = Number(stats.size);
    this.device = String(stats.dev);
    const descriptor = byDescriptor ? descriptorOf(handle) : undefined;
    this.clonePath = descriptor === undefined ? undefined : `/proc/self/fd/${descriptor}`;
  }

  /** Not past the end that was seen: if there is more by then, it has changed, and that is found out. */
  *read(buffer: Uint8Array): Steps<number> {
    const left = Math.min(buffer.byteLength, this.size - this.position);
    if (left === 0) {
      yield* this.checkStats(); // before it is stored
      return 0;
    }
    const got = yield* attempt(read(this.handle, buffer.subarray(0, left)));
    if (!got.ok) throw new WorkspaceFailure(got.error);
    if (got.value === 0) throw new Changed();
    this.position += got.value;
    return got.value;
  }

  /** Whether what was stored is the file. A clone was not read through here. */
  *check({ size }: Stored): Steps<void> {
    if (size !== this.size) throw new Changed();
    yield* this.checkStats();
  }

  private *checkStats(): Steps<void> {
    if (!isUntouched(this.stats, yield* statsOf(this.handle))) throw new Changed();
  }
}
