import type {
  BeginRecord,
  JournalEntry,
  JournalRecord,
  LookRecord,
  SnapshotRecord,
} from "../journal/records.ts";
import type { PathState } from "../state.ts";
import type { History, Target } from "./history.ts";
import { objectsOf } from "./objects-of.ts";
import { PathLog } from "./path-log.ts";
import { withoutSnapshots } from "./without-snapshots.ts";

/** A snapshot, and where in the journal. */
export interface PlacedSnapshot {
  readonly at: number;
  readonly record: SnapshotRecord;
  touched: number;
}

const damaged: PathState = { kind: "failed", code: "ERR_CHECKPOINT_DAMAGED" };

/** The journal in memory, and for each path where in it something is said of it. */
export class MemoryHistory implements History {
  entries: JournalEntry[] = [];
  paths: Map<string, PathLog> = new Map();
  /** By id. */
  placed: Map<string, PlacedSnapshot> = new Map();
  pins: Map<string, boolean> = new Map();
  private snapshotRecords: SnapshotRecord[] = [];
  private tracked = new Set<string>();
  private gaps: number[] = [];
  private begins = new Map<string, BeginRecord>();
  private lastBegin: BeginRecord | undefined;
  private ended = new Set<string>();
  /** Since the last snapshot: by key and turn. */
  private preImages = new Map<string, Map<string, LookRecord>>();

  /** Forgets everything, and begins again with what a journal says now. */
  replaceBy(entries: Iterable<JournalEntry>): void {
    // Field by field: whoever has this object has the history of the session.
    Object.assign(this, new MemoryHistory());
    for (const entry of entries) this.apply(entry);
  }

  apply(entry: JournalEntry): void {
    const at = this.entries.push(entry) - 1;
    switch (entry.type) {
      case "gap":
        this.gaps.push(at);
        break;
      case "look":
        this.applyLook(at, entry);
        break;
      case "wrote":
        this.applyWritten(at, entry);
        break;
      case "snapshot":
        this.applySnapshot(at, entry);
        break;
      case "begin":
        this.applyBegin(at, entry);
        break;
      case "end":
        this.ended.add(entry.restore);
        for (const written of entry.written) this.applyWritten(at, written);
        break;
      case "pin":
        this.pins.set(entry.id, entry.pinned);
        break;
      case "session":
        break;
    }
  }

  private applyLook(at: number, record: LookRecord): void {
    const { path, key = path, cause, turn, after, state, missing } = record;
    const log = this.logOf(key, path);
    log.path = path;
    this.tracked.add(key);
    const look = log.looks.push({ at, record }) - 1;
    if (cause !== "touch") return;
    if (log.addTouch({ at, after, state, missing, look })) this.countTouch(after);
    if (turn === undefined || state.kind === "failed") return;
    let turns = this.preImages.get(key);
    if (turns === undefined) this.preImages.set(key, (turns = new Map()));
    if (!turns.has(turn)) turns.set(turn, record);
  }

  private applyWritten(
    at: number,
    written: {
      readonly path: string;
      readonly key?: string | undefined;
      readonly state: PathState;
    },
  ): void {
    const { path, key = path, state } = written;
    const log = this.logOf(key, path);
    log.path = path;
    log.writes.push(at);
    log.written = { at, state };
    if (state.kind !== "absent") log.made = at;
  }

  private applySnapshot(at: number, record: SnapshotRecord): void {
    this.snapshotRecords.push(record);
    this.placed.set(record.id, { at, record, touched: 0 });
    this.preImages.clear();
  }

  private applyBegin(at: number, begin: BeginRecord): void {
    this.begins.set(begin.restore, begin);
    this.lastBegin = begin;
    for (const { path, key = path, from } of begin.entries) {
      const log = this.logOf(key, path);
      this.tracked.add(key);
      const last = log.looks.at(-1)?.record;
      if (last === undefined && log.written === undefined) log.path = path;
      const isAbsent = from.kind === "absent" && last?.state.kind === "absent";
      const missing = isAbsent ? last.missing : undefined;
      const after = begin.before;
      if (log.addTouch({ at, after, state: from, missing, look: undefined }))
        this.countTouch(after);
      log.writes.push(at);
    }
  }

  private logOf(key: string, path: string): PathLog {
    let log = this.paths.get(key);
    if (log === undefined) this.paths.set(key, (log = new PathLog(path)));
    return log;
  }

