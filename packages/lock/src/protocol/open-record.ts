import {
  attempt,
  close,
  errorCode,
  type FileStats,
  fstat,
  type Handle,
  lstat,
  open,
  openFlags,
  type Operation,
  Refusal,
  sameIdentity,
  type Steps,
  writeAll,
} from "@holdfast/fs/steps";
import { formatRecord } from "./lock-record.ts";
import { namingRefusals } from "./name-refusals.ts";
import { readEntry } from "./read-entry.ts";

const { create, exclusive, noFollow, readWrite } = openFlags;
const newline = new Uint8Array([0x0a]);

/** What a record of ours says, and how often it is written to. */
export interface RecordOptions {
  readonly purpose: string | undefined;
  readonly shared: boolean;
  readonly heartbeatMs: number;
}

/**
 * The record of an acquisition, open for as long as it has a name: so its inode number means no other
 * file, and it can be written to whatever its name is. Where open files cannot be unlinked it is closed,
 * and known by its nonce.
 */
export class OpenRecord {
  readonly nonce: string;
  private readonly options: RecordOptions;
  private handle: Handle | undefined;
  private identity: FileStats | undefined;
  private length = 0;
  /** Steps that use the handle at this moment: it is not closed under them. */
  private users = 0;
  private ended = false;

  constructor(nonce: string, options: RecordOptions) {
    this.nonce = nonce;
    this.options = options;
  }

  *create(operation: Operation, path: string): Steps<void> {
    this.ended = false;
    // Readable for others, as far as the umask allows: they must be able to see who it is.
    const opened = open(path, create | exclusive | noFollow | readWrite, 0o644);
    this.handle = yield* namingRefusals(opened, path, "made");
    this.identity = yield* fstat(this.handle);
    yield* this.write(this.handle);
    if (!operation.platform.rename.sourceMayBeOpen) yield* this.close(operation);
  }

  /** Writes it again, with the time of now. */
  *renew(operation: Operation, path: string): Steps<void> {
    yield* this.using(operation, path, (handle) => this.write(handle));
  }

  /** Moves its time of change, by the clock of the file system; the content stays as it is. */
  *beat(operation: Operation, path: string): Steps<void> {
    yield* this.using(operation, path, (handle) => writeAll(handle, newline, this.length - 1));
  }

  /** Now, by the clock of the file system, in nanoseconds. */
  *clock(operation: Operation, path: string): Steps<bigint> {
    const { length } = this;
    return yield* this.using(operation, path, function* (handle) {
      yield* writeAll(handle, newline, length - 1);
      return (yield* fstat(handle)).mtimeNs;
    });
  }

  private *write(handle: Handle): Steps<void> {
    const bytes = formatRecord(this.nonce, this.options);
    this.length = bytes.length;
    yield* writeAll(handle, bytes, 0);
  }

  private *using<T>(
    operation: Operation,
    path: string,
    use: (handle: Handle) => Steps<T>,
  ): Steps<T> {
    const kept = this.handle;
    const handle = kept ?? (yield* open(path, readWrite | noFollow));
    this.users++;
    try {
      // What has that name now may be somebody else's, and is not written to before that is known.
      if (kept === undefined && !(yield* this.isAt(operation, path))) {
        throw new Refusal("ERR_CHANGED");
      }
      return yield* use(handle);
    } finally {
      this.users--;
      if (kept === undefined) yield* operation.cleanUp(close(handle));
      else if (this.ended) yield* operation.cleanUp(this.close(operation));
    }
  }

  /** When it was last written to, by the clock of the file system. */
  *lastWritten(): Steps<bigint> {
    if (this.handle === undefined) throw new Refusal("ERR_CLOSED");
    return (yield* fstat(this.handle)).mtimeNs;
  }

  /** Whether it has no name, or one. */
  *hasOneName(): Steps<boolean> {
    return this.handle !== undefined && (yield* fstat(this.handle)).nlink < 2n;
  }

  /** Whether a name is one of it. */
  *isAt(operation: Operation, path: string): Steps<boolean> {
    const found = yield* attempt(lstat(path));
    if (found.ok) {
      const same =
        this.handle === undefined || this.identity === undefined
          ? undefined
          : sameIdentity(found.value, this.identity);
      if (same !== undefined) return same;
    } else {
      // `ENOTDIR`: the directory of the shares is gone, and something else has its name.
      if (["ENOENT", "ENOTDIR"].includes(errorCode(found.error) ?? "")) return false;
      // A root does not show what has two names for the moment; whose it is, it may say itself.
      if (errorCode(found.error) !== "ERR_HARDLINK") throw found.error;
    }
    const entry = yield* readEntry(operation, path);
    return typeof entry === "object" && entry.record?.nonce === this.nonce;
  }

  *close(operation: Operation): Steps<void> {
    this.ended = true;
    const { handle } = this;
    if (handle === undefined || this.users > 0) return;
    this.handle = undefined;
    if (operation.synchronous && typeof handle === "object") {
      // A `FileHandle` closes its number itself, once. Closed behind its back, it would close a second
      // time what may be another file by then.
      void (handle as unknown as { close(): Promise<void> }).close().catch(() => {});
    } else yield* close(handle);
  }
}
