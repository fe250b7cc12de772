import { Operation, runAsync, runSync, type Steps } from "@holdfast/fs/steps";
import type { Content } from "./content.ts";
import {
  readContentOption,
  readOptions,
  type ReplaceFileAtomicOptions,
  type ReplaceFileAtomicSyncOptions,
  type ReplaceFileReceipt,
  type Request,
} from "./options.ts";
import { publish } from "./publication.ts";
import { Replacement } from "./replacement.ts";

export function* replaceFile(
  operation: Operation,
  request: Request,
  content: Content,
): Steps<ReplaceFileReceipt> {
  const replacement = new Replacement(operation, request);
  try {
    yield* replacement.prepare();
    yield* replacement.write(content);
    return yield* publish(replacement);
  } finally {
    if (content.kind === "pieces") content.source.release();
    yield* replacement.discard();
  }
}

async function perform(
  op: string,
  options: ReplaceFileAtomicOptions,
  exclusive: boolean,
): Promise<ReplaceFileReceipt> {
  const request = readOptions(op, options, "async", exclusive);
  const content = readContentOption(op, options.content, "async");
  const operation = newOperation(op, request);
  return await runAsync(replaceFile(operation, request, content), operation);
}

function performSync(
  op: string,
  options: ReplaceFileAtomicSyncOptions,
  exclusive: boolean,
): ReplaceFileReceipt {
  const request = readOptions(op, options, "sync", exclusive);
  const content = readContentOption(op, options.content, "sync");
  const operation = newOperation(op, request);
  return runSync(replaceFile(operation, request, content), operation);
}

/** The operation of a request, for errors in the caller's words. */
export function newOperation(op: string, request: Request): Operation {
  const { filePath: path, fileSystem, signal, offload } = request;
  return new Operation({ op, path, fileSystem, signal, offload });
}

/**
 * Replaces a file as a whole: at every instant, and after a crash at any instant, `filePath` holds the
 * old content or the new one.
 *
 * Afterwards `filePath` holds exactly `content`, flushed to the device together with its name. A
 * missing parent directory is created. The file keeps its permission bits, owner and group; a symbolic
 * link stays, and what it leads to is replaced.
 *
 * Promised: readers and other writers, in this process and others, never see a missing or partial
 * file. Calls for one file in a process run in the order in which they were made, however they spell
 * it. Staged files are removed when the process ends, except by SIGKILL; then `sweepStagedFiles` can.
 *
 * Not promised: access control lists and extended attributes are not carried over (Node has no calls
 * for them). Other names of the file keep the old content (see `hardlinks`). Where a rename is
 * impossible or would lose the owner, the file is written in place, behind a staged copy
 * (`method: "in-place"`): a crash or a reader can then meet a mixture; `inPlaceFallback: false` refuses
 * that. It does not wait for, and is not waited for by, synchronous calls.
 *
 * Weaker on Windows: a directory cannot be flushed (`synced.directory: "unsupported"`), modes and
 * owners mean little, and a file that somebody holds open is waited for about 2 s. On macOS, Node's
 * fsync is F_FULLFSYNC, which reaches the medium.
 *
 * @returns a receipt of what was done and what could not be kept
 * @throws `TypeError` or `RangeError` (`ERR_INVALID_ARG`), before anything is touched, for bad options
 * @throws `HoldfastError` otherwise. Effect `"none"`: the old content is there, whatever failed
 * (`ENOSPC`, `EACCES`, `ERR_CHANGED`, `ERR_SYMLINK`, `ERR_HARDLINK`, `ERR_OWNERSHIP`, `ERR_NOT_FILE`,
 * `EISDIR`, `ERR_HOOK`, `ERR_CONTENT_SOURCE`, `ABORT_ERR`, …). `"complete"`: the new content is there,
 * but may not survive a power loss (the directory could not be flushed). `"partial"`: writing in place
 * was interrupted; `leftovers` names the staged copy of the new content. `"unknown"`: the file vanished
 * under us, or a network file system does not tell.
 *
 * @example
 * ```ts
 * await replaceFileAtomic({ filePath: "settings.json", content: JSON.stringify(settings) });
 * ```
 *
 * That this order (write, flush, rename, flush the directory) is needed, and enough, follows from
 * fsync(2) and rename(2); docs/guarantees/replacement.md goes through it step by step.
 */
export function replaceFileAtomic(options: ReplaceFileAtomicOptions): Promise<ReplaceFileReceipt> {
  return perform("replaceFileAtomic", options, false);
}

/**
 * As {@link replaceFileAtomic}, in one go on this thread: for the start of a program, and for exit
 * handlers. It does not wait for asynchronous calls that are under way for the same file; one of them
 * may put its older content over this one (see `createCoalescingWriter` for a flush that is final).
 *
 * @throws as `replaceFileAtomic`, synchronously
 */
export function replaceFileAtomicSync(options: ReplaceFileAtomicSyncOptions): ReplaceFileReceipt {
  return performSync("replaceFileAtomicSync", options, false);
}

/**
 * Creates a file as a whole, and never replaces one: of several callers, in any number of processes,
 * one succeeds and the others get `EEXIST`.
 *
 * Afterwards `filePath` holds exactly `content`, as after {@link replaceFileAtomic}; it never shows
 * less. A symbolic link of that name, dangling or not, counts as existing. The staged file gets its
 * name by link(2): a file system without hard links (FAT, some network mounts) cannot do that, and
 * the call fails with its errno (`EPERM`, `ENOTSUP`), effect `"none"`.
 *
 * @throws `HoldfastError` as `replaceFileAtomic`; `EEXIST` with effect `"none"` if something of that
 * name exists
 *
 * @example
 * ```ts
 * await createFileAtomic({ filePath: "identity.json", content: JSON.stringify(identity), mode: 0o600 });
 * ```
 */
export function createFileAtomic(options: ReplaceFileAtomicOptions): Promise<ReplaceFileReceipt> {
  return perform("createFileAtomic", options, true);
}

/** As {@link createFileAtomic}, in one go on this thread. */
export function createFileAtomicSync(options: ReplaceFileAtomicSyncOptions): ReplaceFileReceipt {
  return performSync("createFileAtomicSync", options, true);
}
