/**
 * Somebody swaps something between any two calls of every method, in every way that there is (R5).
 * Nothing outside may be touched or told, and what a failed call says of its effect must be true.
 */

import { assertPassed, exploreInterference } from "@holdfast/testing";
import { describe, test } from "vitest";
import { Siege, rootVictim } from "../support/attack-scenario.ts";
import { programs } from "../support/attacked-programs.ts";
import { attacks } from "../support/attacks.ts";

const victims = [rootVictim("descriptor"), rootVictim("identity")];

for (const victim of victims) {
  const { containment } = victim;
  const platform = containment === "identity" ? "other" : "linux";
  describe(`containment "${containment}"`, () => {
    for (const half of ["async", "sync"] as const) {
      for (const program of programs) {
        if (half === "sync" && program.asyncOnly === true) continue;
        test(`${program.name} (${half})`, { timeout: 300_000 }, async () => {
          const { scenario, adversaries } = new Siege(program, half, victim, attacks);
          const report = await exploreInterference(scenario, {
            adversaries,
            moves: Number(process.env["MOVES"] ?? 1) as 1 | 2,
            memory: { platform },
          });
          if (process.env["SHOW"])
            console.log(
              program.name,
              half,
              report.cases,
              report.failed,
              report.elapsedMs | 0,
              report.limits,
            );
          assertPassed(report);
        });
      }
    }
  });
}
