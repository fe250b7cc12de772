import {
  attempt,
  commitPoint,
  directoryOf,
  errorCode,
  type FileStats,
  fstat,
  fsync,
  inline,
  isAborted,
  link,
  lstat,
  type Operation,
  Refusal,
  rename,
  sameIdentity,
  type Steps,
  wait,
} from "@holdfast/fs/steps";
import { syncDirectory, type Synced } from "../durable/directories.ts";
import { renameWithRetrySteps } from "../durable/rename.ts";
import { unregisterStaged } from "../staging/staged-registry.ts";
import { isPromise } from "./content.ts";
import { oneAtATime, writeInPlace, type InPlaceResult } from "./in-place.ts";
import { wantedMode } from "./metadata.ts";
import type { ReplaceFileReceipt, Request } from "./options.ts";
import type { Replacement, StagedFile } from "./replacement.ts";
import { checkContent, versionOf } from "./version.ts";

type Method = ReplaceFileReceipt["method"];

/** What a rename may fail with where writing in place still can succeed. */
const renameImpossible: ReadonlySet<string> = new Set(["EBUSY", "EXDEV", "EACCES", "EPERM"]);

/**
 * Flushes the staged file, calls `beforeRename`, puts the file into place, flushes the directory.
 */
export function* publish(replacement: Replacement): Steps<ReplaceFileReceipt> {
  const { operation, request, staged } = replacement;
  if (staged?.handle !== undefined && request.syncTempFile) yield* fsync(staged.handle);
  yield* callBeforeRename(operation, request, staged);
  if (replacement.exposed || request.beforeRename !== undefined) yield* lookAgain(replacement);
  if (request.ifMatch !== undefined) yield* checkAgain(replacement);
  if (replacement.inPlace || staged === undefined) {
    return yield* publishInPlace(replacement, "in-place");
  }
  let closed: FileStats | undefined;
  if (staged.handle !== undefined && !operation.platform.rename.sourceMayBeOpen) {
    closed = yield* fstat(staged.handle);
    yield* replacement.closeStaged(staged);
  }
  yield* commitPoint();
  if (request.exclusive || isAbsent(request.ifMatch)) {
    yield* linkIntoPlace(replacement, staged);
    yield* replacement.removeStaged(staged);
    return yield* conclude(replacement, "link", yield* statsOf(replacement.path, staged, closed));
  }
  const fallback = yield* renameIntoPlace(replacement, staged, closed);
  if (fallback !== undefined) return yield* publishInPlace(replacement, fallback);
  let stats = yield* statsOf(replacement.path, staged, closed);
  if (stats.nlink > 1n) {
    // rename(2) does nothing at all if both names are one file already (a hook has linked them): then
    // the staged name is still there.
    yield* replacement.removeStaged(staged);
    stats = yield* statsOf(replacement.path, staged, closed);
  }
  if ((replacement.replaced()?.nlink ?? 0n) > 1n) replacement.lost.push("hardlinks");
  return yield* conclude(replacement, "rename", stats);
}

const isAbsent = (ifMatch: Request["ifMatch"]): boolean =>
  typeof ifMatch === "object" && "absent" in ifMatch;

function* callBeforeRename(
  operation: Operation,
  { beforeRename, filePath }: Request,
  staged: StagedFile | undefined,
): Steps<void> {
  if (beforeRename === undefined) return;
  try {
    const answer: unknown = beforeRename({ filePath, tempPath: staged?.path ?? "" });
    if (!isPromise(answer)) return;
    if (operation.synchronous) {
      answer.then(undefined, () => {}); // its failure has nobody else to go to
      throw new TypeError("beforeRename returned a promise to a synchronous call");
    }
    yield* wait(answer);
  } catch (error) {
    if (isAborted(error)) throw error;
    throw new Refusal("ERR_HOOK", { problem: "beforeRename failed", cause: error });
  }
}

/**
 * A staged file that others were told of: it must still be the one that is held open here, whose mode
 * and owner are right, and what they wrote must be flushed too.
 */
function* lookAgain(replacement: Replacement): Steps<void> {
  const { request, staged } = replacement;
  if (staged?.handle === undefined) return;
  const own = yield* fstat(staged.handle);
  if (sameIdentity(yield* lstat(staged.path), own) === false) {
    throw new Refusal("ERR_CHANGED", {
      problem: "another file has taken the place of the staged one",
      hint: "Change it in place.",
    });
  }
  replacement.bytes = Number(own.size);
  if (request.syncTempFile && request.beforeRename !== undefined) yield* fsync(staged.handle);
}

/** `ifMatch` once more: staging and the hook took their time. */
function* checkAgain({ operation, request, path }: Replacement): Steps<void> {
  const found = yield* attempt(lstat(path));
  if (!found.ok && errorCode(found.error) !== "ENOENT") throw found.error;
  yield* checkContent(operation, request.ifMatch, found.ok ? found.value : undefined, path);
}

/**
 * Returns how to go on where the rename is impossible and there is another way. A rename that says
 * that it failed may have happened all the same: then the error says so.
 */
function* renameIntoPlace(
  replacement: Replacement,
  staged: StagedFile,
  closed: FileStats | undefined,
): Steps<"in-place" | "copy" | undefined> {
  const { operation, request, path } = replacement;
  try {
    yield* renameWithRetrySteps(operation, staged.path, path, request.retry, () =>
      guarded(request, rename(staged.path, path)),
    );
  } catch (error) {
    yield* judge(replacement, staged, closed);
    if (operation.effect !== "none") throw error;
    const fallback = fallbackFor(replacement, errorCode(error) ?? "");
    if (fallback === undefined) throw error;
    return fallback;
  }
  operation.effect = "complete";
  return undefined;
}

