/** What the explorer finds in the usual ways to take over: so it would find it in ours. */

import { expect, it, vi } from "vitest";
import { exploreSchedules, replay } from "@holdfast/testing";
import { removeAndCreate, renameAndVerify } from "./classic-takeovers.ts";

vi.setConfig({ testTimeout: 120_000 });

const cases = [
  {
    how: "look, remove, create",
    contenders: ["a", "b"].map(removeAndCreate),
    schedule: [
      " 1  A symlink a -> /lock: EEXIST",
      " 2  A readlink /lock",
      " 3  B symlink b -> /lock: EEXIST",
      " 4  B readlink /lock",
      " 5  B unlink /lock",
      " 6  B symlink b -> /lock",
      " 7  B mkdir /inside",
      " 8  A unlink /lock",
      " 9  A symlink a -> /lock",
      "10  A mkdir /inside: EEXIST",
    ],
  },
  {
    how: "rename away, verify, create",
    contenders: ["a", "b", "c"].map(renameAndVerify),
    schedule: [
      " 1  A symlink a -> /lock: EEXIST",
      " 2  A readlink /lock",
      " 3  B symlink b -> /lock: EEXIST",
      " 4  B readlink /lock",
      " 5  B rename /lock -> /lock.b",
      " 6  B readlink /lock.b",
      " 7  B symlink b -> /lock",
      " 8  B mkdir /inside",
      " 9  A rename /lock -> /lock.a",
      "10  A readlink /lock.a",
      "11  C symlink c -> /lock",
      "12  C mkdir /inside: EEXIST",
    ],
  },
];

it.each(cases)("K5 $how: elects two owners", async ({ contenders, schedule }) => {
  const options = { seed: 1, maxSchedules: 100_000, maxFailures: 1 };
  const report = await exploreSchedules(contenders, options);
  const [smallest] = report.failures;
  // Up to where the second one comes in.
  expect(smallest?.calls.slice(0, schedule.length)).toEqual(schedule);
  // Once more, alone.
  const { cases: played, failures } = await replay(contenders, smallest!.replay);
  expect(played).toBe(1);
  expect(failures.map(({ message }) => message)).toEqual(["two owners at the same time"]);
});
