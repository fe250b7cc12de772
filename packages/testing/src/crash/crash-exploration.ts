import { setImmediate } from "node:timers/promises";
import type { Exploration } from "../scenario/exploration.ts";
import { many, number, roughly } from "../scenario/quantity.ts";
import { Random } from "../scenario/random.ts";
import type { Start } from "../scenario/run-scenario.ts";
import type { Scenario } from "../scenario/scenario.ts";
import { CaseRunner } from "./case-runner.ts";
import { collect, mostCases, tokenAt } from "./collect.ts";
import type { Cases } from "./collect.ts";
import { cellsOf } from "./crash-point.ts";
import { AckTokens } from "./history.ts";
import type { CrashCase, History } from "./history.ts";
import { Footprint } from "./footprint.ts";
import { Identities } from "./identity.ts";
import { maxBytes } from "./inode-variants.ts";
import { imageOf } from "./legal-states.ts";
import type { PowerLossModel } from "./models.ts";
import type { CrashSettings } from "./options.ts";
import { disksInRounds, shuffle } from "./random-order.ts";
import { randomState } from "./random-state.ts";
import { recordRecovery, recordRun, wrongAnyway } from "./record.ts";
import type { RecordedRun } from "./record.ts";

/** So many more draws than states are wanted: some come up twice. */
const drawsPerState = 4;
/** So many of a kind are enough to find the forgotten `await`. */
const mostOverlaps = 5;
const breatheEveryMs = 50;

interface Bounds {
  readonly start: Start;
  readonly maxStates: number;
  readonly maxFailures: number | undefined;
  readonly timeoutMs: number | undefined;
}

/** One exploration: runs, the states that a power loss may leave of them, and those of recoveries. */
export class CrashExploration<Ack> {
  readonly #scenario: Scenario<Ack>;
  readonly #settings: CrashSettings;
  readonly #exploration: Exploration;
  readonly #start: Start;
  readonly #maxStates: number;
  readonly #endsAt: number;
  readonly #runner: CaseRunner<Ack>;
  readonly #random: Random;
  readonly #overlaps = new Set<string>();
  readonly #identities = new Identities();
  readonly #tokens = new AckTokens();
  /** The keys of cases that were run. */
  readonly #done = new Set<string>();
  /** Cases whose recovery can be cut off. */
  readonly #recoveries: CrashCase<Ack>[] = [];
  readonly #kept = new Footprint();
  /** How many cases there are; where they were too many to count, how many at most. */
  #total = 0;
  #sampled = false;
  /** Whether `#total` counts everything there was to explore. */
  #counted = false;
  #breathedAt: number = performance.now();

  constructor(
    scenario: Scenario<Ack>,
    settings: CrashSettings,
    exploration: Exploration,
    { start, maxStates, maxFailures, timeoutMs = Infinity }: Bounds,
  ) {
    this.#scenario = scenario;
    this.#settings = settings;
    this.#exploration = exploration;
    this.#start = start;
    this.#maxStates = maxStates;
    this.#endsAt = performance.now() + timeoutMs;
    this.#runner = new CaseRunner(scenario, start.memory, exploration, maxFailures);
    this.#random = new Random(exploration.seed);
  }

