/** The attacks of the explorer on a program that only looks at the string: it must be led out. */

import { exploreInterference } from "@holdfast/testing";
import { expect, test } from "vitest";
import { Siege } from "../support/attack-scenario.ts";
import { programs } from "../support/attacked-programs.ts";
import { attacks } from "../support/attacks.ts";
import { carelessVictim } from "../support/careless.ts";

/** Plain fs does these without harm outside: what they read or change is inside whatever is swapped. */
const harmless = new Set<string>([]);

for (const program of programs) {
  test(`${program.name} by plain fs gets out`, async () => {
    const { scenario, adversaries } = new Siege(program, "async", carelessVictim, attacks);
    const report = await exploreInterference(scenario, { adversaries });
    if (process.env["SHOW"]) console.log(program.name, report.cases, report.failed, report.limits);
    expect(report.failed > 0).toBe(!harmless.has(program.name));
  });
}
