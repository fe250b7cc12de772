import type { BeginRecord, JournalEntry, LookRecord, SnapshotRecord } from "../journal/records.ts";
import type { PathState } from "../state.ts";
import { MemoryHistory } from "./memory-history.ts";

export { objectsOf } from "./objects-of.ts";

/** What a path was at a snapshot. */
export interface Target {
  readonly path: string;
  readonly key: string;
  /** `failed` with `ERR_CHECKPOINT_DAMAGED` where a lost record may have said something else. */
  readonly state: PathState;
  /** The topmost directory on the way to it that was missing. */
  readonly missing: string | undefined;
}

/**
 * What a journal says, in memory. Pure: no I/O. Records are applied in the order of the journal, while it is read and
 * after each append.
 *
 * - What path `p` was at snapshot `S`: the state of the first touch of `p` between `S` and the next snapshot (a `look` with
 *   cause `"touch"` and `after: S`, or the `from` of a restore whose snapshot `S` is); without one, the state of the last
 *   look at or before `S`; without that, of the first touch after `S`. `p` is not part of `S` if there is none of these.
 * - A look whose state is `failed` is replaced by the next look at the path, touch or not, if that has the same
 *   `signature` and we have not written to the path in between (no `wrote`, no restore of it). Otherwise the failure stays
 *   what the snapshots before it know.
 * - A gap between the snapshot and the record that decides makes the target `failed` with `ERR_CHECKPOINT_DAMAGED`: of
 *   a touch after `S`, a gap in between; of a look before `S`, a gap between that look and `S`, or anywhere after `S`.
 *   A path of which there is neither is damaged if there is a gap after `S`: its first touch may be what was lost.
 * - What was missing on the way, where a restore decides and nothing was there: what the look before it says.
 */
export interface History {
  apply(entry: JournalEntry): void;
  /** All that was applied. */
  readonly entries: readonly JournalEntry[];
  readonly lostRecords: number;
  /** Oldest first. */
  readonly snapshots: readonly SnapshotRecord[];
  isPinned(id: string): boolean;
  snapshot(id: string): SnapshotRecord | undefined;
  /** How many paths were touched after a snapshot and before the next. */
  touchedAfter(id: string): number;
  /** By key, sorted by path. `undefined`: there is no such snapshot. */
  targetsOf(id: string): ReadonlyMap<string, Target> | undefined;
  /** All paths that are tracked, by key: that were looked at, or are part of a restore. */
  readonly keys: ReadonlySet<string>;
  pathOf(key: string): string | undefined;
  /** The last look at a path (touch or snapshot), for recognising what is unchanged. */
  lastLook(key: string): LookRecord | undefined;
  /** What we last wrote: by `wrote`, or by a restore that ended. */
  lastWritten(key: string): PathState | undefined;
  /** Whether we ever left something there, whatever came after. */
  hasMade(key: string): boolean;
  /** The first pre-image of a path in a turn that was taken after the last snapshot and did not fail. */
  preImage(key: string, turn: string): LookRecord | undefined;
  /** The last restore, if it has no end: none begins before the one before it has. */
  readonly interrupted: BeginRecord | undefined;
  restore(id: string): BeginRecord | undefined;
  /** Of all restores that the journal knows of. */
  restoreIds(): Set<string>;
  /**
   * The journal without some snapshots: what is left gives the same answers for all other snapshots, paths and
   * restores whose two snapshots are left, as if those snapshots had never been made. Gaps before everything that is left are forgotten.
   */
  without(snapshots: ReadonlySet<string>): JournalEntry[];
  /** SHA-256 of all objects that some record still refers to; not of `wrote`, whose bytes are not kept. */
  objects(): Set<string>;
}

export function createHistory(): History {
  return new MemoryHistory();
}
