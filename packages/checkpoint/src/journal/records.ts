import type { PathState } from "../state.ts";

/** The format of a journal that this program writes, and the newest that it reads. */
export const journalFormat = 1;

/** A look at a path. */
export interface LookRecord {
  readonly type: "look";
  /** Absolute: the real path of the root, and what follows. With `/`. */
  readonly path: string;
  /** By which the path is known, where that is not `path`: on a disk that folds case. */
  readonly key?: string | undefined;
  /** `"touch"`: before an edit, the pre-image. `"snapshot"`: for a snapshot that is being made. */
  readonly cause: "touch" | "snapshot";
  /** Of a touch. */
  readonly turn?: string | undefined;
  /** Of a touch: the snapshot made last before it, of which it says what was there; none before the first. */
  readonly after?: string | undefined;
  readonly state: PathState;
  /**
   * By which an unchanged file is known again: only where its times were older than the racy window when it was
   * read. Of a failure: whatever could be found out, so that a later look can show that nothing had happened.
   */
  readonly signature?: string | undefined;
  /** The topmost directory on the way to it that was missing. */
  readonly missing?: string | undefined;
}

/** What we left. Of a file the bytes are not kept. */
interface WroteRecord {
  readonly type: "wrote";
  readonly path: string;
  readonly key?: string | undefined;
  readonly state: PathState;
}

/** A snapshot. */
export interface SnapshotRecord {
  readonly type: "snapshot";
  readonly id: string;
  readonly turn: string;
  readonly label?: string | undefined;
  readonly kind: "turn" | "restore";
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** One path of a plan. */
export interface RestoreEntry {
  readonly path: string;
  readonly key?: string | undefined;
  readonly from: PathState;
  /** What is there afterwards. Of a merge: the state of the merged bytes, which are in the store. */
  readonly to: PathState;
  /**
   * Where nothing was: the topmost directory that was missing; taken back, those that are empty go with it. Of a directory that goes itself:
   * its own path, if it was made for what was in it. It stays, and that is right, where somebody else has something in it.
   */
  readonly created?: string | undefined;
}

/** A restore begins: from here on files are changed. It touches the paths of its entries, with `from`. */
export interface BeginRecord {
  readonly type: "begin";
  readonly restore: string;
  /** The snapshot that is restored, and the one that was taken first. */
  readonly snapshot: string;
  readonly before: string;
  readonly entries: readonly RestoreEntry[];
  /** Paths that are in the snapshot and were left alone, for the report. */
  readonly skipped: readonly { readonly path: string; readonly reason: string }[];
  readonly at: number;
}

/** A restore has ended: what was written, by path. */
export interface EndRecord {
  readonly type: "end";
  readonly restore: string;
  readonly outcome: "finished" | "rolled-back";
  readonly written: readonly {
    readonly path: string;
    readonly key?: string | undefined;
    readonly state: PathState;
  }[];
}

/** The first record: whose journal it is. */
interface SessionRecord {
  readonly type: "session";
  readonly format: number;
  readonly session: string;
  readonly at: number;
}

/** A snapshot is pinned, or not any more. */
interface PinRecord {
  readonly type: "pin";
  readonly id: string;
  readonly pinned: boolean;
}

/** What is appended to a journal. */
export type JournalRecord =
  | SessionRecord
  | LookRecord
  | WroteRecord
  | SnapshotRecord
  | BeginRecord
  | EndRecord
  | PinRecord;

/** A place at which records were lost. A journal that is rewritten holds it as a record. */
interface GapRecord {
  readonly type: "gap";
}

/** What is read of a journal. */
export type JournalEntry = JournalRecord | GapRecord;
