import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { writeTree } from "@holdfast/testing";
import * as fs from "node:fs";
import { needs } from "../../../atomic/test/support/needs.ts";
import { onTmpfs, tempDir } from "../../../atomic/test/support/temp-dir.ts";
import { openRoot, openRootSync } from "../../src/index.ts";
import { assertNothingWrong } from "../support/assert-nothing-wrong.ts";
import { sameLines, snapshot } from "../support/bench.ts";
import { leadsFixture, names } from "../support/leads.ts";
import { pathMethods } from "../support/methods.ts";
import { outcomeOf } from "../support/outcome.ts";
import { guards, withoutPinning, type OpenSide, type Side } from "../support/sides.ts";

async function staged(side: Side): Promise<{ base: string } & OpenSide> {
  const base = needs("tmpfs") ? onTmpfs() : tempDir();
  mkdirSync(join(base, "root"));
  await writeTree(fs, base, leadsFixture.lines(base));
  return { base, ...(await side.open(join(base, "root"))) };
}

const methodsOf = (side: Side): typeof pathMethods =>
  pathMethods.filter(({ asyncOnly }) => side.form !== "sync" || asyncOnly !== true);

describe.runIf(needs("linux")).each(guards)("R10: the root itself changes, $name", (side) => {
  it.each(["renamed", "replaced by a directory", "replaced by a link"])(
    "%s: no method acts in what is not the root",
    async (how) => {
      const { base, surface, close } = await staged(side);
      renameSync(join(base, "root"), join(base, "moved"));
      if (how === "replaced by a directory") {
        // The same things are there, under the paths that will be used.
        await writeTree(fs, join(base, "root"), ["other-file = canary", "other-dir/kept = canary"]);
        renameSync(join(base, "out"), join(base, "root/in"));
      } else if (how === "replaced by a link") {
        await writeTree(fs, join(base, "elsewhere"), ["other-file = canary"]);
        renameSync(join(base, "out"), join(base, "elsewhere/in"));
        fs.symlinkSync("elsewhere", join(base, "root"));
      }
      const isOutside = (line: string): boolean => !line.startsWith("moved/");
      const before = snapshot(base).filter(isOutside);
      const wrong: string[] = [];
      let worked = 0;
      for (const method of methodsOf(side)) {
        const path = `in/${names[method.target]}`;
        const { text } = await outcomeOf(method.run(surface, path, base), base, path);
        if (text.includes("canary")) wrong.push(`${method.name}: read from elsewhere`);
        if (text.startsWith("ok: ") && text !== "ok: false") worked++;
        const after = snapshot(base).filter(isOutside);
        if (!sameLines(after, before)) {
          wrong.push(`${method.name}: CHANGED ELSEWHERE`);
          break;
        }
      }
      await close();
      assertNothingWrong(wrong);
      // What is held goes on in the directory that was opened; a path does not find it any more.
      expect(worked > 30).toBe(side.containment === "descriptor");
      expect(worked === 0).toBe(side.containment === "identity");
    },
  );

  it("removed: nothing is there any more, and nothing can be made", async () => {
    const { base, surface, close } = await staged(side);
    rmSync(join(base, "root"), { recursive: true });
    const wrong: string[] = [];
    for (const method of methodsOf(side)) {
      const path = `in/${names[method.target]}`;
      const { text } = await outcomeOf(method.run(surface, path, base), base, path);
      const nothing = method.name === "exists" ? "ok: false" : "ENOENT";
      const forced = /^rm (?:recursive )?force/.test(method.name) && text === 'ok: "done"';
      // What Node says of a directory that cannot be made.
      const unmade = method.name === "mkdir recursive" && text === "ENOTDIR";
      if (text !== nothing && !forced && !unmade && text !== "ERR_CHANGED") {
        wrong.push(`${method.name}: ${text}`);
      }
    }
    await close();
    expect(existsSync(join(base, "root"))).toBe(false);
    assertNothingWrong(wrong);
  });

  it("closed: every method says so, and touches nothing", async () => {
    const { base, surface, close } = await staged(side);
    await close();
    const before = snapshot(base);
    const wrong: string[] = [];
    for (const method of methodsOf(side)) {
      const path = `in/${names[method.target]}`;
      const outcome = await outcomeOf(method.run(surface, path, base), base, path);
      if (outcome.text !== "ERR_CLOSED") wrong.push(`${method.name}: ${outcome.text}`);
      if (outcome.effect !== "none") wrong.push(`${method.name}: effect ${outcome.effect}`);
    }
    await close(); // again: nothing
    expect(snapshot(base)).toEqual(before);
    assertNothingWrong(wrong);
  });
});

describe.runIf(needs("linux"))("R10: close() while calls are under way", () => {
  it.each([
    ["descriptor", {}],
    ["identity", { fileSystem: withoutPinning }],
  ] as const)("%s: they end as if it had not come; later ones are refused", async (_, options) => {
    const dir = tempDir();
    mkdirSync(join(dir, "a/b"), { recursive: true });
    writeFileSync(join(dir, "a/b/file"), "content");
    const root = await openRoot(dir, { durable: false, ...options });
    const reads = Array.from({ length: 20 }, () => root.readFile("a/b/file", "utf8"));
    const writes = Array.from({ length: 20 }, (__, index) =>
      root.writeFile(`a/b/${index}`, String(index)),
    );
    const closing = root.close();
    const late = [root.readFile("a/b/file"), root.writeFile("a/b/late", "late")];
    const codes = await Promise.all(
      late.map((call) =>
        call.then(
          () => "ok",
          (error: NodeJS.ErrnoException) => error.code,
        ),
      ),
    );
    expect(codes).toEqual(["ERR_CLOSED", "ERR_CLOSED"]);
    expect(new Set(await Promise.all(reads))).toEqual(new Set(["content"]));
    await Promise.all(writes);
    await closing;
    for (let index = 0; index < 20; index++) {
      expect(fs.readFileSync(join(dir, `a/b/${index}`), "utf8")).toBe(String(index));
    }
    expect(existsSync(join(dir, "a/b/late"))).toBe(false);
  });

  it("closing twice at once is closing once", async () => {
    const root = await openRoot(tempDir());
    await Promise.all([root.close(), root.close()]);
    await root[Symbol.asyncDispose]();
    const sync = openRootSync(tempDir());
    sync.close();
    sync[Symbol.dispose]();
    expect(() => sync.existsSync("x")).toThrow(expect.objectContaining({ code: "ERR_CLOSED" }));
  });
});
