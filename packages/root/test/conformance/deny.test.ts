import * as fs from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { needs } from "../../../atomic/test/support/needs.ts";
import { tmpfsParent, unownedTempDir } from "../../../atomic/test/support/temp-dir.ts";
import type { FileSystem, RootSyncOptions } from "../../src/index.ts";
import { assertNothingWrong } from "../support/assert-nothing-wrong.ts";
import { Bench, sameLines, type Fixture } from "../support/bench.ts";
import { names, type Lead } from "../support/leads.ts";
import { free, pathMethods, type PathMethod } from "../support/methods.ts";
import { changes } from "../support/what-changes.ts";
import { shareOf } from "../support/share-of.ts";
import { guards, plain } from "../support/sides.ts";
import type { Path, Surface } from "../support/surface.ts";

let parent: { path: string; remove: () => void };

beforeAll(() => {
  parent = unownedTempDir(tmpfsParent());
});
afterAll(() => {
  parent.remove();
});

const all = Object.values(names);

/** The closed place is `shut`, in `above`; the same things are in it as in other tables. */
const fixture: Fixture = {
  lines: (base) => [
    "root/above/shut/f 0640 = hidden",
    "root/above/shut/d/hidden-entry = hidden",
    "root/above/shut/e/",
    "root/above/shut/l => hidden-target",
    "root/above/beside = beside",
    "root/above/shut-not = another name",
    "root/a/b/",
    "root/other-file = other",
    "root/other-dir/kept = kept",
    "root/toshut => above/shut",
    "root/a/b/toshut => ../../toshut",
    `root/absshut => ${base}/root/above/shut`,
    "root/toabove => above",
    ...all.map((name) => `root/last-${name} => above/shut/${name}`),
    ...all.map((name) => `root/a/last-${name} => ../toshut/${name}`),
  ],
};

const row = (path: string): Lead => ({
  row: path,
  path: (_, name) => path.replace("*", name),
});

const spellings: readonly Lead[] = [
  ...["above/shut/*", "./above/shut/*", "above//shut/./*", "a/../above/shut/*"].map(row),
  ...["above/shut/d/../*", "toabove/shut/*", "toabove/../above/shut/*"].map(row),
  ...["toshut/*", "toshut/../shut/*", "a/b/toshut/*", "absshut/*"].map(row),
  { row: "bytes", path: (_, name) => Buffer.from(`above/shut/${name}`) },
];
const lastLinks: readonly Lead[] = ["last-*", "a/last-*", "a/../last-*"].map(row);

const rowsFor = ({ last }: PathMethod): readonly Lead[] =>
  last === "follow" ? [...spellings, ...lastLinks] : spellings;

/** Node takes no bytes here, and resolves ".." on the string. */
const nodeDiffers = ({ name }: PathMethod, { row: of }: Lead): boolean =>
  name.startsWith("cp ") && (of === "bytes" || of.startsWith("toshut/.."));

/** What is wrong if a call is not refused because of a rule. */
async function notDenied(
  bench: Bench,
  run: PathMethod["run"],
  path: Path | ((base: string) => Path),
): Promise<string[]> {
  const before = await bench.before();
  const { outcome, tree } = await bench.act(run, path);
  return [
    ...outcome.complaints,
    ...(outcome.text === "ERR_DENIED" ? [] : [`${outcome.text}, not ERR_DENIED`]),
    ...(outcome.effect === "none" ? [] : [`effect ${outcome.effect}`]),
    ...(sameLines(tree, before) ? [] : ["the tree is another"]),
    ...(outcome.text.includes("hidden") ? ["READ WHAT IS CLOSED"] : []),
  ];
}

