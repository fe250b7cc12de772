import { invalidRange, invalidType } from "@holdfast/fs/steps";
import { replayCrash } from "../crash/replay-crash.ts";
import type { CrashOptions } from "../crash/options.ts";
import { replayFault } from "../faults/sweep/sweep-faults.ts";
import type { SweepFaultsOptions } from "../faults/sweep/sweep-options.ts";
import {
  replayInterference,
  type InterferenceOptions,
} from "../interference/explore-interference.ts";
import { replaySchedule, type ScheduleOptions } from "../schedule/explore-schedules.ts";
import { requireKnown } from "./known-options.ts";
import {
  crashOptionNames,
  faultOptionNames,
  interferenceOptionNames,
  scheduleOptionNames,
} from "./option-names.ts";
import type { Report } from "./report.ts";
import type { Scenario } from "./scenario.ts";

/** The options of the exploration that failed. */
export type ReplayOptions = CrashOptions &
  SweepFaultsOptions &
  Partial<InterferenceOptions> &
  ScheduleOptions;

/**
 * Runs one case alone, the one that a failure's `replay` names: in another process, in a debugger, or
 * as a test that it does not come back.
 *
 * A replay counts the calls of the program: once that makes other calls, the text names another case, or
 * none. What shows that the bug is mended is the exploration.
 *
 * @param scenario the same as before; of `exploreSchedules` the whole array
 * @param text `failure.replay`
 * @param options those that the exploration was given. Needed are the ones that a case depends on:
 *   `adversaries` always, and if they were given `memory`, `models`, `leftovers`, `ignoredErrors`,
 *   `settleMs`, `timers`, `maxTimerFirings` and `maxCalls`
 * @returns a report of one case, which says that it is one: `assertPassed` asks only that it passes
 * @throws `TypeError` or `RangeError` (`ERR_INVALID_ARG`) if the text names no case of this scenario
 * @example
 * const { failures } = await replay(scenario, "crashes:posix:after=3:not=2");
 * await replay(scenario, "interference:moveAway /a:2", { adversaries });
 * await replay([scenarioA, scenarioB], "schedules:A3BA");
 */
export async function replay<Ack>(
  scenario: Scenario<Ack> | readonly Scenario<Ack>[],
  text: string,
  options: ReplayOptions = {},
): Promise<Report> {
  if (typeof text !== "string") throw invalidType("replay", "text", "a string", text);
  requireKnown("replay", options, [
    ...crashOptionNames,
    ...faultOptionNames,
    ...interferenceOptionNames,
    ...scheduleOptionNames,
  ]);
  return { ...(await runAgain(scenario, text, options)), replay: text };
}

async function runAgain<Ack>(
  scenario: Scenario<Ack> | readonly Scenario<Ack>[],
  text: string,
  options: ReplayOptions,
): Promise<Report> {
  const all = (Array.isArray(scenario) ? scenario : [scenario]) as readonly Scenario<Ack>[];
  const one = all[0]!;
  switch (text.slice(0, text.indexOf(":"))) {
    case "crashes":
      return await replayCrash(one, text, only(options, crashOptionNames));
    case "faults":
      return await replayFault(one, text, only(options, faultOptionNames));
    case "interference": {
      const its = only(options, interferenceOptionNames);
      return await replayInterference(one, text, its as InterferenceOptions);
    }
    case "schedules":
      return await replaySchedule(all, text, only(options, scheduleOptionNames));
    default:
      throw invalidRange("replay", "text", "the replay string of a failure", text);
  }
}

/** Those of the options that one explorer has. */
function only<Name extends keyof ReplayOptions>(
  options: ReplayOptions,
  names: readonly Name[],
): Pick<ReplayOptions, Name> {
  const own = Object.entries(options).filter(([name]) => names.includes(name as Name));
  return Object.fromEntries(own) as Pick<ReplayOptions, Name>;
}
