import { Exploration } from "../../scenario/exploration.ts";
import type { Report } from "../../scenario/report.ts";
import { prepare, startFrom } from "../../scenario/run-scenario.ts";
import { requireScenario } from "../../scenario/require-scenario.ts";
import type { Scenario } from "../../scenario/scenario.ts";
import { globToRegExp } from "../glob.ts";
import { parseReplay } from "./fault-point.ts";
import type { Surroundings } from "./fault-run.ts";
import { pathsOf } from "./leftovers.ts";
import type { Plan } from "./plan-points.ts";
import { Sweep } from "./sweep.ts";
import {
  checkedErrnos,
  checkSweepOptions,
  modesOf,
  type SweepFaultsOptions,
} from "./sweep-options.ts";
import { watchRejections } from "./unhandled-rejections.ts";

const callsWithoutFault = 100_000;
const mostCases = 100_000;

/**
 * Fails call 1, 2, 3, … of a scenario's `run` in memory, each in every way that it can fail, until a
 * run in which nothing was injected ends the sweep; each on a file system of its own. After each run
 * come `recover`, if there is one, and `check`, both without faults; `seen.end` is `"done"` or what
 * the run threw.
 *
 * Found without being asked for: files left open, calls on closed descriptors, files left behind that
 * the error does not tell of, failed flushes that the run does not report, rejections that nobody
 * handles, and runs that never end (but a synchronous run that tries for ever and minds no error stops
 * everything).
 *
 * @param options how it is done, and its budget. Default of `maxStates`: 100,000 cases
 * @returns what went wrong, the smallest case first. A case is one run: the one without a fault is the
 *   first. Order and number follow from the scenario; nothing is left to chance.
 * @throws `TypeError` or `RangeError` (`ERR_INVALID_ARG`) for options that make no sense; whatever
 *   `setup` throws
 *
 * ```ts
 * const report = await sweepFaults({
 *   setup: (fs) => fs.promises.writeFile("/state", "old"),
 *   run: (fs) => save(fs, "/state", "new"),
 *   check: (fs, { end }) => {
 *     const found = fs.readFileSync("/state", "utf8");
 *     assert(found === "new" || (end !== "done" && found === "old"));
 *   },
 * });
 * assert.deepEqual(report.failures, []);
 * ```
 */
export async function sweepFaults<Ack = unknown>(
  scenario: Scenario<Ack>,
  options: SweepFaultsOptions = {},
): Promise<Report> {
  return await withSweep("sweepFaults", scenario, options, (sweep) => sweep.all());
}

/**
 * Runs one case of `sweepFaults` again: that of a failure's `replay`.
 *
 * @param options the same as for the sweep
 * @throws `RangeError` (`ERR_INVALID_ARG`) if the string is not from a sweep; `Error` if the run does
 *   not come to the calls that it names
 */
export async function replayFault<Ack = unknown>(
  scenario: Scenario<Ack>,
  replay: string,
  options: SweepFaultsOptions = {},
): Promise<Report> {
  const points = parseReplay(replay);
  return await withSweep("replayFault", scenario, options, (sweep) => sweep.one(points));
}

async function withSweep<Ack>(
  op: string,
  scenario: Scenario<Ack>,
  options: SweepFaultsOptions,
  work: (sweep: Sweep<Ack>) => Promise<Report>,
): Promise<Report> {
  checkSweepOptions(op, options);
  requireScenario(op, scenario);
  const exploration = new Exploration("faults", scenario.name, {
    maxStates: mostCases,
    ...options,
  });
  const start = await prepare(scenario, options.memory);
  const before = startFrom(start);
  const leftovers = options.leftovers ?? "refuse";
  const around: Surroundings<Ack> = {
    scenario,
    start,
    settleMs: options.settleMs ?? 5000,
    mostCalls: callsWithoutFault,
    expected: undefined,
    allowedLeftovers: Array.isArray(leftovers) ? leftovers.map(globToRegExp) : [],
    ignoredErrors: options.ignoredErrors?.begin(before.platform) ?? (() => false),
  };
  const plan: Plan = {
    modes: modesOf(options),
    platform: before.platform,
    errnos: checkedErrnos(op, options.errnos),
  };
  const stopWatching = watchRejections();
  try {
    const sweep = new Sweep(exploration, around, plan, {
      depth: options.depth ?? 1,
      looksForLeftovers: leftovers !== "allow",
      treeBefore: before.tree(),
      pathsBefore: pathsOf(before.snapshot()),
    });
    return await work(sweep);
  } finally {
    stopWatching();
  }
}
