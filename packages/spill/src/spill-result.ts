import type { HoldfastError } from "@holdfast/fs/steps";
import type { SpillData } from "./options.ts";

/**
 * Why an output that was too big is not on disk:
 *
 * - `"over-file-budget"`, `"over-session-budget"`, `"over-store-budget"`: it is more than was allowed.
 * - `"no-space"`: the disk or a quota is full (`ENOSPC`, `EDQUOT`).
 * - `"not-writable"`: permissions, or a read-only file system (`EACCES`, `EPERM`, `EROFS`).
 * - `"store-gone"`: the directory of the store was removed, or is not one any more.
 * - `"planted"`: something that is not ours has a name of the store: a link, a file in place of a directory; or
 *   that was so while the call was made (`ERR_CHANGED`).
 * - `"io-failed"`: anything else that the file system said; `error` has it.
 * - `"source-failed"`: the iterable or stream threw, or yielded what is neither a string nor a view.
 * - `"aborted"`: by its signal, or by `endSession`.
 * - `"closed"`: the store was closed before.
 */
export type SpillReason =
  | "over-file-budget"
  | "over-session-budget"
  | "over-store-budget"
  | "no-space"
  | "not-writable"
  | "store-gone"
  | "planted"
  | "io-failed"
  | "source-failed"
  | "aborted"
  | "closed";

/** The output was not too big, or its id is exempt. Nothing was written. */
export interface KeptOutput<Content> {
  readonly spilled: false;
  readonly truncated: false;
  /**
   * The output itself: of a string or a view the very value that was given; of an iterable a string if all
   * its pieces were strings, and otherwise a `Buffer` of all bytes.
   */
  readonly content: Content;
  readonly stub: undefined;
  readonly ref: undefined;
  readonly path: undefined;
  readonly bytes: number;
  /** Of the whole content, in hex. */
  readonly sha256: string;
  readonly preview: undefined;
  readonly reason: undefined;
  /** What a hook of the caller threw, as `ERR_HOOK`. */
  readonly error: HoldfastError | undefined;
}

/** The output was too big. The whole of it is on disk, and the stub stands for it. */
export interface SpilledOutput {
  readonly spilled: true;
  /** Nothing of it is lost. */
  readonly truncated: false;
  readonly content: undefined;
  /**
   * What to show instead: id, size, how to read more, the ref, which ends in the digest, and the preview. Never
   * longer than the content, in bytes, and below the threshold where that has room for more than the header.
   * Where there is no room for all of it the stub says less: without a ref, as much of the digest as there is room for.
   */
  readonly stub: string;
  /** A string that stands for the file: for `resolve` and `read`, safe to put in a prompt. */
  readonly ref: string;
  /** Of the file: absolute, or relative to the `Root` that was given. */
  readonly path: string;
  /** Of the whole content. */
  readonly bytes: number;
  /** Of the whole content, in hex. */
  readonly sha256: string;
  /** The part of the stub that comes from the output: its head, how much is left out, its tail. Escaped. */
  readonly preview: string;
  readonly reason: undefined;
  /** What a hook of the caller threw, as `ERR_HOOK`. */
  readonly error: HoldfastError | undefined;
}

/** The output was too big, or could not be read to its end, and is not on disk. What is left is the preview. */
export interface TruncatedOutput {
  readonly spilled: false;
  /** Most of the output is lost. */
  readonly truncated: true;
  /** What to show: a line that says what is missing and why, and the preview. */
  readonly content: string;
  readonly stub: undefined;
  readonly ref: undefined;
  readonly path: undefined;
  /** Of the whole content; where `sha256` is `undefined`, of what the source had yielded until it was ended. */
  readonly bytes: number;
  /** Of the whole content, in hex; `undefined` where the source was not read to its end. */
  readonly sha256: string | undefined;
  readonly preview: string;
  readonly reason: SpillReason;
  /** What went wrong, as an error: `"ERR_TOO_LARGE"` for a budget; what the source threw is its `cause`. */
  readonly error: HoldfastError;
}

/**
 * What became of an output. Tell the three apart by `spilled`, and then by `truncated`; whoever only wants the
 * text to show takes `result.spilled ? result.stub : result.content`.
 */
export type SpillResult<Content> = KeptOutput<Content> | SpilledOutput | TruncatedOutput;

/** The type of an output that comes back untouched. */
export type KeptContent<Data extends SpillData> = Data extends string
  ? string
  : Data extends NodeJS.ArrayBufferView
    ? Data
    : string | Buffer;
