/**
 * Somebody swaps something between any two calls of every method, in every way that there is (R5).
 * Nothing outside may be touched or told, and what a failed call says of its effect must be true.
 *
 * Without more, each call meets a share of the attacks, another one than its neighbour. HOLDFAST_ATTACK=once:
 * every call in both forms meets all of them (some minutes). HOLDFAST_ATTACK=all: and there and back (hours).
 */

import { assertPassed, exploreInterference } from "@holdfast/testing";
import { describe, test } from "vitest";
import { Siege, rootVictim } from "../support/attack-scenario.ts";
import { programs } from "../support/attacked-programs.ts";
import { attacks } from "../support/attacks.ts";

const wanted = process.env["HOLDFAST_ATTACK"];
const all = wanted === "all";
const every = all || wanted === "once";

/** Every method once. */
const sample = programs.filter(
  ({ method }, i) => programs.findIndex((one) => one.method === method) === i,
);

/** What only change times tell, for which calls wait: two attacks on one program will do. */
const thereAndBack = new Set(["readdir a/b"]);

for (const containment of ["descriptor", "identity"] as const) {
  describe(`containment "${containment}"`, () => {
    for (const half of ["async", "sync"] as const) {
      // Both forms run the same steps; by identity they wait, too.
      const less = half === "sync" || containment === "identity";
      if (!every && half === "sync" && containment === "identity") continue;
      for (const program of less && !every ? sample : programs) {
        if (half === "sync" && program.asyncOnly === true) continue;
        test(`${program.name} (${half})`, { timeout: 900_000 }, async () => {
          const victim = rootVictim(containment);
          const twice = all || (containment === "identity" && thereAndBack.has(program.name));
          // By identity calls wait, and each run takes milliseconds.
          const share = twice ? 10 : containment === "identity" ? 10 : half === "sync" ? 8 : 5;
          const turn = twice ? 0 : programs.indexOf(program);
          const chosen = attacks.filter((_, i) => every || (i + turn) % share === 0);
          const { scenario, adversaries } = new Siege(program, half, victim, chosen);
          const report = await exploreInterference(scenario, {
            adversaries,
            moves: twice ? 2 : 1,
            memory: { platform: containment === "identity" ? "other" : "linux" },
          });
          if (every) {
            const { cases, failed, elapsedMs } = report;
            console.log(
              `${containment} ${half} ${program.name}: ${cases} cases, ${failed} failed, ${Math.round(elapsedMs)} ms`,
            );
          }
          // How often a call looks again depends on the clock there: some points are not met again.
          assertPassed(report, containment === "identity" ? { sampled: "accept" } : {});
        });
      }
    }
  });
}
