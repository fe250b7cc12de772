import {
  attempt,
  chmod,
  directoryOf,
  errorCode,
  lstat,
  mkdir,
  permissionBits,
  rmdir,
  type Operation,
  type Steps,
} from "@holdfast/fs/steps";
import { HeldNames } from "./held-names.ts";
import { shardOf } from "./places.ts";

/**
 * Makes a directory for its owner alone, if it is missing, and flushes its name. Not those above it: a disk that is not
 * there stays so.
 */
function* makeDurable(operation: Operation, path: string): Steps<void> {
  const above = new HeldNames(operation, directoryOf(path));
  try {
    yield* above.open();
    const made = yield* attempt(mkdir(path, 0o700));
    if (!made.ok && errorCode(made.error) !== "EEXIST") throw made.error;
    try {
      if (made.ok) yield* makePrivate(operation, path);
      yield* above.flush();
    } catch (error) {
      // After a flush that failed the next one says that all is well, and it is not: so it is made anew.
      if (made.ok) yield* operation.cleanUp(removeIfEmpty(path));
      throw error;
    }
  } finally {
    yield* above.close();
  }
}

/** A umask can take away even what the owner needs. */
function* makePrivate(operation: Operation, path: string): Steps<void> {
  if (!operation.platform.modes) return;
  const bits = permissionBits(yield* lstat(path));
  if ((bits & 0o777) !== 0o700) yield* chmod(path, (bits & 0o7000) | 0o700);
}

/** Somebody else may be using it already. */
function* removeIfEmpty(path: string): Steps<void> {
  const removed = yield* attempt(rmdir(path));
  if (removed.ok) return;
  const code = errorCode(removed.error) ?? "";
  if (code !== "ENOTEMPTY" && code !== "EEXIST" && code !== "ENOENT") throw removed.error;
}

/** The directories of a store of objects: made when they are needed, flushed before they are relied on. */
export class Folders {
  readonly folder: string;
  /**
   * What this process has seen on the device. Whoever made a directory that exists may not have come to flushing it:
   * so the first to use it here does.
   */
  private readonly durable = new Set<string>();

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Makes `objects/`. */
  *make(operation: Operation): Steps<void> {
    const { folder, durable } = this;
    if (durable.has(folder)) return;
    yield* makeDurable(operation, folder);
    durable.add(folder);
  }

  /** Makes `objects/ab/`. */
  *makeShard(operation: Operation, sha256: string): Steps<void> {
    const { folder, durable } = this;
    const shard = shardOf(folder, sha256);
    if (durable.has(shard)) return;
    yield* this.make(operation);
    yield* makeDurable(operation, shard);
    durable.add(shard);
  }

  /** The names in `objects/ab/`. */
  namesFor(operation: Operation, sha256: string): HeldNames {
    return new HeldNames(operation, shardOf(this.folder, sha256));
  }

  /** Somebody has removed some of them. */
  forget(): void {
    this.durable.clear();
  }
}
