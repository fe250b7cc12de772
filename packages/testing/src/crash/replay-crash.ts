import { invalidRange, invalidType } from "@holdfast/fs/steps";
import { Exploration } from "../scenario/exploration.ts";
import type { Report } from "../scenario/report.ts";
import { prepare } from "../scenario/run-scenario.ts";
import type { Scenario } from "../scenario/scenario.ts";
import { CaseRunner } from "./case-runner.ts";
import { diskAt } from "./crash-point.ts";
import { AckTokens } from "./history.ts";
import type { CrashCase, History } from "./history.ts";
import { Identities } from "./identity.ts";
import { imageOf, stateWith } from "./legal-states.ts";
import type { PowerLossModel } from "./models.ts";
import { toSettings } from "./options.ts";
import type { CrashOptions, CrashSettings } from "./options.ts";
import { recordRecovery, recordRun, wrongAnyway } from "./record.ts";
import { fatesIn, parseReplay } from "./replay-string.ts";
import type { Replay } from "./replay-string.ts";

const op = "replayCrash";

/**
 * Runs the one case that a failure of `exploreCrashes` names, with the same scenario and, if they were
 * given, the same `models` and `memory`.
 *
 * @returns a report of one case
 * @throws TypeError or RangeError (`ERR_INVALID_ARG`) if `replay` names no case of this scenario: then
 *   it is not text of that form, or the scenario has changed.
 * @example
 * const [failure] = (await exploreCrashes(scenario)).failures;
 * const again = await replayCrash(scenario, failure.replay); // again.failures[0] is that failure
 */
export async function replayCrash<Ack>(
  scenario: Scenario<Ack>,
  replay: string,
  options: CrashOptions = {},
): Promise<Report> {
  const settings = toSettings(op, scenario, options);
  const parsed = parseReplay(replay);
  const exploration = new Exploration("crashes", scenario.name, { ...options, seed: 0 });
  exploration.leaveOut("one case only: a replay");
  const start = await prepare(scenario, settings.memory);
  const runner = new CaseRunner(scenario, start.memory, exploration);
  const run = await recordRun(scenario, start, parsed.fault, new AckTokens());
  if (parsed.fault > 0 && !run.failed) {
    throw invalidRange(op, "replay", "the number of an fsync that the run makes", parsed.fault);
  }
  if (parsed.first === undefined) {
    const vain = parsed.fault === 0 ? await wrongAnyway(scenario, start, run) : undefined;
    await runner.runToEnd(run, vain);
  } else {
    await runner.run(await caseOf(scenario, settings, run.history, parsed));
  }
  return exploration.report();
}

async function caseOf<Ack>(
  scenario: Scenario<Ack>,
  settings: CrashSettings,
  history: History<Ack>,
  { first, again }: Replay,
): Promise<CrashCase<Ack>> {
  const before = caseAt(history, settings.models, first!);
  if (again === undefined) return before;
  const image = imageOf(before.disk, before.state);
  const { tree: _, ...memory } = settings.memory;
  const { history: recovery } = await recordRecovery(scenario, memory, before, image);
  return caseAt(recovery, settings.models, again);
}

function caseAt<Ack>(
  history: History<Ack>,
  models: readonly PowerLossModel[],
  replay: NonNullable<Replay["first"]>,
): CrashCase<Ack> {
  const model = models.find(({ name }) => name === replay.model);
  if (model === undefined) {
    throw invalidType(op, "replay", "a case of one of the models", replay.model);
  }
  const { events } = history.timeline;
  if (replay.events > events.length) {
    throw invalidRange(op, "replay", `after at most ${events.length} events`, replay.events);
  }
  const acks = events.slice(0, replay.events).filter(({ kind }) => kind === "ack").length;
  const disk = diskAt(history.timeline, model, replay.events);
  const state = stateWith(disk, fatesIn(disk, replay), new Identities());
  const point = { events: replay.events, acks };
  return { history, point, model, alsoIn: [], state, disk };
}
