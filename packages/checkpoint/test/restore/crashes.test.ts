/** P7, in memory: the power goes at any moment of a restore, and of what finishes it or takes it back. */

import assert from "node:assert/strict";
import { expect, it, vi } from "vitest";
import {
  assertPassed,
  createMemoryFileSystem,
  exploreCrashes,
  type Scenario,
} from "@holdfast/testing";
import { firstSnapshot, openAgain, treeOf, turn, work, workOneTurn } from "./support/memory.ts";

vi.setConfig({ testTimeout: 240_000 });

const all = process.env["HOLDFAST_EXPLORE"] === "1";

const scenario = (how: "resume" | "rollback"): Scenario<string> => ({
  name: `a restore, then ${how}`,
  setup: workOneTurn,
  async run(fs, ack) {
    const checkpoints = await openAgain(fs);
    const report = await checkpoints.restoreToSnapshot(await firstSnapshot(checkpoints));
    assert.equal(report.complete, true);
    ack("restored");
    await checkpoints.close();
  },
  async recover(fs) {
    const checkpoints = await openAgain(fs);
    if (checkpoints.interrupted !== undefined) {
      const report = await checkpoints[how]();
      assert.equal(report.complete, true, JSON.stringify(report.paths));
    }
    assert.equal(checkpoints.interrupted, undefined);
    await checkpoints.close();
  },
  check(fs, { acks }) {
    const tree = treeOf(fs, work);
    // Without a begin nothing was to be finished; with an end nothing is taken back.
    const legal = acks.length > 0 ? [turn.before] : [turn.before, turn.after];
    const is = legal.some((one) => JSON.stringify(one) === JSON.stringify(tree));
    if (!is) assert.deepEqual(tree, legal.at(-1));
    assert.deepEqual(treeOf(fs, "/outside"), ["/outside/a 644 not ours"]);
  },
});

it("has a turn that is what it is said to be", async () => {
  const { fs } = createMemoryFileSystem();
  await workOneTurn(fs);
  expect(treeOf(fs, work)).toEqual(turn.after);
});

it.each([
  { how: "resume", devices: [] },
  { how: "rollback", devices: [] },
  { how: "resume", devices: ["/store"] },
] as const)("a power cut at any moment, then $how; other devices: $devices", async (one) => {
  const { how, devices } = one;
  const report = await exploreCrashes(scenario(how), {
    seed: 1,
    again: all,
    memory: { devices },
    maxStates: all ? 20_000 : 500,
  });
  // There are some hundred thousand: random ones, from every point.
  assertPassed(report, { sampled: "accept" });
  expect(report.cases).toBeGreaterThan(400);
});

it("a power cut at any moment of a restore of one file: what was said to be restored is", async () => {
  const report = await exploreCrashes(
    {
      ...scenario("resume"),
      async setup(fs) {
        fs.mkdirSync(work);
        fs.writeFileSync(`${work}/a`, "before");
        const checkpoints = await openAgain(fs);
        await checkpoints.makeSnapshot("1");
        await checkpoints.trackBeforeEdit(`${work}/a`, "1");
        fs.writeFileSync(`${work}/a`, "after");
        await checkpoints.recordAfterEdit(`${work}/a`);
        await checkpoints.close();
      },
      check(fs, { acks }) {
        const legal = acks.length > 0 ? ["before"] : ["before", "after"];
        assert.ok(legal.includes(fs.readFileSync(`${work}/a`, "utf8")));
        assert.deepEqual(fs.readdirSync(work), ["a"]);
      },
    },
    { seed: 1, again: all, maxStates: all ? 20_000 : 300 },
  );
  assertPassed(report, { sampled: "accept" });
  expect(report.cases).toBeGreaterThan(100);
});