/** Puts into place: behind the guard and at once, where there is one. */
function* guarded<T>({ guard }: Request, steps: Steps<T>): Steps<T> {
  if (guard === undefined) return yield* steps;
  guard();
  return yield* inline(steps);
}

/** Whether a staged file whose rename failed has become the target nevertheless. */
function* judge(
  { operation, path }: Replacement,
  staged: StagedFile,
  closed: FileStats | undefined,
): Steps<void> {
  const left = yield* attempt(lstat(staged.path));
  if (left.ok) {
    operation.effect = "none";
    return;
  }
  const target = yield* attempt(lstat(path));
  const open = staged.handle === undefined ? undefined : yield* attempt(fstat(staged.handle));
  const own = open?.ok === true ? open.value : closed;
  const arrived = target.ok && own !== undefined && sameIdentity(target.value, own) === true;
  const gone = errorCode(left.error) === "ENOENT";
  operation.effect = gone && arrived ? "complete" : "unknown";
}

function fallbackFor(
  { operation, request, existing }: Replacement,
  code: string,
): "in-place" | "copy" | undefined {
  if (existing?.isSymbolicLink() === true) return undefined; // it would be written through
  if (request.copyFallbackOnPermissionError && (code === "EPERM" || code === "EEXIST")) {
    return "copy";
  }
  // Where a rename is tried again because somebody may hold the file open, that somebody is a reader
  // who would meet a mixture.
  const { maxRetries, retryOn } = operation.platform.rename;
  if (maxRetries > 0 && retryOn.has(code)) return undefined;
  return request.inPlaceFallback && renameImpossible.has(code) ? "in-place" : undefined;
}

/** link(2) never replaces: whoever comes second gets EEXIST. */
function* linkIntoPlace(
  { operation, request, path }: Replacement,
  staged: StagedFile,
): Steps<void> {
  const linked = yield* attempt(link(staged.path, path));
  if (linked.ok) {
    operation.effect = "complete";
    return;
  }
  const target = yield* attempt(lstat(path));
  const own = yield* attempt(lstat(staged.path));
  const same = target.ok && own.ok ? sameIdentity(target.value, own.value) : undefined;
  const arrived = same === true;
  const exists = errorCode(linked.error) === "EEXIST";
  const absent = !target.ok && errorCode(target.error) === "ENOENT";
  operation.effect = arrived ? "complete" : same === false || exists || absent ? "none" : "unknown";
  if (!arrived && exists && !request.exclusive) {
    throw new Refusal("ERR_CHANGED", { cause: linked.error });
  }
  throw linked.error;
}

function* publishInPlace(
  replacement: Replacement,
  method: "in-place" | "copy",
): Steps<ReplaceFileReceipt> {
  const { operation, request, path, staged } = replacement;
  if (staged !== undefined && request.syncParentDir) {
    // The staged file is what is left if a crash interrupts the writing: it must be findable.
    yield* syncReplaced(replacement);
  }
  const writing = (): Steps<InPlaceResult> =>
    writeInPlace(operation, {
      path,
      existing: replacement.replaced(),
      staged,
      unstaged: replacement.unstaged,
      mode: wantedMode(request, replacement.replaced()),
      sync: request.syncTempFile,
      bytes: replacement.bytes,
    });
  // What the staged file could not be given; the file that is written over still has it.
  replacement.lost.length = 0;
  const written = yield* oneAtATime(operation, replacement.replaced(), () =>
    guarded(request, writing()),
  );
  replacement.bytes = written.bytes;
  if (!written.modeKept) replacement.lost.push("mode");
  if (staged !== undefined) yield* replacement.removeStaged(staged);
  return yield* conclude(replacement, method, written.stats);
}

function* syncReplaced(replacement: Replacement): Steps<Synced> {
  const { operation, path, directory, directoryIdentity } = replacement;
  return yield* syncDirectory(operation, directoryOf(path), directory, directoryIdentity);
}

/** Flushes the directory, closes, and says what was done. */
function* conclude(
  replacement: Replacement,
  method: Method,
  stats: FileStats,
): Steps<ReplaceFileReceipt> {
  const { request, path, staged } = replacement;
  if (staged !== undefined) unregisterStaged(staged.path);
  let directory: Synced = false;
  if (request.syncParentDir) {
    directory = yield* syncReplaced(replacement);
  }
  yield* replacement.close();
  return {
    path,
    method,
    created: replacement.existing === undefined,
    bytes: replacement.bytes,
    synced: { file: request.syncTempFile, directory },
    lost: replacement.lost,
    // Computed when it is asked for, which it mostly is not.
    get version() {
      return versionOf(stats);
    },
  };
}

/**
 * What the published file is now: by its handle, where that is still open, for the name may have moved
 * on. Otherwise by name, if that still leads to the file that was closed.
 */
function* statsOf(
  path: string,
  staged: StagedFile,
  closed: FileStats | undefined,
): Steps<FileStats> {
  if (staged.handle !== undefined) return yield* fstat(staged.handle);
  const found = yield* attempt(lstat(path));
  if (found.ok && (closed === undefined || sameIdentity(found.value, closed) !== false)) {
    return found.value;
  }
  if (closed === undefined && !found.ok) throw found.error;
  return closed!;
}
