import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { needs } from "../../../atomic/test/support/needs.ts";
import { tmpfsParent, unownedTempDir } from "../../../atomic/test/support/temp-dir.ts";
import { assertNothingWrong } from "../support/assert-nothing-wrong.ts";
import { Bench, type Fixture } from "../support/bench.ts";
import { complaintsAbout } from "../support/compare.ts";
import { pairDifference } from "../support/documented-pairs.ts";
import { pairMethods } from "../support/methods.ts";
import { kindsFixture, pairKinds, shownKind } from "../support/path-kinds.ts";
import { Reference } from "../support/reference.ts";
import { shareOf } from "../support/share-of.ts";
import { guards } from "../support/sides.ts";
import { makeSpecialFiles, type SpecialFiles } from "../support/special-files.ts";

let parent: { path: string; remove: () => void };
let special: SpecialFiles;
let fixture: Fixture;
let reference: Reference;
let compared = 0;

describe.runIf(needs("linux"))("R3: a call with two paths does what plain fs does", () => {
  beforeAll(async () => {
    parent = unownedTempDir(tmpfsParent());
    mkdirSync(join(parent.path, "special"));
    special = await makeSpecialFiles(join(parent.path, "special"));
    fixture = kindsFixture(special);
    reference = new Reference(fixture, parent.path);
  });
  afterAll(async () => {
    await reference.dismiss();
    special.close();
    parent.remove();
  });

  describe.each(guards)("$name", (side) => {
    it.each(pairMethods)("$name: result, error and tree", async (method) => {
      const bench = new Bench(side, fixture, parent.path);
      const before = await bench.before();
      const wrong: string[] = [];
      const turn = pairMethods.indexOf(method);
      for (const [index, from] of pairKinds.entries()) {
        for (const to of shareOf(pairKinds, side, turn + index)) {
          const difference = pairDifference(method, from, to);
          const refused = difference?.refused;
          if (difference !== undefined && refused === undefined) continue;
          const row = `${shownKind(from)} -> ${shownKind(to)}`;
          const run: PairRun = (on, path) => method.run(on, path, to);
          const found = await bench.act(run, from);
          const wanted =
            refused === undefined
              ? await reference.act(`${method.name} ${row}`, run, from)
              : { refused };
          const complaints = complaintsAbout(found, before, wanted);
          wrong.push(...complaints.map((complaint) => `${row}: ${complaint}`));
          compared++;
        }
      }
      await bench.dismiss();
      assertNothingWrong(wrong);
    });
  });

  it("compared enough to be believed", () => {
    console.log(`${compared} calls with two paths compared with plain fs`);
    expect(compared).toBeGreaterThanOrEqual(1_600);
  });
});

type PairRun = Parameters<Bench["act"]>[0];
