import { expiryOf, letterOf, type Choice } from "./choice.ts";
import type { VirtualClock } from "./virtual-clock.ts";
import type { VirtualTimer } from "./virtual-timer.ts";

/**
 * The timers of the runs as steps. Which one of a run can be next, and whether any can, depends on nothing
 * but what this run has done: so the reduction can move the steps of others past it. That is why the bound
 * counts what was chosen, and not what came between two calls of another.
 */
export class Expiries {
  readonly #clock: VirtualClock;
  readonly #most: number;
  /** By run: how often it was chosen that a timer of it runs out. */
  readonly #chosen: number[] = [];

  /** @param most of each run so many can be chosen, and then its timers run out only when nobody has a choice */
  constructor(clock: VirtualClock, most: number) {
    this.#clock = clock;
    this.#most = most;
  }

  /** What can be chosen, the first one due first. */
  get able(): Choice[] {
    return this.#clock
      .nextOfEach()
      .filter((timer) => this.#mayChoose(timer))
      .map(({ owner }) => expiryOf(owner!));
  }

  /** The runs with a timer that the bound keeps from being chosen. */
  get withheld(): number[] {
    const timers = this.#clock.nextOfEach().filter((timer) => !this.#mayChoose(timer));
    return timers.map(({ owner }) => owner!);
  }

  /** What the bound left out, if it did. */
  get bound(): string {
    return `maxTimerFirings = ${this.#most}: from then on the timers of a run ran out only when nobody else could go on`;
  }

  /** The timer of a run that runs out next. */
  choose(run: number): VirtualTimer {
    this.#chosen[run] = this.#chosenOf(run) + 1;
    return this.#clock.nextOfEach().find(({ owner }) => owner === run)!;
  }

  /** `"A -- its timer of 20 ms ran out (clock +20 ms)"`, said before it does. */
  line(timer: VirtualTimer): string {
    const { owner, delayMs, repeats } = timer;
    const ms = this.#clock.until(timer);
    const moved = ms > 0 ? ` (clock +${ms} ms)` : ms < 0 ? ` (${-ms} ms late)` : "";
    const what = `${repeats ? "interval" : "timer"} of ${delayMs} ms`;
    return `${letterOf(owner!)} -- its ${what} ran out${moved}`;
  }

  #mayChoose({ owner }: VirtualTimer): boolean {
    return this.#chosenOf(owner!) < this.#most;
  }

  #chosenOf(run: number): number {
    return this.#chosen[run] ?? 0;
  }
}
