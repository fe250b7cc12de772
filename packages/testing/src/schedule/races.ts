/**
 * Which steps of a schedule came before which by necessity, and which only by chance: the partial
 * order of Mazurkiewicz, with vector clocks.
 */

import { runOf, type Choice } from "./choice.ts";
import type { Footprint } from "./footprint.ts";

/** A step that was made. */
interface Event {
  /** Whose: the index of a run, or the one after the last for the clock. */
  readonly by: number;
  /** Which step of that run it was; `undefined` if the clock was moved. */
  readonly choice: Choice | undefined;
  readonly footprint: Footprint;
  /**
   * By run: the last event of it that had to come before, or is, this one; -1 if there is none. So `i`
   * had to come before `j` if and only if `events[j].after[events[i].by] >= i`.
   */
  readonly after: readonly number[];
}

/**
 * Two events next to each other, but for what lies between them by chance: in another schedule the
 * second comes first.
 */
interface Race {
  readonly first: number;
  readonly second: number;
}

export class Order {
  readonly #events: Event[] = [];
  readonly #runs: number;

  constructor(runs: number) {
    this.#runs = runs;
  }

  /** Who moves the clock when nobody has a choice, so that its events are in no race. */
  get #theClock(): number {
    return this.#runs;
  }

  at(index: number): Event {
    return this.#events[index]!;
  }

  /** Forgets all events from `length` on. */
  truncate(length: number): void {
    this.#events.length = length;
  }

  /**
   * Adds an event at the end and returns the races that it is the second one of.
   *
   * @param choice `undefined`: the clock was moved
   */
  add(choice: Choice | undefined, footprint: Footprint): Race[] {
    const by = choice === undefined ? this.#theClock : runOf(choice);
    const second = this.#events.length;
    const after: number[] = Array.from({ length: this.#runs + 1 }, () => -1);
    const join = (event: Event): void => {
      for (const [run, last] of event.after.entries()) {
        if (last > (after[run] as number)) after[run] = last;
      }
    };
    const last = this.#events.findLastIndex((event) => event.by === by);
    if (last !== -1) join(this.#events[last]!);
    const races: Race[] = [];
    for (let first = second - 1; first >= 0; first--) {
      const event = this.#events[first]!;
      // Already known to come before: through one of the same run, or through one in between.
      if ((after[event.by] as number) >= first) continue;
      if (!event.footprint.conflictsWith(footprint)) continue;
      if (event.by !== this.#theClock && by !== this.#theClock) races.push({ first, second });
      join(event);
    }
    after[by] = second;
    this.#events.push({ by, choice, footprint, after });
    return races;
  }

  /**
   * What can begin, directly before the first of two events in a race, a schedule in which the second
   * comes first: the steps that nothing else after the first has to come before.
   */
  initials({ first, second }: Race): Choice[] {
    const chosen: Choice[] = [];
    const free: number[] = [];
    const comesBefore = (i: number, j: number): boolean => {
      const [one, other] = [this.#events[i]!, this.#events[j]!];
      return (other.after[one.by] as number) >= i;
    };
    for (let i = first + 1; i <= second; i++) {
      if (i !== second && comesBefore(first, i)) continue;
      const { choice } = this.#events[i]!;
      if (choice !== undefined && !free.some((earlier) => comesBefore(earlier, i))) {
        chosen.push(choice);
      }
      free.push(i);
    }
    return chosen;
  }
}
