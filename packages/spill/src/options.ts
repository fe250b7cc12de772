import type { FileSystem } from "@holdfast/fs/steps";
import type { Root } from "@holdfast/root";

/** A piece of output: a string, which is kept as UTF-8, or a view, of which the bytes are kept. */
export type SpillPiece = string | NodeJS.ArrayBufferView;

/**
 * What a tool put out: a whole, or an iterable or stream (of Node or the web) of pieces, which is taken
 * in constant memory. A view must not be changed before the call has ended, a piece before the next is
 * asked for.
 */
export type SpillData = SpillPiece | Iterable<SpillPiece> | AsyncIterable<SpillPiece>;

/** From when on an output is too big. It is kept on disk as soon as one of these is exceeded. */
export interface ThresholdOptions {
  /** Bytes of UTF-8. Default: 51,200 (50 KiB). */
  readonly maxBytes?: number | undefined;
  /** Characters as `string.length` counts them. Default: no limit. */
  readonly maxChars?: number | undefined;
  /** Lines; a newline at the very end begins none. Default: no limit. */
  readonly maxLines?: number | undefined;
  /**
   * Bytes that the caller will put around the output (a tag, a heading): taken off `maxBytes`, so that the
   * whole stays below it. Less than `maxBytes`. Default: 0.
   */
  readonly headroom?: number | undefined;
}

/** What of a big output is shown in its place. */
export interface PreviewOptions {
  /** Bytes from the beginning. Default: 2,048. */
  readonly headBytes?: number | undefined;
  /** Bytes from the end, where errors and results tend to be. Default: 2,048. */
  readonly tailBytes?: number | undefined;
  /** Lines from the beginning. Default: no limit but the bytes. */
  readonly headLines?: number | undefined;
  /** Lines from the end. Default: no limit but the bytes. */
  readonly tailLines?: number | undefined;
  /**
   * Called with each piece of the output, and with the id, before they are put into a stub: for a caller
   * whose markup gives `<` a meaning. What it makes longer counts. Where it throws, the stub shows
   * nothing of the output, and the result has `ERR_HOOK` in `error`.
   */
  readonly escape?: ((text: string) => string) | undefined;
  /**
   * The sentence in a stub that says how the rest is read: name your reader tool here. It is not escaped.
   * Default: `"Read the rest in pages, by this ref."`
   */
  readonly howToRead?: string | undefined;
}

/** Options of `openSpillStore`. */
export interface OpenSpillStoreOptions extends ThresholdOptions, PreviewOptions {
  /**
   * The directory of the store: a path, a `file:` URL, or a `Root` of `@holdfast/root`. A path that leads
   * nowhere is made, 0700. Its last name must not be a link; those on the way to it are the caller's. One
   * store can be shared by any number of sessions and processes.
   */
  readonly root: string | URL | Root;
  /**
   * The session: a name of letters, digits, `.`, `_` and `-`, at most 100 characters, that begins with a
   * letter or digit and does not end in `.`; it becomes a directory in the root. No name of a device of
   * Windows, and none with `.lock` in it.
   */
  readonly session: string;
  /**
   * Whether the output of this id is never spilled, however long. The tool that reads spilled output has to be
   * exempt, or its pages are spilled again, without end. What it throws is in `error`, and the output is not
   * exempt then; nor where it returns anything but `true` or `false`, as an async function does. Default: none is.
   */
  readonly exempt?: ((id: string) => boolean) | undefined;
  /** The most bytes of one output on disk. Default: 52,428,800 (50 MiB). */
  readonly maxFileBytes?: number | undefined;
  /** The most bytes of this session on disk. Default: 524,288,000 (500 MiB). */
  readonly maxSessionBytes?: number | undefined;
  /** The most bytes of all sessions in this root on disk. Default: 5,368,709,120 (5 GiB). */
  readonly maxStoreBytes?: number | undefined;
  /** Flush what is kept, so that it survives a power cut once `spill` has resolved. Default: `true`. */
  readonly durable?: boolean | undefined;
  /** The file system to use; not with a `Root`. Default: `node:fs`. */
  readonly fileSystem?: FileSystem | undefined;
}

/** Options of `spill`: what is not given is as it was given to `openSpillStore`. */
export interface SpillOptions extends ThresholdOptions, PreviewOptions {
  /**
   * The extension of the file, without a dot: 1 to 16 letters or digits. Default: `"txt"` for what is valid
   * UTF-8, and `"bin"`.
   */
  readonly extension?: string | undefined;
  /**
   * Ends the call: nothing is kept, the source is let go of, and the result has the reason `"aborted"`.
   * Looked at until the file is put in place.
   */
  readonly signal?: AbortSignal | undefined;
}

/** Options of `read`. */
export interface ReadOptions {
  /** Where to begin, in bytes. Default: 0. */
  readonly offset?: number | undefined;
  /** The most bytes to read, at least 1. Default: 16,384 (16 KiB); at most 16 MiB. */
  readonly maxBytes?: number | undefined;
}

/** Options of `endSession`. */
export interface EndSessionOptions {
  /** Whether pinned files stay, and with them the session's directory. Default: `"keep"`. */
  readonly pinned?: "keep" | "remove" | undefined;
}

/** Options of `sweep`. */
export interface SweepOptions {
  /** Files that were written, or touched, longer ago than this are removed. In milliseconds. */
  readonly maxAgeMs: number;
}
