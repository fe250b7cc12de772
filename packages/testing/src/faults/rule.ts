import { invalidCombination, invalidRange, invalidType } from "@holdfast/fs/steps";
import type { Condition } from "./condition.ts";
import type { Failing, Fault, Paused, Shortened } from "./fault.ts";

/** How often a rule acts. */
export interface Limit {
  readonly kind: "limit";
  readonly times: number;
  toString(): string;
}

/** At the first n calls that match. */
export function times(n: number): Limit {
  if (!Number.isInteger(n) || n < 1) {
    throw invalidRange("times", "n", "an integer of at least 1", n);
  }
  return { kind: "limit", times: n, toString: () => `times(${n})` };
}

/** At the first call that matches. */
export function once(): Limit {
  return { kind: "limit", times: 1, toString: () => "once()" };
}

/** At every call that matches: the default. */
export function persistent(): Limit {
  return { kind: "limit", times: Number.POSITIVE_INFINITY, toString: () => "persistent()" };
}

/** When, what, and how often: what {@link rule} makes. */
export interface Rule {
  /** At how many calls it has acted so far: a rule that never did has tested nothing. */
  readonly hits: number;
  /** Resolves as soon as it has acted so often: at the n-th call, before that goes on. */
  readonly reached: (hits?: number) => Promise<void>;
  /** Lets the calls go on that `hang` holds now. Later ones hang anew. */
  readonly release: () => void;
  /** As it is written. */
  toString(): string;
}

/** A rule as those see it who follow it. */
export class ActingRule implements Rule {
  readonly when: Condition;
  readonly paused: Paused | undefined;
  /** What it does to the call itself, if it does not only take time. */
  readonly failing: Failing | undefined;
  readonly shortened: Shortened | undefined;
  readonly times: number;
  readonly #text: string;
  #hits = 0;
  #awaited: { readonly hits: number; readonly resolve: () => void }[] = [];
  #hanging: (() => void)[] = [];

  constructor(when: Condition, parts: readonly (Fault | Limit)[]) {
    this.when = when;
    this.paused = parts.find(({ kind }) => kind === "delay" || kind === "hang") as
      | Paused
      | undefined;
    this.failing = parts.find(({ kind }) => kind === "fail") as Failing | undefined;
    this.shortened = parts.find(({ kind }) => kind === "short") as Shortened | undefined;
    this.times = (
      (parts.find(({ kind }) => kind === "limit") as Limit | undefined) ?? persistent()
    ).times;
    this.#text = `rule(${[when, ...parts].map(String).join(", ")})`;
  }

  get hits(): number {
    return this.#hits;
  }

  /** Whether it has acted as often as it may. */
  get spent(): boolean {
    return this.#hits >= this.times;
  }

  readonly reached = (hits = 1): Promise<void> => {
    if (this.#hits >= hits) return Promise.resolve();
    return new Promise((resolve) => {
      this.#awaited.push({ hits, resolve });
    });
  };

  readonly release = (): void => {
    const hanging = this.#hanging;
    this.#hanging = [];
    for (const goOn of hanging) goOn();
  };

  /** Waits for `release`. */
  hang(): Promise<void> {
    return new Promise((resolve) => {
      this.#hanging.push(resolve);
    });
  }

  /** Counts a call at which it acts. */
  hit(): void {
    this.#hits++;
    const reached = this.#awaited.filter(({ hits }) => this.#hits >= hits);
    this.#awaited = this.#awaited.filter(({ hits }) => this.#hits < hits);
    for (const { resolve } of reached) resolve();
  }

  toString(): string {
    return this.#text;
  }
}

/**
 * A rule for {@link injectFaults}: at the calls that `when` describes, this happens, so often.
 *
 * A `delay` or a `hang` can stand before one of the others: first it waits, then it fails.
 *
 * ```ts
 * rule(and(op("rename"), path("/data/*.json")), fail("EXDEV"), once());
 * rule(op("fsync"), delay(50), fail("EIO"));
 * ```
 *
 * @throws `TypeError` (`ERR_INVALID_ARG`) for parts that do not go together
 */
export function rule(when: Condition, what: Fault, ...more: readonly (Fault | Limit)[]): Rule {
  if (typeof (when as Condition | undefined)?.begin !== "function") {
    throw invalidType("rule", "when", 'a condition, such as op("rename")', when);
  }
  const parts = [what, ...more];
  const kinds = parts.map((part) => (part as Fault | Limit | undefined)?.kind);
  const known = ["fail", "short", "delay", "hang", "limit"];
  kinds.forEach((kind, at) => {
    if (kind === undefined || !known.includes(kind)) {
      throw invalidType("rule", "what", 'a fault, such as fail("EIO"), or a limit', parts[at]);
    }
  });
  if (kinds[0] === "limit") throw invalidType("rule", "what", 'a fault, such as fail("EIO")', what);
  if (kinds.filter((kind) => kind === "fail" || kind === "short").length > 1) {
    throw invalidCombination("rule", "of fail, failAfter, failUnchecked and short only one can be");
  }
  if (kinds.filter((kind) => kind === "delay" || kind === "hang").length > 1) {
    throw invalidCombination("rule", "of delay and hang only one can be");
  }
  if (kinds.filter((kind) => kind === "limit").length > 1) {
    throw invalidCombination("rule", "of once, times and persistent only one can be");
  }
  return new ActingRule(when, parts);
}
