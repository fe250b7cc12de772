import type { BeginRecord, JournalEntry } from "../journal/records.ts";
import type { MemoryHistory, PlacedSnapshot } from "./memory-history.ts";
import type { PathLog } from "./path-log.ts";

/**
 * The entries of a journal that still decide something once some snapshots are gone. Only entries are left
 * out, in none of their places anything else is put: what is left is true, and decides as it did.
 */
export function withoutSnapshots(
  history: MemoryHistory,
  removed: ReadonlySet<string>,
): JournalEntry[] {
  return new Selection(history, removed).entries();
}

class Selection {
  private readonly history: MemoryHistory;
  private readonly removed: ReadonlySet<string>;
  /** Positions of what is kept. */
  private readonly kept = new Set<number>();
  /** Of the snapshots that are left, in order. */
  private readonly snapshots: readonly PlacedSnapshot[];

  constructor(history: MemoryHistory, removed: ReadonlySet<string>) {
    this.history = history;
    this.removed = removed;
    const placed = [...history.placed.values()].filter(({ record }) => !removed.has(record.id));
    this.snapshots = placed.sort((one, another) => one.at - another.at);
  }

  entries(): JournalEntry[] {
    const { entries } = this.history;
    // What came after the last snapshot belongs to the turn that goes on: all of it is needed.
    const last = this.snapshots.at(-1)?.at ?? -1;
    for (let at = last + 1; at < entries.length; at++) this.kept.add(at);
    for (const { at } of this.snapshots) this.kept.add(at);
    for (const log of this.history.paths.values()) this.keepOfPath(log);
    // Each may ask for what the other has passed.
    for (let size = -1; size !== this.kept.size;) {
      size = this.kept.size;
      this.keepRestores();
      for (const log of this.history.paths.values()) this.keepAroundFailures(log);
    }
    this.keepStatements();
    return entries.filter((entry, at) => this.kept.has(at) && !this.isRemoved(entry));
  }

  private isRemoved(entry: JournalEntry): boolean {
    const isAbout = entry.type === "snapshot" || entry.type === "pin";
    return isAbout && this.removed.has(entry.id);
  }

  /** What decides for the snapshots that are left, and what was last seen and written. */
  private keepOfPath(log: PathLog): void {
    for (const { at, record } of this.snapshots) {
      const decides = log.touchOf(record.id, at) ?? log.looks[log.lastLookUntil(at)];
      if (decides !== undefined) this.kept.add(decides.at);
    }
    // By one of them at least the path stays known.
    const last = log.looks.at(-1) ?? log.touches.at(-1);
    if (last !== undefined) this.kept.add(last.at);
    if (log.written !== undefined) this.kept.add(log.written.at);
    if (log.made !== -1) this.kept.add(log.made);
  }

  /**
   * A restore whose two snapshots are left can be undone, one that was interrupted can be settled; and one whose
   * touches decide is kept for them. Without its end, or one that came after it, it would seem to be interrupted.
   */
  private keepRestores(): void {
    const { entries } = this.history;
    const ends = new Map<string, number>();
    for (const [at, entry] of entries.entries())
      if (entry.type === "end") ends.set(entry.restore, at);
    let hasLater = false;
    let mustHaveLater = false;
    for (let at = entries.length - 1; at >= 0; at--) {
      const entry = entries[at]!;
      if (entry.type !== "begin" || !(this.kept.has(at) || this.isNeeded(entry))) continue;
      const end = ends.get(entry.restore);
      this.kept.add(at);
      if (end !== undefined) this.kept.add(end);
      this.keepLooksBefore(entry, at);
      if (end === undefined && !hasLater) mustHaveLater = true;
      hasLater = true;
    }
    if (!mustHaveLater) return;
    const last = entries.findLastIndex(({ type }) => type === "begin");
    this.kept.add(last);
  }

  private isNeeded(begin: BeginRecord): boolean {
    if (begin === this.history.interrupted) return true;
    return !this.removed.has(begin.snapshot) && !this.removed.has(begin.before);
  }

  /** What was missing on the way to a path that was absent is said by the look before. */
  private keepLooksBefore(begin: BeginRecord, at: number): void {
    for (const { path, key = path, from } of begin.entries) {
      const log = this.history.paths.get(key);
      if (from.kind !== "absent" || log === undefined) continue;
      const look = log.lastLookUntil(at);
      if (look !== -1) this.kept.add(log.looks[look]!.at);
    }
  }

  /** Whether a look that failed is replaced depends on the next one, and on what was written before that. */
  private keepAroundFailures(log: PathLog): void {
    for (const [index, { at, record }] of log.looks.entries()) {
      if (record.state.kind !== "failed" || !this.kept.has(at)) continue;
      const next = log.looks[index + 1];
      if (next === undefined) continue;
      this.kept.add(next.at);
      const write = log.firstWriteAfter(at);
      if (write < next.at) this.kept.add(write);
    }
  }

  /** Whose journal it is, what is pinned, and what was lost behind something that is kept. */
  private keepStatements(): void {
    let isBehind = false;
    const pins = new Map<string, number>();
    for (const [at, entry] of this.history.entries.entries()) {
      if (entry.type === "session") this.kept.add(at);
      else if (entry.type === "pin") pins.set(entry.id, at);
      else if (entry.type === "gap" && isBehind) this.kept.add(at);
      else if (this.kept.has(at)) isBehind = true;
    }
    for (const [id, at] of pins) {
      if (this.history.placed.has(id) && this.history.isPinned(id)) this.kept.add(at);
    }
  }
}
