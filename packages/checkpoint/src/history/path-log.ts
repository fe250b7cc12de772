import type { LookRecord } from "../journal/records.ts";
import type { PathState } from "../state.ts";

/** A look at a path, and where in the journal. */
export interface Look {
  readonly at: number;
  readonly record: LookRecord;
}

/** A touch of a path: what it was before we changed it. */
export interface Touch {
  /** Where in the journal. */
  readonly at: number;
  /** The snapshot made last before it; `undefined`: none. */
  readonly after: string | undefined;
  readonly state: PathState;
  readonly missing: string | undefined;
  /** The look that it is; `undefined` if a restore began. */
  readonly look: number | undefined;
}

/** All that a journal says of one path, each kind in the order of the journal. */
export class PathLog {
  /** As it was last spelled, in a look or where it was written. */
  path: string;
  readonly looks: Look[] = [];
  readonly touches: Touch[] = [];
  /** Where we wrote, or began to. */
  readonly writes: number[] = [];
  /** What we last wrote, and where in the journal it says so. */
  written: { readonly at: number; readonly state: PathState } | undefined;
  /** Where in the journal we last left something there, and not nothing. */
  made = -1;
  /** A look whose bytes may be gone. */
  doubted: LookRecord | undefined;
  /** The first touch after each snapshot, by its id. */
  readonly firstAfter: Map<string | undefined, Touch> = new Map();

  constructor(path: string) {
    this.path = path;
  }

  /** Whether it is the first after its snapshot. */
  addTouch(touch: Touch): boolean {
    this.touches.push(touch);
    if (this.firstAfter.has(touch.after)) return false;
    this.firstAfter.set(touch.after, touch);
    return true;
  }

  /**
   * The touch that says what was there at a snapshot: the first before the next snapshot; or the first of all, where
   * nobody had looked at the path before.
   */
  touchOf(snapshot: string, at: number): Touch | undefined {
    const touch = this.firstAfter.get(snapshot);
    if (touch !== undefined) return touch;
    return this.lastLookUntil(at) === -1 ? this.firstTouchAfter(at) : undefined;
  }

  /** The first touch after a position. */
  firstTouchAfter(at: number): Touch | undefined {
    return this.touches[indexAfter(this.touches, at)];
  }

  /** The index of the last look at or before a position; -1 if there is none. */
  lastLookUntil(at: number): number {
    return indexAfter(this.looks, at) - 1;
  }

  /**
   * The look that says what was there at the time of another one: itself, or a later one, if it failed and nothing has
   * happened since.
   */
  settled(look: number): Look {
    let settled = this.looks[look]!;
    for (let next = look + 1; next < this.looks.length; next++) {
      const later = this.looks[next]!;
      if (!this.isReplacedBy(settled, later)) break;
      settled = later;
    }
    return settled;
  }

  private isReplacedBy(failed: Look, later: Look): boolean {
    const { state, signature } = failed.record;
    if (state.kind !== "failed" || signature === undefined) return false;
    if (later.record.signature !== signature) return false;
    return this.firstWriteAfter(failed.at) > later.at;
  }

  /** The position of the first write after another one; `Infinity` if there is none. */
  firstWriteAfter(at: number): number {
    let low = 0;
    let high = this.writes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.writes[middle]! > at) high = middle;
      else low = middle + 1;
    }
    return this.writes[low] ?? Infinity;
  }
}

/** The index of the first that is after a position: by binary search, for they are in order. */
function indexAfter(list: readonly { readonly at: number }[], at: number): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (list[middle]!.at > at) high = middle;
    else low = middle + 1;
  }
  return low;
}
