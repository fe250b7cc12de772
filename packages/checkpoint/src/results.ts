import type { PathState } from "./state.ts";

/** What `trackBeforeEdit` found, and kept. */
export interface TrackReceipt {
  /** Where the path really is: absolute, links in its directories followed. */
  readonly path: string;
  /** What it was before the first edit of this turn. */
  readonly state: PathState;
  /** Whether this call was the first of the turn for the path, or came while that was under way. */
  readonly first: boolean;
  /** Of a symbolic link: the file that it leads to, which is tracked too. */
  readonly leadsTo: TrackReceipt | undefined;
}

/** What `recordAfterEdit` noted. */
export interface RecordReceipt {
  readonly path: string;
  readonly state: PathState;
}

/** A point to which one can go back. */
export interface Snapshot {
  /** Unique in the session. */
  readonly id: string;
  /** As it was given; may repeat. */
  readonly turnId: string;
  readonly label: string | undefined;
  readonly createdAt: Date;
  /** `"restore"`: taken by a restore before it changed anything; its `turnId` is that of the snapshot restored. */
  readonly kind: "turn" | "restore";
  /** Of kind `"restore"`: of which restore, for `undoRestore`. */
  readonly restoreId: string | undefined;
  readonly pinned: boolean;
  /** How many paths have been touched since, up to the next snapshot. */
  readonly touched: number;
}

/** What differs in one path. */
export interface PathDiff {
  readonly path: string;
  readonly change: "added" | "removed" | "modified" | "mode" | "unknown";
  readonly from: PathState;
  readonly to: PathState;
  /** Lines added and removed from `from` to `to`; `undefined` of what is binary, oversize, or no file. */
  readonly lines: { readonly added: number; readonly removed: number } | undefined;
  /** Holds a NUL or is not UTF-8, on either side. */
  readonly binary: boolean;
  /** Too large to be compared by lines, or to have been kept. */
  readonly oversize: boolean;
}

/** What differs between two snapshots, or one and what is on disk. */
export interface SnapshotDiff {
  readonly paths: readonly PathDiff[];
  readonly added: number;
  readonly removed: number;
  readonly modified: number;
}

/** What a restore does to a path. */
export type RestoreAction =
  | "none"
  | "create"
  | "overwrite"
  | "remove"
  | "link"
  | "mode"
  | "make-directory"
  | "remove-directory";

/** Why a path is not what the snapshot says. */
export type RestoreReason =
  /** Its bytes are neither the snapshot's nor what we last wrote. */
  | "conflict"
  /** Somebody changed it while the restore was at work. */
  | "changed"
  /** A directory that is not empty. */
  | "not-empty"
  /** Nothing was kept of it: see its state. */
  | "skipped"
  /** Its bytes, or the record of it, are missing from the store or damaged. */
  | "damaged"
  /** The file system refused: see `code`. */
  | "failed";

/** What a restore did to one path. */
export interface PathResult {
  readonly path: string;
  readonly action: RestoreAction;
  /** Whether it is now what the snapshot says; in a dry run, whether it would be. */
  readonly ok: boolean;
  readonly reason: RestoreReason | undefined;
  /** Of `"failed"`: the errno, or our code. */
  readonly code: string | undefined;
  readonly from: PathState;
  readonly to: PathState;
  /** Where what was removed is kept. */
  readonly trash: string | undefined;
}

/** What a restore did. */
export interface RestoreReport {
  /** For `undoRestore`; `undefined` of a dry run, and where nothing was to be done. */
  readonly restoreId: string | undefined;
  readonly snapshot: string;
  /** The snapshot that was taken first. */
  readonly before: string | undefined;
  readonly outcome: "finished" | "rolled-back" | "dry-run";
  /** All paths that the snapshot knows of: sorted by path. */
  readonly paths: readonly PathResult[];
  /** Whether all of them are what the snapshot says. */
  readonly complete: boolean;
}

/** A restore that was cut off: by a crash, or by an error in its middle. */
export interface InterruptedRestore {
  readonly restoreId: string;
  readonly snapshot: string;
  readonly before: string;
  readonly startedAt: Date;
}

/** What was found wrong with the history of a session when it was opened. */
export interface HistoryDamage {
  /** Records that are lost or damaged, as far as that can be told; what depends on them is not restored. */
  readonly lostRecords: number;
}

/** What `prune` did. */
export interface PruneReport {
  /** Of this session. */
  readonly removedSnapshots: readonly string[];
  /** Sessions that had ended, and were too old. */
  readonly removedSessions: readonly string[];
  readonly removedObjects: number;
  /** Bytes of objects and trash removed, and what is left of objects. */
  readonly freedBytes: number;
  readonly storeBytes: number;
}
