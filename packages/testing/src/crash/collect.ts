import { cellsOf, disksAt } from "./crash-point.ts";
import type { Cell } from "./crash-point.ts";
import { Footprint } from "./footprint.ts";
import { everyState, mostStates } from "./legal-states.ts";
import type { CrashCase, History } from "./history.ts";
import type { Identities } from "./identity.ts";
import type { PowerLossModel } from "./models.ts";
import type { Timeline } from "./timeline.ts";

/** How often as many states are looked at as may be run, before there are said to be too many. */
const looksPerState = 30;
const fewLooks = 20_000;
/** To look at a state takes longer the more changes are pending: so many are as much as the rest. */
const changesPerLook = 20;
/** What a state takes for each of its inodes, in bytes. */
const bytesPerInode = 16;
/** How often the clock is looked at. */
const visitsPerGlance = 1024;

interface Bounds {
  readonly limit: number;
  /** When to give up, by `performance.now()`. */
  readonly until: number;
  /** Of file contents that wait to be run. */
  readonly maxBytes: number;
  readonly identities: Identities;
  /** Keys of cases that were run before and are left out. */
  readonly known: ReadonlySet<string>;
}

/** Every different case of some histories, by key. */
export type Cases<Ack> = Map<string, CrashCase<Ack>>;

/**
 * Adds every legal state at every point of a history, each once, whichever point or model it comes
 * from.
 *
 * @returns false if there are more than `limit`, or too many to tell
 */
export function collect<Ack>(
  history: History<Ack>,
  models: readonly PowerLossModel[],
  cases: Cases<Ack>,
  { limit, until, maxBytes, identities, known }: Bounds,
): boolean {
  let looks = fewLooks + limit * looksPerState;
  let bytes = 0;
  let visits = 0;
  const contents = new Footprint();
  const { timeline } = history;
  for (const { cell, disk } of disksAt(timeline, cellsOf(timeline, models))) {
    const { point, model } = cell;
    const token = tokenAt(history, point.acks);
    const look = 1 + disk.pending.length / changesPerLook;
    const all = everyState(disk, limit, identities, (state, tree, variants) => {
      looks -= look;
      if (looks < 0 || (++visits % visitsPerGlance === 0 && performance.now() > until))
        return false;
      const key = `${token}:${state}`;
      const same = cases.get(key);
      if (same !== undefined) {
        if (same.model !== model && !same.alsoIn.includes(model)) same.alsoIn.push(model);
        return true;
      }
      if (known.has(key)) return true;
      if (cases.size >= limit) return false;
      bytes += variants.length * bytesPerInode;
      for (const { content } of variants) contents.add(content);
      if (contents.bytes + bytes > maxBytes) return false;
      cases.set(key, {
        history,
        point,
        model,
        alsoIn: [],
        state: { key: state, tree, variants: [...variants] },
        disk,
      });
      return true;
    });
    if (!all) return false;
  }
  return true;
}

/** Stands for what had been acknowledged. */
export function tokenAt<Ack>({ tokens, before }: History<Ack>, acks: number): string {
  return before === undefined ? tokens[acks]! : tokenAt(before.history, before.point.acks);
}

/** At most so many states, not counting how many of them are equal. */
export function mostCases(timeline: Timeline, cells: readonly Cell[]): number {
  let most = 0;
  for (const { disk } of disksAt(timeline, cells)) most += mostStates(disk);
  return most;
}
