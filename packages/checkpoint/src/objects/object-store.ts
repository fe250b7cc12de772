import type { Operation, Steps } from "@holdfast/fs/steps";
import { Objects } from "./objects.ts";
import type { ReadSettings } from "./read-object.ts";

/** Bytes that are kept. */
export interface Stored {
  readonly sha256: string;
  readonly size: number;
  /** Whether they were not there before. */
  readonly added: boolean;
}

/**
 * Where bytes are read from: whatever has a `read`. Steps, so that a handle of a root can be asked by `wait`.
 */
export interface ByteSource {
  /** Fills the front of a buffer; 0 at the end. */
  read(buffer: Uint8Array): Steps<number>;
  /**
   * A path by which the same open file can be cloned (`/proc/self/fd/…`), where there is one.
   */
  readonly clonePath?: string | undefined;
  /** The device of that file: where one of its files could not be cloned, it is not tried again. */
  readonly device?: string | undefined;
  /** How many bytes are expected, where that is known. */
  readonly size?: number | undefined;
}

/**
 * `objects/ab/cdef…`: immutable bytes under the SHA-256 of their content. Directories 0700, files 0600.
 *
 * `put`: bytes go to a staged file of an unguessable name in `objects/` while they are hashed; it is flushed, published
 * under its hash, and the directory flushed. Where the object exists already with all its bytes, the staged file goes
 * and the directory is flushed all the same: who made it may not have come so far. It is made young, too: what is
 * older than the grace period of retention may be removed at any moment. One that is damaged is replaced. Small
 * contents (up to one buffer) are hashed first: what is there already is not written again. Reflinked where that is
 * possible: then the clone is what is hashed.
 */
export interface ObjectStore {
  /** Keeps bytes, durably. More than `maxBytes` is a `Refusal` (`ERR_TOO_LARGE`), and nothing is kept. */
  put(operation: Operation, source: ByteSource, maxBytes: number): Steps<Stored>;
  /** Keeps a whole content. */
  putBytes(operation: Operation, bytes: Uint8Array): Steps<Stored>;
  /** Hashes without keeping. */
  hash(source: ByteSource, maxBytes: number): Steps<Stored>;
  /** Reads an object to its end and checks it. */
  verify(operation: Operation, sha256: string, size: number): Steps<"ok" | "missing" | "corrupt">;
  /**
   * The bytes of an object, in pieces, as a content for `root.writeFile`. At the end it throws a
   * `HoldfastError` (`ERR_CHECKPOINT_DAMAGED`) if they are not what their name says: a replacement that is staged is so never
   * put in place.
   */
  read(sha256: string): AsyncIterable<Uint8Array>;
  /** The whole of one, checked. `undefined` if it is missing, damaged or larger than `maxBytes`. */
  readWhole(operation: Operation, sha256: string, maxBytes: number): Steps<Uint8Array | undefined>;
  /** All objects: in slices, one directory of `objects/` at a time. Staged files have no `sha256`. */
  list(operation: Operation): ObjectLister;
  /** Removes one, unless it has been made young since it was listed. Returns whether it did. */
  remove(operation: Operation, object: ListedObject): Steps<boolean>;
}

/** An object, or a staged file, as `list` meets it. */
export interface ListedObject {
  readonly path: string;
  readonly sha256: string | undefined;
  readonly size: number;
  readonly mtimeMs: number;
}

/** Goes through the objects. */
export interface ObjectLister {
  /** Those of the next directory; `undefined` at the end. */
  next(): Steps<readonly ListedObject[] | undefined>;
}

/**
 * @param folder absolute: `<store>/objects`; made when it is first needed, what is above it is not
 * @param settings of which file system it is, for {@link ObjectStore.read}; everything else is told by its operation
 */
export function openObjects(folder: string, settings: ReadSettings = {}): ObjectStore {
  return new Objects(folder, settings);
}

export { handleSource } from "./source.ts";