  async explore(): Promise<void> {
    const { faults, again } = this.#settings;
    const run = await recordRun(this.#scenario, this.#start, 0, this.#tokens);
    const vain = await wrongAnyway(this.#scenario, this.#start, run);
    if (vain !== undefined) {
      await this.#runner.runToEnd(run, vain);
      this.#exploration.leaveOut("no power cut was tried: the run without one is wrong already");
      return;
    }
    const done =
      (await this.#exploreRun(run, faults ? 0.5 : 1)) &&
      (!faults || (await this.#exploreFaults(run))) &&
      (!again || (await this.#exploreRecoveries()));
    this.#counted = done || !(faults || again);
    this.#exploration.expect(this.#counted && !this.#sampled ? this.#total : undefined);
  }

  /** What share of all cases was run, as far as they could be counted. */
  share(): number | undefined {
    return this.#counted && this.#sampled ? this.#exploration.cases / this.#total : undefined;
  }

  get #left(): number {
    return this.#maxStates - this.#exploration.cases;
  }

  /** Runs in which one fsync fails, until there is none left that could. */
  async #exploreFaults({ history }: RecordedRun<Ack>): Promise<boolean> {
    let flushes = history.timeline.events.filter(({ kind }) => kind === "sync").length;
    for (let fault = 1; ; fault++) {
      const run = await recordRun(this.#scenario, this.#start, fault, this.#tokens);
      if (!run.failed) return true;
      const share = 1 / Math.max(1, flushes--);
      if (!(await this.#exploreRun(run, share))) return false;
    }
  }

  /** @param share of what is left of the budget, if there are too many cases to run them all */
  async #exploreRun(run: RecordedRun<Ack>, share: number): Promise<boolean> {
    if (!(await this.#mayGoOn())) return false;
    this.#name(run.overlaps);
    await this.#runner.runToEnd(run);
    this.#total++;
    const { models } = this.#settings;
    const quota = this.#settings.again ? share / 2 : share;
    const most = run.history.fault === 0 ? this.#left : Math.ceil(this.#left * share);
    return await this.#exploreHistory(run.history, models, most, Math.ceil(this.#left * quota));
  }

  /**
   * @param most how many cases are few enough to run them all
   * @param quota how many are run of too many
   */
  async #exploreHistory(
    history: History<Ack>,
    models: readonly PowerLossModel[],
    most: number,
    quota: number,
  ): Promise<boolean> {
    const cases: Cases<Ack> = new Map<string, CrashCase<Ack>>();
    const bounds = { limit: most, maxBytes, identities: this.#identities, known: this.#done };
    // If it takes half of the time to list the states, the other half is better spent on some.
    const until = (performance.now() + this.#endsAt) / 2;
    if (!collect(history, models, cases, { ...bounds, until })) {
      return await this.#sample(history, models, quota);
    }
    this.#total += cases.size;
    if (!this.#sampled) this.#exploration.expect(this.#total);
    for (const [key, found] of cases) {
      if (!(await this.#runCase(key, found))) return false;
    }
    return true;
  }

  /** Orders of calls that could have been others, and were not tried. */
  #name(overlaps: readonly string[]): void {
    for (const order of overlaps) {
      if (this.#overlaps.size < mostOverlaps) this.#overlaps.add(order);
    }
    for (const order of this.#overlaps) this.#exploration.leaveOut(order);
  }

  async #runCase(key: string, found: CrashCase<Ack>): Promise<boolean> {
    const mayGoOn = this.#mayGoOn();
    if (!(typeof mayGoOn === "boolean" ? mayGoOn : await mayGoOn)) return false;
    this.#done.add(key);
    const result = this.#runner.run(found);
    const recovers = typeof result === "boolean" ? result : await result;
    if (recovers && this.#settings.again && found.history.before === undefined) {
      this.#keepForAgain(found);
    }
    return true;
  }

  /** Random states share nothing: of large files they would take all memory. */
  #keepForAgain(found: CrashCase<Ack>): void {
    for (const { content } of found.state.variants) this.#kept.add(content);
    if (this.#kept.bytes <= maxBytes) this.#recoveries.push(found);
    else this.#exploration.leaveOut("recoveries were not all cut off: the states are too large");
  }

  /**
   * Random states, in rounds: one of each point and model in each. A round takes them in random order,
   * so that wherever a run ends, what it has seen is from anywhere.
   */
  async #sample(
    history: History<Ack>,
    models: readonly PowerLossModel[],
    quota: number,
  ): Promise<boolean> {
    const { timeline } = history;
    const cells = cellsOf(timeline, models);
    const most = mostCases(timeline, cells);
    this.#total += most;
    this.#sampled = true;
    this.#exploration.expect(undefined);
    const end = this.#exploration.cases + quota;
    const reached = new Set<number>();
    let draws = quota * drawsPerState;
    let goOn = true;
    for (const { cell, disk } of disksInRounds(timeline, cells, this.#random)) {
      if (this.#exploration.cases >= end || draws-- <= 0) break;
      const { point, model } = cell;
      const state = randomState(disk, this.#random, this.#identities);
      reached.add(point.events);
      const key = `${tokenAt(history, point.acks)}:${state.key}`;
      if (this.#done.has(key)) continue;
      goOn = await this.#runCase(key, { history, point, model, alsoIn: [], state, disk });
      if (!goOn) break;
    }
    const points = new Set(cells.map(({ point }) => point.events)).size;
    const from =
      reached.size === points
        ? "from all points"
        : `from ${number(reached.size)} of ${many(points, "point")}`;
    this.#exploration.leaveOut(
      `there may be ${roughly(most)} states: random ones were run, ${from}`,
    );
    return goOn;
  }

  /** Cuts off each recovery at every point of it. */
  async #exploreRecoveries(): Promise<boolean> {
    shuffle(this.#recoveries, this.#random);
    for (const found of this.#recoveries) {
      if (!(await this.#mayGoOn())) return false;
      const image = imageOf(found.disk, found.state);
      const { memory } = this.#start;
      const { history, overlaps } = await recordRecovery(this.#scenario, memory, found, image);
      this.#name(overlaps);
      const models = [found.model, ...found.alsoIn];
      const quota = Math.ceil(this.#left / 4);
      if (!(await this.#exploreHistory(history, models, this.#left, quota))) return false;
    }
    return true;
  }

  #mayGoOn(): boolean | Promise<boolean> {
    if (!this.#exploration.mayGoOn()) return false;
    if (performance.now() - this.#breathedAt < breatheEveryMs) return true;
    return this.#breathe();
  }

  /** Lets timers and signals of the test's own have their turn. */
  async #breathe(): Promise<boolean> {
    await setImmediate();
    this.#breathedAt = performance.now();
    return true;
  }
}
