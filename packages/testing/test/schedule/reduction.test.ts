import fc from "fast-check";
import { expect, test } from "vitest";
import type { NodeFileSystem } from "../../src/calls/node-file-system.ts";
import { exploreSchedules } from "../../src/schedule/explore-schedules.ts";
import type { Scenario } from "../../src/scenario/scenario.ts";
import { readTreeSync } from "../../src/tree/read-tree.ts";

/** A step of a program: mostly one call. What it resolves to is what the program can see. */
type Op =
  | readonly [
      name:
        | "stat"
        | "list"
        | "unlink"
        | "rmdir"
        | "mkdir"
        | "create"
        | "old?"
        | "put"
        | "cut"
        | "get",
      path: string,
    ]
  | readonly [name: "rename" | "link" | "symlink", from: string, to: string];

const setup = (fs: NodeFileSystem): void => {
  fs.mkdirSync("/d");
  fs.mkdirSync("/e");
  fs.writeFileSync("/d/x", "old");
  fs.symlinkSync("../d", "/e/up");
};

async function perform(fs: NodeFileSystem, op: Op, oldInode: number): Promise<unknown> {
  const { promises } = fs;
  switch (op[0]) {
    case "stat": {
      const stats = await promises.stat(op[1]);
      return [stats.isDirectory() ? "d" : stats.size, stats.nlink, stats.mode];
    }
    case "list":
      return await promises.readdir(op[1]);
    case "unlink":
    case "rmdir":
    case "mkdir":
      return await promises[op[0]](op[1]);
    case "create":
      return await (await promises.open(op[1], "wx")).close();
    case "old?":
      return (await promises.lstat(op[1])).ino === oldInode;
    case "put":
      return await promises.appendFile(op[1], "+");
    case "cut":
      return await promises.truncate(op[1], 1);
    case "get":
      return await promises.readFile(op[1], "utf8");
    case "rename":
    case "link":
    case "symlink":
      return await promises[op[0]](op[1], op[2]);
  }
}

function program(
  ops: readonly Op[],
  check: (acks: readonly unknown[], tree: string[]) => void,
): Scenario {
  return {
    setup,
    async run(fs, ack) {
      const oldInode = 4; // what setup makes third, below the root
      for (const op of ops) {
        try {
          ack(await perform(fs, op, oldInode));
        } catch (error) {
          ack((error as NodeJS.ErrnoException).code);
        }
      }
    },
    check: (fs, { acks }) => check(acks, readTreeSync(fs, "/")),
  };
}

/** All that can come of programs that run at the same time: what each has seen, and what is left. */
async function outcomesOf(
  programs: readonly (readonly Op[])[],
  reduce: boolean,
): Promise<{ outcomes: Set<string>; schedules: number }> {
  const outcomes = new Set<string>();
  let seen: unknown[] = [];
  const scenarios = programs.map((ops, i) =>
    program(ops, (acks, tree) => {
      seen = i === 0 ? [acks] : [...seen, acks];
      if (i === programs.length - 1) outcomes.add(JSON.stringify([seen, tree]));
    }),
  );
  const report = await exploreSchedules(scenarios, { reduce, maxSchedules: 5000, seed: 1 });
  expect(report.limits).toEqual([]);
  expect(report.failures).toEqual([]);
  return { outcomes, schedules: report.cases };
}

const paths = fc.constantFrom(
  "/d/x",
  "/d/y",
  "/e/x",
  "/e/up/x",
  "/e/up/../e/x",
  "/d",
  "/e",
  "/e/up",
);
const op: fc.Arbitrary<Op> = fc.oneof(
  fc.tuple(
    fc.constantFrom(...(["stat", "list", "unlink", "rmdir", "mkdir", "old?", "cut"] as const)),
    paths,
  ),
  fc.tuple(fc.constantFrom("rename", "link", "symlink"), paths, paths),
  fc.tuple(fc.constantFrom("create", "put", "get"), paths),
);
const some = (maxLength: number): fc.Arbitrary<Op[]> => fc.array(op, { minLength: 1, maxLength });
const programs = fc
  .oneof(fc.tuple(some(3), some(3)), fc.tuple(some(2), some(2), some(1)))
  .filter((given) => interleavings(given) <= 1000);

const callsOf: Partial<Record<Op[0], number>> = { create: 2, put: 3, get: 5 };

/** At most so many schedules: the multinomial coefficient of the numbers of calls. */
function interleavings(given: readonly (readonly Op[])[]): number {
  let count = 1;
  let all = 0;
  for (const ops of given) {
    const calls = ops.reduce((sum, [name]) => sum + (callsOf[name] ?? 1), 0);
    for (let i = 1; i <= calls; i++) count = (count * ++all) / i;
  }
  return count;
}

const runs = 60;
const seed = 20_260_101;

test("what the reduction leaves out comes to nothing new", { timeout: 60_000 }, async () => {
  let all = 0;
  let kept = 0;
  await fc.assert(
    fc.asyncProperty(programs, async (given) => {
      const full = await outcomesOf(given, false);
      const reduced = await outcomesOf(given, true);
      expect([...reduced.outcomes].toSorted()).toEqual([...full.outcomes].toSorted());
      expect(reduced.schedules).toBeLessThanOrEqual(full.schedules);
      all += full.schedules;
      kept += reduced.schedules;
    }),
    { numRuns: runs, seed },
  );
  expect(kept).toBeLessThan(all / 3); // it is worth it
});
