/** When a fault happens: descriptions of calls, to be put together. */

import type { PlatformName } from "@holdfast/fs";
import { invalidRange, invalidType } from "@holdfast/fs/steps";
import { callFacts, callNames, changesDisk, type Call, type CallName } from "../calls/call.ts";
import { requireKnown } from "../scenario/known-options.ts";
import { Random } from "../scenario/random.ts";
import { newSeed } from "./seed.ts";
import { globToRegExp } from "./glob.ts";

/** Asked once for each call, in the order in which they are made. */
export type Matcher = (call: Call) => boolean;

/**
 * A description of calls. It is a value: what counts (`nth`, `after`, `randomly`) starts anew wherever
 * it is used.
 */
export interface Condition {
  readonly begin: (platform: PlatformName) => Matcher;
  /** Whether it depends on the calls before. */
  readonly counts: boolean;
  /** No other call can be meant. */
  readonly names: ReadonlySet<CallName>;
  /** Those that `op` names. */
  readonly named: ReadonlySet<CallName>;
  /** As it is written: `and(op("rename"), nth(2))`. */
  toString(): string;
}

const all: ReadonlySet<CallName> = new Set(callNames);
const none: ReadonlySet<CallName> = new Set();

function condition(text: string, begin: Condition["begin"], facts: Partial<Condition>): Condition {
  const byDefault = { counts: false, names: all, named: none };
  return { ...byDefault, ...facts, begin, toString: () => text };
}

function requireCount(op: string, count: number, least: number): void {
  if (!Number.isInteger(count) || count < least) {
    throw invalidRange(op, "n", `an integer of at least ${least}`, count);
  }
}

function requireConditions(op: string, conditions: readonly Condition[]): void {
  for (const given of conditions) {
    if (typeof (given as Condition | undefined)?.begin !== "function") {
      throw invalidType(op, "condition", 'a condition, such as op("rename")', given);
    }
  }
}

/**
 * Calls of these names, whichever method of `node:fs` makes them: the `open` of a `writeFile` too.
 *
 * @throws `RangeError` (`ERR_INVALID_ARG`) for a name that no call has
 */
export function op(...names: readonly [CallName, ...CallName[]]): Condition {
  if (names.length === 0) throw invalidType("op", "name", "the name of a call", undefined);
  for (const name of names) {
    if (!Object.hasOwn(callFacts, name)) {
      throw invalidRange("op", "name", `one of ${callNames.join(", ")}`, name);
    }
  }
  const wanted = new Set(names);
  const text = `op(${names.map((name) => JSON.stringify(name)).join(", ")})`;
  return condition(
    text,
    () =>
      ({ name }) =>
        wanted.has(name),
    { names: wanted, named: wanted },
  );
}

/**
 * Calls on a path that the glob matches: either path of a call that takes two; of a call on a
 * descriptor the path that it was opened with. Paths count as the program gave them, so a glob for
 * absolute ones begins with `/` or with `**`.
 *
 * @param glob `**` for any number of directories, `*` and `?` within a name
 */
export function path(glob: string): Condition {
  if (typeof glob !== "string" || glob === "") {
    throw invalidType("path", "glob", "a glob that is not empty", glob);
  }
  const pattern = globToRegExp(glob);
  const begin: Condition["begin"] = (platform) =>
    platform === "win32"
      ? ({ paths }) => paths.some((one) => pattern.test(one.replaceAll("\\", "/")))
      : ({ paths }) => paths.some((one) => pattern.test(one));
  return condition(`path(${JSON.stringify(glob)})`, begin, {});
}

const changing = callNames.filter((name) => callFacts[name].changes !== false);
const looking = callNames.filter((name) => callFacts[name].changes !== true && name !== "close");

/** Calls that can change what is on disk: of `open` those that create or truncate; `fsync` too. */
export function writes(): Condition {
  const begin = () => (call: Call) => changesDisk(call.name, call.args);
  return condition("writes()", begin, { names: new Set(changing) });
}

