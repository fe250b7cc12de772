/** Documents, defaults and migrations that do not fit: what is wrong is said, and with whom. */

import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { openJsonStore } from "../../src/index.ts";
import { failureOf, forms, name, tempDir } from "./forms.ts";

const messageOf = async (promise: Promise<unknown>): Promise<string> =>
  ((await failureOf(promise)) as Error).message;

describe.each(forms)("a store, $form", ({ open, update, reset, reload }) => {
  it("without a version does not open a file that has one", async () => {
    const dir = tempDir();
    const path = join(dir, name);
    for (const version of [0, 1, 3, -1]) {
      const text = `{"$version":${version},"n":1}`;
      writeFileSync(path, text);
      for (const options of [{}, { defaults: { n: 0 }, onCorrupt: "quarantine" as const }]) {
        const error = await failureOf(open(dir, options));
        expect(error).toMatchObject({ code: "ERR_JSON_VERSION", effect: "none", version });
      }
      expect(readFileSync(path, "utf8")).toBe(text);
    }
    writeFileSync(path, '{"n":1}');
    const store = await open(dir, { defaults: { n: 0 } });
    writeFileSync(path, '{"$version":2,"n":1}');
    for (const call of [
      () => update(store, () => ({ n: 2 })),
      () => reload(store),
      () => reset(store),
    ]) {
      expect(await failureOf(call())).toMatchObject({ code: "ERR_JSON_VERSION", effect: "none" });
    }
    expect(readFileSync(path, "utf8")).toBe('{"$version":2,"n":1}');
  });

  it("without a version writes none that it could not open again", async () => {
    const dir = tempDir();
    const store = await open<Record<string, unknown>>(dir, { defaults: {} });
    const error = await failureOf(update(store, (draft) => void (draft["$version"] = 3)));
    expect(error).toMatchObject({ code: "ERR_JSON_INVALID", effect: "none" });
    expect(existsSync(join(dir, name))).toBe(false);
    await update(store, (draft) => void (draft["$version"] = "three"));
    expect((await open<Record<string, unknown>>(dir, {})).get()).toEqual({ $version: "three" });
    expect(await failureOf(open(dir, { defaults: { $version: 1 } }))).toMatchObject({
      code: "ERR_INVALID_ARG",
    });
  });

  it("with an object as defaults refuses what is none, and the other way round", async () => {
    for (const [defaults, texts] of [
      [{ n: 0 }, ["null", "[1]", "3", '"a"', "true"]],
      [[1], ["null", "{}", "3"]],
    ] as const) {
      for (const text of texts) {
        const dir = tempDir();
        writeFileSync(join(dir, name), text);
        const error = await failureOf(open<unknown>(dir, { defaults }));
        expect(error).toMatchObject({
          code: "ERR_JSON_INVALID",
          effect: "none",
          issues: [
            { path: [], message: expect.stringMatching(/^an (object|array) was expected$/) },
          ],
        });
        expect(readFileSync(join(dir, name), "utf8")).toBe(text);
        const store = await open<unknown>(dir, { defaults, onCorrupt: "quarantine" });
        expect(store.get()).toEqual(defaults);
        expect(readFileSync(join(dir, basename(store.recovery!.corrupt)), "utf8")).toBe(text);
        const wrong = await failureOf(update(store, () => JSON.parse(text) as unknown));
        expect(wrong).toMatchObject({ code: "ERR_JSON_INVALID", effect: "none" });
      }
    }
  });

  it("leaves that to the schema, where there is one, and to nobody without defaults", async () => {
    const dir = tempDir();
    writeFileSync(join(dir, name), "null");
    const schema = z.object({ n: z.number() }).nullable();
    expect((await open(dir, { defaults: { n: 0 }, schema })).get()).toBe(null);
    expect((await open(dir, {})).get()).toBe(null);
  });

  it("says of defaults that fail the schema that it is them", async () => {
    const dir = tempDir();
    const schema = z.object({ n: z.number() });
    const defaults = { n: "zero" } as never;
    const error = await failureOf(open(dir, { defaults, schema }));
    expect(error).toMatchObject({ code: "ERR_JSON_INVALID", issues: [{ path: ["n"] }] });
    expect((error as Error).message).toMatch(
      /"defaults".*value\.n.*make "schema" accept "defaults"/,
    );
    writeFileSync(join(dir, name), '{"n":1}');
    const store = await open(dir, { defaults, schema });
    expect(await messageOf(reset(store))).toMatch(/"defaults"/);
    writeFileSync(join(dir, name), '{"n":"one"}');
    expect(await messageOf(reload(store))).not.toMatch(/"defaults"/);
  });

  it("says what a migration threw", async () => {
    const thrown: readonly [unknown, string][] = [
      [new Error("no colour\nat all"), "threw: no colour;"],
      [new Error("\u001b[31mred\u202e"), "threw: \\u001b[31mred\\u202e;"],
      [new TypeError(""), "threw: TypeError;"],
      ["text", "threw: text;"],
      [undefined, "threw: undefined;"],
      [Object.create(null), "threw: an object that is no error;"],
      [new Error("x".repeat(5000)), `threw: ${"x".repeat(200)}…;`],
    ];
    for (const [error, shown] of thrown) {
      const dir = tempDir();
      writeFileSync(join(dir, name), '{"$version":1}');
      const migrations = {
        2: () => {
          throw error;
        },
      };
      const failure = await failureOf(open(dir, { version: 2, migrations }));
      expect(failure).toMatchObject({ code: "ERR_HOOK", version: 2 });
      expect((failure as Error).cause).toBe(error);
      expect((failure as Error).message).toContain(`the migration to version 2 ${shown}`);
    }
  });
});

