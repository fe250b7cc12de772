import { Steady, type Chooser } from "./chooser.ts";
import { Footprint } from "./footprint.ts";
import { Order } from "./races.ts";

/** A point of the schedule at which somebody was chosen, or the clock was moved. */
interface Point {
  readonly able: readonly number[];
  /** `undefined`: the clock was moved. */
  chosen: number | undefined;
  /** Who was chosen here and is done with, and what it used then. */
  readonly done: Map<number, Footprint>;
  /**
   * Who need not be chosen here, since all that can follow was seen already where it was chosen
   * earlier: the steps made since then do not conflict with what it would use.
   */
  readonly asleep: ReadonlyMap<number, Footprint>;
  /** Who must be chosen here, sooner or later. */
  readonly wanted: Set<number>;
  /** Up to here: how often one was interrupted that could have gone on. */
  readonly preemptions: number;
  readonly last: number | undefined;
}

export interface SearchOptions {
  readonly runs: number;
  /** Whether schedules that differ only in the order of independent steps count as one. */
  readonly reduce: boolean;
  /** Schedules with more interruptions are left out. Not together with `reduce`. */
  readonly maxPreemptions: number;
}

/**
 * Goes through all schedules, depth first: each is played from the beginning, as far as it is the one
 * before, and then differently.
 *
 * With `reduce` it is the algorithm "source-DPOR" of Abdulla, Aronis, Jonsson and Sagonas (Optimal
 * Dynamic Partial Order Reduction, POPL 2014): whoever is found to have run into another only by
 * chance is tried the other way round, and nothing else; sleep sets keep it from seeing anything
 * twice. An interruption more or less is all that two equal schedules may differ in, so that with a
 * bound on those nothing can be reduced.
 */
export class Search implements Chooser {
  readonly #options: SearchOptions;
  readonly #points: Point[] = [];
  readonly #order: Order;
  #steady = new Steady();
  /** How many points of the schedule before are repeated. */
  #repeated = 0;
  #at = 0;
  #cut = false;
  #diverged = false;

  constructor(options: SearchOptions) {
    this.#options = options;
    this.#order = new Order(options.runs);
  }

  /** Whether `maxPreemptions` kept it from anything. */
  get cut(): boolean {
    return this.#cut;
  }

  /** Whether a program did something else than before, in the same schedule. */
  get diverged(): boolean {
    return this.#diverged;
  }

  /** Chooses the next schedule; `false` if there is none. */
  next(): boolean {
    this.#steady = new Steady();
    this.#at = 0;
    for (let point = this.#points.pop(); point !== undefined; point = this.#points.pop()) {
      const { chosen, done, asleep, wanted } = point;
      if (chosen === undefined) continue;
      // One that was given up has no event for its last choice.
      const next = [...wanted].find((run) => !done.has(run) && !asleep.has(run));
      if (next === undefined) continue;
      point.chosen = next;
      this.#points.push(point);
      this.#repeated = this.#points.length;
      this.#order.truncate(this.#points.length - 1);
      return true;
    }
    return false;
  }

  choose(able: readonly number[]): number | undefined {
    if (this.#at < this.#repeated) {
      const { chosen } = this.#points[this.#at]!;
      if (chosen !== undefined && able.includes(chosen)) return chosen;
      this.#diverged = true;
      return undefined;
    }
    const point = this.#newPoint(able);
    if (point.chosen === undefined) return undefined;
    this.#points.push(point);
    return point.chosen;
  }

  #newPoint(able: readonly number[]): Point {
    const { reduce, maxPreemptions } = this.#options;
    const before = this.#points.at(-1);
    const last = before?.chosen ?? before?.last;
    const preemptions = before === undefined ? 0 : before.preemptions + interruption(before);
    const asleep = this.#asleepAfter(before);
    let open = able.filter((run) => !asleep.has(run));
    if (preemptions >= maxPreemptions && last !== undefined && able.includes(last)) {
      if (open.length > 1) this.#cut = true;
      open = [last];
    }
    const preferred = open.length === 0 ? undefined : this.#preferred(able, open);
    const wanted = new Set(reduce ? [] : open);
    if (preferred !== undefined) wanted.add(preferred);
    return { able, chosen: preferred, done: new Map(), asleep, wanted, preemptions, last };
  }

  #preferred(able: readonly number[], open: readonly number[]): number {
    const steady = this.#steady.choose(able);
    return open.includes(steady) ? steady : open[0]!;
  }

  /** Those asleep at a point who are still asleep after the step that was made there. */
  #asleepAfter(before: Point | undefined): ReadonlyMap<number, Footprint> {
    if (before === undefined || !this.#options.reduce || before.chosen === undefined)
      return new Map();
    const made = this.#order.at(this.#points.length - 1).footprint;
    return new Map(
      [...before.asleep, ...before.done].filter(
        ([run, footprint]) => run !== before.chosen && !footprint.conflictsWith(made),
      ),
    );
  }

  made(run: number, footprint: Footprint): void {
    this.#steady.made(run);
    const point = this.#points[this.#at]!;
    point.done.set(run, footprint);
    this.#at++;
    if (this.#at < this.#repeated) return; // seen and analysed before
    const races = this.#order.add(run, footprint);
    if (!this.#options.reduce) return;
    for (const race of races) {
      const { wanted, asleep, able } = this.#points[race.first]!;
      const initials = this.#order.initials(race);
      if (initials.some((one) => wanted.has(one) || asleep.has(one))) continue;
      const one = initials.includes(run) ? run : initials[0]!;
      if (able.includes(one)) wanted.add(one);
      // It could go on only after what another has done in memory, and nobody knows what that was.
      else for (const other of able) wanted.add(other);
    }
  }

  clockMoved(): void {
    const before = this.#points.at(-1);
    this.#at++;
    if (this.#at <= this.#repeated) return;
    const footprint = new Footprint();
    footprint.addEverything(); // time has passed for everybody
    this.#order.add(this.#order.theClock, footprint);
    this.#points.push({
      able: [],
      chosen: undefined,
      done: new Map(),
      asleep: new Map(),
      wanted: new Set(),
      preemptions: before === undefined ? 0 : before.preemptions + interruption(before),
      last: undefined,
    });
  }
}

/** 1 if somebody else was chosen than who went on last and could have gone on. */
function interruption({ chosen, last, able }: Point): number {
  return last !== undefined && chosen !== last && able.includes(last) ? 1 : 0;
}
