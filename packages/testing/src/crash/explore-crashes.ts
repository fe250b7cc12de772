import { Exploration } from "../scenario/exploration.ts";
import type { Report } from "../scenario/report.ts";
import { prepare } from "../scenario/run-scenario.ts";
import type { Scenario } from "../scenario/scenario.ts";
import { CrashExploration } from "./crash-exploration.ts";
import { toSettings } from "./options.ts";
import type { CrashOptions } from "./options.ts";

const defaultMaxStates = 20_000;

/**
 * Runs a scenario once, and works out what may be on the disk if the power goes: at every moment, on
 * file systems with the promises of `models`. Every such state is made real as a memory file system of
 * its own, on which `recover` runs and `check` is asked. Equal states with equal acknowledgements are
 * run once, wherever they come from.
 *
 * What `setup` leaves is on the disk for sure. `check` is told `end: "crash"` and the acknowledgements
 * up to the moment. It is asked once more about the run that nothing cut off. A run that fails then, or
 * makes no call through the `fs` that it is given, is a failure whatever `check` says, and so is one that
 * returns while calls of it that change something are under way, or acknowledges later: nothing else is
 * tried.
 *
 * All states are run if there are at most `maxStates` (default 20 000). Otherwise random ones are, one from
 * each moment in turn, the same ones for the same `seed`, and the report says so.
 *
 * @throws TypeError or RangeError (`ERR_INVALID_ARG`) if an option is wrong; whatever `setup` throws.
 * @example
 * const report = await exploreCrashes({
 *   setup: (fs) => fs.writeFileSync("/state", "old"),
 *   run: (fs) => fs.writeFileSync("/state", "new"),
 *   check: (fs) => assert(["old", "new"].includes(fs.readFileSync("/state", "utf8"))),
 * });
 * report.failures[0].where; // "power lost after call 1 (open /state w), model posix, also in …"
 */
export async function exploreCrashes<Ack>(
  scenario: Scenario<Ack>,
  options: CrashOptions = {},
): Promise<Report> {
  const settings = toSettings("exploreCrashes", scenario, options);
  const { maxStates = defaultMaxStates } = options;
  const exploration = new Exploration("crashes", scenario.name, { ...options, maxStates });
  const start = await prepare(scenario, settings.memory);
  const crashes = new CrashExploration(scenario, settings, exploration, {
    start,
    maxStates,
    maxFailures: options.maxFailures,
    timeoutMs: options.timeoutMs,
  });
  await crashes.explore();
  return exploration.report(crashes.share());
}
