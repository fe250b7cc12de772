import { clearTimeout, setTimeout } from "node:timers";

// Taken now: virtual time, or a test that replaces the timers, does not stop the clock here.
const later = setTimeout;
const notLater = clearTimeout;

/** Below the five seconds after which most test runners give up without a word about why. */
const patienceMs = 4000;

/** A program that goes on for ever without doing anything. */
class NeverEnded extends Error {
  constructor(what: string, how: string) {
    super(`${what} does not end: ${how} ${patienceMs / 1000} seconds`);
    this.name = "NeverEnded";
  }
}

/** Whether an error says so, or comes from one that does. */
export function neverEnded(error: Error): boolean {
  return error instanceof NeverEnded || error.cause instanceof NeverEnded;
}

/**
 * Calls `act` once a program has made no call for `quietMs`.
 *
 * @param made how many calls it has made
 * @returns call it when the program has ended
 */
export function whenQuiet(made: () => number, quietMs: number, act: () => void): () => void {
  let seen = made();
  const look = (): void => {
    if (made() === seen) return act();
    seen = made();
    timer = later(look, quietMs);
  };
  let timer = later(look, quietMs);
  return () => notLater(timer);
}

/**
 * Waits for a part of a scenario, but not for ever.
 *
 * @param what `"the check"`
 * @param made how many calls it has made, if they are counted: as long as there are more it goes on
 * @returns rejects with `NeverEnded` when it has made no call for `patienceMs`; if they are not counted,
 *   when it has taken so long
 */
export function patiently<Result>(
  what: string,
  work: Promise<Result>,
  made?: () => number,
): Promise<Result> {
  const how = made === undefined ? "it has taken more than" : "it made no call for";
  return new Promise((resolve, reject) => {
    const giveUp = (): void => reject(new NeverEnded(what, how));
    const stop = whenQuiet(made ?? (() => 0), patienceMs, giveUp);
    work.finally(stop).then(resolve, reject);
  });
}
