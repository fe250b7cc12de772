import type { MemoryFileSystemOptions } from "../memory/options.ts";
import { Random } from "../scenario/random.ts";
import type { Budget, Report } from "../scenario/report.ts";
import type { Scenario } from "../scenario/scenario.ts";
import { AsWritten, AtRandom } from "./chooser.ts";
import { parseReplay } from "./schedule-text.ts";
import { Search } from "./search.ts";
import { checkArguments, setStage } from "./stage.ts";

export interface ScheduleOptions extends Budget {
  /**
   * How many schedules are tried in order. If there are more, as many again are drawn at random.
   * Default: 2,000.
   */
  readonly maxSchedules?: number;
  /**
   * Only schedules in which a run that could go on is interrupted at most so often: most bugs need one
   * or two. It turns `reduce` off. Default: no bound.
   */
  readonly maxPreemptions?: number;
  /**
   * `"virtual"`: in the runs, and nowhere else, timers and the time belong to a clock that is moved
   * when all of them wait. `"events"`: that a timer runs out is a step as a call is one, and comes
   * between any two calls. `"real"`: they are left alone. Default: `"virtual"`.
   */
  readonly timers?: "virtual" | "events" | "real";
  /**
   * With `timers: "events"`: the first so many timers of each run run out at any moment, the others only
   * when nobody else could go on. So a program that asks again for ever has an end. Where it leaves anything
   * out, `limits` says so: what was tried is all there is within this bound. `Infinity`: no bound.
   * Default: 2.
   */
  readonly maxTimerFirings?: number;
  /** Of schedules that differ only in the order of calls that cannot see each other, one is enough. Default: true. */
  readonly reduce?: boolean;
  /** After so many calls in one schedule it is a failure that there is no end. Default: 10,000. */
  readonly maxCalls?: number;
  /** The file system that the scenarios share. */
  readonly memory?: MemoryFileSystemOptions;
}

/**
 * Runs two or more programs on one file system, with their calls in every order: each asynchronous
 * call waits until it is let through, and exactly one is made at a time. The same scenario may be
 * given several times. In reports the runs are called A, B, C, in the order of `scenarios`.
 *
 * First come the `setup`s, in order, each distinct one once. When all runs have ended come all the
 * checks, in order, each on the same file system and with the acknowledgements, the end and the leaks of
 * its own run. `recover` is not called.
 *
 * What the runs do to each other must go through the file system. Of orders that differ only in calls
 * that do not touch the same thing one is tried (`reduce: false` tries all), which is enough only
 * for programs that share nothing else, and do not compare the times of different files. Only the rules
 * of Linux are known well enough for that; by others every two calls depend on each other.
 *
 * All runs are in one process. What a module keeps in memory they share, a lock in memory too; to play
 * two processes, give each run its own copy of the module.
 *
 * What is not explored stands in `limits`: a synchronous call is made at once, so that nobody comes
 * between it and what its run did before; calls that one run makes at the same time stay in their
 * order; a timer runs out only when nobody can make a call, unless `timers` is `"events"`.
 *
 * ```ts
 * const report = await exploreSchedules([increment, increment]);
 * assert.deepEqual(report.failures, []);
 * ```
 *
 * The clock of the runs says, at the beginning of each schedule, the time at which the exploration
 * began. It is behind `setTimeout`, `setInterval`, `setImmediate` and what clears them (global, in
 * `node:timers` and `node:timers/promises`), `Date`, and `performance.now`; `process.hrtime` and
 * `AbortSignal.timeout` are not on it.
 *
 * With `timers: "events"` a run that waits for a timer can go on at any moment, and so can one that could
 * make a call and has a timer set: a lease ends during work, a heartbeat comes late. Of one run the timers
 * run out in the order in which they are due. Of different runs they need not: what runs out moves the clock
 * to the moment for which it was set, and a timer that was due before that is late, as on a machine that has
 * too much to do. The clock never goes back. A run that has ended leaves its timers behind: they never run
 * out. Whatever looks at the clock (sets a timer, changes a file) depends on what moves it.
 *
 * To lose a race and throw may be right, so that only `check` says whether it is. But a run that throws in
 * every schedule, or makes no call in any, is a failure whatever `check` says.
 *
 * @returns the report. That nobody can go on, or that there is no end, are failures too
 * @throws `TypeError` or `RangeError` (`ERR_INVALID_ARG`) for arguments that make no sense; an `Error` that
 *   says whose `setup` failed, with what it threw as `cause`
 */
export async function exploreSchedules(
  // oxlint-disable-next-line typescript/no-explicit-any -- each has acknowledgements of its own type
  scenarios: readonly Scenario<any>[],
  options: ScheduleOptions = {},
): Promise<Report> {
  const { maxSchedules = 2000, maxPreemptions = Infinity, reduce = true } = options;
  checkArguments("exploreSchedules", scenarios, options);
  const stage = await setStage(scenarios, options);
  const { exploration } = stage;
  const search = new Search({
    runs: scenarios.length,
    reduce: reduce && maxPreemptions === Infinity,
    maxPreemptions,
  });
  for (let more = true; more && exploration.mayGoOn(); more = search.next()) {
    if (exploration.cases >= maxSchedules) {
      exploration.leaveOut(
        `after ${maxSchedules} schedules in order, ${maxSchedules} were drawn at random`,
      );
      const chooser = new AtRandom(new Random(exploration.seed));
      const end = exploration.cases + maxSchedules;
      while (exploration.cases < end && exploration.mayGoOn()) await stage.play(chooser);
      break;
    }
    await stage.play(search);
    if (search.diverged) {
      exploration.leaveOut("a run made other calls than before, in the same schedule");
      break;
    }
  }
  await stage.judgeTheWhole();
  if (search.cut)
    exploration.leaveOut(`only schedules with at most ${maxPreemptions} interruptions`);
  return exploration.report();
}

/**
 * Runs one schedule again.
 *
 * @param replay of a failure of `exploreSchedules` with the same scenarios and options
 * @throws `RangeError` (`ERR_INVALID_ARG`) if it is none
 */
export async function replaySchedule(
  // oxlint-disable-next-line typescript/no-explicit-any -- as above
  scenarios: readonly Scenario<any>[],
  replay: string,
  options: ScheduleOptions = {},
): Promise<Report> {
  checkArguments("replaySchedule", scenarios, options);
  const { choices, never } = parseReplay(replay, scenarios.length, options.timers === "events");
  const chooser = new AsWritten(choices);
  const stage = await setStage(scenarios, options);
  stage.exploration.leaveOut("one schedule was replayed");
  if (never === undefined) await stage.play(chooser);
  else await stage.playNever(chooser, never);
  return stage.exploration.report();
}
