import { invalidCombination, invalidType } from "@holdfast/fs/steps";
import { distance } from "./known-options.ts";
import type { Scenario } from "./scenario.ts";

const parts = ["setup", "run", "recover", "check"] as const;

/** A name that is so many letters away from that of a missing part is meant to be it. */
const mostWrong = 2;

/**
 * Refuses what is no scenario. It may have other functions, but none whose name is almost that of a part
 * that is missing: a misspelt `recovery` would never be called.
 *
 * @throws `TypeError` (`ERR_INVALID_ARG`)
 */
export function requireScenario<Ack>(op: string, scenario: Scenario<Ack>, name = "scenario"): void {
  if (typeof scenario !== "object" || scenario === null) {
    throw invalidType(op, name, "an object", scenario);
  }
  for (const part of parts) {
    const value: unknown = scenario[part];
    const mayLack = part === "setup" || part === "recover";
    if (typeof value === "function" || (mayLack && value === undefined)) continue;
    throw invalidType(op, `${name}.${part}`, "a function", value);
  }
  for (const part of parts) {
    if (scenario[part] !== undefined) continue;
    const meant = Object.keys(scenario).find(
      (key) => distance(key.toLowerCase(), part) <= mostWrong,
    );
    if (meant === undefined) continue;
    throw invalidCombination(op, `${name} has "${meant}", which is never called; is it "${part}"?`);
  }
}
