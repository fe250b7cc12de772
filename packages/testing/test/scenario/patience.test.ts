import { expect, it } from "vitest";
import { exploreCrashes } from "../../src/crash/explore-crashes.ts";
import { exploreInterference } from "../../src/interference/explore-interference.ts";
import { moveAway } from "../../src/interference/adversaries.ts";
import { sweepFaults } from "../../src/faults/sweep/sweep-faults.ts";
import type { Scenario } from "../../src/scenario/scenario.ts";

const never = (): Promise<void> => new Promise(() => {});
const right: Scenario = {
  setup: (fs) => fs.writeFileSync("/s", "old"),
  run: (fs) => fs.promises.chmod("/s", 0o600),
  check: () => {},
};

const dontEnd: readonly [string, Partial<Scenario>][] = [
  ["the run", { run: (fs) => fs.promises.chmod("/s", 0o600).then(never) }],
  ["recover", { recover: never }],
  ["the check", { check: never }],
];

it.concurrent.each(dontEnd)(
  "exploreCrashes gives up %s",
  { timeout: 30_000 },
  async (what, part) => {
    const report = await exploreCrashes({ ...right, ...part });
    expect(report.exhaustive).toBe(false);
    expect(report.failures[0]?.message).toContain(`${what} does not end`);
  },
);

it.concurrent(
  "a run that waits between its calls is not given up",
  { timeout: 30_000 },
  async () => {
    const slow = async (fs: Parameters<Scenario["run"]>[0]): Promise<void> => {
      for (let at = 0; at < 3; at++) {
        await fs.promises.chmod("/s", at);
        await new Promise((resolve) => setTimeout(resolve, 2500));
      }
    };
    expect((await exploreCrashes({ ...right, run: slow })).failed).toBe(0);
  },
);

it.concurrent("exploreInterference gives up a run", { timeout: 30_000 }, async () => {
  const waits: Scenario = {
    ...right,
    run: async (fs) => {
      await fs.promises.readFile("/s").catch(never);
    },
  };
  const report = await exploreInterference(waits, { adversaries: [moveAway("/s")] });
  expect(report.failures[0]?.message).toContain("the run does not end");
});

it.concurrent("sweepFaults gives up a check", { timeout: 30_000 }, async () => {
  const report = await sweepFaults({ ...right, check: never }, { maxStates: 1 });
  expect(report.failures[0]?.message).toContain("the check does not end");
});
