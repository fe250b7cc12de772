import { describe, expect, it } from "vitest";
import { oldOrNew } from "../../src/checks/files.ts";
import { exploreCrashes } from "../../src/crash/explore-crashes.ts";
import { sweepFaults } from "../../src/faults/sweep/sweep-faults.ts";
import { moveAway } from "../../src/interference/adversaries.ts";
import { exploreInterference } from "../../src/interference/explore-interference.ts";
import { exploreSchedules } from "../../src/schedule/explore-schedules.ts";
import { assertPassed } from "../../src/scenario/assert-passed.ts";
import { formatReport } from "../../src/scenario/format-report.ts";
import { replay, type ReplayOptions } from "../../src/scenario/replay.ts";
import type { Report } from "../../src/scenario/report.ts";
import type { Scenario } from "../../src/scenario/scenario.ts";
import "../../src/vitest.ts";

const isWhole = oldOrNew("/state", ["old", "new"]);

/** The same calls in either version: what is wrong is only what is made of them. */
const careless: Scenario = {
  name: "careless",
  setup: (fs) => fs.writeFileSync("/state", "old"),
  run: (fs) => fs.promises.writeFile("/state", "new"),
  check: isWhole,
};
const mended: Scenario = { ...careless, name: "mended", check: () => {} };

const adversaries = [moveAway("/state")];
const mustBeThere: Scenario = {
  ...careless,
  check: (fs) => expect(fs.existsSync("/state")).toBe(true),
};

/** Reads, and then writes one more than it read. */
const increment: Scenario = {
  setup: (fs) => fs.writeFileSync("/n", "0"),
  run: async ({ promises }) => {
    const n = Number(await promises.readFile("/n", "utf8"));
    await promises.writeFile("/n", String(n + 1));
  },
  check: (fs) => expect(fs.readFileSync("/n", "utf8")).toBe("2"),
};
const uncounted: Scenario = { ...increment, check: () => {} };
const memory = { umask: 0 };

interface Found {
  readonly explore: () => Promise<Report>;
  readonly scenario: unknown;
  readonly fixed: unknown;
  readonly options?: ReplayOptions;
  /** As it is printed. */
  readonly call: (text: string) => string;
}

const found: Readonly<Record<string, Found>> = {
  crashes: {
    explore: () => exploreCrashes(careless),
    scenario: careless,
    fixed: mended,
    call: (text) => `replay(scenario, ${text})`,
  },
  "crashes, with options": {
    explore: () => exploreCrashes(careless, { models: ["ext4"], again: false, seed: 1, memory }),
    scenario: careless,
    fixed: mended,
    options: { models: ["ext4"], memory },
    call: (text) => `replay(scenario, ${text}, { models, memory })`,
  },
  faults: {
    explore: () => sweepFaults(careless, { leftovers: "allow", persist: false }),
    scenario: careless,
    fixed: mended,
    options: { leftovers: "allow" },
    call: (text) => `replay(scenario, ${text}, { leftovers })`,
  },
  interference: {
    explore: () => exploreInterference(mustBeThere, { adversaries, moves: 1 }),
    scenario: mustBeThere,
    fixed: mended,
    options: { adversaries },
    call: (text) => `replay(scenario, ${text}, { adversaries })`,
  },
  schedules: {
    explore: () => exploreSchedules([increment, increment]),
    scenario: [increment, increment],
    fixed: [uncounted, uncounted],
    call: (text) => `replay(scenarios, ${text})`,
  },
};

describe.each(Object.entries(found))("a replay of %s", (_, { explore, options, call, ...one }) => {
  it("is printed as it can be pasted", async () => {
    const report = await explore();
    const text = report.failures[0]!.replay;
    const printed = call(JSON.stringify(text));
    expect(formatReport(report).split("\n")).toContain(`   replay with: ${printed}`);
    const names = { replay, ...options, scenario: one.scenario, scenarios: one.scenario };
    // oxlint-disable-next-line typescript/no-implied-eval -- what is printed is code
    const pasted = new Function(...Object.keys(names), `return ${printed}`) as (
      ...values: unknown[]
    ) => Promise<Report>;
    const again = await pasted(...Object.values(names));
    expect(again.failures).toMatchObject([{ message: report.failures[0]!.message, replay: text }]);
  });

  it("fails while the case does, and passes after the correction", async () => {
    const text = (await explore()).failures[0]!.replay;
    const before = await replay(one.scenario as Scenario, text, options);
    expect(before).toMatchObject({ replay: text, cases: 1, failed: 1, exhaustive: false });
    expect(() => assertPassed(before)).toThrow(
      /1 of 1 case failed .*\nOne case only: a replay\.\n/,
    );
    expect(before).not.toHavePassed();
    const after = await replay(one.fixed as Scenario, text, options);
    expect(after).toMatchObject({ replay: text, cases: 1, failed: 0, exhaustive: false });
    assertPassed(after);
    expect(after).toHavePassed();
    expect(formatReport(after)).toMatch(/: 1 case, none failed .*\nOne case only: a replay\.$/);
  });
});

it("an exploration is no replay", async () => {
  expect(await exploreCrashes(mended)).not.toHaveProperty("replay");
});

it("a replay that came to no case proves nothing", async () => {
  const report = { ...(await replay(mended, "crashes:end")), cases: 0 };
  expect(() => assertPassed(report)).toThrow("The case did not come about");
  expect(() => assertPassed(report, { sampled: "accept" })).toThrow("The case did not come about");
});
