import { linkSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, it } from "vitest";
import { needs } from "../../../atomic/test/support/needs.ts";
import { tmpfsParent, unownedTempDir } from "../../../atomic/test/support/temp-dir.ts";
import { assertNothingWrong } from "../support/assert-nothing-wrong.ts";
import { Bench, sameLines, type Fixture } from "../support/bench.ts";
import { outsideOf } from "../support/compare.ts";
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

/** A file in the root that has a second name outside. */
const fixture: Fixture = {
  lines: () => ["out/f 0640 = canary", "root/other-file = other", "root/other-dir/kept = kept"],
  extras: (base) => {
    linkSync(`${base}/out/f`, `${base}/root/alias`);
  },
};

/** A second name that is so young may belong to a file that is just being created. */
const momentMs = 60;

type Use = "read" | "write" | "name";

/** What a method does with the file: reads it, changes it, or is about its name alone. */
function useOf({ name, content, last, target }: PathMethod): Use | undefined {
  // For a directory, or refused because something is there, or because it is no program.
  if (
    /^(?:readdir|opendir|walk|openRoot|open O_DIRECTORY|rmdir|mkdir|readlink|access X_OK)/.test(
      name,
    )
  )
    return;
  if (/wx|^create$|EXCL|^symlink|^link to|^mkdtemp|directory|^cp recursive to/.test(name)) return;
  if (/^(?:chmod|utimes)/.test(name)) return "write";
  if (/^cp (?:recursive )?from/.test(name) || content === "read") return "read";
  if (content === "write") return "write";
  // Makes another name of a file of which one name may be outside: not asked here.
  if (name === "link from") return undefined;
  return last === "itself" || target !== "nothing" ? "name" : undefined;
}

const relevant = pathMethods.filter((method) => useOf(method) !== undefined);

const policies = [
  { hardlinks: "refuse", refused: { read: true, write: true, name: false } },
  { hardlinks: "refuse-writes", refused: { read: false, write: true, name: false } },
  { hardlinks: "allow", refused: { read: false, write: false, name: false } },
] as const;

describe.runIf(needs("linux"))("R6: a file with a second name outside", () => {
  describe.each(guards)("$name", (side) => {
    it.each(policies)("hardlinks: $hardlinks", async ({ hardlinks, refused }) => {
      const wrong: string[] = [];
      const bench = new Bench(side, fixture, parent.path, { hardlinks });
      for (const method of shareOf(
        relevant,
        side,
        policies.findIndex((one) => one.hardlinks === hardlinks),
      )) {
        if (side.form === "sync" && method.asyncOnly === true) continue;
        const before = await bench.before();
        await sleep(bench.isNew ? momentMs : 0);
        const { outcome, tree } = await bench.act(method.run, "alias");
        const use = useOf(method)!;
        const complain = (what: string): void => void wrong.push(`${method.name}: ${what}`);
        for (const complaint of outcome.complaints) complain(complaint);
        if (refused[use]) {
          if (outcome.text !== "ERR_HARDLINK") complain(`${outcome.text}, not ERR_HARDLINK`);
          if (outcome.effect !== "none") complain(`effect ${outcome.effect}`);
          if (!sameLines(tree, before)) complain("the tree is another");
        } else if (!outcome.text.startsWith("ok: ")) {
          complain(outcome.text);
        }
        // What replaces the name, or takes it away, does not touch the file outside.
        const inPlace = /^(?:open|writeFile a|appendFile|truncate|chmod)/.test(method.name);
        const mayTouch = use === "write" && inPlace && hardlinks === "allow";
        const touched = !sameLines(outsideOf(tree), outsideOf(before));
        if (touched && !mayTouch) complain("CHANGED OUTSIDE");
        if (!touched && mayTouch && method.alters === true) complain("did not do what was allowed");
      }
      await bench.dismiss();
      assertNothingWrong(wrong);
    });
  });

  it("control: plain calls change the file outside", async () => {
    const bench = new Bench(plain, fixture, parent.path);
    const before = outsideOf(await bench.before());
    const harmless: string[] = [];
    for (const method of relevant) {
      if (useOf(method) !== "write" || method.alters !== true) continue;
      const { tree } = await bench.act(method.run, "alias");
      if (sameLines(outsideOf(tree), before)) harmless.push(`${method.name}: changed nothing`);
    }
    await bench.dismiss();
    // Node's cp removes what is there first.
    assertNothingWrong(harmless.filter((row) => !row.startsWith("cp ")));
  });
});
