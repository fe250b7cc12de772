import type { DiffOptions, RecordOptions, RestoreOptions, SnapshotOptions } from "./options.ts";
import type {
  HistoryDamage,
  InterruptedRestore,
  PruneReport,
  RecordReceipt,
  RestoreReport,
  Snapshot,
  SnapshotDiff,
  TrackReceipt,
} from "./results.ts";

/**
 * The history of the files that a session has touched.
 *
 * It is a journal of paths, each with its bytes before the first edit: nothing else is read, and no cost grows
 * with the tree. Nothing is ever overwritten or removed of which it is not known that we wrote it.
 *
 * Paths may be absolute, relative to the working directory, or `file:` URLs.
 */
export interface Checkpoints extends AsyncDisposable {
  /** As it was given. */
  readonly session: string;
  /**
   * A restore that did not come to its end. Until `resume()` or `rollback()`, `restoreToSnapshot`, `undoRestore`
   * and `prune` are `ERR_RESTORE_PENDING`; everything else works.
   */
  readonly interrupted: InterruptedRestore | undefined;
  readonly damage: HistoryDamage;

  /**
   * Keeps what a path is, before it is changed: call it, and wait for it, before each edit, creation or removal.
   *
   * Once per turn and path: the first call takes the pre-image, calls that come while it does wait for the same
   * one, later ones return it without any I/O. It resolves when the bytes and the record are on the device. A path
   * whose last component is a symbolic link is tracked as a link, and the file that it leads to as well, for
   * an edit may mean either.
   *
   * A directory is tracked as such, without what is in it: whoever removes or moves one tracks each file in it.
   *
   * Where nothing can be kept by rule (`"skipped"`) it resolves, and says so in `state`.
   *
   * @throws `HoldfastError`, effect `"none"`, if it could not be read or kept (`EACCES`, `ENOSPC`, `EIO`, …): do
   *   not edit then, or know that this edit cannot be taken back. The next call tries again. A failure
   *   after which the file was changed all the same stays a failure for earlier snapshots.
   */
  trackBeforeEdit(
    path: string | URL,
    turnId: string,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<TrackReceipt>;

  /**
   * Notes what an edit has left: the path is read and hashed, nothing is copied. Without it we do not know
   * that what is there is ours, and a restore takes it for the edit of somebody else.
   */
  recordAfterEdit(path: string | URL, options?: RecordOptions): Promise<RecordReceipt>;

  /**
   * Makes a point to return to: what the tracked paths are now. Those that have changed since they were last
   * looked at (one `lstat` each) are kept; calls that track wait until it is made.
   *
   * @param turnId of the turn that begins; a label, it may repeat
   */
  makeSnapshot(turnId: string, options?: SnapshotOptions): Promise<Snapshot>;

  /** All of them, oldest first. */
  listSnapshots(): Promise<Snapshot[]>;

  /** What differs between a snapshot and another, or what is on disk: only tracked paths. */
  diffSnapshot(id: string, options?: DiffOptions): Promise<SnapshotDiff>;

  /**
   * Brings the tracked paths back to what they were at a snapshot.
   *
   * What a path was at a snapshot is its bytes before our first edit after it; so what somebody else changed in
   * between stays. A path that we have not edited since is what it was when the snapshot was made.
   *
   * In order: a plan; all bytes that are needed are read and verified; a snapshot of what is there now; the
   * plan is made durable; then each path, by atomic replacement, on the condition that it is still what the plan
   * saw; removals go to the store's `trash`. Bytes, permission bits and symbolic links come back; files that we
   * created go, and directories that we created if they are empty. Killed at any moment, the next open can
   * `resume()` or `rollback()`.
   *
   * Not promised: times, access control lists, extended attributes. Between the last look and the rename there is a
   * moment in which a save of the same file by somebody else is overwritten; no call of Node's excludes it. What
   * somebody else changed, and we then built upon, goes with what we built: it is in the snapshot made in between.
   *
   * @throws `HoldfastError`, effect `"none"`: `ERR_CHECKPOINT_UNKNOWN`, `ERR_CHECKPOINT_DAMAGED` (unless
   *   `partial`), `ERR_CHANGED` (with `onConflict: "abort"`), `ERR_RESTORE_PENDING`, `ERR_HOOK`, `ABORT_ERR`, the errno of
   *   the store. Effect `"partial"`: the store failed in the middle; `interrupted` is set. What fails for one path is a
   *   result, and no error.
   */
  restoreToSnapshot(id: string, options?: RestoreOptions): Promise<RestoreReport>;

  /** Restores the paths that a restore changed to the snapshot that it took first. A restore as any other. */
  undoRestore(restoreId: string, options?: RestoreOptions): Promise<RestoreReport>;

  /** Finishes the interrupted restore. `ERR_CHECKPOINT_UNKNOWN` where there is none. */
  resume(): Promise<RestoreReport>;
  /** Takes back what the interrupted restore had done. */
  rollback(): Promise<RestoreReport>;

  /**
   * Removes snapshots beyond the limits, sessions that have ended and are too old, and bytes that nobody needs any more.
   * Pinned snapshots, sessions that are open somewhere, and what is younger than the grace period (10 minutes) stay.
   */
  prune(options?: { readonly signal?: AbortSignal | undefined }): Promise<PruneReport>;
  /** Keeps a snapshot whatever the limits say; durable. */
  pin(id: string): Promise<void>;
  unpin(id: string): Promise<void>;

  /** Waits for what is under way, and lets go of the session. Again: nothing. */
  close(): Promise<void>;
}
