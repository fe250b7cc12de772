import {
  attempt,
  closeFlushed,
  directoryOf,
  errorCode,
  fchmod,
  fstat,
  lstat,
  mkdir,
  open,
  openFlags,
  permissionBits,
  Refusal,
  stat,
  type Operation,
  type Steps,
} from "@holdfast/fs/steps";
import { syncDirectoryAt } from "@holdfast/atomic/steps";

const ours = 0o700;

/** Makes the directory of a store, and those above it. One that exists is used as it is, also by a link. */
export function* makeStore(operation: Operation, path: string): Steps<void> {
  const found = yield* attempt(stat(path));
  if (found.ok) {
    if (!found.value.isDirectory()) throw notAFolder("the store is not a directory");
    return;
  }
  if (errorCode(found.error) !== "ENOENT") throw found.error;
  yield* makeAbove(operation, directoryOf(path));
  yield* makeFolder(operation, path);
}

/** As `mkdir -p` would: whoever may see what is around a store is not ours to say. */
function* makeAbove(operation: Operation, path: string): Steps<void> {
  const found = yield* attempt(stat(path));
  if (found.ok) return;
  const parent = directoryOf(path);
  if (errorCode(found.error) !== "ENOENT" || parent === path) throw found.error;
  yield* makeAbove(operation, parent);
  const made = yield* attempt(mkdir(path));
  if (!made.ok && errorCode(made.error) !== "EEXIST") throw made.error;
  yield* syncDirectoryAt(operation, parent);
}

/** Makes a directory inside a store, for us alone; one that exists must be one, and no link to one. */
export function* makeFolder(operation: Operation, path: string): Steps<void> {
  const made = yield* attempt(mkdir(path, ours));
  if (made.ok) {
    if (operation.platform.modes) yield* setMode(operation, path);
  } else {
    if (errorCode(made.error) !== "EEXIST") throw made.error;
    yield* requireFolder(path);
  }
  // Also of one that exists: whoever made it may not have come to this.
  yield* syncDirectoryAt(operation, directoryOf(path));
}

/** Refuses what somebody may have put into the place of a directory of a store. */
function* requireFolder(path: string): Steps<void> {
  const found = yield* lstat(path);
  if (found.isSymbolicLink()) {
    throw new Refusal("ERR_SYMLINK", {
      problem: "a directory inside the store is a symbolic link",
      hint: "The store itself may be reached by links; nothing inside it is.",
    });
  }
  if (!found.isDirectory()) throw notAFolder("a directory of the store is something else");
}

/** A umask can take bits of ours away; set-group-id is inherited, and stays. */
function* setMode(operation: Operation, path: string): Steps<void> {
  const handle = yield* open(path, openFlags.readOnly | openFlags.directory | openFlags.noFollow);
  try {
    const bits = permissionBits(yield* fstat(handle));
    if ((bits & 0o777) !== ours) yield* fchmod(handle, (bits & 0o2000) | ours);
  } finally {
    yield* operation.cleanUp(closeFlushed(handle));
  }
}

const notAFolder = (problem: string): Refusal => new Refusal("ENOTDIR", { problem });
