import { invalidCombination, invalidRange, invalidType } from "@holdfast/fs/steps";
import type { MemoryFileSystemOptions } from "../memory/options.ts";
import { Exploration } from "../scenario/exploration.ts";
import { requireKnown } from "../scenario/known-options.ts";
import { interferenceOptionNames } from "../scenario/option-names.ts";
import type { Budget, Report } from "../scenario/report.ts";
import { prepare } from "../scenario/run-scenario.ts";
import { requireScenario } from "../scenario/require-scenario.ts";
import type { Scenario } from "../scenario/scenario.ts";
import type { Adversary } from "./adversary.ts";
import { movesAfter, parseReplay } from "./replay-text.ts";
import { runInterrupted, type Case, type Outcome } from "./run-interrupted.ts";

export interface InterferenceOptions extends Budget {
  /** Who interferes: at least one, each with a name of its own. One at a time. */
  readonly adversaries: readonly Adversary[];
  /** 1: each one acts once. 2: also twice, there and back. Default: 1. */
  readonly moves?: 1 | 2;
  /** After so many calls in one run it is a failure that the run goes on. Default: 10,000. */
  readonly maxCalls?: number;
  /** The file system that the scenario runs on. */
  readonly memory?: MemoryFileSystemOptions;
}

export interface InterferenceReport extends Report {
  /** By the name of the adversary: in how many cases its first move could be made. */
  readonly landed: Readonly<Record<string, number>>;
}

const defaultMaxCalls = 10_000;

/**
 * Runs a program again and again, each time with an adversary that acts at another point: before the
 * first call, between any two, and after the last one; with `moves: 2` also at every pair of points.
 * First it runs undisturbed, and if that fails already nothing else is tried. It fails if `check` is not
 * content, and whatever `check` says if the run throws, makes no call through the `fs` that it is given,
 * returns while calls of it that change something are under way, or acknowledges later.
 *
 * `check` is told of the run, not of the adversary: it must accept whatever the program may rightly do
 * while it is attacked (mostly "it threw, or it did its work") and look where an attack would show:
 * at what lies outside of the directory that the program should stay in, or at what was moved aside.
 *
 * A program is attacked by what changes between its calls. Between two calls it only computes, and
 * sees nothing of the file system, so that it makes no difference whether somebody acts directly after
 * the one or directly before the other: each gap is tried once. Calls that the program makes at the
 * same time are made one after the other, in the order in which it made them.
 *
 * ```ts
 * const report = await exploreInterference(upload, {
 *   adversaries: [swapForSymlink("/uploads/a", "/secret"), moveAway("/uploads")],
 *   moves: 2,
 * });
 * assert.deepEqual(report.failures, []);
 * ```
 *
 * @returns the report; not exhaustive if an adversary could act nowhere
 * @throws `TypeError` or `RangeError` (`ERR_INVALID_ARG`) for options that make no sense; what an
 *   adversary throws that is no error of the file system; what `setup` throws
 */