describe.runIf(needs("linux"))("R9: closed places", () => {
  describe.each(guards)("$name", (side) => {
    const here = pathMethods.filter(({ asyncOnly }) => side.form !== "sync" || asyncOnly !== true);
    const withRules = (deny: RootSyncOptions["deny"], more: RootSyncOptions = {}): Bench =>
      new Bench(side, fixture, parent.path, { deny, hardlinks: "allow", ...more });

    it.each(here)("deny.read: $name, by every spelling and through links", async (method) => {
      const bench = withRules({ read: ["above/shut"] });
      const wrong: string[] = [];
      for (const { row: of, path } of shareOf(rowsFor(method), side, pathMethods.indexOf(method))) {
        const given = (base: string) => path(base, names[method.target]);
        const complaints = await notDenied(bench, method.run, given);
        wrong.push(...complaints.map((complaint) => `${of}: ${complaint}`));
      }
      await bench.dismiss();
      assertNothingWrong(wrong);
    });

    it.each(here)("deny.write: $name, by every spelling and through links", async (method) => {
      const bench = withRules({ write: ["above/shut"] });
      const wrong: string[] = [];
      for (const lead of shareOf(rowsFor(method), side, pathMethods.indexOf(method))) {
        const given = (base: string) => lead.path(base, names[method.target]);
        if (changes(method)) {
          const complaints = await notDenied(bench, method.run, given);
          wrong.push(...complaints.map((complaint) => `${lead.row}: ${complaint}`));
        } else {
          const { text } = (await bench.act(method.run, given)).outcome;
          if (!text.startsWith("ok: ")) wrong.push(`${lead.row}: ${text}, though it only reads`);
        }
      }
      await bench.dismiss();
      assertNothingWrong(wrong);
    });

    it.each([
      ["deny.read", { read: ["above/shut"] }],
      ["deny.write", { write: ["above/shut"] }],
    ] as const)(
      "%s: the place itself, and what is above it, stay where they are",
      async (_, deny) => {
        const bench = withRules(deny);
        const moves: readonly (readonly [string, (on: Surface) => Promise<unknown>])[] = [
          ["rename it", (on) => on.rename("above/shut", free)],
          ["rename its parent", (on) => on.rename("above", free)],
          ["rename its parent, through dots", (on) => on.rename("a/../above", free)],
          ["rename onto it", (on) => on.rename("other-dir", "above/shut")],
          ["rm", (on) => on.rm("above/shut", { recursive: true })],
          ["rm its parent", (on) => on.rm("above", { recursive: true, force: true })],
          ["rm its parent through a link", (on) => on.rm("toabove/shut", { recursive: true })],
          ["rmdir", (on) => on.rmdir("above/shut/e")],
          ["give it another name", (on) => on.link("above/shut/f", free)],
          ["cp over it", (on) => on.cp("other-dir", "above/shut", { recursive: true })],
          ["mkdir in it", (on) => on.mkdir("above/shut/n/m", { recursive: true })],
          ["mkdtemp in it", (on) => on.mkdtemp("above/shut/t-")],
          ["rename into it", (on) => on.rename("other-file", "above/shut/n")],
          ["chmod it", (on) => on.chmod("above/shut", 0o700)],
        ];
        const wrong: string[] = [];
        for (const [what, run] of moves) {
          const complaints = await notDenied(bench, run, "above");
          // Which of the two paths an error names is not the question here.
          const real = complaints.filter((one) => !one.startsWith("the error is about"));
          wrong.push(...real.map((complaint) => `${what}: ${complaint}`));
        }
        await bench.dismiss();
        assertNothingWrong(wrong);
      },
    );

    // Its own name is in its directory, which is open.
    it("what is in a closed place is not in lists, nor copied with what is around it", async () => {
      const bench = withRules({ read: ["above/shut"] });
      const lists: readonly (readonly [string, (on: Surface) => Promise<unknown>])[] = [
        ["readdir", (on) => on.readdir("above")],
        ["readdir types", (on) => on.readdir("above", { withFileTypes: true })],
        ["readdir recursive", (on) => on.readdir(".", { recursive: true })],
        ["opendir", (on) => on.opendir("above")],
        ["walk", (on) => on.walk(".")],
        ["sub-root", async (on) => (await on.openRoot("above")).readdir(".")],
        ["sub-root file", async (on) => (await on.openRoot("above")).readFile("shut/f", "utf8")],
        ["cp", (on) => on.cp("above", free, { recursive: true })],
      ];
      const wrong: string[] = [];
      for (const [what, run] of lists) {
        const { outcome, tree } = await bench.act(run, "above");
        if (/hidden|shut\//.test(outcome.text)) wrong.push(`${what}: ${outcome.text}`);
        const copied = tree.filter((line) => line.startsWith(`root/${free}`));
        if (copied.some((line) => line.includes("hidden"))) wrong.push(`${what}: copied it`);
      }
      await bench.dismiss();
      assertNothingWrong(wrong);
    });

    it("what is beside a closed place is open", async () => {
      const bench = withRules({ read: ["above/shut"], write: ["above/shut"] });
      const { outcome } = await bench.act(async (on) => {
        await on.writeFile("above/shut-not", "new");
        await on.rename("above/beside", "above/shutter");
        await on.rm("above/shutter");
        await on.unlink("toshut");
        await on.rename("last-f", free);
        return await on.readFile("above/shut-not", "utf8");
      }, "above");
      await bench.dismiss();
      expect(outcome.text).toBe('ok: "new"');
    });

    it("a link that was made later does not open it", async () => {
      const bench = withRules({ read: ["above/shut"] });
      const act = async (run: (on: Surface) => Promise<unknown>): Promise<string> =>
        (await bench.act(run, "above")).outcome.text;
      const afterSymlink = await act(async (on) => {
        await on.symlink("above/shut/f", free);
        return await on.readFile(free, "utf8");
      });
      const afterMove = await act(async (on) => {
        await on.rename("toabove", "a/b/moved");
        await on.rm("a/b/moved");
        await on.symlink("../../above", "a/b/moved");
        return await on.readFile("a/b/moved/shut/f", "utf8");
      });
      await bench.dismiss();
      expect([afterSymlink, afterMove]).toEqual(["ERR_DENIED", "ERR_DENIED"]);
    });
  });

  describe.each(guards.filter(({ containment }) => containment === "identity"))(
    "where names fold, $name",
    (side) => {
      it.each(["above/shut", "ABOVE/Shut", "above/SHUT"])(
        "a rule for one spelling (%s) holds for all",
        async (rule) => {
          const fileSystem = { ...fs, platform: "darwin" } as FileSystem;
          const deny = { read: [rule], write: [rule] };
          const folding: Fixture = {
            lines: () => ["root/Above/SHUT/f = hidden", "root/above/shut/f = hidden"],
          };
          const bench = new Bench(side, folding, parent.path, { deny, fileSystem });
          const wrong: string[] = [];
          for (const path of ["above/shut/f", "Above/SHUT/f", "./Above/SHUT/f"]) {
            for (const name of ["readFile", "writeFile", "unlink", "stat", "rename from"]) {
              const method = pathMethods.find((one) => one.name === name)!;
              const complaints = await notDenied(bench, method.run, path);
              wrong.push(...complaints.map((complaint) => `${name} ${path}: ${complaint}`));
            }
          }
          await bench.dismiss();
          assertNothingWrong(wrong);
        },
      );
    },
  );

  it.each(pathMethods)("control: without a rule $name reaches all of these", async (method) => {
    const bench = new Bench(plain, fixture, parent.path);
    const wrong: string[] = [];
    for (const lead of rowsFor(method)) {
      if (nodeDiffers(method, lead)) continue;
      const given = (base: string) => lead.path(base, names[method.target]);
      const { text } = (await bench.act(method.run, given)).outcome;
      if (!text.startsWith("ok: ") || text === "ok: false") wrong.push(`${lead.row}: ${text}`);
    }
    await bench.dismiss();
    assertNothingWrong(wrong);
  });
});
