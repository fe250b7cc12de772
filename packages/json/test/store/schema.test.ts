/** Schemas of three libraries and a function: what they make of a document is the value. */

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type } from "arktype";
import * as v from "valibot";
import { describe, expect, expectTypeOf, it } from "vitest";
import { z } from "zod";
import { openJsonStore, openJsonStoreSync, type Validate } from "../../src/index.ts";
import { failureOf, forms, name, tempDir } from "./forms.ts";

interface Settings {
  theme: "light" | "dark";
  size: number;
  tags: string[];
}

const strict: readonly { library: string; schema: Validate<Settings> }[] = [
  {
    library: "zod",
    schema: z.strictObject({
      theme: z.enum(["light", "dark"]).default("light"),
      size: z.number().default(12),
      tags: z.array(z.string()).default([]),
    }),
  },
  {
    library: "valibot",
    schema: v.strictObject({
      theme: v.optional(v.picklist(["light", "dark"]), "light"),
      size: v.optional(v.number(), 12),
      tags: v.optional(v.array(v.string()), []),
    }),
  },
  {
    library: "arktype",
    schema: type({
      "+": "reject",
      theme: "'light' | 'dark' = 'light'",
      size: "number = 12",
      tags: type("string[]").default(() => []),
    }),
  },
];

describe.each(strict)("a strict schema of $library", ({ schema }) => {
  describe.each(forms)("$form", ({ open, update }) => {
    it("fills in its defaults, never sees $version, and what it returns is written", async () => {
      const dir = tempDir();
      writeFileSync(join(dir, name), '{"$version":3,"theme":"dark"}');
      const store = await open<Settings>(dir, { schema, version: 3 });
      expect(store.get()).toEqual({ theme: "dark", size: 12, tags: [] });
      await update(store, (draft) => void draft.tags.push("a"));
      expect(JSON.parse(readFileSync(join(dir, name), "utf8"))).toEqual({
        $version: 3,
        theme: "dark",
        size: 12,
        tags: ["a"],
      });
    });

    it("never lends its own defaults: a second document begins with them as they were", async () => {
      for (const _ of [1, 2]) {
        const dir = tempDir();
        writeFileSync(join(dir, name), "{}");
        const store = await open<Settings>(dir, { schema });
        expect(store.get().tags).toEqual([]);
        await update(store, (draft) => void draft.tags.push("a"));
        expect(store.get().tags).toEqual(["a"]);
      }
    });

    it("refuses an update that is wrong, and nothing is changed", async () => {
      const dir = tempDir();
      writeFileSync(join(dir, name), '{"theme":"dark"}');
      const store = await open<Settings>(dir, { schema, backups: 1 });
      const error = await failureOf(update(store, (draft) => void (draft.size = "big" as never)));
      expect(error).toMatchObject({ code: "ERR_JSON_INVALID", effect: "none" });
      expect((error as { issues: { path: string[] }[] }).issues[0]?.path).toEqual(["size"]);
      expect(store.get()).toEqual({ theme: "dark", size: 12, tags: [] });
      expect(readFileSync(join(dir, name), "utf8")).toBe('{"theme":"dark"}');
      expect(readdirSync(dir)).toEqual([name]);
    });

    it("refuses what is on disk, and leaves it alone", async () => {
      const dir = tempDir();
      writeFileSync(join(dir, name), '{"theme":"pink"}');
      const error = await failureOf(open<Settings>(dir, { schema }));
      expect(error).toMatchObject({ code: "ERR_JSON_INVALID", effect: "none" });
      expect(readdirSync(dir)).toEqual([name]);
    });
  });
});

describe("a schema", () => {
  it("is checked with the defaults, at once", async () => {
    const path = join(tempDir(), name);
    const defaults = { theme: "pink" } as unknown as Settings;
    for (const { schema } of strict) {
      const error = await failureOf(openJsonStore({ path, defaults, schema }));
      expect(error).toMatchObject({ code: "ERR_JSON_INVALID" });
    }
  });

  it("may make dates of strings: drafts have dates, the file has strings", async () => {
    const path = join(tempDir(), name);
    const schema = z.object({ at: z.iso.datetime().transform((text) => new Date(text)) });
    writeFileSync(path, '{"at":"2020-01-01T00:00:00.000Z"}');
    const store = await openJsonStore({ path, schema });
    expectTypeOf(store.get().at).toEqualTypeOf<Date>();
    expect(store.get().at.getTime()).toBe(Date.UTC(2020, 0, 1));
    const next = await store.update((draft) => {
      draft.at.setUTCFullYear(2021);
    });
    expect(next.at.getTime()).toBe(Date.UTC(2021, 0, 1));
    expect(readFileSync(path, "utf8")).toContain('"2021-01-01T00:00:00.000Z"');
    const failing = store.update((draft) => {
      draft.at.setUTCFullYear(1999);
      throw new Error("no");
    });
    await failureOf(failing);
    expect(store.get().at.getTime()).toBe(Date.UTC(2021, 0, 1));
  });

  it("must accept what it returns: otherwise nothing is written that could not be read", async () => {
    const path = join(tempDir(), name);
    writeFileSync(path, '{"port":"80"}');
    const schema = z.object({ port: z.string().transform(Number) });
    const store = await openJsonStore({ path, schema });
    expect(store.get()).toEqual({ port: 80 });
    // The value as the schema would have to accept it.
    const error = await failureOf(store.update(() => ({ port: "81" }) as never));
    expect(error).toMatchObject({ code: "ERR_JSON_INVALID", effect: "none" });
    expect((error as Error).message).toMatch(/does not accept what it returned/);
    expect(readFileSync(path, "utf8")).toBe('{"port":"80"}');
  });

  it("may be a function, asynchronous for the asynchronous half alone", async () => {
    const path = join(tempDir(), name);
    writeFileSync(path, '{"n":1}');
    const schema = async (value: unknown): Promise<{ n: number }> => {
      await Promise.resolve();
      if (typeof (value as { n?: unknown }).n !== "number") throw new Error("n is missing");
      return value as { n: number };
    };
    const store = await openJsonStore({ path, schema });
    expect(await store.update((draft) => void draft.n++)).toEqual({ n: 2 });
    const error = await failureOf(store.update(() => ({}) as never));
    expect(error).toMatchObject({ code: "ERR_JSON_INVALID" });
    expect(() => store.updateSync((draft) => void draft.n++)).toThrow(/ERR_INVALID_ARG/);
    expect(() => openJsonStoreSync({ path, schema })).toThrow(/ERR_INVALID_ARG/);
    expect(readFileSync(path, "utf8")).toBe('{\n  "n": 2\n}\n');
  });
});
