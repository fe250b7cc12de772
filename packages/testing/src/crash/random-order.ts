import type { Random } from "../scenario/random.ts";
import { disksAt } from "./crash-point.ts";
import type { Cell } from "./crash-point.ts";
import type { Disk } from "./disk.ts";
import type { Timeline } from "./timeline.ts";

/**
 * Comes to every cell once in a round, in another random order each time, without end. A disk only goes
 * forward, so that each batch of cells means to follow the run anew: a round begins with small batches,
 * and their size doubles.
 */
export function* disksInRounds(
  timeline: Timeline,
  cells: readonly Cell[],
  random: Random,
): Generator<{ readonly cell: Cell; readonly disk: Disk }> {
  for (;;) {
    const order = [...cells];
    shuffle(order, random);
    for (let start = 0, size = 1; start < order.length; start += size, size *= 2) {
      yield* disksAt(timeline, order.slice(start, start + size));
    }
  }
}

export function shuffle(list: unknown[], random: Random): void {
  for (let at = list.length - 1; at > 0; at--) {
    const other = random.below(at + 1);
    [list[at], list[other]] = [list[other], list[at]];
  }
}
