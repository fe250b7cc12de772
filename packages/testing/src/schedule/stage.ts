import { invalidCombination, invalidRange, invalidType } from "@holdfast/fs/steps";
import { Exploration } from "../scenario/exploration.ts";
import { requireKnown } from "../scenario/known-options.ts";
import { scheduleOptionNames } from "../scenario/option-names.ts";
import { asError, prepare, type Start } from "../scenario/run-scenario.ts";
import { requireScenario } from "../scenario/require-scenario.ts";
import type { Scenario } from "../scenario/scenario.ts";
import { letterOf } from "./choice.ts";
import { Before, type Chooser } from "./chooser.ts";
import type { ScheduleOptions } from "./explore-schedules.ts";
import { judge, neverRight } from "./judge.ts";
import { Outcomes } from "./outcomes.ts";
import { playSchedule } from "./play-schedule.ts";
import type { Played } from "./played.ts";
import { installVirtualTime } from "./virtual-time.ts";

const maxRuns = 26; // letters
const defaultMaxCalls = 10_000;
const defaultMaxTimerFirings = 2;

/** Where schedules of the same programs are played, from the same beginning. */
class Stage {
  readonly exploration: Exploration;
  readonly #scenarios: readonly Scenario[];
  readonly #options: ScheduleOptions;
  readonly #start: Start;
  readonly #startMs: number = Date.now();
  readonly #outcomes = new Outcomes();
  #stepToBegin = false;

  constructor(
    exploration: Exploration,
    scenarios: readonly Scenario[],
    options: ScheduleOptions,
    start: Start,
  ) {
    this.exploration = exploration;
    this.#scenarios = scenarios;
    this.#options = options;
    this.#start = start;
  }

  /** Plays one schedule, and judges it unless it was given up. */
  async play(chooser: Chooser): Promise<void> {
    const played = await this.#play(chooser);
    if (played !== undefined) this.exploration.ran(await judge(played));
  }

  /** Looks at what each run came to in all that was played. */
  async judgeTheWhole(): Promise<void> {
    for (const index of this.#scenarios.keys()) {
      if (this.#outcomes.neverRight(index) === undefined) continue;
      // Where not every schedule was played it may have come second in all that were.
      await this.playNever(new Before(index), index, "not counted");
    }
  }

  /** Plays a schedule that is to show that a run is never right. */
  async playNever(
    chooser: Chooser,
    index: number,
    otherwise: "judged" | "not counted" = "judged",
  ): Promise<void> {
    const played = await this.#play(chooser);
    if (played === undefined) return;
    const message = this.#outcomes.neverRight(index);
    if (message !== undefined) {
      this.exploration.ran(neverRight(played, played.contestants[index]!, message));
    } else if (otherwise === "judged") this.exploration.ran(await judge(played));
  }

  /** Plays one schedule, unless it comes to nothing. */
  async #play(chooser: Chooser): Promise<Played | undefined> {
    const { timers = "virtual" } = this.#options;
    const restore = timers === "real" ? (): void => {} : installVirtualTime();
    let played: Played;
    try {
      played = await this.#playOnce(chooser);
      if (played.outcome === "begun") {
        // Somebody makes synchronous calls before the first one at which it could be stopped. So that
        // they are not always made in the same order, each begins when it is its turn.
        this.#stepToBegin = true;
        played = await this.#playOnce(chooser);
      }
    } finally {
      restore();
    }
    if (played.outcome === "given up") return undefined;
    for (const limit of played.limits) this.exploration.leaveOut(limit);
    // Who could go on and was not let is no proof that the others would never end.
    if (played.starved.length > 0) {
      const who = played.starved.join(" and ");
      this.exploration.leaveOut(`schedules without end in which ${who} never came were cut off`);
      return undefined;
    }
    this.#outcomes.add(played.contestants);
    return played;
  }

  #playOnce(chooser: Chooser): Promise<Played> {
    const {
      timers = "virtual",
      maxTimerFirings = defaultMaxTimerFirings,
      maxCalls = defaultMaxCalls,
    } = this.#options;
    return playSchedule(this.#scenarios, this.#start, chooser, {
      timers,
      maxTimerFirings,
      maxCalls,
      startMs: this.#startMs,
      stepToBegin: this.#stepToBegin,
    });
  }
}

/** Runs the `setup`s. Its arguments have been checked. */
export async function setStage(
  scenarios: readonly Scenario[],
  options: ScheduleOptions,
): Promise<Stage> {
  const exploration = new Exploration("schedules", nameOf(scenarios), options);
  const setup = async (fs: Parameters<NonNullable<Scenario["setup"]>>[0]): Promise<void> => {
    const done = new Set<unknown>();
    for (const [index, scenario] of scenarios.entries()) {
      const own: unknown = Reflect.get(scenario, "setup");
      if (done.has(own)) continue; // the same one twice would meet its own files
      done.add(own);
      try {
        await scenario.setup?.(fs);
      } catch (error) {
        const { message } = asError(error);
        throw new Error(`the setup of ${letterOf(index)} failed: ${message}`, { cause: error });
      }
    }
  };
  const start = await prepare({ setup, run() {}, check() {} }, options.memory);
  return new Stage(exploration, scenarios, options, start);
}

function nameOf(scenarios: readonly Scenario[]): string | undefined {
  const names = scenarios.map(({ name }) => name);
  if (names.every((name) => name === undefined)) return undefined;
  return names.map((name) => name ?? "unnamed").join(" | ");
}

export function checkArguments(
  op: string,
  scenarios: readonly Scenario[],
  options: ScheduleOptions,
): void {
  if (!Array.isArray(scenarios) || scenarios.some((one) => typeof one?.run !== "function")) {
    throw invalidType(op, "scenarios", "an array of scenarios", scenarios);
  }
  if (scenarios.length < 2 || scenarios.length > maxRuns) {
    throw invalidRange(op, "scenarios", `from 2 to ${maxRuns} of them`, scenarios.length);
  }
  for (const [at, one] of scenarios.entries()) requireScenario(op, one, `scenarios[${at}]`);
  requireKnown(op, options, scheduleOptionNames);
  for (const [name, least] of [
    ["maxSchedules", 1],
    ["maxPreemptions", 0],
    ["maxTimerFirings", 0],
    ["maxCalls", 1],
  ] as const) {
    const value = options[name];
    if (value !== undefined && !(value >= least)) {
      throw invalidRange(op, name, `at least ${least}`, value);
    }
  }
  const { timers = "virtual" } = options;
  if (timers !== "virtual" && timers !== "events" && timers !== "real") {
    throw invalidRange(op, "timers", '"virtual", "events" or "real"', timers);
  }
  if (options.maxTimerFirings !== undefined && timers !== "events") {
    throw invalidCombination(op, '"maxTimerFirings" needs timers: "events"');
  }
  if (options.reduce === true && options.maxPreemptions !== undefined) {
    throw invalidCombination(
      op,
      '"reduce" and "maxPreemptions" exclude each other: equal schedules may have different numbers of interruptions',
    );
  }
}
