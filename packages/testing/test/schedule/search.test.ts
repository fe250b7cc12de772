/** The search by itself, on programs that are nothing but footprints, against enumeration. */

import fc from "fast-check";
import { expect, test } from "vitest";
import { expiryOf, isExpiry, runOf, type Choice } from "../../src/schedule/choice.ts";
import { Footprint, type Use } from "../../src/schedule/footprint.ts";
import { Search, type SearchOptions } from "../../src/schedule/search.ts";

type Program = readonly Footprint[];

/** Plays all schedules that the search wants, to the end; those that it gives up are not among them. */
function searched(programs: readonly Program[], options: Partial<SearchOptions>): number[][] {
  const search = new Search({
    runs: programs.length,
    reduce: true,
    maxPreemptions: Infinity,
    ...options,
  });
  const schedules: number[][] = [];
  do {
    const schedule = playOne(programs, search);
    if (schedule !== undefined) schedules.push(schedule);
  } while (search.next());
  expect(search.diverged).toBe(false);
  return schedules;
}

function playOne(programs: readonly Program[], search: Search): number[] | undefined {
  const at = programs.map(() => 0);
  const schedule: number[] = [];
  for (;;) {
    const able = [...at.keys()].filter((run) => at[run]! < programs[run]!.length);
    if (able.length === 0) return schedule;
    const run = search.choose(able);
    if (run === undefined) return undefined;
    schedule.push(run);
    search.made(run, programs[run]![at[run]!++]!);
  }
}

function enumerated(programs: readonly Program[], schedule: readonly number[] = []): number[][] {
  const able = [...programs.keys()].filter(
    (run) => schedule.filter((one) => one === run).length < programs[run]!.length,
  );
  if (able.length === 0) return [[...schedule]];
  return able.flatMap((run) => enumerated(programs, [...schedule, run]));
}

/** The same text for schedules that differ only in the order of steps that do not conflict. */
function orderOf(programs: readonly Program[], schedule: readonly number[]): string {
  const at = programs.map(() => 0);
  const steps = schedule.map((run) => ({
    run,
    index: at[run]!,
    uses: programs[run]![at[run]!++]!,
  }));
  const pairs: string[] = [];
  for (const [i, one] of steps.entries()) {
    for (const other of steps.slice(i + 1)) {
      if (one.run === other.run || !one.uses.conflictsWith(other.uses)) continue;
      pairs.push(`${one.run}.${one.index}<${other.run}.${other.index}`);
    }
  }
  return pairs.toSorted().join(" ");
}

/** How often one was interrupted that was not at its end. */
function interruptions(programs: readonly Program[], schedule: readonly number[]): number {
  return schedule.filter((run, i) => {
    const last = schedule[i - 1];
    if (last === undefined || last === run) return false;
    return schedule.slice(0, i).filter((one) => one === last).length < programs[last]!.length;
  }).length;
}

const use = fc.tuple(
  fc.constantFrom("x", "y", "z"),
  fc.constantFrom<Use>("read", "touch", "write", "write"),
);
const step = fc.array(use, { minLength: 0, maxLength: 2 }).map((uses) => {
  const footprint = new Footprint();
  for (const [thing, how] of uses) footprint.add(thing, how);
  return footprint;
});
const program = (maxLength: number): fc.Arbitrary<Program> =>
  fc.array(step, { minLength: 1, maxLength });
const programs = fc.oneof(
  fc.tuple(program(4), program(4)),
  fc.tuple(program(3), program(2), program(2)),
  fc.tuple(program(2), program(2), program(1), program(1)),
);
const seed = 20_260_102;
const slow = { timeout: 60_000 };

/** A run with a timer, set when it has made so many calls, and cleared when it has made so many. */
interface TimedProgram {
  readonly calls: Program;
  readonly expiry: Footprint;
  readonly from: number;
  readonly until: number;
}

interface TimedStep {
  readonly choice: Choice;
  readonly footprint: Footprint;
}

/** What can come after `steps`: of each run the next call, and the timer while it is set. */
function nextOf(programs: readonly TimedProgram[], steps: readonly TimedStep[]): TimedStep[] {
  const count = (choice: Choice): number => steps.filter((one) => one.choice === choice).length;
  return programs.flatMap(({ calls, expiry, from, until }, run) => {
    const made = count(run);
    const call = calls[made];
    const isSet = made >= from && made < until && count(expiryOf(run)) === 0;
    // Once it has ended its timer is nobody's.
    if (call === undefined) return [];
    const next: TimedStep[] = [{ choice: run, footprint: call }];
    if (isSet) next.push({ choice: expiryOf(run), footprint: expiry });
    return next;
  });
}

