import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { needs } from "../../../atomic/test/support/needs.ts";
import { tmpfsParent, unownedTempDir } from "../../../atomic/test/support/temp-dir.ts";
import { assertNothingWrong } from "../support/assert-nothing-wrong.ts";
import { Bench, type Fixture } from "../support/bench.ts";
import { complaintsAbout } from "../support/compare.ts";
import {
  documentedDifference,
  quirks,
  refusals,
  type Quirk,
  type Refusals,
} from "../support/documented-differences.ts";
import { pathMethods } from "../support/methods.ts";
import { kindsFixture, pathKinds, shownKind } from "../support/path-kinds.ts";
import { Reference } from "../support/reference.ts";
import { shareOf } from "../support/share-of.ts";
import { guards } from "../support/sides.ts";
import { makeSpecialFiles, type SpecialFiles } from "../support/special-files.ts";

let parent: { path: string; remove: () => void };
let special: SpecialFiles;
let fixture: Fixture;
let reference: Reference;
let compared = 0;
const differences = new Set<Refusals | Quirk>();

describe.runIf(needs("linux"))("R3: a root does what plain fs does", () => {
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
    it.each(pathMethods.filter(({ asyncOnly }) => side.form !== "sync" || asyncOnly !== true))(
      "$name: result, error and tree",
      async (method) => {
        const bench = new Bench(side, fixture, parent.path);
        const before = await bench.before();
        const wrong: string[] = [];
        for (const path of shareOf(pathKinds, side, pathMethods.indexOf(method))) {
          if (String(path).startsWith("device") && special.device === undefined) continue;
          const difference = documentedDifference(method, path);
          if (difference !== undefined) differences.add(difference);
          if (difference !== undefined && !("refused" in difference)) continue;
          const found = await bench.act(method.run, path);
          const key = `${method.name} ${shownKind(path)}`;
          const wanted = difference ?? (await reference.act(key, method.run, path));
          const complaints = complaintsAbout(found, before, wanted);
          wrong.push(...complaints.map((complaint) => `${shownKind(path)}: ${complaint}`));
          compared++;
        }
        await bench.dismiss();
        assertNothingWrong(wrong);
      },
    );
  });

  it("compared enough to be believed", () => {
    console.log(`${compared} calls compared with plain fs`);
    expect(compared).toBeGreaterThanOrEqual(1_600);
    // A row of the tables of differences that nothing needs is out of date.
    expect(differences.size).toBe(refusals.length + quirks.length);
  });
});
