import { createHash } from "node:crypto";
import {
  all,
  attempt,
  errorCode,
  lstat,
  Refusal,
  rename,
  utimes,
  type FileStats,
  type Operation,
  type Steps,
} from "@holdfast/fs/steps";
import { Cloner } from "./clone.ts";
import { Folders } from "./folders.ts";
import type { HeldNames } from "./held-names.ts";
import { listObjects, removeListed } from "./list-objects.ts";
import type {
  ByteSource,
  ListedObject,
  ObjectLister,
  ObjectStore,
  Stored,
} from "./object-store.ts";
import { pathOf } from "./places.ts";
import {
  hashHandle,
  readObject,
  readWholeObject,
  verifyObject,
  type ReadSettings,
} from "./read-object.ts";
import { pieceBytes, Pieces } from "./source.ts";
import { StagedObject } from "./staged.ts";

/** What was touched so recently needs no new time. Far below the grace period of retention. */
const youngMs = 60 * 1000;

/** The one {@link ObjectStore} there is. */
export class Objects implements ObjectStore {
  private readonly folders: Folders;
  private readonly settings: ReadSettings;
  private readonly cloner = new Cloner();
  /** A flush after they got their names failed, and the next one may say that all is well: they are written again. */
  private readonly doubtful = new Set<string>();

  constructor(folder: string, settings: ReadSettings) {
    this.folders = new Folders(folder);
    this.settings = settings;
  }

  *put(operation: Operation, source: ByteSource, maxBytes: number): Steps<Stored> {
    const staged = StagedObject.at(operation, this.folders);
    try {
      if (source.clonePath !== undefined) {
        yield* this.folders.make(operation);
        if (yield* this.cloner.clone(operation, source, staged.path)) {
          return yield* this.keepClone(operation, staged, maxBytes);
        }
      }
      const pieces = new Pieces(source, maxBytes);
      const first = yield* pieces.next(pieces.firstBuffer());
      if (first.isLast) return yield* this.putBytes(operation, first.bytes);
      return yield* this.keepPieces(operation, staged, pieces, first.bytes);
    } finally {
      yield* staged.discard();
    }
  }

  *putBytes(operation: Operation, bytes: Uint8Array): Steps<Stored> {
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const staged = StagedObject.at(operation, this.folders);
    const { folders } = this;
    try {
      return yield* this.keep(operation, staged, sha256, bytes.byteLength, function* () {
        yield* staged.create(folders);
        yield* staged.writeWhole(bytes);
        yield* staged.flush();
      });
    } finally {
      yield* staged.discard();
    }
  }

  *hash(source: ByteSource, maxBytes: number): Steps<Stored> {
    const hash = createHash("sha256");
    const pieces = new Pieces(source, maxBytes);
    const buffer = pieces.firstBuffer();
    for (;;) {
      const { bytes, isLast } = yield* pieces.next(buffer);
      hash.update(bytes);
      if (isLast) return { sha256: hash.digest("hex"), size: pieces.total, added: false };
    }
  }

  verify(operation: Operation, sha256: string, size: number): Steps<"ok" | "missing" | "corrupt"> {
    return verifyObject(operation, this.folders.folder, sha256, size);
  }

  read(sha256: string): AsyncIterable<Uint8Array> {
    return readObject(this.folders.folder, sha256, this.settings);
  }

  readWhole(operation: Operation, sha256: string, maxBytes: number): Steps<Uint8Array | undefined> {
    return readWholeObject(operation, this.folders.folder, sha256, maxBytes);
  }

  list(): ObjectLister {
    return listObjects(this.folders.folder);
  }

  remove(operation: Operation, object: ListedObject): Steps<boolean> {
    return removeListed(operation, this.folders, object);
  }

