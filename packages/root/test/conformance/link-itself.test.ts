import { afterAll, beforeAll, describe, it } from "vitest";
import { needs } from "../../../atomic/test/support/needs.ts";
import { tmpfsParent, unownedTempDir } from "../../../atomic/test/support/temp-dir.ts";
import { assertNothingWrong } from "../support/assert-nothing-wrong.ts";
import { Bench } from "../support/bench.ts";
import { complaintsAbout } from "../support/compare.ts";
import { lastEscapes, leadsFixture, names, slashedEscapes } from "../support/leads.ts";
import { pathMethods, type PathMethod } from "../support/methods.ts";
import { Reference } from "../support/reference.ts";
import { shareOf } from "../support/share-of.ts";
import { guards } from "../support/sides.ts";

let parent: { path: string; remove: () => void };
let reference: Reference;

beforeAll(() => {
  parent = unownedTempDir(tmpfsParent());
  reference = new Reference(leadsFixture, parent.path);
});
afterAll(async () => {
  await reference.dismiss();
  parent.remove();
});

const links = [...lastEscapes, ...slashedEscapes];
const aboutLinks = pathMethods.filter(({ last }) => last === "itself");

/**
 * With a slash or a dot after it the link is followed, and that is refused; so is the look that finds
 * out whether there is a directory already.
 */
const follows = ({ name }: PathMethod, row: string): boolean =>
  /\/\.?$/.test(row) || name === "mkdir recursive";

describe.runIf(needs("linux"))("R4: a method that is about the link itself", () => {
  describe.each(guards)("$name", (side) => {
    it.each(aboutLinks)(
      "$name: does to a link that leads out what plain fs does",
      async (method) => {
        const bench = new Bench(side, leadsFixture, parent.path);
        const before = await bench.before();
        const wrong: string[] = [];
        for (const { row, path } of shareOf(links, side, aboutLinks.indexOf(method))) {
          for (const name of new Set([names[method.target], names.directory, names.nothing])) {
            const given = (base: string) => path(base, name);
            const key = `${method.name} ${row} ${name}`;
            const found = await bench.act(method.run, given);
            const wanted = await reference.act(key, method.run, given);
            const escapes = found.outcome.text === "ERR_PATH_ESCAPES" && follows(method, row);
            const complaints = complaintsAbout(
              found,
              before,
              escapes ? { refused: "ERR_PATH_ESCAPES" } : wanted,
            );
            if (/canary(?!-target)/.test(found.outcome.text)) complaints.push("READ FROM OUTSIDE");
            wrong.push(...complaints.map((complaint) => `${row} (${name}): ${complaint}`));
          }
        }
        await bench.dismiss();
        assertNothingWrong(wrong);
      },
    );
  });
});
