/**
 * Where a document is: a path, a `file:` URL, a path in a root of `@holdfast/root`, or anything that can
 * be read and replaced as a whole.
 */
export type JsonTarget = string | URL | RootTarget | ByteStore;

/**
 * A file in a root: the path is relative to it, and nothing that is done leaves it. Links, other names and
 * limits are the root's affair: of the settings of a file only `mode` and `durable` are taken, and the mode, as
 * in the root's own `writeFile`, is for a file that is made, less the umask. Missing directories are made.
 *
 * A `RootSync` over an injected file system is `ERR_UNSUPPORTED`: nothing could be done with its descriptors.
 */
export interface RootTarget {
  /** A `Root`, for asynchronous functions; a `RootSync` for synchronous ones. */
  readonly root: RootLike | RootSyncLike;
  readonly path: string;
}

/** What is used of a `Root`. */
export interface RootLike {
  readonly promises: object;
  readFile(path: string, options: object): Promise<Uint8Array>;
  writeFile(path: string, data: Uint8Array, options: object): Promise<unknown>;
}

/** What is used of a `RootSync`. */
export interface RootSyncLike {
  readFileSync(path: string, options: object): Uint8Array;
  writeFileSync(path: string, data: Uint8Array, options: object): unknown;
}

/**
 * Somewhere else: in an archive, on a server. It says itself what `replace` promises. The functions that
 * need more than a document (logs, backups, quarantine, `watch`) refuse it.
 */
export interface ByteStore {
  /** For errors. */
  readonly name?: string | undefined;
  /** The whole content; `undefined` if there is none. */
  read?(): Promise<Uint8Array | undefined>;
  /** The old content or the new one, never a mixture. */
  replace?(content: Uint8Array): Promise<void>;
  readSync?(): Uint8Array | undefined;
  replaceSync?(content: Uint8Array): void;
  /**
   * Runs `work`, once, while nobody else, in any process, runs anything by this function; ends as it ends.
   * `updateJson` needs it, and refuses a store without it (`ERR_INVALID_ARG`).
   */
  exclusively?<Result>(work: () => Promise<Result>): Promise<Result>;
  exclusivelySync?<Result>(work: () => Result): Result;
}
