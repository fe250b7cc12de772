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

/** How directories are made. */
export interface DirectorySettings {
  /** Exact permission bits. Default: what the umask leaves. */
  readonly dirMode?: number | undefined;
  /** Flush the name of each one made. Default: `true`. */
  readonly durable?: boolean | undefined;
  /** Told of each one made, before it is flushed. */
  readonly onMade?: (() => void) | undefined;
  /** Told if a flush failed, before that is thrown. */
  readonly onUnflushed?: ((error: unknown) => void) | undefined;
}

/** As {@link makeDirectories}, where there may be nothing to do. */
export function* makeMissing(
  operation: Operation,
  path: string,
  settings: DirectorySettings,
): Steps<void> {
  const found = yield* attempt(stat(path));
  if (found.ok) return;
  if (errorCode(found.error) !== "ENOENT") throw found.error;
  yield* makeDirectories(operation, path, settings);
}

/** Makes a directory and those above it that are missing. */
export function* makeDirectories(
  operation: Operation,
  path: string,
  settings: DirectorySettings,
): Steps<void> {
  const { dirMode, durable = true, onMade, onUnflushed } = settings;
  const parent = directoryOf(path);
  let made = yield* attempt(mkdir(path, dirMode));
  if (!made.ok && errorCode(made.error) === "ENOENT" && parent !== path) {
    yield* makeDirectories(operation, parent, settings);
    made = yield* attempt(mkdir(path, dirMode));
  }
  if (!made.ok && errorCode(made.error) !== "EEXIST") throw made.error;
  if (made.ok) onMade?.();
  if (made.ok && dirMode !== undefined && operation.platform.modes) {
    yield* setMode(operation, path, dirMode);
  }
  if (!durable) return;
  // Also where somebody else made it meanwhile: they may not have flushed it yet.
  const flushed = yield* attempt(syncDirectoryAt(operation, parent));
  if (flushed.ok) return;
  onUnflushed?.(flushed.error);
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
