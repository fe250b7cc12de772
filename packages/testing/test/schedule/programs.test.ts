import { expect, test } from "vitest";
import type { Scenario } from "../../src/scenario/scenario.ts";
import { exploreSchedules, replaySchedule } from "../../src/schedule/explore-schedules.ts";
import {
  guardedTakeover,
  increment,
  incrementByGeneration,
  removeAndCreate,
  renameAndVerify,
  tryOnce,
  waitForLock,
} from "./locks.ts";

const seed = 7;
const slow = { timeout: 60_000 };

test("two owners after stat, remove, create, and the schedule shows it again", async () => {
  const contenders = [removeAndCreate, removeAndCreate];
  const report = await exploreSchedules(contenders, { seed });
  expect(report.exhaustive).toBe(true);
  const [failure] = report.failures;
  expect(failure?.message).toBe("two owners at the same time");
  // Both have seen the old one; the one removes it and creates its own, which the other then removes.
  const { calls } = failure!;
  const lines = calls.map((line) => line.replace(/^ *\d* +/, ""));
  const first = lines.findIndex((line) => line.endsWith(" unlink /lock"));
  const second = lines.findIndex((line, i) => i > first && line.endsWith(" unlink /lock"));
  expect(lines[first]![0]).not.toBe(lines[second]![0]);
  expect(lines.slice(first, second)).toContain(`${lines[first]![0]} open /lock wx`);
  const again = await replaySchedule(contenders, failure!.replay);
  expect(again.failures.map(({ calls: same, state }) => ({ same, state }))).toEqual([
    { same: calls, state: failure!.state },
  ]);
  expect(again).toMatchObject({ cases: 1, exhaustive: false });
});

test("two owners after rename away, verify, create: it takes three", slow, async () => {
  const two = await exploreSchedules(["a", "b"].map(renameAndVerify), { seed });
  expect(two.failures).toEqual([]);
  expect(two.exhaustive).toBe(true);
  // Three interruptions are enough, and there are far fewer schedules with at most so many.
  const three = ["a", "b", "c"].map(renameAndVerify);
  const report = await exploreSchedules(three, { seed, maxPreemptions: 3, maxStates: 1100 });
  expect(report.exhaustive).toBe(false);
  expect(report.failures[0]?.size).toBe(3);
  expect(report.failures[0]?.message).toBe("two owners at the same time");
});

const right: [name: string, contenders: Scenario[]][] = [
  ["one attempt, no takeover", [tryOnce, tryOnce, tryOnce]],
  ["a takeover under a second lock", [guardedTakeover, guardedTakeover]],
];

test.each(right)("one owner: %s", slow, async (_name, contenders) => {
  const report = await exploreSchedules(contenders, { seed });
  expect(report.failures).toEqual([]);
  expect(report.exhaustive).toBe(true);
});

test(
  "three contenders for a takeover under a second lock, as far as it was looked",
  slow,
  async () => {
    const three = [guardedTakeover, guardedTakeover, guardedTakeover];
    const report = await exploreSchedules(three, { seed, maxPreemptions: 2, maxStates: 500 });
    expect(report).toMatchObject({ cases: 500, failed: 0, exhaustive: false });
  },
);

test("who waits for a lock waits on the clock, in no time", async () => {
  const report = await exploreSchedules([waitForLock, waitForLock], { seed });
  expect(report.failures).toEqual([]);
  expect(report.limits).toEqual([
    "the clock was moved only when nobody could make a call: no timer ran out between two calls",
  ]);
});

test("an update is lost without a lock, and not with compare and swap", slow, async () => {
  const lost = await exploreSchedules([increment(2), increment(2)], { seed });
  expect(lost.failures[0]?.message).toBe("an update was lost");
  expect(lost.failures[0]?.size).toBe(1);
  for (const names of [
    ["a", "b"],
    ["a", "b", "c"],
  ]) {
    const kept = await exploreSchedules(
      names.map((name) => incrementByGeneration(name, names.length)),
      { seed, maxSchedules: 20_000 },
    );
    expect(kept.failures).toEqual([]);
    expect(kept.exhaustive).toBe(true);
  }
});
