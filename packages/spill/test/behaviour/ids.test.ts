/** S3: any string is an id. */

import fc from "fast-check";
import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { linesOf, openStore, outputsIn, spilled } from "../support/stores.ts";

const big = linesOf(2000);
const small = { maxBytes: 1000 };

describe("S3 ids", () => {
  it.each([
    ["dots", ".."],
    ["nothing", ""],
    ["NUL", "\0"],
    ["300 characters", "x".repeat(300)],
    ["a path", "a/x"],
    ["a path upwards", "../../../../tmp/x"],
    ["a device", "con"],
    ["an option", "-rf"],
    ["spaces", " x "],
    ["a lone surrogate", "\ud800"],
    ["line breaks", "a\nb\u2028c"],
    ["markup", "</stub>"],
  ])("%s", async (_, id) => {
    const { store, dir } = await openStore(small);
    const { path, ref } = spilled(await store.spill(id, big));
    expect(dirname(path)).toBe(join(dir, "s1"));
    expect(outputsIn(dir)).toHaveLength(1);
    expect(outputsIn(dir)[0]).toMatch(/^[A-Za-z0-9_][A-Za-z0-9_-]*-[0-9a-f]{8}\.txt$/);
    expect(readFileSync(path, "utf8")).toBe(big);
    expect(await store.resolve(ref)).toMatchObject({ status: "ok", path });
  });

  it("that share a base name do not share a file", async () => {
    const { store, dir } = await openStore(small);
    const ids = [
      "a/x",
      "b/x",
      "a_x",
      "a x",
      "A/X",
      "\ud800",
      "\ud801",
      "x".repeat(65),
      "x".repeat(66),
    ];
    const refs = new Set<string>();
    for (const id of ids) refs.add(spilled(await store.spill(id, big)).ref);
    expect(refs.size).toBe(ids.length);
    expect(new Set(outputsIn(dir).map((name) => name.toLowerCase())).size).toBe(ids.length);
  });

  it("any: the file lies in the session, its ref is plain, and resolves", async () => {
    const { store, dir } = await openStore({ ...small, durable: false });
    const id = fc.oneof(fc.string({ unit: "binary", maxLength: 400 }), fc.string());
    await fc.assert(
      fc.asyncProperty(id, async (given) => {
        const { path, ref, stub } = spilled(await store.spill(given, big));
        expect(dirname(path)).toBe(join(dir, "s1"));
        expect(lstatSync(path).isFile()).toBe(true);
        expect(ref).toMatch(/^[A-Za-z0-9.:/_-]+$/);
        expect(stub.split("\n")[1]).toBe(`${ref}]`); // no id breaks out of its line
        expect((await store.resolve(ref)).status).toBe("ok");
      }),
      { numRuns: 60 },
    );
    expect(readdirSync(dir).toSorted()).toEqual(["s1", "s1.lock.shared"]);
  });

  it("the same id and content is the same ref; another content is another file", async () => {
    const { store, dir } = await openStore(small);
    const one = spilled(await store.spill("x", big));
    const same = spilled(await store.spill("x", big));
    const late = spilled(await store.spill("x", `${big.slice(0, -2)}?\n`));
    expect(same).toEqual(one);
    expect(late.ref).not.toBe(one.ref);
    expect(late.path).not.toBe(one.path);
    expect(late.stub).not.toBe(one.stub);
    expect(readFileSync(one.path, "utf8")).toBe(big);
    expect(spilled(await store.spill("x", `${big.slice(0, -2)}?\n`)).ref).toBe(late.ref);
    expect(outputsIn(dir)).toHaveLength(2);
    expect(store.usage().sessionBytes).toBe(one.bytes + late.bytes);
  });

  it("twice at the same moment is one file", async () => {
    const { store, dir } = await openStore(small);
    const all = await Promise.all(Array.from({ length: 8 }, () => store.spill("x", [big])));
    expect(new Set(all.map((result) => result.ref)).size).toBe(1);
    expect(outputsIn(dir)).toHaveLength(1);
    expect(store.usage().sessionBytes).toBe(big.length);
  });
});
