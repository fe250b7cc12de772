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
import type { Report } from "./report.ts";
import type { Scenario } from "./scenario.ts";

/** The options of the exploration that failed. */
export type ReplayOptions = CrashOptions &
  SweepFaultsOptions &
  Partial<InterferenceOptions> &
  ScheduleOptions;

/**
 * Runs one case alone, the one that a failure's `replay` names: in another process, in a debugger, or
 * after a correction.
 *
 * @param scenario the same as before; of `exploreSchedules` the whole array
 * @param text `failure.replay`
 * @param options those that the exploration was given
 * @returns a report of one case, which says that it is one
 * @throws `TypeError` or `RangeError` (`ERR_INVALID_ARG`) if the text names no case of this scenario
 * @example
 * await replay(scenario, "crashes:posix:after=3:not=2");
 */
export async function replay<Ack>(
  scenario: Scenario<Ack> | readonly Scenario<Ack>[],
  text: string,
  options: ReplayOptions = {},
): Promise<Report> {
  if (typeof text !== "string") throw invalidType("replay", "text", "a string", text);
  const explorer = text.slice(0, text.indexOf(":"));
  if (explorer === "schedules") {
    const scenarios = Array.isArray(scenario) ? (scenario as readonly Scenario<Ack>[]) : [scenario];
    return await replaySchedule(scenarios as readonly Scenario<Ack>[], text, options);
  }
  const one = (Array.isArray(scenario) ? scenario[0] : scenario) as Scenario<Ack>;
  switch (explorer) {
    case "crashes":
      return await replayCrash(one, text, options);
    case "faults":
      return await replayFault(one, text, options);
    case "interference":
      return await replayInterference(one, text, options as InterferenceOptions);
    default:
      throw invalidRange("replay", "text", "the replay string of a failure", text);
  }
}
