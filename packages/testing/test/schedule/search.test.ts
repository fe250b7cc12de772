/** The search by itself, on programs that are nothing but footprints, against enumeration. */

import fc from "fast-check";
import { expect, test } from "vitest";
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
