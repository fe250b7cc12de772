import { invalidRange } from "@holdfast/fs/steps";
import { expiryOf, letterOf, letterOfChoice, type Choice } from "./choice.ts";

/**
 * `"A3bA"`: whose calls, in order, with how many in a row where it is more than one; of a small letter the
 * timer runs out.
 */
export function formatChoices(choices: readonly Choice[]): string {
  let text = "";
  for (let i = 0, from = 0; i < choices.length; i = from) {
    while (choices[from] === choices[i]) from++;
    text += letterOfChoice(choices[i]!) + (from - i > 1 ? String(from - i) : "");
  }
  return text;
}

/** A schedule, and which run it shows never to be right, if that is what it is for. */
export interface ParsedReplay {
  readonly choices: readonly Choice[];
  readonly never: number | undefined;
}

/**
 * @param expiries whether timers are steps
 * @throws `RangeError` (`ERR_INVALID_ARG`) if it is no schedule of so many runs
 */
export function parseReplay(replay: string, runs: number, expiries: boolean): ParsedReplay {
  const [, letters, whose] =
    /^schedules:((?:[A-Za-z]\d*)*)(?::never=([A-Z]))?$/.exec(replay) ??
    notOne(replay, runs, expiries);
  const indexOf = (letter: string): number => {
    const index = letter.charCodeAt(0) - "A".charCodeAt(0);
    return index < runs ? index : notOne(replay, runs, expiries);
  };
  const choiceOf = (letter: string): Choice => {
    const run = indexOf(letter.toUpperCase());
    if (letter === letterOf(run)) return run;
    return expiries ? expiryOf(run) : notOne(replay, runs, expiries);
  };
  const choices: Choice[] = [];
  for (const [, letter, count] of letters!.matchAll(/([A-Za-z])(\d*)/g)) {
    const choice = choiceOf(letter!);
    for (let i = 0; i < Number(count === "" ? 1 : count); i++) choices.push(choice);
  }
  return { choices, never: whose === undefined ? undefined : indexOf(whose) };
}

function notOne(replay: string, runs: number, expiries: boolean): never {
  const last = letterOf(runs - 1);
  const small = expiries
    ? ` or a to ${last.toLowerCase()}`
    : ' (small letters only with timers: "events")';
  const expected = `"schedules:" and letters from A to ${last}${small}`;
  throw invalidRange("replaySchedule", "replay", expected, replay);
}
