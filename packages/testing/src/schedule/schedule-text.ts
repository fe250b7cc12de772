import { invalidRange } from "@holdfast/fs/steps";
import { letterOf } from "./contestant.ts";

/** `"A3BA"`: whose steps, in order, with how many in a row where it is more than one. */
export function formatChoices(choices: readonly number[]): string {
  let text = "";
  for (let i = 0, from = 0; i < choices.length; i = from) {
    while (choices[from] === choices[i]) from++;
    text += letterOf(choices[i]!) + (from - i > 1 ? String(from - i) : "");
  }
  return text;
}

/** A schedule, and which run it shows never to be right, if that is what it is for. */
export interface ParsedReplay {
  readonly choices: readonly number[];
  readonly never: number | undefined;
}

/** @throws `RangeError` (`ERR_INVALID_ARG`) if it is no schedule of so many runs */
export function parseReplay(replay: string, runs: number): ParsedReplay {
  const [, letters, whose] =
    /^schedules:((?:[A-Z]\d*)*)(?::never=([A-Z]))?$/.exec(replay) ?? notOne(replay, runs);
  const indexOf = (letter: string): number => {
    const index = letter.charCodeAt(0) - "A".charCodeAt(0);
    return index < runs ? index : notOne(replay, runs);
  };
  const choices: number[] = [];
  for (const [, letter, count] of letters!.matchAll(/([A-Z])(\d*)/g)) {
    const index = indexOf(letter!);
    for (let i = 0; i < Number(count === "" ? 1 : count); i++) choices.push(index);
  }
  return { choices, never: whose === undefined ? undefined : indexOf(whose) };
}

function notOne(replay: string, runs: number): never {
  const expected = `"schedules:" and letters from A to ${letterOf(runs - 1)}`;
  throw invalidRange("replaySchedule", "replay", expected, replay);
}
