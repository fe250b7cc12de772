/** Documents in a root of `@holdfast/root`: by relative paths, and nowhere else. */

import { linkSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { createMemoryFileSystem } from "@holdfast/testing";
import { openRoot, openRootSync } from "@holdfast/root";
import { needs } from "../../../atomic/test/support/needs.ts";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";
import { readJson, readJsonSync, updateJson, writeJson, type JsonTarget } from "../../src/index.ts";
import {
  endOf,
  filesIn,
  halves,
  twice,
  type Functions,
  type Outcome,
} from "../document/support/twice.ts";

type InRoot = (json: Functions, at: (path: string) => JsonTarget, dir: string) => unknown;

/** Makes a call in both forms, in a root of that form: a directory `in` beside which there are others. */
function inRoot(call: InRoot, prepare: (dir: string) => unknown = () => {}): Promise<Outcome> {
  return twice(
    async (json, dir) => {
      const inside = join(dir, "in");
      const root = json.half === "sync" ? openRootSync(inside) : await openRoot(inside);
      try {
        return await call(json, (path) => ({ root, path }), inside);
      } finally {
        await root.close();
      }
    },
    (dir) => {
      mkdirSync(join(dir, "in"));
      return prepare(dir);
    },
  );
}

describe("a document in a root", () => {
  it("is read, written and updated", async () => {
    const { value, files } = await inRoot(async (json, at) => {
      expect(await json.readJsonIfExists(at("a.json"))).toBeUndefined();
      const receipt = await json.writeJson(at("a.json"), { n: 1 });
      expect(receipt).toMatchObject({ created: true, method: "rename", path: "a.json" });
      await json.updateJson(at("a.json"), ({ n }: { n: number }) => ({ n: n + 1 }));
      return await json.readJson(at("a.json"));
    });
    expect(value).toEqual({ n: 2 });
    expect(files).toEqual({ in: "<directory>", "in/a.json": '{\n  "n": 2\n}\n' });
  });

  it("gets the directories that it needs", async () => {
    const { files } = await inRoot(async (json, at) => {
      await json.writeJson(at("b/c/a.json"), 1);
      await json.updateJson(at("d/e/a.json"), () => 2);
    });
    expect(files).toMatchObject({ "in/b/c/a.json": "1\n", "in/d/e/a.json": "2\n" });
  });

  it.runIf(needs("posix"))("gets a mode, and keeps its form", async () => {
    const { dir } = await inRoot(
      async (json, at) => {
        await json.writeJson(at("secret.json"), 1, { mode: 0o600, durable: false });
        await json.updateJson(at("tabs.json"), () => ({ n: 2 }), { space: "preserve" });
      },
      (outer) => writeFileSync(join(outer, "in/tabs.json"), '{\n\t"n": 1\n}'),
    );
    expect(statSync(join(dir, "in/secret.json")).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(dir, "in/tabs.json"), "utf8")).toBe('{\n\t"n": 2\n}');
  });

  it.each(["../a.json", "/etc/passwd", "out/a.json", "link.json"])(
    "never leads out: %s",
    async (path) => {
      const prepare = (dir: string): void => {
        mkdirSync(join(dir, "secret"));
        writeFileSync(join(dir, "secret/a.json"), '"secret"');
        symlinkSync("../secret", join(dir, "in/out"));
        symlinkSync("../secret/a.json", join(dir, "in/link.json"));
      };
      const calls: InRoot[] = [
        (json, at) => json.readJson(at(path)),
        (json, at) => json.readJsonIfExists(at(path)),
        (json, at) => json.writeJson(at(path), 1),
        (json, at) => json.updateJson(at(path), () => 1),
      ];
      for (const call of calls) {
        const { error, files } = await inRoot(call, prepare);
        expect(error?.["code"]).toMatch(/^ERR_PATH_(ESCAPES|INVALID)$/);
        expect(error).toMatchObject({ effect: "none", path });
        expect(files).toMatchObject({ "secret/a.json": '"secret"' });
        expect(Object.keys(files).filter((name) => name.includes("lock"))).toEqual([]);
      }
    },
  );

  it.runIf(needs("posix"))("follows the rules of its root: other names of a file", async () => {
    const { error } = await inRoot(
      (json, at) => json.readJson(at("a.json")),
      (dir) => {
        writeFileSync(join(dir, "outer.json"), "1");
        linkSync(join(dir, "outer.json"), join(dir, "in/a.json"));
      },
    );
    expect(error).toMatchObject({ code: "ERR_HARDLINK", effect: "none" });
  });

  it("says what is wrong in its own words, and what is on disk", async () => {
    const missing = await inRoot((json, at) => json.readJson(at("a.json")));
    expect(missing.error).toMatchObject({ code: "ENOENT", op: "readJson", path: "a.json" });
    const wrong = await inRoot(
      (json, at) => json.readJson(at("a.json")),
      (dir) => writeFileSync(join(dir, "in/a.json"), "[1,"),
    );
    expect(wrong.error).toMatchObject({ code: "ERR_JSON_SYNTAX", line: 1, column: 4 });
    expect(wrong.error?.["excerpt"]).toContain("[1,");
    const directory = await inRoot(
      (json, at) => json.writeJson(at("a.json"), 1),
      (dir) => mkdirSync(join(dir, "in/a.json")),
    );
    expect(directory.error).toMatchObject({ code: "EISDIR", op: "writeJson", effect: "none" });
  });

  it("knows who waits for itself, and has an order", async () => {
    const dir = tempDir();
    await using root = await openRoot(dir);
    const target = { root, path: "a.json" };
    const { error } = await endOf(() => updateJson(target, () => updateJson(target, () => 1)));
    expect(error).toMatchObject({ code: "ERR_LOCK_HELD" });
    const calls = Array.from({ length: 20 }, (_, i) =>
      updateJson<number[]>(target, async (list = []) => {
        if (i % 3 === 0) await delay(1);
        return [...list, i];
      }),
    );
    await Promise.all(calls);
    expect(await readJson(target)).toEqual(Array.from(calls, (_, i) => i));
    expect(Object.keys(filesIn(dir))).toEqual(["a.json"]);
  });

  it("shares its lock with those who use the path from outside", async () => {
    const dir = tempDir();
    await using root = await openRoot(dir);
    const targets: JsonTarget[] = [{ root, path: "a.json" }, join(dir, "a.json")];
    const calls = Array.from({ length: 20 }, (_, i) =>
      updateJson<number>(targets[i % 2]!, async (n = 0) => {
        await delay(0);
        return n + 1;
      }),
    );
    await Promise.all(calls);
    expect(await readJson(targets[0]!)).toBe(20);
  });

  it("ends by its signal", async () => {
    const dir = tempDir();
    await using root = await openRoot(dir);
    const signal = AbortSignal.abort("enough");
    const target = { root, path: "a.json" };
    for (const call of [
      () => writeJson(target, 1, { signal }),
      () => updateJson(target, () => 1, { signal }),
    ]) {
      const { error } = await endOf(call);
      expect(error).toMatchObject({ name: "AbortError", cause: "enough", effect: "none" });
    }
    const during = new AbortController();
    const ended = await endOf(() =>
      updateJson(
        target,
        () => {
          queueMicrotask(() => during.abort("enough"));
          return delay(1000, 1, { ref: false });
        },
        { signal: during.signal },
      ),
    );
    expect(ended.error).toMatchObject({ name: "AbortError", cause: "enough", effect: "none" });
    expect(filesIn(dir)).toEqual({});
  });
});

describe("a document in a root over another file system", () => {
  it("is read, written and updated", async () => {
    const { fs, tree } = createMemoryFileSystem({ tree: ["d/"] });
    await using root = await openRoot("/d", { fileSystem: fs });
    const target = { root, path: "a.json" };
    await writeJson(target, 1);
    expect(await updateJson<number>(target, (n = 0) => n + 1)).toBe(2);
    expect(tree()).toEqual(["d/", 'd/a.json = "2\\n"']);
  });

  it("is refused by a RootSync, whose descriptors are not Node's: other files could be hit", async () => {
    const { fs } = createMemoryFileSystem({ tree: ["d/", "d/a.json = 1"] });
    using root = openRootSync("/d", { fileSystem: fs });
    for (let time = 0; time < 2; time++) {
      const { error } = await endOf(() => readJsonSync({ root, path: "a.json" }));
      expect(error).toMatchObject({ code: "ERR_UNSUPPORTED", effect: "none" });
    }
    expect(halves).toHaveLength(2);
  });
});
