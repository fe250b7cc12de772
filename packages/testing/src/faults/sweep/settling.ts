import { whenQuiet } from "../../scenario/patience.ts";

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
    const stop = whenQuiet(made, quietMs, () => resolve(undefined));
    run.finally(stop).then(resolve, reject);
    void givenUp.then(() => {
      stop();
      resolve(undefined);
    });
  });
}
