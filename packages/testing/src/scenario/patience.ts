import { clearTimeout, setTimeout } from "node:timers";

// Taken now: virtual time, or a test that replaces the timers, does not stop the clock here.
const later = setTimeout;
const notLater = clearTimeout;

/** Below the five seconds after which most test runners give up without a word about why. */
const patienceMs = 4000;

/** A program that goes on for ever without doing anything. */
class NeverEnded extends Error {
  constructor(what: string) {
    super(`${what} does not end: it made no call for ${patienceMs / 1000} seconds`);
    this.name = "NeverEnded";
  }
}

/** Whether an error says so, or comes from one that does. */
export function neverEnded(error: Error): boolean {
  return error instanceof NeverEnded || error.cause instanceof NeverEnded;
}

/**
 * Waits for a part of a scenario, but not for ever.
 *
 * @param what `"the check"`
 * @param made how many calls it has made, if they are counted: as long as there are more it goes on
 * @returns rejects with `NeverEnded` when it has done nothing for `patienceMs`
 */
export function patiently<Result>(
  what: string,
  work: Promise<Result>,
  made: () => number = () => 0,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    let seen = made();
    const look = (): void => {
      if (made() === seen) return reject(new NeverEnded(what));
      seen = made();
      timer = later(look, patienceMs);
    };
    let timer = later(look, patienceMs);
    work.finally(() => notLater(timer)).then(resolve, reject);
  });
}
