import { afterAll, beforeAll, describe, it } from "vitest";
import { needs } from "../../../atomic/test/support/needs.ts";
import { tmpfsParent, unownedTempDir } from "../../../atomic/test/support/temp-dir.ts";
import { assertNothingWrong } from "../support/assert-nothing-wrong.ts";
import { Bench, sameLines } from "../support/bench.ts";
import { outsideOf } from "../support/compare.ts";
import {
  escapes,
  lastEscapes,
  leadsFixture,
  names,
  slashedEscapes,
  type Escape,
} from "../support/leads.ts";
import { pathMethods, type PathMethod } from "../support/methods.ts";
import { shareOf } from "../support/share-of.ts";
import { guards, plain } from "../support/sides.ts";

let parent: { path: string; remove: () => void };

beforeAll(() => {
  parent = unownedTempDir(tmpfsParent());
});
afterAll(() => {
  parent.remove();
});

/** The rows that lead a method out. */
const rowsFor = ({ last }: PathMethod): readonly Escape[] => [
  ...escapes,
  ...(last === "follow" ? [...lastEscapes, ...slashedEscapes] : []),
];

const isDirectory = ({ target }: PathMethod): boolean =>
  target === "directory" || target === "empty";

/**
 * Calls that may make a file are told by the slash alone that this is none, before anything is
 * followed: so says open(2).
 */
const saysSlash = (row: Escape, { target, content }: PathMethod): boolean =>
  slashedEscapes.includes(row) && (target === "nothing" || content === "write");

/** Nothing is there: which is what these are asked for, or what they are to bring about. */
const saysNothingIsThere = ({ code }: Escape, { name }: PathMethod): boolean =>
  (name === "exists" && code.startsWith("ENO")) || (/^rm .*force/.test(name) && code === "ENOENT");

/** What is missing would be made: so where the rest of the path leads is known. */
const saysWhereItWouldLead = ({ row }: Escape, { name }: PathMethod): boolean =>
  row.startsWith("missing/..") && name === "mkdir recursive";

/** Where Node itself takes a path in another way: it refuses bytes, or resolves ".." on the string. */
function nodeDiffers({ row }: Escape, { name }: PathMethod): boolean {
  if (!name.startsWith("cp ")) return false;
  return row === "bytes" || row.startsWith("tosub/..");
}

/** Whether a plain call got out: it changed something there, or found what is nowhere else. */
function gotOut(method: PathMethod, text: string, changedOutside: boolean): boolean {
  if (method.alters === true) return changedOutside;
  return text.startsWith("ok") && text !== "ok: false";
}

describe.runIf(needs("linux"))("R1: a path that leads out", () => {
  describe.each(guards)("$name", (side) => {
    it.each(pathMethods.filter(({ asyncOnly }) => side.form !== "sync" || asyncOnly !== true))(
      "$name: refused, and nothing outside is read or changed",
      async (method) => {
        const bench = new Bench(side, leadsFixture, parent.path);
        const before = await bench.before();
        const wrong: string[] = [];
        for (const lead of shareOf(rowsFor(method), side, pathMethods.indexOf(method))) {
          const { row, path, code } = lead;
          const given = (base: string) => path(base, names[method.target]);
          const { outcome, tree } = await bench.act(method.run, given);
          const changed = !sameLines(tree, before);
          const refused =
            outcome.text === code ||
            (outcome.text === "EISDIR" && saysSlash(lead, method)) ||
            saysNothingIsThere(lead, method) ||
            (outcome.text === "ERR_PATH_ESCAPES" && saysWhereItWouldLead(lead, method));
          const complaints = [
            ...outcome.complaints,
            ...(refused ? [] : [`${outcome.text} instead of ${code}`]),
            ...(outcome.effect === "none" || outcome.text.startsWith("ok: ")
              ? []
              : [`effect ${outcome.effect}`]),
            ...(changed ? ["the tree is another"] : []),
            ...(sameLines(outsideOf(tree), outsideOf(before)) ? [] : ["CHANGED OUTSIDE"]),
            ...(outcome.text.includes("canary") ? ["READ FROM OUTSIDE"] : []),
          ];
          wrong.push(...complaints.map((complaint) => `${row}: ${complaint}`));
        }
        await bench.dismiss();
        assertNothingWrong(wrong);
      },
    );
  });

  it.each(pathMethods)("control: plain $name does get out", async (method) => {
    const bench = new Bench(plain, leadsFixture, parent.path);
    const before = outsideOf(await bench.before());
    const stayed: string[] = [];
    for (const lead of rowsFor(method)) {
      const { row, path, harmless } = lead;
      if (slashedEscapes.includes(lead) && !isDirectory(method)) continue;
      if (nodeDiffers(lead, method)) continue;
      const given = (base: string) => path(base, names[method.target]);
      const { outcome, tree } = await bench.act(method.run, given);
      const out = gotOut(method, outcome.text, !sameLines(outsideOf(tree), before));
      if (!out && harmless === undefined) stayed.push(`${row}: ${outcome.text}`);
    }
    await bench.dismiss();
    assertNothingWrong(stayed);
  });
});
