/** Writing documents that are really on a disk. */

import * as nodeFs from "node:fs";
import { chmodSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fail, injectFaults, reads, rule, traceFileSystem, writes } from "@holdfast/testing";
import { faultyFileSystem } from "../../../atomic/test/support/faulty-file-system.ts";
import { inMountNamespace } from "../../../atomic/test/support/in-mount-namespace.ts";
import { needs } from "../../../atomic/test/support/needs.ts";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";
import { isJsonUnserializableError, readJsonSync, writeJson } from "../../src/index.ts";
import { endOf, filesIn, halves, twice, type Outcome } from "./support/twice.ts";

const file = (dir: string): string => join(dir, "a.json");

const writing = (value: unknown, options: object = {}, before?: string): Promise<Outcome> =>
  twice(
    (json, dir) => json.writeJson(file(dir), value, options),
    (dir) => {
      if (before !== undefined) writeFileSync(file(dir), before);
    },
  );

describe("writeJson", () => {
  it("writes the text, and says what was done", async () => {
    const { value, files } = await writing({ a: [1, "x"] });
    expect(files).toEqual({ "a.json": '{\n  "a": [\n    1,\n    "x"\n  ]\n}\n' });
    expect(value).toMatchObject({ created: true, method: "rename", synced: { file: true } });
  });

  it("flushes the file and the directory, unless told otherwise", async () => {
    for (const json of halves) {
      for (const durable of [undefined, true, false]) {
        const trace = traceFileSystem(nodeFs);
        await json.writeJson(file(tempDir()), 1, { durable, fileSystem: trace.fs });
        const flushes = trace.lines().filter((line) => line.startsWith("fsync"));
        expect(flushes).toHaveLength(durable === false ? 0 : 2);
      }
    }
  });

  it("indents as it is told, and sorts keys", async () => {
    const value = { b: 1, a: { d: 2, c: 3 } };
    expect((await writing(value, { space: 0 })).files["a.json"]).toBe(
      '{"b":1,"a":{"d":2,"c":3}}\n',
    );
    expect((await writing({ a: 1 }, { space: "\t" })).files["a.json"]).toBe('{\n\t"a": 1\n}\n');
    expect((await writing(value, { space: 0, sortKeys: true })).files["a.json"]).toBe(
      '{"a":{"c":3,"d":2},"b":1}\n',
    );
  });

  it("keeps the form of the file that it replaces", async () => {
    const preserve = { space: "preserve" };
    const kept = async (before?: string): Promise<unknown> =>
      (await writing({ a: 1 }, preserve, before)).files["a.json"];
    expect(await kept('{\n    "b": 2\n}')).toBe('{\n    "a": 1\n}');
    expect(await kept('{\r\n\t"b": 2\r\n}\r\n')).toBe('{\r\n\t"a": 1\r\n}\r\n');
    expect(await kept('{"b":2}')).toBe('{"a":1}');
    expect(await kept()).toBe('{\n  "a": 1\n}\n');
  });

  it("does not look at what was there: garbage is replaced", async () => {
    expect((await writing(1, {}, "{{{")).files).toEqual({ "a.json": "1\n" });
  });

  it("makes missing directories, and writes through a link", async () => {
    const made = await twice((json, dir) => json.writeJson(join(dir, "b/c/a.json"), 1));
    expect(made.files["b/c/a.json"]).toBe("1\n");
    const linked = await twice(
      (json, dir) => json.writeJson(join(dir, "link"), 1),
      (dir) => symlinkSync("a.json", join(dir, "link")),
    );
    expect(linked.files).toEqual({ "a.json": "1\n", link: "<link>" });
  });

  it.runIf(needs("posix"))("keeps the mode, or gives the one that is asked for", async () => {
    const modeAfter = async (options: object): Promise<number> => {
      const { dir } = await twice(
        (json, dir) => json.writeJson(file(dir), 1, options),
        (dir) => {
          writeFileSync(file(dir), "0");
          chmodSync(file(dir), 0o640);
        },
      );
      return statSync(file(dir)).mode & 0o777;
    };
    expect(await modeAfter({})).toBe(0o640);
    expect(await modeAfter({ mode: 0o600 })).toBe(0o600);
  });

  const cycle: unknown[] = [];
  cycle.push({ again: cycle });
  it.each([
    ["a cycle", cycle, [0, "again"]],
    ["a BigInt", { a: [1, 2n] }, ["a", 1]],
    ["a function", { f: () => {} }, ["f"]],
    ["a symbol", [Symbol("s")], [0]],
    ["undefined in an array", [undefined], [0]],
    ["not a number", { n: Number.NaN }, ["n"]],
    ["infinity", Infinity, []],
    ["nothing", undefined, []],
  ])("J1 refuses %s, and says where it is", async (_, value, valuePath) => {
    const { error, files } = await writing(value, {}, "old");
    expect(isJsonUnserializableError(error) && error.valuePath).toEqual(valuePath);
    expect(error).toMatchObject({ effect: "none", op: "writeJson" });
    expect(files).toEqual({ "a.json": "old" });
  });

  it("J1 leaves the file as it is where a toJSON throws", async () => {
    const value = { a: { toJSON: () => { throw new Error("no"); } } }; // prettier-ignore
    const { error, files } = await writing(value, {}, "old");
    expect(error).toBeDefined();
    expect(files).toEqual({ "a.json": "old" });
  });

  it.each([2, "preserve"])(
    "makes no call before the whole value is serialised: space %j",
    async (space) => {
      for (const json of halves) {
        const { fileSystem, calls } = faultyFileSystem();
        const { error } = await endOf(() =>
          json.writeJson(file(tempDir()), { a: 1n }, { fileSystem, space }),
        );
        expect(isJsonUnserializableError(error)).toBe(true);
        expect(calls).toEqual([]);
      }
    },
  );

  it.each([2, "preserve"])(
    "writes the value and follows the options as they were: space %j",
    async (space) => {
      const dir = tempDir();
      const [value, options] = [
        { n: 1, a: 0 },
        { space, sortKeys: true },
      ];
      const written = writeJson(file(dir), value, options);
      value.n = 2;
      options.sortKeys = false;
      await written;
      expect(filesIn(dir)).toEqual({ "a.json": '{\n  "a": 0,\n  "n": 1\n}\n' });
    },
  );

  it("J1 writes lone surrogates so that they come back", async () => {
    const { dir } = await writing({ "\ud800": "a\udc00b" });
    expect(readJsonSync(file(dir))).toEqual({ "\ud800": "a\udc00b" });
    expect(readFileSync(file(dir), "utf8")).toContain("\\ud800");
  });

  it("J3 leaves the file as it is where the disk is full", async () => {
    for (const json of halves) {
      const dir = tempDir();
      writeFileSync(file(dir), "old");
      const fileSystem = injectFaults(nodeFs, [rule(writes(), fail("ENOSPC"))]);
      const { error } = await endOf(() => json.writeJson(file(dir), 1, { fileSystem }));
      expect(error).toMatchObject({ code: "ENOSPC", effect: "none", leftovers: [] });
      expect(filesIn(dir)).toEqual({ "a.json": "old" });
    }
  });

  it("does not write where it cannot see what it should preserve", async () => {
    for (const json of halves) {
      const dir = tempDir();
      writeFileSync(file(dir), "old");
      const fileSystem = injectFaults(nodeFs, [rule(reads(), fail("EIO"))]);
      const options = { fileSystem, space: "preserve" };
      const { error } = await endOf(() => json.writeJson(file(dir), 1, options));
      expect(error).toMatchObject({ code: "EIO", effect: "none" });
      expect(filesIn(dir)).toEqual({ "a.json": "old" });
    }
  });

  it.runIf(needs("mount-namespace"))("J3 leaves the file as it is on a disk that is full", () => {
    const mounted = tempDir();
    const seen = inMountNamespace<Record<string, unknown>>({
      mounts: [{ type: "tmpfs", target: mounted, options: "mode=0777,size=64k" }],
      input: { entry: new URL("../../dist/index.js", import.meta.url).href, mounted },
      script: `
        import { readdirSync, readFileSync, writeFileSync } from "node:fs";
        const { writeJson, writeJsonSync } = await import(input.entry);
        const path = input.mounted + "/a.json";
        writeFileSync(path, "old");
        const errors = [];
        const big = "x".repeat(100_000);
        await writeJson(path, big).catch(({ code, effect }) => errors.push({ code, effect }));
        try { writeJsonSync(path, big); } catch ({ code, effect }) { errors.push({ code, effect }); }
        report({ errors, names: readdirSync(input.mounted), text: readFileSync(path, "utf8") });
      `,
    });
    const full = { code: "ENOSPC", effect: "none" };
    expect(seen).toEqual({ errors: [full, full], names: ["a.json"], text: "old" });
  });

  it("ends by its signal before it has begun, and changes nothing", async () => {
    const dir = tempDir();
    const { error } = await endOf(() =>
      halves[0]!.writeJson(file(dir), 1, { signal: AbortSignal.abort("enough") }),
    );
    expect(error).toMatchObject({ name: "AbortError", effect: "none", cause: "enough" });
    expect(filesIn(dir)).toEqual({});
  });
});
