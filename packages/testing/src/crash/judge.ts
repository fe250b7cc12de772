import type { NodeFileSystem } from "../calls/node-file-system.ts";
import { patiently } from "../scenario/patience.ts";
import { asError, verdictOf } from "../scenario/run-scenario.ts";
import type { Scenario, Seen } from "../scenario/scenario.ts";

/** What a check was told, and what is wrong if anything is. */
export type Verdict = Error | undefined;

/**
 * Starts the program again and checks. A promise only if the scenario returns one: tens of thousands of
 * states a second leave no time for promises that nobody needs.
 */
export function judge<Ack>(
  scenario: Scenario<Ack>,
  fs: NodeFileSystem,
  seen: Seen<Ack>,
): Verdict | Promise<Verdict> {
  return then(recover(scenario, fs), (failed) => {
    if (failed === undefined)
      return attempt("the check", () => scenario.check(fs, seen), verdictOf);
    // oxlint-disable-next-line unicorn/prefer-type-error -- not about a type
    return new Error(`recover threw: ${failed.message}`, { cause: failed });
  });
}

/** Returns what `recover` threw, if there is one and it did. */
export function recover<Ack>(
  scenario: Scenario<Ack>,
  fs: NodeFileSystem,
): Verdict | Promise<Verdict> {
  if (scenario.recover === undefined) return undefined;
  return attempt("recover", () => scenario.recover!(fs));
}

function attempt(
  what: string,
  act: () => unknown,
  judged: (result: unknown) => Verdict = () => undefined,
): Verdict | Promise<Verdict> {
  try {
    const result = act();
    return isPromise(result) ? patiently(what, result).then(judged, asError) : judged(result);
  } catch (error) {
    return asError(error);
  }
}

function then(
  first: Verdict | Promise<Verdict>,
  next: (verdict: Verdict) => Verdict | Promise<Verdict>,
): Verdict | Promise<Verdict> {
  return isPromise(first) ? first.then(next) : next(first);
}

export function isPromise<Value>(value: Value | Promise<Value>): value is Promise<Value> {
  return typeof (value as Partial<Promise<Value>> | null | undefined)?.then === "function";
}
