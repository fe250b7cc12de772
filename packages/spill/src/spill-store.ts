import type { HoldfastError } from "@holdfast/fs/steps";
import type {
  EndSessionOptions,
  ReadOptions,
  SpillData,
  SpillOptions,
  SweepOptions,
} from "./options.ts";
import type { KeptContent, SpillResult } from "./spill-result.ts";

/** What a ref stands for now. */
export type Resolved =
  | {
      /** The file is there, and holds what was put into it: all of it was read to say so. */
      readonly status: "ok";
      readonly path: string;
      readonly bytes: number;
      readonly sha256: string;
      readonly pinned: boolean;
    }
  | UnreadableRef;

/** Why there is nothing to read behind a ref. */
export interface UnreadableRef {
  /**
   * - `"expired"`: the file is gone, as it should be after its session.
   * - `"corrupt"`: something has its name and is not what was kept, or cannot be read; `error` says why.
   * - `"foreign"`: it is no ref, or one of another session.
   */
  readonly status: "expired" | "corrupt" | "foreign";
  readonly error: HoldfastError | undefined;
}

/** A page of a spilled output. */
export type Page =
  | {
      readonly status: "ok";
      readonly content: Buffer;
      /**
       * The content as text: what is not valid UTF-8 is U+FFFD. A page of four bytes or more ends at a code
       * point, so that pages that are read one after the other join to the text.
       */
      readonly text: string;
      readonly offset: number;
      /** Where the next page begins; `undefined` at the end. */
      readonly nextOffset: number | undefined;
      /** Of the whole output. */
      readonly bytes: number;
    }
  | UnreadableRef;

/** What `endSession` did. */
export interface EndedSession {
  /**
   * Whether the files of the session were removed. `false`: another store has the session open, in this process or
   * another one. Its files are left to the last one who ends it.
   */
  readonly ended: boolean;
  readonly removedFiles: number;
  readonly removedBytes: number;
  /** Pinned files that stay. */
  readonly keptFiles: number;
}

/** What `sweep` did. */
export interface SweptStore {
  readonly removedFiles: number;
  readonly removedBytes: number;
  /** Sessions that were not looked into, because somebody has them open. */
  readonly liveSessions: readonly string[];
}

/** How much is on disk or being written, and how much may be. In bytes. */
export interface SpillUsage {
  readonly sessionBytes: number;
  readonly maxSessionBytes: number;
  readonly storeBytes: number;
  readonly maxStoreBytes: number;
}

/**
 * A session's store of big tool output.
 *
 * While it is open it holds a share of the session's lock (`<root>/<session>.lock`): the files of a
 * session that somebody has open, in whatever process, are never removed by anybody else.
 *
 * **What tools call never throws** because of what happened: `spill` resolves to a result that says
 * so, `resolve` and `read` have a status. The methods by which the host cleans up reject with a
 * `HoldfastError`, as does everything but `spill`, `usage` and `close` after `close()`: `ERR_CLOSED`. Misuse is a
 * `TypeError` or `RangeError`, `ERR_INVALID_ARG`.
 */
export interface SpillStore extends AsyncDisposable {
  readonly session: string;

  /**
   * Gives an output back if it is small, and otherwise puts it on disk as
   * `<root>/<session>/<id, made safe>-<8 hex of the id's hash>.<extension>` and gives a stub to show instead.
   *
   * The file appears whole, 0600, flushed, under a name that nothing had; a file that exists is never
   * written to. The same id with the same content is the same file and the same ref; with another
   * content it is another file, and so it is of another id that gets the same name. Any string is an id. Where
   * anything fails, the result says why, nothing is left on disk and what was reserved of the budgets is given
   * back; or `error.leftovers` names what is left, which counts until it is gone.
   *
   * A string with lone surrogates is kept with U+FFFD in their place, as its UTF-8 form has it; one that is
   * small comes back as it is. Bytes are kept as they are.
   *
   * A source is taken in constant memory, and ended (destroyed, cancelled) where the call ends before it does.
   * What it throws is not thrown on, since the output until then may matter: `reason: "source-failed"`,
   * with the error as the `cause` of `error`.
   *
   * @param id names the output, for people and for the name of the file: `"bash-42"`, a tool call's id
   * @throws `TypeError`, `RangeError` (`ERR_INVALID_ARG`), before any I/O: the id is no string, the data is none,
   *   an option is wrong. Nothing else
   */
  spill<Data extends SpillData>(
    id: string,
    data: Data,
    options?: SpillOptions,
  ): Promise<SpillResult<KeptContent<Data>>>;

  /**
   * Says whether the output of a ref is still there and whole: reads all of it, in constant memory. Any string
   * may be asked for; what is no ref is `"foreign"`.
   */
  resolve(ref: string): Promise<Resolved>;

  /**
   * Reads a part of a spilled output. The first page reads the whole file, to prove it; later ones only
   * their part, as long as the file is the same. Beyond the end a page is empty.
   */
  read(ref: string, options?: ReadOptions): Promise<Page>;

  /**
   * Keeps a file from being removed by `sweep`, and by `endSession` unless that says so: until `unpin`. It is a
   * file beside the output, so that it holds after the process. Resolves to whether there is such a file.
   */
  pin(ref: string): Promise<boolean>;

  /** Takes a pin away. Resolves to whether there was one. */
  unpin(ref: string): Promise<boolean>;

  /** Makes a file as young as if it had been written now, for `sweep`. Resolves to whether it is there. */
  touch(ref: string): Promise<boolean>;

  /** As of now, as far as this process knows; other processes are counted at open, and before a refusal. */
  usage(): SpillUsage;

  /**
   * Removes what is old in sessions that nobody has open: whose stores were closed, or whose processes are
   * dead, which the kernel says. Files that have been pinned stay, and so does everything that is not
   * of the form that this package gives. This session's files are not looked at.
   *
   * @throws `HoldfastError`, effect `"partial"`, with `leftovers`: something could not be removed. The rest was
   */
  sweep(options: SweepOptions): Promise<SweptStore>;

  /**
   * Removes the files of the session, and closes the store. Calls under way are aborted. If another store has the
   * session open nothing is removed: the last one who ends it does it.
   *
   * @throws `HoldfastError`, effect `"partial"`, with `leftovers`: something could not be removed. The store is
   *   closed all the same; what is left goes with a sweep
   */
  endSession(options?: EndSessionOptions): Promise<EndedSession>;

  /** Closes the store and leaves its files, for when the session goes on later. Calls under way are waited for. */
  close(): Promise<void>;
}
