import { clearTimeout, setTimeout } from "node:timers";

// Taken now: a test that replaces the timers does not stop the sweep in it.
const later = setTimeout;
const notLater = clearTimeout;

/**
 * Waits for a run, but not for ever: it is given up once it has made no call for `quietMs`, or when
 * `givenUp` resolves.
 *
 * @param made how many calls it has made
 * @returns `undefined` if it was given up
 */
export function settled<Result>(
  run: Promise<Result>,
  made: () => number,
  { quietMs, givenUp }: { readonly quietMs: number; readonly givenUp: Promise<void> },
): Promise<Result | undefined> {
  return new Promise((resolve, reject) => {
    let seen = made();
    const look = (): void => {
      if (made() === seen) return resolve(undefined);
      seen = made();
      timer = later(look, quietMs);
    };
    let timer = later(look, quietMs);
    const stop = (): void => notLater(timer);
    run.finally(stop).then(resolve, reject);
    void givenUp.then(() => {
      stop();
      resolve(undefined);
    });
  });
}
