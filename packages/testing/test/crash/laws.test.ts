import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ModelName } from "../../src/crash/models.ts";
import { diskAt } from "../../src/crash/crash-point.ts";
import { Identities } from "../../src/crash/identity.ts";
import { imageOf } from "../../src/crash/legal-states.ts";
import { powerLossModels } from "../../src/crash/models.ts";
import { randomState } from "../../src/crash/random-state.ts";
import { Random } from "../../src/scenario/random.ts";
import { treesByBruteForce } from "./brute-force.ts";
import { flush, timelineOf, treeIn, treesAt, treesAtPoints } from "./legal-trees.ts";
import { pagedPrograms, programs, run, setup, setupPaged } from "./programs.ts";
import type { Program } from "./programs.ts";
import { facesOf } from "../../src/calls/faces.ts";
import { MemoryBackend } from "../../src/memory/memory-backend.ts";

const models: readonly ModelName[] = ["posix", "ext4", "xfs", "btrfs"];
const bounds = { numRuns: 200, seed: 20_251_120 };

/** Runs a program to its end and shows what is there. */
function treeAfter(program: Program, after: Program["steps"][number]["act"] = () => {}): string {
  const backend = new MemoryBackend();
  setup(facesOf(backend));
  run(program)(facesOf(backend));
  after(facesOf(backend));
  return treeIn(backend.snapshot());
}

/** Flushes every file and directory there is. */
function flushAll(fs: Parameters<typeof setup>[0]): void {
  for (const path of ["/a", "/b", "/d/a", "/d/b", "/d", "/"]) {
    if (fs.existsSync(path)) flush(fs, path);
  }
}

describe.each(["posix", "ext4", "xfs"] as const)("%s", (model) => {
  test("the states are those of the slow way", () => {
    fc.assert(
      fc.property(programs(5), (program) => {
        const timeline = timelineOf(run(program), setup);
        for (let events = 0; events <= timeline.events.length; events++) {
          const trees = treesAt(timeline, model, events);
          expect(trees).toEqual(treesByBruteForce(timeline, model, events));
        }
      }),
      bounds,
    );
  });

  test("of writes over several pages, too", () => {
    fc.assert(
      fc.property(pagedPrograms, (program) => {
        const timeline = timelineOf(run(program), setupPaged);
        const trees = treesAt(timeline, model);
        expect(trees).toEqual(treesByBruteForce(timeline, model, timeline.events.length));
      }),
      { ...bounds, numRuns: 60 },
    );
  });
});

describe.each(models)("%s", (model) => {
  test("what the program sees without a power loss is among the states", () => {
    fc.assert(
      fc.property(programs(6), (program) => {
        expect(treesAt(timelineOf(run(program), setup), model)).toContain(treeAfter(program));
      }),
      bounds,
    );
  });

  test("with everything flushed there is one state", () => {
    fc.assert(
      fc.property(programs(6), (program) => {
        const timeline = timelineOf((fs) => {
          run(program)(fs);
          flushAll(fs);
        }, setup);
        expect(treesAt(timeline, model)).toEqual([treeAfter(program)]);
      }),
      bounds,
    );
  });

  test("whatever happens to others, a flushed file under a flushed name stays", () => {
    fc.assert(
      fc.property(programs(6), (program) => {
        const timeline = timelineOf((fs) => {
          fs.writeFileSync("/kept", "kept");
          flush(fs, "/kept");
          flush(fs, "/");
          run(program)(fs);
        }, setup);
        const flushed = timeline.events.findLastIndex(
          ({ kind }, index) => kind === "sync" && index < 4,
        );
        for (let events = flushed + 1; events <= timeline.events.length; events++) {
          for (const tree of treesAt(timeline, model, events)) expect(tree).toContain("kept=kept");
        }
      }),
      { ...bounds, numRuns: 60 },
    );
  });

  test("all its states are legal in posix", () => {
    fc.assert(
      fc.property(programs(6), (program) => {
        const timeline = timelineOf(run(program), setup);
        for (let events = 0; events <= timeline.events.length; events++) {
          const strict = new Set(treesAt(timeline, "posix", events));
          for (const tree of treesAt(timeline, model, events)) expect(strict).toContain(tree);
        }
      }),
      { ...bounds, numRuns: 100 },
    );
  });

  test("the points that stand for all leave no state out", () => {
    fc.assert(
      fc.property(programs(6), (program) => {
        const timeline = timelineOf(run(program), setup);
        const trees = new Set<string>();
        for (let events = 0; events <= timeline.events.length; events++) {
          for (const tree of treesAt(timeline, model, events)) trees.add(tree);
        }
        const found = treesAtPoints(timeline, [model]).flatMap((point) => point.trees);
        expect([...new Set(found)].sort()).toEqual([...trees].sort());
      }),
      { ...bounds, numRuns: 100 },
    );
  });
});

test("a disk taken from point to point is as one that was there at once", () => {
  fc.assert(
    fc.property(programs(10), (program) => {
      const timeline = timelineOf(run(program), setup);
      for (const { model, events, trees } of treesAtPoints(timeline, models)) {
        expect(trees).toEqual(treesAt(timeline, model as ModelName, events));
      }
    }),
    bounds,
  );
});

test("random states are legal ones, and in time all of them", () => {
  fc.assert(
    fc.property(programs(4), fc.constantFrom(...models), fc.nat(), (program, model, seed) => {
      const timeline = timelineOf(run(program), setup);
      const disk = diskAt(timeline, powerLossModels[model], timeline.events.length);
      const random = new Random(seed);
      const drawn = new Set<string>();
      const legal = treesAt(timeline, model);
      for (let draws = 0; draws < 100 * legal.length; draws++) {
        drawn.add(treeIn(imageOf(disk, randomState(disk, random, new Identities()))));
      }
      expect([...drawn].sort()).toEqual(legal);
    }),
    { ...bounds, numRuns: 60 },
  );
});
