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

/** @throws `RangeError` (`ERR_INVALID_ARG`) if it is no schedule of so many runs */
export function parseReplay(replay: string, runs: number): number[] {
  const letters = /^schedules:((?:[A-Z]\d*)*)$/.exec(replay)?.[1];
  const choices: number[] = [];
  for (const [, letter, count] of (letters ?? "").matchAll(/([A-Z])(\d*)/g)) {
    const index = letter!.charCodeAt(0) - "A".charCodeAt(0);
    if (index >= runs) return notOne(replay, runs);
    for (let i = 0; i < Number(count === "" ? 1 : count); i++) choices.push(index);
  }
  return letters === undefined ? notOne(replay, runs) : choices;
}

function notOne(replay: string, runs: number): never {
  const expected = `"schedules:" and letters from A to ${letterOf(runs - 1)}`;
  throw invalidRange("replaySchedule", "replay", expected, replay);
}