  /** More than one buffer: each piece is written while the next one is read. */
  private *keepPieces(
    operation: Operation,
    staged: StagedObject,
    pieces: Pieces,
    first: Uint8Array,
  ): Steps<Stored> {
    const hash = createHash("sha256").update(first);
    yield* staged.create(this.folders);
    let bytes = first;
    let spare: Uint8Array = Buffer.allocUnsafe(pieceBytes);
    for (let isLast = false; !isLast;) {
      const [, next] = yield* all([staged.write(bytes), pieces.next(spare)]);
      hash.update(next.bytes);
      [spare, bytes, isLast] = [bytes, next.bytes, next.isLast];
    }
    yield* staged.write(bytes);
    const sha256 = hash.digest("hex");
    return yield* this.keep(operation, staged, sha256, pieces.total, () => staged.flush());
  }

  private *keepClone(operation: Operation, staged: StagedObject, maxBytes: number): Steps<Stored> {
    const handle = yield* staged.takeOver();
    const found = yield* hashHandle(handle);
    if (found === undefined) throw new Refusal("EIO");
    if (found.size > maxBytes) throw new Refusal("ERR_TOO_LARGE");
    const { sha256, size } = found;
    return yield* this.keep(operation, staged, sha256, size, () => staged.flush());
  }

  /** @param finish brings the staged file to the device, with all its bytes */
  private *keep(
    operation: Operation,
    staged: StagedObject,
    sha256: string,
    size: number,
    finish: () => Steps<void>,
  ): Steps<Stored> {
    const { folders } = this;
    const names = folders.namesFor(operation, sha256);
    try {
      if (yield* this.isKept(operation, names, sha256, size)) return { sha256, size, added: false };
      yield* folders.make(operation);
      yield* all([finish(), folders.makeShard(operation, sha256)]);
      yield* this.publish(operation, names, staged, sha256);
      return { sha256, size, added: true };
    } finally {
      yield* names.close();
    }
  }

  /**
   * Gives a flushed file the name of its hash. By `rename`: what may have that name has the same bytes, or is damaged
   * and is healed.
   */
  private *publish(
    operation: Operation,
    names: HeldNames,
    staged: StagedObject,
    sha256: string,
  ): Steps<void> {
    const { folders } = this;
    const path = pathOf(folders.folder, sha256);
    const put = function* (): Steps<void> {
      yield* names.open();
      yield* rename(staged.path, path);
    };
    const renamed = yield* attempt(put());
    if (!renamed.ok) {
      if (errorCode(renamed.error) !== "ENOENT") throw renamed.error;
      // Somebody has removed the directory since it was made.
      yield* names.close();
      folders.forget();
      yield* folders.makeShard(operation, sha256);
      yield* put();
    }
    staged.published();
    yield* this.flush(names, sha256);
    this.doubtful.delete(sha256);
  }

  /**
   * Whether an object is there with all its bytes; durable then, also where somebody else has made it and not come so
   * far, and young, so that nobody takes it for one that is needed no more. It is read: rather than rely on bytes
   * that are lost it is written again.
   */
  private *isKept(
    operation: Operation,
    names: HeldNames,
    sha256: string,
    size: number,
  ): Steps<boolean> {
    const { folders } = this;
    if (this.doubtful.has(sha256)) return false;
    const path = pathOf(folders.folder, sha256);
    const found = yield* attempt(lookAt(names, path));
    if (!found.ok) {
      const code = errorCode(found.error);
      if (code === "ENOENT" || code === "ENOTDIR") return false;
      throw found.error;
    }
    if (!found.value.isFile() || found.value.size !== BigInt(size)) return false;
    if ((yield* this.verify(operation, sha256, size)) !== "ok") return false;
    const now = Date.now();
    if (Math.abs(now - Number(found.value.mtimeNs) / 1e6) > youngMs) {
      const touched = yield* attempt(utimes(path, now / 1000, now / 1000));
      if (!touched.ok) {
        if (errorCode(touched.error) === "ENOENT") return false; // removed at this moment
        throw touched.error;
      }
    }
    yield* folders.makeShard(operation, sha256);
    yield* this.flush(names, sha256);
    return true;
  }

  private *flush(names: HeldNames, sha256: string): Steps<void> {
    const flushed = yield* attempt(names.flush());
    if (flushed.ok) return;
    this.doubtful.add(sha256);
    throw flushed.error;
  }
}

function* lookAt(names: HeldNames, path: string): Steps<FileStats> {
  yield* names.open();
  return yield* lstat(path);
}
