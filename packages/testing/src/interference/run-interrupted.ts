import { facesOf } from "../calls/faces.ts";
import { Interception } from "../calls/intercept.ts";
import { firstLine, numbered } from "../scenario/call-lines.ts";
import { whyInVainOrLate, type Undisturbed } from "../scenario/in-vain.ts";
import { neverEnded } from "../scenario/patience.ts";
import type { Failure } from "../scenario/report.ts";
import { checkOnce, runOnce, startFrom, type Ended, type Start } from "../scenario/run-scenario.ts";
import type { Scenario } from "../scenario/scenario.ts";
import type { Adversary } from "./adversary.ts";
import { diskLines, endLine } from "./in-words.ts";
import { Interruption, type Made, type Move } from "./interruption.ts";
import { formatReplay } from "./replay-text.ts";

/** One case: nobody interferes, or one adversary once or twice. */
export interface Case {
  readonly adversary: Adversary | undefined;
  readonly moves: readonly Move[];
}

export interface Outcome {
  readonly failure: Failure | undefined;
  /** How many calls the program made. */
  readonly calls: number;
  readonly moves: readonly Made[];
}

/** Runs and checks a program once, interfered with as the case says. */
export async function runInterrupted<Ack>(
  scenario: Scenario<Ack>,
  start: Start,
  { adversary, moves }: Case,
  maxCalls: number,
): Promise<Outcome> {
  const memory = startFrom(start);
  const interruption = new Interruption(facesOf(memory), adversary, moves, maxCalls);
  const interception = new Interception(memory, interruption);
  const overrun = new Error(`the run did not end within ${maxCalls} calls`);
  const acks: Ack[] = [];
  const ended = await Promise.race([
    runOnce(
      scenario,
      facesOf(interception),
      (ack) => acks.push(ack),
      () => interruption.made,
    ),
    interruption.overrun.then((): Ended<Ack> => ({ acks: [...acks], end: overrun })),
  ]);
  await interruption.finish();
  if (interruption.mistake !== undefined) throw interruption.mistake.error;
  const leaks = interception.openFiles().map(({ path }) => path);
  const calls = interruption.made;
  const error = interruption.overran
    ? overrun
    : ended.end instanceof Error && neverEnded(ended.end)
      ? ended.end
      : ((await checkOnce(scenario, facesOf(memory), { ...ended, leaks })) ??
        (adversary === undefined
          ? await wrongAnyway(scenario, start, { calls, end: ended.end })
          : undefined));
  const outcome = { calls, moves: interruption.moves };
  if (error === undefined) return { ...outcome, failure: undefined };
  const failure: Failure = {
    message: firstLine(error.message),
    where: whereOf(adversary, interruption.moves),
    calls: numbered(interruption.lines),
    state: [
      `ended: ${endLine(ended.end)}`,
      ...leaks.map((path) => `not closed: ${path}`),
      ...diskLines(memory),
    ],
    replay: formatReplay(adversary?.name, moves),
    error,
    size: moves.length,
  };
  return { ...outcome, failure };
}

async function wrongAnyway<Ack>(
  scenario: Scenario<Ack>,
  start: Start,
  run: Undisturbed,
): Promise<Error | undefined> {
  const why = await whyInVainOrLate(scenario, start, run, "an adversary");
  return why === undefined ? undefined : new Error(why, { cause: run.end });
}

function whereOf(adversary: Adversary | undefined, moves: readonly Made[]): string {
  if (adversary === undefined) return "nobody interfered";
  const { name, did = `${name} acted` } = adversary;
  const second = adversary.undo === undefined ? "again" : "undone";
  return moves
    .map(({ when, landed }, i) => {
      const what = i === 0 ? did : second;
      return landed ? `${what} ${when}` : `${what} (it did not land) ${when}`;
    })
    .join(", ");
}