export async function exploreInterference<Ack>(
  scenario: Scenario<Ack>,
  options: InterferenceOptions,
): Promise<InterferenceReport> {
  const { adversaries, moves = 1, maxCalls = defaultMaxCalls } = validated(options);
  requireScenario("exploreInterference", scenario);
  const exploration = new Exploration("interference", scenario.name, options);
  const start = await prepare(scenario, options.memory);
  const landed = new Map(adversaries.map(({ name }) => [name, 0]));
  const run = async (one: Case): Promise<Outcome | undefined> => {
    if (!exploration.mayGoOn()) return undefined;
    const outcome = await runInterrupted(scenario, start, one, maxCalls);
    exploration.ran(outcome.failure);
    const name = one.adversary?.name;
    if (name !== undefined && outcome.moves[0]?.landed) landed.set(name, landed.get(name)! + 1);
    if (outcome.moves.length < one.moves.length) {
      exploration.leaveOut("the program made other calls than before, and a point was not reached");
    }
    return outcome;
  };
  const report = (): InterferenceReport => ({
    ...exploration.report(),
    landed: Object.fromEntries(landed),
  });

  const alone = await run({ adversary: undefined, moves: [] });
  if (alone === undefined) return report();
  if (alone.failure !== undefined) {
    exploration.leaveOut("it fails without any adversary, and nothing else was tried");
    return report();
  }
  const singles = adversaries.length * (alone.calls + 1);
  if (moves === 1) exploration.expect(1 + singles); // of pairs there are as many as will be seen
  /** Where a second move can follow, by adversary and first move. */
  const pairs: Case[] = [];
  for (const adversary of adversaries) {
    for (let first = 0; first <= alone.calls; first++) {
      const outcome = await run({ adversary, moves: movesAfter(first) });
      if (outcome === undefined) return report();
      // A first move that could not be made leaves the run as it is without it: what comes after it is
      // the undisturbed run, or a single move.
      if (outcome.moves[0]?.landed !== true) continue;
      // At the same point as the first one it would be seen by nobody.
      for (let second = first + 1; second <= outcome.calls; second++) {
        pairs.push({ adversary, moves: movesAfter(first, second) });
      }
    }
    if (landed.get(adversary.name) === 0) {
      exploration.leaveOut(`"${adversary.name}" never landed: it could not act at any point`);
    }
  }
  if (moves === 1) return report();
  exploration.expect(1 + singles + pairs.length);
  for (const pair of pairs) {
    if ((await run(pair)) === undefined) break;
  }
  return report();
}

/**
 * Runs one case again.
 *
 * @param replay of a failure of `exploreInterference` with the same scenario and adversaries
 * @throws `RangeError` (`ERR_INVALID_ARG`) if it is none
 */
export async function replayInterference<Ack>(
  scenario: Scenario<Ack>,
  replay: string,
  options: InterferenceOptions,
): Promise<InterferenceReport> {
  const { adversaries, maxCalls = defaultMaxCalls } = validated(options);
  const { adversary: name, moves } = parseReplay(replay);
  const adversary = adversaries.find((one) => one.name === name);
  if (name !== undefined && adversary === undefined) {
    const names = adversaries.map((one) => one.name).join(", ");
    throw invalidRange("replayInterference", "replay", `about one of ${names}`, replay);
  }
  const exploration = new Exploration("interference", scenario.name, options);
  exploration.leaveOut("one case was replayed");
  const start = await prepare(scenario, options.memory);
  const outcome = await runInterrupted(scenario, start, { adversary, moves }, maxCalls);
  exploration.ran(outcome.failure);
  const landed = name === undefined ? {} : { [name]: outcome.moves[0]?.landed === true ? 1 : 0 };
  return { ...exploration.report(), landed };
}

function validated(options: InterferenceOptions): InterferenceOptions {
  const op = "exploreInterference";
  requireKnown(op, options, interferenceOptionNames);
  const { adversaries, moves, maxCalls } = options;
  if (!Array.isArray(adversaries) || adversaries.length === 0) {
    throw invalidType(op, "adversaries", "an array of at least one adversary", adversaries);
  }
  for (const adversary of adversaries as readonly Adversary[]) {
    if (typeof adversary?.name !== "string" || typeof adversary.act !== "function") {
      throw invalidType(op, "adversaries", "adversaries: objects with a name and act", adversary);
    }
  }
  const names = adversaries.map(({ name }: Adversary) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) {
    throw invalidCombination(
      op,
      `two adversaries have the name "${twice}"; replays need to tell them apart`,
    );
  }
  if (moves !== undefined && moves !== 1 && moves !== 2) {
    throw invalidRange(op, "moves", "1 or 2", moves);
  }
  if (maxCalls !== undefined && !(maxCalls >= 1)) {
    throw invalidRange(op, "maxCalls", "at least 1", maxCalls);
  }
  return options;
}
