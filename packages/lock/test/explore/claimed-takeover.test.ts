/** Why each step of our takeover is there: without it the explorer finds two owners. */

import { expect, it, vi } from "vitest";
import { exploreSchedules } from "@holdfast/testing";
import { claimedTakeover, leaveDead, type Weakness } from "./claimed-takeover.ts";
import { proveInEveryOrder } from "./critical-section.ts";

vi.setConfig({ testTimeout: 120_000 });

/** In a minute. */
const all = process.env["HOLDFAST_EXPLORE"] === "1";

const one = leaveDead("dead1");
const claimed = leaveDead("dead1", "dead2");
const claimedTwice = leaveDead("dead1", "dead2", "dead3");

it.each([
  { what: "a dead lock", setup: one },
  { what: "with the claim of one who died", setup: claimed },
  ...(all ? [{ what: "with the claim of one who died on that", setup: claimedTwice }] : []),
])("K5 claim, look again, remove: one owner in every interleaving of two, $what", async (left) => {
  await proveInEveryOrder(["a", "b"].map((name) => claimedTakeover(name, left.setup)));
});

const weaknesses: readonly (Weakness & { names: string[]; setup: typeof one })[] = [
  { trustsFirstLook: true, names: ["a", "b"], setup: one },
  { claimGivenUpEarly: true, names: ["a", "b"], setup: one },
  { deadClaimRemoved: true, names: ["a", "b"], setup: claimed },
  { deadClaimTrusted: true, names: ["a", "b"], setup: claimed },
];

it.each(weaknesses)("K5 two owners: %o", async ({ names, setup, ...weakness }) => {
  const contenders = names.map((name) => claimedTakeover(name, setup, weakness));
  const report = await exploreSchedules(contenders, {
    seed: 1,
    maxSchedules: 2000,
    maxFailures: 1,
  });
  expect(report.failures.map(({ message }) => message)).toEqual(["two owners at the same time"]);
});
