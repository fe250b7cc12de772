/** The attacks of the explorer on a program that only looks at the string: it must be led out. */

import { exploreInterference } from "@holdfast/testing";
import { expect, test } from "vitest";
import { Siege } from "../support/attack-scenario.ts";
import { programs } from "../support/attacked-programs.ts";
import { attacks } from "../support/attacks.ts";
import { carelessVictim } from "../support/careless.ts";

/**
 * Plain fs is led out here too, but nothing shows it: what is told is that something exists, or what a
 * link says that is the same outside; a walk goes name by name from a directory that it has listed; and
 * what makes parents first puts them back where they were looked for.
 */
const harmless = new Set([
  "access a/b/file.txt",
  "readlink a/b/link",
  "realpath a/b/link",
  "walk a",
  "writeFile, making parents",
]);

for (const program of programs) {
  test(`${program.name} by plain fs gets out`, async () => {
    const { scenario, adversaries } = new Siege(program, "async", carelessVictim, attacks);
    const report = await exploreInterference(scenario, { adversaries });
    expect(report.failed > 0).toBe(!harmless.has(program.name));
  });
}
