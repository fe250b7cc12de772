import type { Random } from "../scenario/random.ts";
import { invalidRange } from "@holdfast/fs/steps";
import { isExpiry, letterOfChoice, runOf, type Choice } from "./choice.ts";
import type { Footprint } from "./footprint.ts";

/** Says whose step is made next, and is told what came of it. */
export interface Chooser {
  /**
   * @param able the calls that can be made, in ascending order, and then the timers that can run out,
   *   the first one due first; at least one
   * @returns one of them, or `undefined` to give the schedule up
   */
  choose(able: readonly Choice[]): Choice | undefined;
  /** The chosen step has been made. */
  made(choice: Choice, footprint: Footprint): void;
  /** Nobody could go on, and now time has passed. */
  clockMoved(): void;
}

/** So often the same one goes on though others could: a program that tries again and again must let them. */
const maxInARow = 50;

/**
 * Goes on with who went on last, so that a schedule has no more interruptions than it needs; a timer runs
 * out when nobody can make a call, the first one due first.
 */
export class Steady {
  #last: number | undefined;
  #inARow = 0;

  choose(able: readonly Choice[]): Choice {
    const last = this.#last;
    if (last === undefined || !able.includes(last)) return able[0]!;
    if (this.#inARow < maxInARow || able.length === 1) return last;
    return able.find((choice) => choice > last) ?? able.find(isExpiry) ?? able[0]!;
  }

  made(choice: Choice): void {
    const run = runOf(choice);
    this.#inARow = run === this.#last && !isExpiry(choice) ? this.#inARow + 1 : 1;
    this.#last = run;
  }
}

/** Each step is anybody's who can go on, with equal chances. */
export class AtRandom implements Chooser {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  choose(able: readonly Choice[]): Choice {
    return able[this.#random.below(able.length)]!;
  }

  made(): void {}

  clockMoved(): void {}
}

/** One of them whenever it can go on, and the others steadily: nobody takes anything away from it. */
export class Before implements Chooser {
  readonly #index: number;
  readonly #others = new Steady();

  constructor(index: number) {
    this.#index = index;
  }

  choose(able: readonly Choice[]): Choice {
    return able.includes(this.#index) ? this.#index : this.#others.choose(able);
  }

  made(choice: Choice): void {
    this.#others.made(choice);
  }

  clockMoved(): void {}
}

/** As it was written down, and then steadily. */
export class AsWritten implements Chooser {
  readonly #choices: readonly Choice[];
  readonly #steady = new Steady();
  #at = 0;

  constructor(choices: readonly Choice[]) {
    this.#choices = choices;
  }

  /** @throws `RangeError` (`ERR_INVALID_ARG`) if the programs are others than those it was written for */
  choose(able: readonly Choice[]): Choice {
    const choice = this.#choices[this.#at++];
    if (choice === undefined) return this.#steady.choose(able);
    if (able.includes(choice)) return choice;
    throw invalidRange(
      "replaySchedule",
      "replay",
      `a schedule of these programs: at step ${this.#at} only ${able.map(letterOfChoice).join(", ")} can go on`,
      letterOfChoice(choice),
    );
  }

  made(choice: Choice): void {
    this.#steady.made(choice);
  }

  clockMoved(): void {}
}