  private countTouch(after: string | undefined): void {
    const snapshot = after === undefined ? undefined : this.placed.get(after);
    if (snapshot !== undefined) snapshot.touched++;
  }

  /**
   * Does not count on the bytes of a look any more: they may be gone. Whoever asks next looks again, and keeps
   * them again. What the record says stays true.
   */
  doubt(record: LookRecord): void {
    const { path, key = path, turn } = record;
    const turns = this.preImages.get(key);
    if (turn !== undefined && turns?.get(turn) === record) turns.delete(turn);
    const log = this.paths.get(key);
    const last = log?.looks.at(-1);
    if (log === undefined || last?.record !== record) return;
    log.doubted = record;
  }

  /** What may have been the last thing that was written: all since the snapshot before the last. */
  lastNoted(): JournalRecord[] {
    const before = this.snapshotRecords.at(-2);
    const from = before === undefined ? 0 : this.placed.get(before.id)!.at;
    return this.entries.slice(from).filter((entry) => entry.type !== "gap");
  }

  get lostRecords(): number {
    return this.gaps.length;
  }

  get snapshots(): readonly SnapshotRecord[] {
    return this.snapshotRecords;
  }

  isPinned(id: string): boolean {
    return this.pins.get(id) === true;
  }

  snapshot(id: string): SnapshotRecord | undefined {
    return this.placed.get(id)?.record;
  }

  touchedAfter(id: string): number {
    return this.placed.get(id)?.touched ?? 0;
  }

  targetsOf(id: string): ReadonlyMap<string, Target> | undefined {
    const snapshot = this.placed.get(id);
    if (snapshot === undefined) return undefined;
    const targets: Target[] = [];
    for (const [key, log] of this.paths) {
      const target = this.targetOf(key, log, snapshot);
      if (target !== undefined) targets.push(target);
    }
    targets.sort((one, another) =>
      one.path < another.path ? -1 : one.path > another.path ? 1 : 0,
    );
    return new Map(targets.map((target) => [target.key, target]));
  }

  private targetOf(
    key: string,
    log: PathLog,
    { at, record: { id } }: PlacedSnapshot,
  ): Target | undefined {
    const { path } = log;
    const isDamaged: Target = { path, key, state: damaged, missing: undefined };
    const touch = log.touchOf(id, at);
    if (touch !== undefined) {
      const settled = touch.look === undefined ? undefined : log.settled(touch.look);
      if (this.hasGap(at, settled?.at ?? touch.at)) return isDamaged;
      const { state, missing } = settled?.record ?? touch;
      return { path, key, state, missing };
    }
    const look = log.lastLookUntil(at);
    if (look === -1) {
      return this.hasGap(at, Infinity) ? isDamaged : undefined;
    }
    if (this.hasGap(log.looks[look]!.at, Infinity)) return isDamaged;
    const { state, missing } = log.settled(look).record;
    return { path, key, state, missing };
  }

  /** Whether records were lost between two positions. */
  private hasGap(after: number, before: number): boolean {
    // There are few, mostly none.
    return this.gaps.some((gap) => gap > after && gap < before);
  }

  get keys(): ReadonlySet<string> {
    return this.tracked;
  }

  pathOf(key: string): string | undefined {
    return this.paths.get(key)?.path;
  }

  lastLook(key: string): LookRecord | undefined {
    const log = this.paths.get(key);
    const last = log?.looks.at(-1)?.record;
    // Without a signature it proves nothing.
    return last !== undefined && last === log?.doubted ? { ...last, signature: undefined } : last;
  }

  lastWritten(key: string): PathState | undefined {
    return this.paths.get(key)?.written?.state;
  }

  hasMade(key: string): boolean {
    return (this.paths.get(key)?.made ?? -1) !== -1;
  }

  preImage(key: string, turn: string): LookRecord | undefined {
    return this.preImages.get(key)?.get(turn);
  }

  get interrupted(): BeginRecord | undefined {
    const { lastBegin } = this;
    return lastBegin === undefined || this.ended.has(lastBegin.restore) ? undefined : lastBegin;
  }

  restore(id: string): BeginRecord | undefined {
    return this.begins.get(id);
  }

  restoreIds(): Set<string> {
    return new Set(this.begins.keys());
  }

  without(snapshots: ReadonlySet<string>): JournalEntry[] {
    return withoutSnapshots(this, snapshots);
  }

  objects(): Set<string> {
    return objectsOf(this.entries);
  }
}
