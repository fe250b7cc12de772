import {
  attempt,
  close,
  closeFlushed,
  errorCode,
  fchmod,
  fstat,
  fsync,
  open,
  openFlags,
  permissionBits,
  unlink,
  writeAll,
  writeWhole,
  type Handle,
  type Operation,
  type Steps,
} from "@holdfast/fs/steps";
import type { Folders } from "./folders.ts";
import { newStagedPath } from "./places.ts";

const createFlags =
  openFlags.readWrite | openFlags.create | openFlags.exclusive | openFlags.noFollow;
const openAgainFlags = openFlags.readWrite | openFlags.noFollow;

/** A file on its way to become an object. Discarded in the end, whatever happened. */
export class StagedObject {
  readonly path: string;
  private readonly operation: Operation;
  private handle: Handle | undefined;
  /** Whether there is something under its name. */
  private exists = false;

  private constructor(operation: Operation, path: string) {
    this.operation = operation;
    this.path = path;
  }

  static at(operation: Operation, folders: Folders): StagedObject {
    return new StagedObject(operation, newStagedPath(folders.folder));
  }

  /** Creates it, empty, for its owner alone. */
  *create(folders: Folders): Steps<void> {
    yield* folders.make(this.operation);
    this.exists = true; // a call that fails may have made it
    let opened = yield* attempt(open(this.path, createFlags, 0o600));
    if (!opened.ok && errorCode(opened.error) === "ENOENT") {
      folders.forget();
      yield* folders.make(this.operation);
      opened = yield* attempt(open(this.path, createFlags, 0o600));
    }
    if (!opened.ok) throw opened.error;
    this.handle = opened.value;
    yield* this.makePrivate();
  }

  /** Takes over a file that was made under its name by `copyFile`, which gives it the mode of the source. */
  *takeOver(): Steps<Handle> {
    this.exists = true;
    this.handle = yield* open(this.path, openAgainFlags);
    yield* this.makePrivate();
    return this.handle;
  }

  *write(bytes: Uint8Array): Steps<void> {
    yield* writeAll(this.handle!, bytes);
  }

  /** Writes all there is, where nothing was written before. */
  *writeWhole(bytes: Uint8Array): Steps<void> {
    yield* this.operation.injected
      ? writeWhole(this.handle!, bytes)
      : writeAll(this.handle!, bytes);
  }

  /** Its bytes and its mode are on the device then. */
  *flush(): Steps<void> {
    const handle = this.handle!;
    yield* fsync(handle);
    this.handle = undefined;
    yield* closeFlushed(handle);
  }

  /** It has its final name now. */
  published(): void {
    this.exists = false;
  }

  *discard(): Steps<void> {
    const { operation, path, handle } = this;
    this.handle = undefined;
    if (handle !== undefined) yield* operation.cleanUp(close(handle));
    if (!this.exists) return;
    this.exists = false;
    const removed = yield* operation.cleanUp(removeIfThere(path));
    if (!removed) operation.leftovers.push(path);
  }

  private *makePrivate(): Steps<void> {
    const { operation, handle } = this;
    if (!operation.platform.modes) return;
    const bits = permissionBits(yield* fstat(handle!));
    if (bits !== 0o600) yield* fchmod(handle!, 0o600);
  }
}

export function* removeIfThere(path: string): Steps<void> {
  const removed = yield* attempt(unlink(path));
  if (!removed.ok && errorCode(removed.error) !== "ENOENT") throw removed.error;
}
