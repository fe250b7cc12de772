/** Exploring a scenario to the end, and saying what was found. */

import { expect } from "vitest";
import { exploreCrashes, type CrashOptions, type Report, type Scenario } from "@holdfast/testing";

/** How many states a scenario may have before it is too large to be explored whole. */
const maxStates = 200_000;

async function explore<Ack>(scenario: Scenario<Ack>, options: CrashOptions): Promise<Report> {
  return await exploreCrashes(scenario, { faults: "fsync", maxStates, ...options });
}

/**
 * Nothing is wrong in any state that any of the four models allows, after a power cut at any moment,
 * also where a flush failed before it, and where the recovery, if there is one, was cut off too.
 */
export async function prove<Ack>(
  scenario: Scenario<Ack>,
  options: CrashOptions = {},
): Promise<void> {
  const report = await explore(scenario, options);
  expect(report.failures.slice(0, 3).map(inWords)).toEqual([]);
  expect(report.limits).toEqual([]);
  expect(report.exhaustive).toBe(true);
  // One state would be that nothing happened, and another one that all of it did.
  expect(report.cases).toBeGreaterThan(5);
}

/** What goes wrong, each kind of it once, where it is known that something does. */
export async function wrongIn<Ack>(
  scenario: Scenario<Ack>,
  options: CrashOptions = {},
): Promise<string[]> {
  const report = await explore(scenario, { maxFailures: 100_000, ...options });
  expect(report.exhaustive).toBe(true);
  return [...new Set(report.failures.map(({ message }) => message.split("\n")[0]!))].toSorted();
}

function inWords({ message, where, calls, state }: Report["failures"][number]): string {
  return [message, where, ...calls, ...state].join("\n");
}
