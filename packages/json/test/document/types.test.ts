/** What the compiler makes of calls: these are checked by it, and run only to show that they agree. */

import { type } from "arktype";
import * as v from "valibot";
import { describe, expectTypeOf, it } from "vitest";
import { z } from "zod";
import { openRoot, openRootSync, type Root, type RootSync } from "@holdfast/root";
import {
  readJson,
  readJsonIfExists,
  readJsonIfExistsSync,
  readJsonSync,
  updateJson,
  updateJsonSync,
  writeJson,
  type JsonTarget,
} from "../../src/index.ts";

interface Settings {
  theme: string;
  size: number;
}

const zod = z.object({ theme: z.string(), size: z.number().default(1) });
const valibot = v.object({ theme: v.string(), size: v.number() });
const ark = type({ theme: "string", size: "number" });
const plain = (value: unknown): Settings => value as Settings;
const later = async (value: unknown): Promise<Settings> => value as Settings;

/** Never called: the calls are for the compiler. */
async function reading(): Promise<void> {
  expectTypeOf(await readJson("a")).toEqualTypeOf<unknown>();
  expectTypeOf(await readJson<Settings>("a")).toEqualTypeOf<Settings>();
  expectTypeOf(await readJson("a", { validate: zod })).toEqualTypeOf<Settings>();
  expectTypeOf(await readJson("a", { validate: valibot })).toEqualTypeOf<Settings>();
  expectTypeOf(await readJson("a", { validate: ark })).toEqualTypeOf<Settings>();
  expectTypeOf(await readJson("a", { validate: plain })).toEqualTypeOf<Settings>();
  expectTypeOf(await readJson("a", { validate: later })).toEqualTypeOf<Settings>();
  expectTypeOf(await readJson("a", { validate: (value) => String(value) })).toEqualTypeOf<string>();
  expectTypeOf(await readJsonIfExists("a", { validate: zod })).toEqualTypeOf<
    Settings | undefined
  >();
  expectTypeOf(readJsonSync("a")).toEqualTypeOf<unknown>();
  expectTypeOf(readJsonSync("a", { validate: zod })).toEqualTypeOf<Settings>();
  expectTypeOf(readJsonSync("a", { validate: valibot })).toEqualTypeOf<Settings>();
  expectTypeOf(readJsonSync("a", { validate: ark })).toEqualTypeOf<Settings>();
  expectTypeOf(readJsonSync("a", { validate: plain })).toEqualTypeOf<Settings>();
  expectTypeOf(readJsonIfExistsSync("a", { validate: zod })).toEqualTypeOf<Settings | undefined>();
  // @ts-expect-error -- misspelt
  await readJson("a", { validat: zod });
  // @ts-expect-error -- nothing could end it
  readJsonSync("a", { signal: new AbortController().signal });
}

async function updating(): Promise<void> {
  const count = await updateJson<number>("a", (n = 0) => {
    expectTypeOf(n).toEqualTypeOf<number>();
    return n + 1;
  });
  expectTypeOf(count).toEqualTypeOf<number>();

  const checked = await updateJson(
    "a",
    (value) => {
      expectTypeOf(value).toEqualTypeOf<Settings | undefined>();
      return { ...(value ?? { theme: "light" }), size: 2 };
    },
    { validate: zod as z.ZodType<Settings> },
  );
  expectTypeOf(checked).toEqualTypeOf<Settings>();

  const begun = await updateJson(
    "a",
    (value) => {
      expectTypeOf(value).toEqualTypeOf<Settings>();
      value.size++;
      return value;
    },
    { validate: ark, initial: { theme: "light", size: 1 } },
  );
  expectTypeOf(begun).toEqualTypeOf<Settings>();

  const counted = await updateJson("a", (n) => n + 1, { initial: 0 });
  expectTypeOf(counted).toEqualTypeOf<number>();

  const later = await updateJson("a", async (value) => ({ ...value, size: value.size + 1 }), {
    initial: { theme: "light", size: 1 },
  });
  expectTypeOf(later).toEqualTypeOf<Settings>();

  const perhaps = await updateJson<Settings>("a", (value) =>
    value === undefined ? undefined : { ...value, size: 0 },
  );
  expectTypeOf(perhaps).toEqualTypeOf<Settings | undefined>();

  const begunPerhaps = await updateJson("a", (n) => (n > 3 ? undefined : n + 1), { initial: 0 });
  expectTypeOf(begunPerhaps).toEqualTypeOf<number>();

  const inOneGo = updateJsonSync(
    "a",
    (value) => {
      expectTypeOf(value).toEqualTypeOf<Settings>();
      return value;
    },
    { validate: plain, initial: { theme: "light", size: 1 } },
  );
  expectTypeOf(inOneGo).toEqualTypeOf<Settings>();
  expectTypeOf(updateJsonSync<number>("a", (n = 0) => n + 1)).toEqualTypeOf<number>();
  // @ts-expect-error -- it may not be there yet, and `size` is a number
  await updateJson("a", (value) => ({ ...value, size: value.size + 1 }), { validate: plain });
}

