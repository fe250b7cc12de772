import {
  attempt,
  closeFlushed,
  errorCode,
  fstat,
  ftruncate,
  nodeOpen,
  open,
  openFlags,
  wait,
  type FileStats,
  type Handle,
  type PathArgument,
  type Steps,
} from "@holdfast/fs/steps";
import type { RootCall } from "../call/root-call.ts";

/** Ours, or as Node hands it out. */
export type HandleForm = "handle" | "node";

/** What open(2) says of a link that it may not follow. */
const isLink: ReadonlySet<string | undefined> = new Set(["ELOOP", "EMLINK"]);

/**
 * Opens by a path, and keeps it open only if it is what it ought to be; `undefined` otherwise. It never
 * waits for a FIFO, follows no link where that can be said, and truncates only what has been compared.
 *
 * @param isIt may throw too
 */
export function* openAndCompare(
  call: RootCall,
  path: PathArgument,
  flags: number,
  form: HandleForm,
  isIt: (stats: FileStats) => boolean | Steps<boolean>,
): Steps<Handle | undefined> {
  const careful = (flags & ~openFlags.truncate) | openFlags.noFollow | openFlags.nonBlocking;
  const opened = yield* attempt(openAs(form, path, careful));
  if (!opened.ok) {
    if (isLink.has(errorCode(opened.error))) return undefined;
    throw opened.error;
  }
  let kept = false;
  try {
    const answer = isIt(yield* fstat(opened.value));
    kept = typeof answer === "boolean" ? answer : yield* answer;
    if (kept && (flags & openFlags.truncate) !== 0) yield* ftruncate(opened.value, 0);
    return kept ? opened.value : undefined;
  } catch (error) {
    kept = false;
    throw error;
  } finally {
    if (!kept) yield* call.operation.cleanUp(closeOpened(opened.value));
  }
}

function* openAs(form: HandleForm, path: PathArgument, flags: number): Steps<Handle> {
  if (form === "handle") return yield* open(path, flags);
  return (yield* nodeOpen(path, flags, 0)) as Handle;
}

/** A `FileHandle` of Node must be closed by its own method, or it closes the descriptor once more. */
function* closeOpened(handle: Handle): Steps<void> {
  const { close } = handle as unknown as { close?: () => Promise<void> };
  if (typeof close === "function") yield* wait(close.call(handle));
  else yield* closeFlushed(handle);
}
