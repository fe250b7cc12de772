import { afterAll, beforeAll, describe, it } from "vitest";
import { needs } from "../../../atomic/test/support/needs.ts";
import { tmpfsParent, unownedTempDir } from "../../../atomic/test/support/temp-dir.ts";
import { assertNothingWrong } from "../support/assert-nothing-wrong.ts";
import { Bench } from "../support/bench.ts";
import { complaintsAbout } from "../support/compare.ts";
import { lastInside, insideFixture, leadsInside, names } from "../support/leads.ts";
import { pathMethods } from "../support/methods.ts";
import { Reference } from "../support/reference.ts";
import { shareOf } from "../support/share-of.ts";
import { guards, view } from "../support/sides.ts";

let parent: { path: string; remove: () => void };
let reference: Reference;

beforeAll(() => {
  parent = unownedTempDir(tmpfsParent());
  reference = new Reference(insideFixture, parent.path);
});
afterAll(async () => {
  await reference.dismiss();
  parent.remove();
});

describe.runIf(needs("linux"))("R2: a path that stays inside", () => {
  describe.each([...guards, view])("$name", (side) => {
    it.each(pathMethods.filter(({ asyncOnly }) => side.form !== "sync" || asyncOnly !== true))(
      "$name: does what plain fs does",
      async (method) => {
        const bench = new Bench(side, insideFixture, parent.path);
        const before = await bench.before();
        const wrong: string[] = [];
        const rows = [...leadsInside, ...(method.last === "follow" ? lastInside : [])];
        for (const { row, path } of shareOf(rows, side, pathMethods.indexOf(method))) {
          // Node's cp takes no bytes, and resolves ".." on the string.
          if (method.name.startsWith("cp ") && /^bytes$|^insub\/|sub\/\.\./.test(row)) continue;
          const given = (base: string) => path(base, names[method.target]);
          const wanted = await reference.act(`${method.name} ${row}`, method.run, given);
          if (!wanted.outcome.text.startsWith("ok: ") || wanted.outcome.text === "ok: false") {
            wrong.push(`${row}: the control failed: ${wanted.outcome.text}`);
          }
          const found = await bench.act(method.run, given);
          const complaints = complaintsAbout(found, before, wanted);
          wrong.push(...complaints.map((complaint) => `${row}: ${complaint}`));
        }
        await bench.dismiss();
        assertNothingWrong(wrong);
      },
    );
  });
});
