import { expect, it } from "vitest";
import {
  exploreCrashes,
  exploreInterference,
  exploreSchedules,
  moveAway,
  sweepFaults,
  type Scenario,
} from "../../src/index.ts";

const right = { run: (): void => {}, check: (): void => {} };

const explorers: readonly [string, (scenario: never) => Promise<unknown>][] = [
  ["exploreCrashes", (scenario) => exploreCrashes(scenario)],
  ["sweepFaults", (scenario) => sweepFaults(scenario)],
  [
    "exploreInterference",
    (scenario) => exploreInterference(scenario, { adversaries: [moveAway("/a")] }),
  ],
  ["exploreSchedules", (scenario) => exploreSchedules([scenario, scenario])],
];

it.each(explorers)("%s refuses what is no scenario", async (name, explore) => {
  const refused = async (scenario: object, text: string): Promise<void> => {
    const error = await explore(scenario as never).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: "TypeError", code: "ERR_INVALID_ARG" });
    expect((error as Error).message).toContain(name);
    expect((error as Error).message).toContain(text);
  };
  await refused({ ...right, check: undefined }, ".check");
  await refused({ ...right, recover: "x" }, ".recover");
  await refused({ ...right, setUp: () => {} }, 'is it "setup"?');
  await refused({ ...right, recovery: () => {} }, 'is it "recover"?');
});

it("a scenario may have other things", async () => {
  const scenario: Scenario & { readonly versions: () => string[] } = {
    ...right,
    run: (fs) => fs.writeFileSync("/a", ""),
    versions: () => ["a"],
  };
  const report = await exploreCrashes(scenario);
  expect(report.failed).toBe(0);
});
