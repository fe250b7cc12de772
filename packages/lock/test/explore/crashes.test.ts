/**
 * What a power cut leaves of a lock: somebody on the next boot gets it, once staleAfterMs has passed. With
 * HOLDFAST_EXPLORE=1 also where there are many states.
 */

import assert from "node:assert/strict";
import { expect, it, vi } from "vitest";
import { exploreCrashes, type NodeFileSystem } from "@holdfast/testing";
import { anotherProcess } from "./another-process.ts";
import { asyncHalf, leaveDead, leaveDeadShare, timing } from "./contenders.ts";
import { endedWell, target, told } from "./critical-section.ts";

vi.setConfig({ testTimeout: 240_000 });

const all = process.env["HOLDFAST_EXPLORE"] === "1";

/** As short as it can be: what the power cut left was written just now. */
const short = {
  heartbeatMs: 1,
  staleAfterMs: 2,
  timeoutMs: 100_000,
  retry: { minMs: 1, maxMs: 2 },
};

async function somebodyGetsIt(
  fs: NodeFileSystem,
  seen: { end: "crash" | "done" | Error },
): Promise<void> {
  if (seen.end !== "crash") endedWell(fs, { end: seen.end });
  const { acquireLock } = anotherProcess({ name: "next boot", boot: "elsewhere" });
  for (const shared of [true, false]) {
    const lock = await acquireLock(target, { ...short, shared, fileSystem: asyncHalf(fs) });
    await lock.release();
  }
  // At most what the dead have left who were not the owner.
  for (const name of fs.readdirSync("/d")) assert.match(name, /\.(tmp|claim)$/);
}

it.each([
  { what: "taken and given back", setup: leaveDead(0), shared: false },
  { what: "shared and given back", setup: leaveDead(0), shared: true },
  { what: "taken over", setup: leaveDead(1), shared: false },
  { what: "taken over, with a dead claim", setup: leaveDead(2), shared: false },
  ...(all
    ? [{ what: "taken over from one who shared it", setup: leaveDeadShare, shared: false }]
    : []),
])("a power cut at any moment, in every model: $what", async ({ setup, shared }) => {
  const report = await exploreCrashes(
    {
      setup,
      async run(fs) {
        const { acquireLock } = anotherProcess({ name: "before" });
        const fileSystem = asyncHalf(fs);
        const lock = await acquireLock(target, { ...timing, shared, fileSystem });
        await lock.release();
      },
      check: somebodyGetsIt,
    },
    { seed: 1, maxStates: 200_000 },
  );
  expect(told(report)).toEqual([]);
  expect(report.limits).toEqual([]);
  expect(report.exhaustive).toBe(true);
  expect(report.cases).toBeGreaterThan(10);
});
