import { invalidRange } from "@holdfast/fs/steps";
import type { Move } from "./interruption.ts";

/** `"interference:swapForSymlink /a -> /b:2,5"`: who, and after how many calls each move is made. */
export function formatReplay(adversary: string | undefined, moves: readonly Move[]): string {
  if (adversary === undefined) return "interference:";
  return `interference:${adversary}:${moves.map(({ after }) => after).join(",")}`;
}

/** @throws `RangeError` (`ERR_INVALID_ARG`) if it is no such string */
export function parseReplay(replay: string): {
  readonly adversary: string | undefined;
  readonly moves: readonly Move[];
} {
  if (replay === "interference:") return { adversary: undefined, moves: [] };
  // The last colon: a name may have others.
  const [, adversary, after] = /^interference:(.+):(\d+(?:,\d+)?)$/s.exec(replay) ?? [];
  if (adversary === undefined || after === undefined) {
    throw invalidRange("replayInterference", "replay", '"interference:adversary:calls"', replay);
  }
  return { adversary, moves: movesAfter(...after.split(",").map(Number)) };
}

/** The first one acts, the second one takes it back. */
export function movesAfter(...points: readonly number[]): Move[] {
  return points.map((after, i) => ({ kind: i === 0 ? "act" : "undo", after }));
}