/** Calls that only look. `close` is neither one of these nor one of `writes`. */
export function reads(): Condition {
  const begin = () => (call: Call) => call.name !== "close" && !changesDisk(call.name, call.args);
  return condition("reads()", begin, { names: new Set(looking) });
}

function counting(text: string, matches: (count: number) => boolean): Condition {
  const begin = (): Matcher => {
    let count = 0;
    return () => matches(++count);
  };
  return condition(text, begin, { counts: true });
}

/** The n-th call, from 1, of those that everything else in the same `and` matches. */
export function nth(n: number): Condition {
  requireCount("nth", n, 1);
  return counting(`nth(${n})`, (count) => count === n);
}

/** All but the first n calls of those that everything else in the same `and` matches. */
export function after(n: number): Condition {
  requireCount("after", n, 0);
  return counting(`after(${n})`, (count) => count > n);
}

/**
 * Each call with the given probability. The same calls in every process, if the seed is the same and
 * the program makes the same calls; without a seed one is made, and printed on stderr.
 *
 * @param options.probability above 0, at most 1
 */
export function randomly(options: {
  readonly seed?: number;
  readonly probability: number;
}): Condition {
  requireKnown("randomly", options, ["seed", "probability"]);
  const { probability, seed = newSeed("randomly") } = options;
  if (!(probability > 0 && probability <= 1)) {
    throw invalidRange("randomly", "probability", "above 0 and at most 1", probability);
  }
  if (!Number.isInteger(seed)) throw invalidRange("randomly", "seed", "an integer", seed);
  const begin = (): Matcher => {
    const random = new Random(seed);
    return () => random.next() < probability;
  };
  const text = `randomly({ seed: ${seed}, probability: ${probability} })`;
  return condition(text, begin, { counts: true });
}

/** The calls that the condition does not match. */
export function not(given: Condition): Condition {
  requireConditions("not", [given]);
  const begin: Condition["begin"] = (platform) => {
    const matches = given.begin(platform);
    return (call) => !matches(call);
  };
  return condition(`not(${String(given)})`, begin, { counts: given.counts });
}

const textOf = (name: string, conditions: readonly Condition[]): string =>
  `${name}(${conditions.map(String).join(", ")})`;

/**
 * The calls that all of these match, in whatever order they stand: what counts in it counts the calls
 * that all the rest matches, so `and(op("write"), nth(3))` is the third write.
 */
export function and(...conditions: readonly Condition[]): Condition {
  requireConditions("and", conditions);
  const begin: Condition["begin"] = (platform) => {
    const plain = conditions.filter(({ counts }) => !counts).map((one) => one.begin(platform));
    const counted = conditions.filter(({ counts }) => counts).map((one) => one.begin(platform));
    return (call) => {
      if (!plain.every((matches) => matches(call))) return false;
      // Every one of them has to see the call.
      return counted.map((matches) => matches(call)).every(Boolean);
    };
  };
  const names = callNames.filter((name) => conditions.every((one) => one.names.has(name)));
  const named = names.filter((name) => conditions.some((one) => one.named.has(name)));
  return condition(textOf("and", conditions), begin, {
    counts: conditions.some(({ counts }) => counts),
    names: new Set(names),
    named: new Set(named),
  });
}

/** The calls that one of these matches, or several. */
export function or(...conditions: readonly Condition[]): Condition {
  requireConditions("or", conditions);
  const begin: Condition["begin"] = (platform) => {
    const matchers = conditions.map((one) => one.begin(platform));
    // Every one of them has to see the call.
    return (call) => matchers.map((matches) => matches(call)).some(Boolean);
  };
  return condition(textOf("or", conditions), begin, {
    counts: conditions.some(({ counts }) => counts),
    names: new Set(conditions.flatMap(({ names }) => [...names])),
    named: new Set(conditions.flatMap(({ named }) => [...named])),
  });
}
