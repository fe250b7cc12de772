import { mkdirSync, readdirSync, readlinkSync } from "node:fs";
import * as fs from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { writeTree } from "@holdfast/testing";
import { runScript } from "../../../atomic/test/support/node-script.ts";
import { needs } from "../../../atomic/test/support/needs.ts";
import { onTmpfs, tempDir } from "../../../atomic/test/support/temp-dir.ts";
import { escapes, mixedFixture, leadsInside, names } from "../support/leads.ts";
import { pathMethods } from "../support/methods.ts";
import { outcomeOf } from "../support/outcome.ts";
import { guards } from "../support/sides.ts";

/** What this process has open in a directory, or held of it. */
function openIn(base: string): string[] {
  return readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${fd}`);
      return path.startsWith(base) ? [path] : [];
    } catch {
      return []; // the descriptor that was used to look
    }
  });
}

const calls = 10_000;

describe.runIf(needs("linux")).each(guards)("R10: descriptors, $name", (side) => {
  it(`${calls / guards.length} calls, most of which fail, leave none open`, async () => {
    const base = needs("tmpfs") ? onTmpfs() : tempDir();
    mkdirSync(join(base, "root"));
    await writeTree(fs, base, mixedFixture.lines(base));
    const { surface, close } = await side.open(join(base, "root"));
    const held = openIn(base).length;
    const methods = pathMethods.filter(
      ({ asyncOnly }) => side.form !== "sync" || asyncOnly !== true,
    );
    const leads = [...leadsInside, ...escapes];
    const outcomes = { succeeded: 0, failed: 0 };
    for (let call = 0; call < calls / guards.length;) {
      // Some at once, as a program would.
      const batch = Array.from({ length: 8 }, (_, index) => {
        const method = methods[(call + index) % methods.length]!;
        const lead = leads[Math.floor((call + index) / methods.length) % leads.length]!;
        const path = lead.path(base, names[method.target]);
        return outcomeOf(method.run(surface, path, base), base, path);
      });
      for (const { text } of await Promise.all(batch)) {
        if (text.startsWith("ok: ")) outcomes.succeeded++;
        else outcomes.failed++;
      }
      call += batch.length;
    }
    expect(openIn(base).length).toBe(held);
    expect(outcomes.failed).toBeGreaterThan(500);
    expect(outcomes.succeeded).toBeGreaterThan(200);
    await close();
    expect(openIn(base)).toEqual([]);
  });
});

/** Opens what it can, then makes each call; then makes room and makes them again. */
const withoutRoom = `
  const { openRoot, openRootSync } = await import(input.entry);
  const fs = await import("node:fs");
  const identity = { fileSystem: { ...fs, platform: "other" } };
  const options = { durable: false, ...(input.containment === "identity" ? identity : {}) };
  const root = await openRoot(input.dir, options);
  const sync = openRootSync(input.dir, options);
  const calls = {
    readFile: (r, s) => r["readFile" + s]("a/b/file", "utf8"),
    stat: (r, s) => r["stat" + s]("a/b/file"),
    readdir: (r, s) => r["readdir" + s]("a/b"),
    writeFile: (r, s) => r["writeFile" + s]("a/b/new" + s, "new"),
    appendFile: (r, s) => r["appendFile" + s]("a/b/appended" + s, "new"),
    copyFile: (r, s) => r["copyFile" + s]("a/b/file", "a/b/copied" + s),
    rename: (r, s) => r["rename" + s]("a/b/moves" + s, "a/b/moved" + s),
    rm: (r, s) => r["rm" + s]("a/b/goes" + s, { recursive: true }),
    cp: (r, s) => r["cp" + s]("a/b/tree", "a/b/tree-copy" + s, { recursive: true }),
  };
  const outcome = async (name, r, s) => {
    try {
      await calls[name](r, s);
      return "ok";
    } catch (error) {
      return error.code + " " + error.effect + " " + error.name;
    }
  };
  const open = () => fs.readdirSync("/proc/self/fd").length;
  const before = open();
  const fill = (spare) => {
    const fds = [];
    try {
      for (;;) fds.push(fs.openSync("/dev/null"));
    } catch {}
    for (let i = 0; i < spare; i++) fs.closeSync(fds.pop());
    return () => fds.forEach((fd) => fs.closeSync(fd));
  };
  const found = [];
  for (let spare = 0; spare <= 4; spare++) {
    for (const name of Object.keys(calls)) {
      for (const [r, s] of [[root, ""], [sync, "Sync"]]) {
        // What came of it before must not be in the way.
        for (const made of ["new", "appended", "copied", "moved", "tree-copy", "goes"]) {
          fs.rmSync(input.dir + "/a/b/" + made + s, { recursive: true, force: true });
        }
        fs.mkdirSync(input.dir + "/a/b/goes" + s + "/deep", { recursive: true });
        fs.writeFileSync(input.dir + "/a/b/moves" + s, "moves");
        const empty = fill(spare);
        const result = await outcome(name, r, s);
        empty();
        const staged = fs.readdirSync(input.dir + "/a/b").filter((n) => n.startsWith(".holdfast"));
        found.push({ call: name + s, spare, result, staged, leaked: open() - before });
      }
    }
  }
  await root.close();
  sync.close();
  report(found);
`;

interface Found {
  readonly call: string;
  readonly spare: number;
  readonly result: string;
  readonly staged: readonly string[];
  readonly leaked: number;
}

describe.runIf(needs("linux"))("R10: no descriptor is to be had", () => {
  it.each(["descriptor", "identity"])("%s: EMFILE, and nothing leaks", async (containment) => {
    const dir = tempDir();
    await writeTree(fs, dir, ["a/b/file = content", "a/b/tree/inner = inner"]);
    const entry = new URL("../../dist/index.js", import.meta.url).href;
    expect(fs.existsSync(fileURLToPath(entry))).toBe(true);
    const found = runScript<Found[]>(
      { script: withoutRoom, input: { dir, entry, containment } },
      { prefix: ["sh", "-c", 'ulimit -n 64; exec "$@"', "sh"] },
    );
    const isClear = ({ result }: Found): boolean =>
      result === "ok" || /^EMFILE (?:none|partial) HoldfastError$/.test(result);
    expect(found.filter((one) => !isClear(one))).toEqual([]);
    expect(found.filter(({ leaked }) => leaked !== 0)).toEqual([]);
    expect(found.filter(({ staged }) => staged.length > 0)).toEqual([]);
    expect(found.filter(({ result }) => result.startsWith("EMFILE")).length).toBeGreaterThan(10);
    expect(found.filter(({ result }) => result === "ok").length).toBeGreaterThan(5);
  });
});
