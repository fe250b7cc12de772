import {
  attempt,
  closeFlushed,
  directoryOf,
  errorCode,
  fchmod,
  fstat,
  mkdir,
  open,
  openFlags,
  permissionBits,
  stat,
  type Operation,
  type Steps,
} from "@holdfast/fs/steps";
import { syncDirectoryAt } from "@holdfast/atomic/steps";

/** As {@link makeDirectories}, where there may be nothing to do. */
export function* makeMissing(
  operation: Operation,
  path: string,
  mode: number | undefined,
  onUnflushed: (error: unknown) => void,
): Steps<void> {
  const found = yield* attempt(stat(path));
  if (found.ok) return;
  if (errorCode(found.error) !== "ENOENT") throw found.error;
  yield* makeDirectories(operation, path, mode, onUnflushed);
}

/**
 * Makes a directory and those above it that are missing, and flushes the name of each one made.
 *
 * @param onUnflushed told if a flush failed
 */
function* makeDirectories(
  operation: Operation,
  path: string,
  mode: number | undefined,
  onUnflushed: (error: unknown) => void,
): Steps<void> {
  const parent = directoryOf(path);
  let made = yield* attempt(mkdir(path, mode));
  if (!made.ok && errorCode(made.error) === "ENOENT" && parent !== path) {
    yield* makeDirectories(operation, parent, mode, onUnflushed);
    made = yield* attempt(mkdir(path, mode));
  }
  if (!made.ok && errorCode(made.error) !== "EEXIST") throw made.error;
  if (made.ok) operation.effect = "partial";
  if (made.ok && mode !== undefined && operation.platform.modes) {
    yield* setMode(operation, path, mode);
  }
  // Also where somebody else made it meanwhile: they may not have flushed it yet.
  const flushed = yield* attempt(syncDirectoryAt(operation, parent));
  if (flushed.ok) return;
  onUnflushed(flushed.error);
  throw flushed.error;
}

/** `mkdir` lets the umask take bits away; and a set-group-id bit that was inherited must stay. */
function* setMode(operation: Operation, path: string, mode: number): Steps<void> {
  const handle = yield* open(path, openFlags.readOnly | openFlags.directory | openFlags.noFollow);
  try {
    const bits = permissionBits(yield* fstat(handle));
    if (bits !== ((bits & 0o2000) | mode)) yield* fchmod(handle, (bits & 0o2000) | mode);
  } finally {
    yield* operation.cleanUp(closeFlushed(handle));
  }
}
