import { runOf, type Choice } from "./choice.ts";
import { Steady, type Chooser } from "./chooser.ts";
import { Footprint } from "./footprint.ts";
import { Order } from "./races.ts";

/** A point of the schedule at which a step was chosen, or the clock was moved. */
interface Point {
  readonly able: readonly Choice[];
  /** `undefined`: the clock was moved. */
  chosen: Choice | undefined;
  /** What was chosen here and is done with, and what it used then. */
  readonly done: Map<Choice, Footprint>;
  /**
   * What need not be chosen here, since all that can follow was seen already where it was chosen
   * earlier: the steps made since then do not conflict with what it would use.
   */
  readonly asleep: ReadonlyMap<Choice, Footprint>;
  /** What must be chosen here, sooner or later. */
  readonly wanted: Set<Choice>;
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
 *
 * The algorithm is for runs of which each has one next step. One that has two, a call and a timer, is tried
 * with both wherever it is tried: the call may clear the timer, or be the last one, and then no step of the
 * timer shows that it could have come first. For the same reason the search does not begin with a run of
 * whose two steps one is asleep, as long as there is another.
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
      const next = [...wanted].find((choice) => !done.has(choice) && !asleep.has(choice));
      if (next === undefined) continue;
      point.chosen = next;
      this.#points.push(point);
      this.#repeated = this.#points.length;
      this.#order.truncate(this.#points.length - 1);
      return true;
    }
    return false;
  }

  choose(able: readonly Choice[]): Choice | undefined {
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

  #newPoint(able: readonly Choice[]): Point {
    const { reduce, maxPreemptions } = this.#options;
    const before = this.#points.at(-1);
    const last = before?.chosen === undefined ? before?.last : runOf(before.chosen);
    const preemptions = before === undefined ? 0 : before.preemptions + interruption(before);
    const asleep = this.#asleepAfter(before);
    let open = able.filter((choice) => !asleep.has(choice));
    if (preemptions >= maxPreemptions && last !== undefined && able.includes(last)) {
      if (open.length > 1) this.#cut = true;
      open = [last];
    }
    const sleepers = new Set([...asleep.keys()].map(runOf));
    const awake = open.filter((choice) => !sleepers.has(runOf(choice)));
    const first = awake.length > 0 ? awake : open;
    const preferred = first.length === 0 ? undefined : this.#preferred(able, first);
    const wanted = new Set(reduce && awake.length > 0 ? [] : open);
    if (preferred !== undefined) want(preferred, open, wanted);
    return { able, chosen: preferred, done: new Map(), asleep, wanted, preemptions, last };
  }

  #preferred(able: readonly Choice[], open: readonly Choice[]): Choice {
    const steady = this.#steady.choose(able);
    return open.includes(steady) ? steady : open[0]!;
  }

  /** What is asleep at a point and is so still after the step that was made there. */
  #asleepAfter(before: Point | undefined): ReadonlyMap<Choice, Footprint> {
    if (before === undefined || !this.#options.reduce || before.chosen === undefined)
      return new Map();
    const { asleep, done } = before;
    const made = this.#order.at(this.#points.length - 1).footprint;
    const by = runOf(before.chosen);
    return new Map(
      [...asleep, ...done].filter(
        ([choice, footprint]) => runOf(choice) !== by && !footprint.conflictsWith(made),
      ),
    );
  }

  made(choice: Choice, footprint: Footprint): void {
    this.#steady.made(choice);
    const point = this.#points[this.#at]!;
    point.done.set(choice, footprint);
    this.#at++;
    if (this.#at < this.#repeated) return; // seen and analysed before
    const races = this.#order.add(choice, footprint);
    if (!this.#options.reduce) return;
    for (const race of races) {
      const { wanted, asleep, able } = this.#points[race.first]!;
      const initials = this.#order.initials(race);
      if (initials.some((one) => wanted.has(one) || asleep.has(one))) continue;
      const one = initials.includes(choice) ? choice : initials[0]!;
      if (able.includes(one)) want(one, able, wanted);
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
    this.#order.add(undefined, footprint);
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

/** Adds a step, and with it the other one that its run could make instead. */
function want(one: Choice, able: readonly Choice[], wanted: Set<Choice>): void {
  for (const choice of able) if (runOf(choice) === runOf(one)) wanted.add(choice);
}

/** 1 if something else was chosen than the next call of who went on last, which could have been made. */
function interruption({ chosen, last, able }: Point): number {
  return last !== undefined && chosen !== last && able.includes(last) ? 1 : 0;
}
