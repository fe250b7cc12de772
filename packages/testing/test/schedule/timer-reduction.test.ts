/** Reduction where timers are steps: the same outcomes, what the clocks and the times of files say among them. */

import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { NodeFileSystem } from "../../src/calls/node-file-system.ts";
import { exploreSchedules } from "../../src/schedule/explore-schedules.ts";
import type { Scenario } from "../../src/scenario/scenario.ts";

type Op =
  | readonly [name: "sleep" | "sleep, look", ms: number]
  | readonly [name: "now" | "clear"]
  | readonly [name: "alarm" | "interval" | "alarm, look" | "alarm, call", ms: number]
  | readonly [name: "touch" | "size" | "when" | "mkdir", path: string];

const setup = (fs: NodeFileSystem): void => {
  fs.writeFileSync("/x", "");
  fs.writeFileSync("/y", "");
};

function program(ops: readonly Op[], check: (acks: readonly unknown[]) => void): Scenario {
  return {
    setup,
    async run(fs, ack) {
      let alarm: NodeJS.Timeout | undefined;
      const start = Date.now();
      for (const [name, given] of ops) {
        switch (name) {
          case "sleep, look":
          case "sleep":
            await sleep(given);
            if (name === "sleep, look") ack(Date.now() - start);
            break;
          case "now":
            await fs.promises.access("/");
            ack(performance.now());
            break;
          case "clear":
            await fs.promises.access("/");
            clearTimeout(alarm);
            break;
          case "alarm":
            alarm = setTimeout(() => ack("alarm"), given);
            break;
          case "alarm, look":
            alarm = setTimeout(() => ack(`alarm at ${new Date().getTime() - start}`), given);
            break;
          case "alarm, call":
            alarm = setTimeout(() => void fs.promises.truncate("/x", 7), given);
            break;
          case "interval":
            alarm = setInterval(() => ack("tick"), given);
            break;
          case "touch":
            await fs.promises.truncate(given, ops.length);
            break;
          case "mkdir":
            ack(await fs.promises.mkdir(given).catch(() => "there"));
            break;
          case "size":
            ack((await fs.promises.stat(given)).size);
            break;
          case "when":
            // What setup made is older than the clock, by however much.
            ack(Math.max(0, Math.floor((await fs.promises.stat(given)).mtimeMs) - start));
        }
      }
    },
    check(_fs, { acks, end }) {
      if (end instanceof Error) throw end;
      check(acks);
    },
  };
}

async function outcomesOf(
  programs: readonly (readonly Op[])[],
  maxTimerFirings: number,
  reduce: boolean,
): Promise<{ outcomes: string[]; limits: readonly string[]; schedules: number }> {
  const outcomes = new Set<string>();
  let seen: unknown[] = [];
  const scenarios = programs.map((ops, i) =>
    program(ops, (acks) => {
      seen = i === 0 ? [acks] : [...seen, acks];
      if (i === programs.length - 1) outcomes.add(JSON.stringify(seen));
    }),
  );
  const options = {
    timers: "events",
    maxTimerFirings,
    reduce,
    maxSchedules: 3000,
    seed: 1,
  } as const;
  const { cases, failures, limits } = await exploreSchedules(scenarios, options);
  expect(failures).toEqual([]);
  return { outcomes: [...outcomes].toSorted(), limits, schedules: cases };
}

const path = fc.constantFrom("/x", "/y");
const ms = fc.constantFrom(10, 20, 1000);
const op: fc.Arbitrary<Op> = fc.oneof(
  fc.tuple(fc.constantFrom("sleep", "sleep, look"), ms),
  fc.tuple(fc.constantFrom("sleep", "sleep, look"), ms),
  fc.tuple(fc.constantFrom("alarm", "alarm, look", "interval", "alarm, call"), ms),
  fc.tuple(fc.constantFrom("touch", "size", "when"), path),
  fc.tuple(fc.constant("mkdir" as const), fc.constant("/dir")),
  fc.tuple(fc.constantFrom("now", "clear")),
);
/** A call at the end: a run without any would be a failure. */
const some = (maxLength: number): fc.Arbitrary<Op[]> =>
  fc.array(op, { minLength: 1, maxLength }).map((ops) => [...ops, ["size", "/x"] as const]);
const programs = fc.oneof(fc.tuple(some(4), some(3)), fc.tuple(some(2), some(2), some(1)));
const seed = 20_260_103;
const runs = Number(process.env["HOLDFAST_RUNS"] ?? 50);

test("what the reduction leaves out comes to nothing new", { timeout: 600_000 }, async () => {
  let all = 0;
  let kept = 0;
  let compared = 0;
  const outcome = fc.asyncProperty(programs, fc.constantFrom(0, 1, 2), async (given, most) => {
    const full = await outcomesOf(given, most, false);
    if (full.limits.some((limit) => limit.includes("drawn at random"))) return; // too many
    const reduced = await outcomesOf(given, most, true);
    expect(reduced.outcomes).toEqual(full.outcomes);
    expect(reduced.limits.toSorted()).toEqual(full.limits.toSorted());
    all += full.schedules;
    kept += reduced.schedules;
    compared++;
  });
  await fc.assert(outcome, { numRuns: runs, seed });
  expect(compared).toBeGreaterThan(runs / 2);
  expect(kept).toBeLessThan(all / 3); // it is worth it
});