/** Whether a change is one is looked at without texts, where that is possible. */
describe("what is equal to what is there", () => {
  it.each([
    ['{"a":1,"b":[{"c":null}]}', { b: [{ c: null }], a: 1 }, true],
    ['{"a":1,"b":2}', { a: 1, c: 2 }, false],
    ['{"a":1}', { a: 1, b: 2 }, false],
    ['{"a":1,"b":2}', { a: 1 }, false],
    ['{"x":{"a":1}}', { x: { a: 1, b: null } }, false],
    ['{"a":1}', { a: 1, b: undefined }, true],
    ['{"a":1,"b":2}', { a: 1, b: undefined }, false],
    ['{"a":[1,2]}', { a: [1] }, false],
    ['{"a":[]}', { a: {} }, false],
    ['{"a":{}}', { a: [] }, false],
    ['{"a":0}', { a: -0 }, true],
    ['{"constructor":1}', { toString: 1 }, false],
    ['{"__proto__":{"a":1}}', JSON.parse('{"__proto__":{"a":1}}'), true],
    ['{"__proto__":{"a":1}}', JSON.parse('{"__proto__":{"a":2}}'), false],
    ['{"at":"1970-01-01T00:00:00.000Z"}', { at: new Date(0) }, true],
    ["[null]", [null], true],
    ["[0]", [false], false],
    ['"1"', 1, false],
    ["null", null, true],
  ])("%s and %j: %s", async (text, value, same) => {
    const path = join(tempDir(), name);
    writeFileSync(path, text);
    const store = await openJsonStore<unknown>({ path });
    for (const known of [true, false]) {
      if (!known) writeFileSync(path, ` ${text}`);
      const before = readFileSync(path, "utf8");
      const result = await store.update(() => value);
      expect(result).toEqual(JSON.parse(JSON.stringify(value)));
      expect(Object.isFrozen(result)).toBe(true);
      expect(readFileSync(path, "utf8") === before).toBe(same);
      writeFileSync(path, text);
      await store.reload();
    }
  });
});

describe.each(forms)("what is known of bytes, $form", ({ open, update, reload }) => {
  it("is forgotten with the file: the same bytes later are looked at anew", async () => {
    const dir = tempDir();
    const path = join(dir, name);
    writeFileSync(path, '{"n":1}');
    const store = await open(dir, { defaults: { n: 0 } });
    rmSync(path);
    expect(await reload(store)).toEqual({ n: 0 });
    writeFileSync(path, '{"n":1}');
    expect(await update(store, () => ({ n: 0 }))).toEqual({ n: 0 });
    expect(JSON.parse(readFileSync(path, "utf8"))).toEqual({ n: 0 });
  });

  it("never makes one draft of two updates", async () => {
    const dir = tempDir();
    writeFileSync(join(dir, name), '{"list":[]}');
    const store = await open<{ list: number[] }>(dir, {});
    const before = store.get();
    const drafts: { list: number[] }[] = [];
    for (const number of [1, 2]) {
      await update(store, (draft) => {
        drafts.push(draft);
        draft.list.push(number);
      });
    }
    drafts[1]!.list.push(9);
    expect(drafts[0]).not.toBe(drafts[1]);
    expect(before).toEqual({ list: [] });
    expect(store.get()).toEqual({ list: [1, 2] });
  });
});

describe("what is not the value of its own text", () => {
  class Point {
    x = 1;
  }
  it.each([
    ["a symbol as key", { [Symbol("s")]: 1, a: 1 }, { a: 1 }],
    ["no prototype", Object.assign(Object.create(null), { a: [1] }), { a: [1] }],
    ["a toJSON", { a: { toJSON: () => "b" } }, { a: "b" }],
    ["a getter", Object.defineProperty({}, "a", { get: () => 1, enumerable: true }), { a: 1 }],
    ["a hidden property", Object.defineProperty({ a: 1 }, "b", { value: 1 }), { a: 1 }],
    ["a list with a name", Object.assign([1], { name: 1 }), [1]],
    ["a lone surrogate", ["\ud800"], ["\ud800"]],
  ])("is kept as its text says: %s", async (_, value, read) => {
    const path = join(tempDir(), name);
    const store = await openJsonStore<unknown>({ path, defaults: Array.isArray(read) ? [] : {} });
    const next = await store.update(() => value);
    expect(next).toEqual(read);
    expect(Reflect.ownKeys(next as object)).toEqual(Reflect.ownKeys(read as object));
    expect((await openJsonStore<unknown>({ path })).get()).toEqual(read);
  });

  it.each([
    ["a hole", [1, , 2]], // oxlint-disable-line no-sparse-arrays -- that is the case
    ["an undefined element", [undefined]],
    ["NaN", { a: Number.NaN }],
    ["a class", { p: new Point() }],
    ["a map", { m: new Map() }],
    ["a list of a class", { l: new (class extends Array {})() }],
    ["a function", { f: () => 1 }],
    ["a BigInt", { b: 1n }],
  ])("is refused as ever: %s", async (what, value) => {
    const path = join(tempDir(), name);
    const store = await openJsonStore<unknown>({ path, defaults: Array.isArray(value) ? [] : {} });
    const outcome = store.update(() => value);
    if (what === "a list of a class") return void (await outcome);
    expect(await failureOf(outcome)).toMatchObject({ code: "ERR_JSON_UNSERIALIZABLE" });
  });
});
