import {
  attempt,
  closeFlushed,
  directoryOf,
  errorCode,
  fchmod,
  mkdir,
  open,
  openFlags,
  type Operation,
  resolveLink,
  type Steps,
} from "@holdfast/fs/steps";
import { syncDirectoryAt } from "@holdfast/atomic/steps";
import { holding, type HeldLock, type LockRequest } from "@holdfast/lock/steps";

/** How directories are made. */
interface DirectorySettings {
  readonly dirMode?: number | undefined;
  readonly durable?: boolean | undefined;
}

/** Makes steps under a lock; where its directory is missing, that is made first. */
export function* locked<T>(
  operation: Operation,
  request: LockRequest,
  settings: DirectorySettings,
  body: (held: HeldLock) => Steps<T>,
): Steps<T> {
  let begun = false;
  const begin = (held: HeldLock): Steps<T> => {
    begun = true;
    return body(held);
  };
  try {
    return yield* holding(operation, request, begin);
  } catch (error) {
    if (begun || errorCode(error) !== "ENOENT") throw error;
  }
  yield* makeDirectories(operation, directoryOf(yield* resolveLink(request.target)), settings);
  return yield* holding(operation, request, begin);
}

function* makeDirectories(
  operation: Operation,
  path: string,
  settings: DirectorySettings,
): Steps<void> {
  const { dirMode, durable = true } = settings;
  const parent = directoryOf(path);
  let made = yield* attempt(mkdir(path, dirMode));
  if (!made.ok && errorCode(made.error) === "ENOENT" && parent !== path) {
    yield* makeDirectories(operation, parent, settings);
    made = yield* attempt(mkdir(path, dirMode));
  }
  if (!made.ok && errorCode(made.error) !== "EEXIST") throw made.error;
  // `mkdir` lets the umask take bits away.
  if (made.ok && dirMode !== undefined && operation.platform.modes) {
    yield* setMode(operation, path, dirMode);
  }
  // Also one that somebody else has just made: they may not have flushed it.
  if (durable) yield* syncDirectoryAt(operation, parent);
}

function* setMode(operation: Operation, path: string, mode: number): Steps<void> {
  const handle = yield* open(path, openFlags.readOnly | openFlags.directory | openFlags.noFollow);
  try {
    yield* fchmod(handle, mode);
  } finally {
    yield* operation.cleanUp(closeFlushed(handle));
  }
}
