import {
  closeFlushed,
  fstat,
  ftruncate,
  inline,
  open,
  openFlags,
  sameIdentity,
  type FileStats,
  type Handle,
  type Operation,
  type Steps,
} from "@holdfast/fs/steps";

/** A stretch at the end of a log that is no whole record. */
export interface TornEnd {
  readonly from: number;
  readonly to: number;
}

/**
 * Cuts off the end of a log, if it still ends there, while nobody else may write to it. Returns whether
 * it was cut.
 *
 * By a descriptor of its own, because one that was opened for appending cannot cut a file on Windows.
 */
export function* cutBack(
  operation: Operation,
  path: string,
  log: FileStats,
  { from, to }: TornEnd,
): Steps<boolean> {
  const handle = yield* open(path, openFlags.readWrite | openFlags.nonBlocking);
  try {
    if (sameIdentity(yield* fstat(handle), log) === false) return false;
    // In one go: a call of `appendSync` in between would lose its record.
    return yield* withoutOthers(operation, cutIfUnchanged(handle, from, to));
  } finally {
    yield* operation.cleanUp(closeFlushed(handle));
  }
}

function* cutIfUnchanged(handle: Handle, from: number, to: number): Steps<boolean> {
  if ((yield* fstat(handle)).size !== BigInt(to)) return false;
  yield* ftruncate(handle, from);
  return true;
}

/** Where there is no synchronous half there is no `appendSync` either. */
function withoutOthers<T>({ fileSystem }: Operation, steps: Steps<T>): Steps<T> {
  const halved = fileSystem !== undefined && fileSystem.ftruncateSync === undefined;
  return halved ? steps : inline(steps);
}
