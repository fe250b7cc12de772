import { readSync, writeSync } from "node:fs";

/** What an attacker counts, in a file of sixteen bytes: cheap enough to be read around every call. */
export interface Tally {
  readonly tried: number;
  readonly landed: number;
}

export const tallyBytes = 16;

export function writeTally(fd: number, { tried, landed }: Tally): void {
  writeSync(fd, Float64Array.of(tried, landed), 0, tallyBytes, 0);
}

export function readTally(fd: number): Tally {
  const numbers = new Float64Array(2);
  readSync(fd, numbers, 0, tallyBytes, 0);
  return { tried: numbers[0]!, landed: numbers[1]! };
}
