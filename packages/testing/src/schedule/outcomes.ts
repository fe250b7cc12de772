import { firstLine } from "../scenario/call-lines.ts";
import type { Contestant } from "./contestant.ts";

interface Tally {
  readonly letter: string;
  schedules: number;
  calls: number;
  /** In how many it threw. */
  threw: number;
  /** In how many it did not end, which is a failure of its own. */
  endless: number;
  lastError: unknown;
}

/**
 * What each run came to, over all schedules. To lose a race and throw is right; to throw in every
 * schedule, or to do nothing at all, is a program that is broken, and most checks would not see it.
 */
export class Outcomes {
  readonly #tallies: Tally[] = [];

  add(contestants: readonly Contestant[]): void {
    for (const { index, letter, end, interception } of contestants) {
      const tally = (this.#tallies[index] ??= emptyTally(letter));
      tally.schedules++;
      tally.calls += interception.made;
      if (end === undefined) tally.endless++;
      if (!(end instanceof Error)) continue;
      tally.threw++;
      tally.lastError = end;
    }
  }

  /** What is wrong with the run with this index, in one line, if it was never right. */
  neverRight(index: number): string | undefined {
    const tally = this.#tallies[index];
    if (tally === undefined || tally.endless > 0) return undefined;
    const { letter, schedules, calls, threw, lastError } = tally;
    const all = schedules === 1 ? "the one schedule that was played" : `all ${schedules} schedules`;
    if (threw === schedules) {
      const error = firstLine(String(lastError));
      return `${letter} never came to its end: in ${all} it threw ${error}`;
    }
    if (calls > 0) return undefined;
    return `${letter} made no call through the file system that it was given, in ${all}`;
  }
}

const emptyTally = (letter: string): Tally => ({
  letter,
  schedules: 0,
  calls: 0,
  threw: 0,
  endless: 0,
  lastError: undefined,
});
