import type { FileSystem, Offload } from "@holdfast/fs/steps";
import type { PathState } from "./state.ts";

/** How much is kept. None of it is looked at while an edit waits, but for the size of the file. */
export interface CheckpointLimits {
  /** Snapshots of a session; the oldest go first. Those made by restores count. Default: 100. */
  readonly maxSnapshots?: number | undefined;
  /** A larger file is skipped: its bytes are not kept, and no restore touches it. Default: 10 MiB. */
  readonly maxFileBytes?: number | undefined;
  /** All objects of the store; the oldest snapshots go until what is left fits. Default: 500 MiB. */
  readonly maxStoreBytes?: number | undefined;
  /** Snapshots, and sessions that ended, older than this go. In milliseconds. Default: 30 days. */
  readonly maxAgeMs?: number | undefined;
  /** Paths that a session tracks; further ones are skipped. Default: 2,000. */
  readonly maxPaths?: number | undefined;
}

/** Options of `openCheckpoints`. */
export interface CheckpointOptions {
  /**
   * The directory in which everything is kept: a path or a `file:` URL. Made, 0700, if it is missing. Several
   * sessions and processes may share it; what is the same is stored once.
   */
  readonly store: string | URL;
  /**
   * The directories whose files are tracked. Paths elsewhere are skipped, and so are those that a symbolic link
   * leads out. A root that is missing (an unplugged disk) is no error until one of its paths is asked for.
   */
  readonly roots: readonly (string | URL)[];
  /**
   * Whose history it is: opened again under the same name, it goes on. Any string; one that is not
   * `[a-z0-9_-]{1,64}` is stored under a hash: on a disk that folds case `Work` and `work` would be one. One process at a time has a session open.
   */
  readonly session: string;
  /** Directories and files inside the roots that are never tracked. The store must be, if it lies in a root. */
  readonly exclude?: readonly (string | URL)[] | undefined;
  readonly limits?: CheckpointLimits | undefined;
  /**
   * `"automatic"`: what is over the limits is removed after a snapshot, in the background, and when closing.
   * `"manual"`: only by `prune()`. Default: `"automatic"`.
   */
  readonly retention?: "automatic" | "manual" | undefined;
  /** How long to wait for another process that has the session open, in milliseconds. Default: 5,000. */
  readonly lockTimeoutMs?: number | undefined;
  /** For opening alone. */
  readonly signal?: AbortSignal | undefined;
  /** The file system to use, for the store and the roots. Default: `node:fs`. */
  readonly fileSystem?: FileSystem | undefined;
  /** As for `replaceFileAtomic`: which calls are made on the thread pool. Default: `"calls"`. */
  readonly offload?: Offload | undefined;
}

/** What can be said of an edit that was made. */
export interface RecordOptions {
  /**
   * What was written, if the caller has it at hand: then the file is not read, and what somebody else wrote
   * between the edit and this call is not taken for ours. A string is meant as UTF-8.
   */
  readonly content?: string | Uint8Array | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Options of `makeSnapshot`. */
export interface SnapshotOptions {
  /** For people. At most 1,000 characters. */
  readonly label?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Options of `diffSnapshot`. */
export interface DiffOptions {
  /** Another snapshot, or `"now"`: what is on disk. Default: `"now"`. */
  readonly against?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A path that somebody else has changed since we wrote it; or of which we do not know that it was us. */
export interface Conflict {
  /** Absolute. */
  readonly path: string;
  readonly current: PathState;
  readonly target: PathState;
  /** What we last wrote, where we know. */
  readonly lastWritten: PathState | undefined;
  /** The bytes of a state, where it is a file: `undefined` otherwise. */
  read(of: "current" | "target"): Promise<Uint8Array | undefined>;
}

/** Options of `restoreToSnapshot` and `undoRestore`. */
export interface RestoreOptions {
  /** Only these paths, and what lies in them. Default: all. */
  readonly paths?: readonly (string | URL)[] | undefined;
  /** Say what would be done, and do nothing. Default: `false`. */
  readonly dryRun?: boolean | undefined;
  /**
   * `"skip"` leaves a path alone whose bytes are neither the snapshot's nor what we last wrote; `"overwrite"`
   * restores it (its bytes are in the snapshot that is taken first); `"abort"` refuses the whole call before any
   * change. A function is asked for each, with the others waiting: what it asks of these checkpoints, but for
   * `listSnapshots()`, is `ERR_LOCK_HELD`; what it throws ends the call (`ERR_HOOK`). Default: `"skip"`.
   */
  readonly onConflict?:
    | "skip"
    | "overwrite"
    | "abort"
    | ((conflict: Conflict) => MergeAnswer | PromiseLike<MergeAnswer>)
    | undefined;
  /** Restore what can be restored where bytes are missing from the store, or damaged. Default: `false`. */
  readonly partial?: boolean | undefined;
  /** Honoured until the first path is changed. */
  readonly signal?: AbortSignal | undefined;
}

/** What a merge function answers. */
export type MergeAnswer = "skip" | "overwrite" | { readonly content: string | Uint8Array };
