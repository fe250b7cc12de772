/** What an owner does, and nobody else may do at the same time. */

import assert from "node:assert/strict";
import { expect } from "vitest";
import {
  exploreSchedules,
  type NodeFileSystem,
  type Report,
  type Scenario,
  type Seen,
  type ScheduleOptions,
} from "@holdfast/testing";

export const target = "/d/file";
const inside = "/inside";
const twoOwners = "two owners at the same time";

const codeOf = (error: unknown): unknown => (error as NodeJS.ErrnoException).code;

/** Goes in, alone. Throws if somebody is inside. */
export async function goInside(fs: NodeFileSystem): Promise<void> {
  try {
    await fs.promises.mkdir(inside);
  } catch (error) {
    throw codeOf(error) === "EEXIST" ? new Error(twoOwners) : error;
  }
}

/**
 * Goes in and out again, alone. Throws if somebody is inside.
 *
 * @param sharers who may be inside together
 */
export async function beInside(fs: NodeFileSystem, sharers: readonly string[] = []): Promise<void> {
  await goInside(fs);
  for (const name of sharers) await refuseIfThere(fs, `${inside}.${name}`);
  await fs.promises.rmdir(inside);
}

/** Goes in and out again, with others who do this, and not with one who is alone. */
export async function beInsideTogether(fs: NodeFileSystem, name: string): Promise<void> {
  await fs.promises.mkdir(`${inside}.${name}`);
  await refuseIfThere(fs, inside);
  await fs.promises.rmdir(`${inside}.${name}`);
}

async function refuseIfThere(fs: NodeFileSystem, path: string): Promise<void> {
  const there = await fs.promises.lstat(path).then(
    () => true,
    (error: unknown) => (codeOf(error) === "ENOENT" ? false : Promise.reject(error as Error)),
  );
  if (there) throw new Error(twoOwners);
}

/** The run ended as it should: what it threw otherwise is what is wrong. */
export function endedWell(_fs: NodeFileSystem, { end }: Pick<Seen<unknown>, "end">): void {
  if (end instanceof Error) throw end;
  assert.equal(end, "done");
}

/** What an exploration found, with the smallest schedule in full. */
export function told(report: Report): string[] {
  return report.failures
    .slice(0, 1)
    .map(({ message, where, calls, state, replay, error }) =>
      [message, where, ...calls, ...state, replay, (error as Error).stack].join("\n"),
    );
}

/** Every interleaving was tried, of all their calls, and nothing is wrong in any. */
export async function proveInEveryOrder(
  // oxlint-disable-next-line typescript/no-explicit-any -- each has acknowledgements of its own type
  scenarios: readonly Scenario<any>[],
  options: ScheduleOptions = {},
): Promise<Report> {
  const report = await exploreSchedules(scenarios, { seed: 1, maxSchedules: 200_000, ...options });
  expect(told(report)).toEqual([]);
  expect(report.limits).toEqual([]);
  expect(report.exhaustive).toBe(true);
  expect(report.cases).toBeGreaterThan(10);
  return report;
}