/** Unions are inferred whole. */
async function unions(): Promise<void> {
  type Either = { readonly a: string } | { readonly b: number };
  const either = (value: unknown): Either => value as Either;
  const eitherLater = async (value: unknown): Promise<Either> => value as Either;
  const perhapsLater = (value: unknown): Either | Promise<Either> => value as Either;
  const orNull = (value: unknown): Either | null => value as Either;
  const anything = z.union([z.object({ a: z.string() }), z.object({ b: z.number() })]);
  expectTypeOf(await readJson("a", { validate: either })).toEqualTypeOf<Either>();
  expectTypeOf(await readJson("a", { validate: eitherLater })).toEqualTypeOf<Either>();
  expectTypeOf(await readJson("a", { validate: perhapsLater })).toEqualTypeOf<Either>();
  expectTypeOf(await readJson("a", { validate: orNull })).toEqualTypeOf<Either | null>();
  expectTypeOf(await readJson("a", { validate: (v) => either(v) })).toEqualTypeOf<Either>();
  expectTypeOf(await readJson("a", { validate: async (v) => either(v) })).toEqualTypeOf<Either>();
  expectTypeOf(await readJson("a", { validate: anything })).toEqualTypeOf<
    { a: string } | { b: number }
  >();
  const arkEither = type({ a: "string" }).or({ b: "number" });
  expectTypeOf(await readJson("a", { validate: arkEither })).toEqualTypeOf<
    { a: string } | { b: number }
  >();
  expectTypeOf(await updateJson("a", (value) => value, { validate: either })).toEqualTypeOf<
    Either | undefined
  >();
  const initial = { a: "x" };
  const both = await updateJson("a", () => undefined, { validate: either, initial });
  expectTypeOf(both).toEqualTypeOf<Either>();
}

/** What `fn` returns: nothing at all is a mistake, `undefined` is an answer. */
async function returning(): Promise<void> {
  const initial = { theme: "light", size: 1 };
  // @ts-expect-error -- changed, and not returned
  await updateJson("a", (value) => { value.size++; }, { initial }); // prettier-ignore
  // @ts-expect-error -- changed, and not returned
  await updateJson<Settings>("a", (value) => { value.size++; }, { initial }); // prettier-ignore
  // @ts-expect-error -- changed, and not returned
  await updateJson("a", async (value) => { value.size++; }, { initial }); // prettier-ignore
  // @ts-expect-error -- changed, and not returned
  await updateJson("a", (value) => { if (value) value.size++; }, { validate: plain }); // prettier-ignore
  // @ts-expect-error -- changed, and not returned
  updateJsonSync("a", (value) => { value.size++; }, { initial }); // prettier-ignore
  // @ts-expect-error -- changed, and not returned
  updateJsonSync<Settings>("a", (value) => { if (value) value.size++; }); // prettier-ignore

  const early = await updateJson(
    "a",
    (value) => {
      if (value.size > 3) return;
      value.size++;
      return value;
    },
    { initial },
  );
  expectTypeOf(early).toEqualTypeOf<Settings>();
  const none = await updateJson("a", () => undefined, { initial });
  expectTypeOf(none).toEqualTypeOf<Settings>();
  const later = await updateJson("a", async (v) => (v.size > 3 ? undefined : v), { initial });
  expectTypeOf(later).toEqualTypeOf<Settings>();
  const checked = await updateJson("a", () => undefined, { initial, validate: plain });
  expectTypeOf(checked).toEqualTypeOf<Settings>();
  const given = await updateJson<Settings>("a", (v) => (v.size > 3 ? undefined : v), { initial });
  expectTypeOf(given).toEqualTypeOf<Settings>();
  const replaced = await updateJson("a", () => [1], { initial: [] });
  expectTypeOf(replaced).toEqualTypeOf<number[]>();
  const inOneGo = updateJsonSync("a", (v) => (v.size > 3 ? undefined : v), { initial });
  expectTypeOf(inOneGo).toEqualTypeOf<Settings>();
}

/** A wrapper of somebody's, generic itself. */
async function generic<T>(path: string, validate: (value: unknown) => T, initial: T): Promise<T> {
  const read: T = await readJson(path, { validate });
  const updated: T = await updateJson<T>(path, () => read, { initial, validate });
  void updated;
  return readJsonSync(path, { validate });
}

async function targets(root: Root, rootSync: RootSync): Promise<void> {
  await readJson({ root, path: "a" });
  readJsonSync({ root: rootSync, path: "a" });
  await writeJson(new URL("file:///a"), 1);
  await readJson({ read: async () => undefined });
  expectTypeOf<{ root: Root; path: string }>().toExtend<JsonTarget>();
  expectTypeOf<{ root: RootSync; path: string }>().toExtend<JsonTarget>();
  // @ts-expect-error -- a number is no file descriptor here
  await readJson(3);
}

describe("types", () => {
  it("are inferred from what validates, from `initial` and from `fn`", () => {
    for (const calls of [reading, updating, unions, returning, generic, targets])
      expectTypeOf(calls).toBeFunction();
  });

  it("fit real roots", () => {
    expectTypeOf(openRoot).returns.resolves.toExtend<Root>();
    expectTypeOf(openRootSync).returns.toExtend<RootSync>();
  });
});
