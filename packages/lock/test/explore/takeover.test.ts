/**
 * The package itself, each contender in a process of its own: who takes over from the dead, with their
 * calls in every order. With HOLDFAST_EXPLORE=1 every interleaving of two is tried, in some minutes, and
 * more interruptions where there are dead claims, or three of them.
 */

import { basename as nameOf } from "node:path";
import { expect, it, vi } from "vitest";
import { exploreSchedules, type Scenario } from "@holdfast/testing";
import {
  contender,
  leaveDead,
  leaveDeadShare,
  leaveUnreadable,
  oneGetsIt,
  shares,
  type ContenderOptions,
} from "./contenders.ts";
import { proveInEveryOrder, told } from "./critical-section.ts";

vi.setConfig({ testTimeout: 1_200_000 });

const all = process.env["HOLDFAST_EXPLORE"] === "1";

type Setup = ContenderOptions["setup"];

const several = (names: readonly string[], options: Omit<ContenderOptions, "name">): Scenario[] =>
  names.map((name) => oneGetsIt(contender({ ...options, name })));

/** One who shares and one who does not. Only the latter looks for dead ones who share. */
const mixed = (setup: Setup): Scenario[] => [
  oneGetsIt(contender({ name: "reader", setup, shared: true }), [nameOf(shares)]),
  oneGetsIt(contender({ name: "writer", setup, sharers: ["reader"] }), [nameOf(shares)]),
];

/** Each so small that every interleaving is tried each time. */
it("K5 two at a free lock: one owner in every interleaving", async () => {
  await proveInEveryOrder(several(["a", "b"], { setup: leaveDead(0) }));
});

const states: readonly { what: string; setup: Setup; withAll?: number }[] = [
  { what: "a dead lock", setup: leaveDead(1) },
  { what: "a dead lock with a dead claim", setup: leaveDead(2), withAll: 3 },
  {
    what: "a dead lock, a dead claim, and a dead claim of that",
    setup: leaveDead(3),
    withAll: 2,
  },
  { what: "an unreadable lock", setup: leaveUnreadable },
  { what: "a dead share", setup: leaveDeadShare },
];

/** Tries what is to be had in some seconds, or everything where that is to be had in some minutes. */
async function provePart(
  scenarios: readonly Scenario[],
  interruptions: number,
  withAll: number = Infinity,
): Promise<void> {
  if (all && withAll === Infinity) {
    return void (await proveInEveryOrder(scenarios, { maxSchedules: 1_000_000 }));
  }
  const maxPreemptions = all ? withAll : interruptions;
  const report = await exploreSchedules(scenarios, {
    seed: 1,
    maxPreemptions,
    maxSchedules: 1_000_000,
    onProgress() {},
  });
  expect(told(report)).toEqual([]);
  // The bound is all that kept it from trying everything.
  expect(report.limits).toEqual([`only schedules with at most ${maxPreemptions} interruptions`]);
  expect(report.cases).toBeGreaterThan(10);
}

/** For the name of a test: what it tries. */
function within(interruptions: number, withAll: number = Infinity): string {
  if (all && withAll === Infinity) return "in every interleaving";
  return `with at most ${all ? withAll : interruptions} interruptions`;
}

for (const { what, setup, withAll } of states) {
  it(`K5 two at ${what}: one owner ${within(1, withAll)}`, async () => {
    await provePart(several(["a", "b"], { setup }), 1, withAll);
  });
}

/** What it takes to see that a dead claim must not just be removed. */
for (const { what, setup, withAll } of states.slice(0, 2)) {
  it(`K5 two at ${what}: never two owners ${within(2, withAll)}, where whoever gets it keeps it`, async () => {
    const keep = (name: string): Scenario => contender({ name, setup, keeps: true });
    await provePart([keep("a"), keep("b")], 2, withAll);
  });
}

it(`K5 three at a dead lock: one owner ${within(1, 2)}`, async () => {
  await provePart(several(["a", "b", "c"], { setup: leaveDead(1) }), 1, 2);
});

/** All orders of these two at a dead lock are more than 390,000. */
for (const { what, setup, withAll } of [{ ...states[0]!, withAll: 3 }, states[4]!]) {
  it(`K5 one who shares and one who does not, at ${what}: never together, ${within(1, withAll)}`, async () => {
    await provePart(mixed(setup), 1, withAll);
  });
}
