import {
  directoryOf,
  errorCode,
  type Operation,
  resolveLink,
  type Steps,
} from "@holdfast/fs/steps";
import { holding, type HeldLock, type LockRequest } from "@holdfast/lock/steps";
import { type DirectorySettings, makeDirectories } from "./make-directories.ts";

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
