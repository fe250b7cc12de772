/**
 * What the contract of a history says, in the plainest way: each answer looks through all entries anew. Written from the
 * contract and not from the code that it is compared with.
 */

import type { BeginRecord, JournalEntry, LookRecord } from "../../src/journal/records.ts";
import type { PathState } from "../../src/state.ts";

interface Touch {
  readonly at: number;
  readonly after: string | undefined;
  readonly state: PathState;
  readonly missing: string | undefined;
  /** Where the look is that says it, if not there. */
  readonly decides?: number;
}

const damaged = { state: { kind: "failed", code: "ERR_CHECKPOINT_DAMAGED" }, missing: undefined };

export class NaiveHistory {
  readonly entries: readonly JournalEntry[];

  constructor(entries: readonly JournalEntry[]) {
    this.entries = entries;
  }

  snapshots(): string[] {
    return this.entries.flatMap((entry) => (entry.type === "snapshot" ? [entry.id] : []));
  }

  keys(): string[] {
    const keys = new Set<string>();
    for (const entry of this.entries) {
      if (entry.type === "look") keys.add(keyOf(entry));
      if (entry.type === "begin") for (const each of entry.entries) keys.add(keyOf(each));
    }
    return [...keys];
  }

  private positionOf(id: string): number {
    return this.entries.findIndex((entry) => entry.type === "snapshot" && entry.id === id);
  }

  private looks(key: string): { at: number; record: LookRecord }[] {
    return this.entries.flatMap((record, at) =>
      record.type === "look" && keyOf(record) === key ? [{ at, record }] : [],
    );
  }

  private isWriteOf(entry: JournalEntry, key: string): boolean {
    if (entry.type === "wrote") return keyOf(entry) === key;
    if (entry.type === "begin") return entry.entries.some((each) => keyOf(each) === key);
    if (entry.type === "end") return entry.written.some((each) => keyOf(each) === key);
    return false;
  }

  /** What a look at a position says in the end, and where. */
  private settled(key: string, at: number): { at: number; record: LookRecord } {
    const looks = this.looks(key);
    const index = looks.findIndex((look) => look.at === at);
    const look = looks[index]!;
    const next = looks[index + 1];
    if (look.record.state.kind !== "failed" || next === undefined) return look;
    const { signature } = look.record;
    if (signature === undefined || signature !== next.record.signature) return look;
    const between = this.entries.slice(at + 1, next.at);
    if (between.some((entry) => this.isWriteOf(entry, key))) return look;
    return this.settled(key, next.at);
  }

  private touches(key: string): Touch[] {
    return this.entries.flatMap((entry, at): Touch[] => {
      if (entry.type === "look" && entry.cause === "touch" && keyOf(entry) === key) {
        const { at: decides, record } = this.settled(key, at);
        const { after } = entry;
        return [{ at, after, state: record.state, missing: record.missing, decides }];
      }
      if (entry.type !== "begin") return [];
      return entry.entries
        .filter((each) => keyOf(each) === key)
        .map(({ from }) => {
          const before = this.looks(key).findLast((look) => look.at < at)?.record;
          const isAbsent = from.kind === "absent" && before?.state.kind === "absent";
          const missing = isAbsent ? before.missing : undefined;
          return { at, after: entry.before, state: from, missing };
        });
    });
  }

  private hasGap(from: number, to: number): boolean {
    return this.entries.slice(from + 1, to).some(({ type }) => type === "gap");
  }

  /** By key: the state and what was missing. */
  targetsOf(id: string): Record<string, { state: PathState; missing: string | undefined }> {
    const at = this.positionOf(id);
    const end = this.entries.length;
    const targets: Record<string, { state: PathState; missing: string | undefined }> = {};
    const known = new Set(this.keys());
    for (const entry of this.entries) {
      if (entry.type === "wrote") known.add(keyOf(entry));
      if (entry.type === "end") for (const each of entry.written) known.add(keyOf(each));
    }
    for (const key of known) {
      const look = this.looks(key).findLast((each) => each.at <= at);
      const touches = this.touches(key);
      const touch =
        touches.find(({ after }) => after === id) ??
        (look === undefined ? touches.find((each) => each.at > at) : undefined);
      if (touch !== undefined) {
        const decides = touch.decides ?? touch.at;
        const { state, missing } = touch;
        targets[key] = this.hasGap(at, decides) ? (damaged as never) : { state, missing };
      } else if (look !== undefined) {
        const { state, missing } = this.settled(key, look.at).record;
        targets[key] = this.hasGap(look.at, end) ? (damaged as never) : { state, missing };
      } else if (this.hasGap(at, end)) {
        targets[key] = damaged as never;
      }
    }
    return targets;
  }

  touchedAfter(id: string): number {
    return this.keys().filter((key) => this.touches(key).some(({ after }) => after === id)).length;
  }

  lastLook(key: string): LookRecord | undefined {
    return this.looks(key).at(-1)?.record;
  }

  lastWritten(key: string): PathState | undefined {
    let last: PathState | undefined;
    for (const entry of this.entries) {
      if (entry.type === "wrote" && keyOf(entry) === key) last = entry.state;
      if (entry.type !== "end") continue;
      for (const each of entry.written) if (keyOf(each) === key) last = each.state;
    }
    return last;
  }

  preImage(key: string, turn: string): LookRecord | undefined {
    const last = this.entries.findLastIndex(({ type }) => type === "snapshot");
    return this.looks(key).find(
      ({ at, record }) =>
        at > last &&
        record.cause === "touch" &&
        record.turn === turn &&
        record.state.kind !== "failed",
    )?.record;
  }

  interrupted(): BeginRecord | undefined {
    const begin = this.entries.findLast((entry) => entry.type === "begin");
    const isOver = this.entries.some(
      (entry) => entry.type === "end" && entry.restore === begin?.restore,
    );
    return isOver ? undefined : begin;
  }

  pinned(): string[] {
    return this.snapshots().filter((id) => {
      const pin = this.entries.findLast((entry) => entry.type === "pin" && entry.id === id);
      return pin?.type === "pin" && pin.pinned;
    });
  }

  restore(id: string): BeginRecord | undefined {
    return this.entries.findLast(
      (entry): entry is BeginRecord => entry.type === "begin" && entry.restore === id,
    );
  }

  objects(): string[] {
    const hashes = new Set<string>();
    const add = (state: PathState): void => {
      if (state.kind === "file") hashes.add(state.sha256);
    };
    for (const entry of this.entries) {
      if (entry.type === "look") add(entry.state);
      if (entry.type === "begin") for (const { from, to } of entry.entries) [from, to].forEach(add);
    }
    return [...hashes].toSorted();
  }
}

const keyOf = ({ path, key }: { path: string; key?: string | undefined }): string => key ?? path;
