import type { Random } from "../scenario/random.ts";
import { invalidRange } from "@holdfast/fs/steps";
import type { Footprint } from "./footprint.ts";
import { letterOf } from "./contestant.ts";

/** Says whose step is made next, and is told what came of it. */
export interface Chooser {
  /**
   * @param able who can go on, in ascending order; at least one
   * @returns one of them, or `undefined` to give the schedule up
   */
  choose(able: readonly number[]): number | undefined;
  /** The chosen step has been made. */
  made(index: number, footprint: Footprint): void;
  /** Nobody could go on, and now time has passed. */
  clockMoved(): void;
}

/** So often the same one goes on though others could: a program that tries again and again must let them. */
const maxInARow = 50;

/** Goes on with who went on last, so that a schedule has no more interruptions than it needs. */
export class Steady {
  #last: number | undefined;
  #inARow = 0;

  choose(able: readonly number[]): number {
    const last = this.#last;
    if (last === undefined || !able.includes(last)) return able[0]!;
    if (this.#inARow < maxInARow || able.length === 1) return last;
    return able.find((index) => index > last) ?? able[0]!;
  }

  made(index: number): void {
    this.#inARow = index === this.#last ? this.#inARow + 1 : 1;
    this.#last = index;
  }
}

/** Each step is anybody's who can go on, with equal chances. */
export class AtRandom implements Chooser {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  choose(able: readonly number[]): number {
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

  choose(able: readonly number[]): number {
    return able.includes(this.#index) ? this.#index : this.#others.choose(able);
  }

  made(index: number): void {
    this.#others.made(index);
  }

  clockMoved(): void {}
}

/** As it was written down, and then steadily. */
export class AsWritten implements Chooser {
  readonly #choices: readonly number[];
  readonly #steady = new Steady();
  #at = 0;

  constructor(choices: readonly number[]) {
    this.#choices = choices;
  }

  /** @throws `RangeError` (`ERR_INVALID_ARG`) if the programs are others than those it was written for */
  choose(able: readonly number[]): number {
    const choice = this.#choices[this.#at++];
    if (choice === undefined) return this.#steady.choose(able);
    if (able.includes(choice)) return choice;
    throw invalidRange(
      "replaySchedule",
      "replay",
      `a schedule of these programs: at step ${this.#at} only ${able.map(letterOf).join(", ")} can go on`,
      letterOf(choice),
    );
  }

  made(index: number): void {
    this.#steady.made(index);
  }

  clockMoved(): void {}
}