function enumeratedTimed(
  given: readonly TimedProgram[],
  steps: readonly TimedStep[] = [],
): TimedStep[][] {
  const next = nextOf(given, steps);
  if (next.length === 0) return [[...steps]];
  return next.flatMap((one) => enumeratedTimed(given, [...steps, one]));
}

function searchedTimed(given: readonly TimedProgram[]): TimedStep[][] {
  const search = new Search({ runs: given.length, reduce: true, maxPreemptions: Infinity });
  const schedules: TimedStep[][] = [];
  do {
    const steps: TimedStep[] = [];
    for (let next = nextOf(given, steps); ; next = nextOf(given, steps)) {
      if (next.length === 0) {
        schedules.push(steps);
        break;
      }
      const calls = next.filter(({ choice }) => !isExpiry(choice));
      const able = [...calls, ...next.filter(({ choice }) => isExpiry(choice))];
      const chosen = search.choose(able.map(({ choice }) => choice));
      if (chosen === undefined) break;
      const step = next.find(({ choice }) => choice === chosen)!;
      steps.push(step);
      search.made(chosen, step.footprint);
    }
  } while (search.next());
  expect(search.diverged).toBe(false);
  return schedules;
}

/** As `orderOf`; the steps of one run are always in an order. */
function orderOfTimed(steps: readonly TimedStep[]): string {
  const pairs: string[] = [];
  const nameOf = (at: number): string => {
    const run = runOf(steps[at]!.choice);
    const before = steps.slice(0, at).filter(({ choice }) => runOf(choice) === run).length;
    return `${run}.${before}`;
  };
  for (const [i, one] of steps.entries()) {
    pairs.push(`${nameOf(i)}=${isExpiry(one.choice) ? "expiry" : "call"}`);
    for (let j = i + 1; j < steps.length; j++) {
      const other = steps[j]!;
      if (runOf(one.choice) === runOf(other.choice)) continue;
      if (one.footprint.conflictsWith(other.footprint)) pairs.push(`${nameOf(i)}<${nameOf(j)}`);
    }
  }
  return pairs.toSorted().join(" ");
}

const timedProgram = (maxLength: number): fc.Arbitrary<TimedProgram> =>
  fc.record({
    calls: program(maxLength),
    expiry: step,
    from: fc.nat(2),
    until: fc.integer({ min: 1, max: 4 }),
  });
const timedPrograms = fc.oneof(
  fc.tuple(timedProgram(3), timedProgram(3)),
  fc.tuple(timedProgram(2), timedProgram(2), timedProgram(1)),
);

test("the same of runs with a timer, which a call may clear, or the end of the run", slow, () => {
  fc.assert(
    fc.property(timedPrograms, (given) => {
      const orders = new Set(enumeratedTimed(given).map(orderOfTimed));
      const reduced = searchedTimed(given).map(orderOfTimed);
      expect(reduced.toSorted()).toEqual([...orders].toSorted());
    }),
    { numRuns: 500, seed },
  );
});

test("with reduction every order of what conflicts comes once, and none is missing", () => {
  fc.assert(
    fc.property(programs, (given) => {
      const all = new Set(enumerated(given).map((schedule) => orderOf(given, schedule)));
      const reduced = searched(given, {}).map((schedule) => orderOf(given, schedule));
      expect(reduced.toSorted()).toEqual([...all].toSorted());
    }),
    { numRuns: 500, seed },
  );
});

test("without it every schedule comes once, with a bound every one within it", () => {
  fc.assert(
    fc.property(programs, fc.nat(3), (given, maxPreemptions) => {
      const all = enumerated(given).map(String).toSorted();
      const plain = searched(given, { reduce: false }).map(String);
      expect(plain.toSorted()).toEqual(all);
      const within = enumerated(given).filter((one) => interruptions(given, one) <= maxPreemptions);
      const bound = searched(given, { reduce: false, maxPreemptions }).map(String);
      expect(bound.toSorted()).toEqual(within.map(String).toSorted());
    }),
    { numRuns: 100, seed },
  );
});
