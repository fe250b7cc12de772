/** What the compiler makes of stores: these calls are checked by it, and never made. */

import { type } from "arktype";
import * as v from "valibot";
import { describe, expectTypeOf, it } from "vitest";
import { z } from "zod";
import {
  openJsonStore,
  openJsonStoreSync,
  type DeepReadonly,
  type JsonStore,
  type JsonStoreOptions,
} from "../../src/index.ts";

interface Settings {
  theme: "light" | "dark";
  size: number;
  tags: string[];
}

interface Frozen {
  readonly theme: "light" | "dark";
  readonly size: number;
  readonly tags: readonly string[];
}

const path = "a";
const zod = z.object({
  theme: z.enum(["light", "dark"]),
  size: z.number().default(1),
  tags: z.array(z.string()),
});
const valibot = v.object({
  theme: v.picklist(["light", "dark"]),
  size: v.number(),
  tags: v.array(v.string()),
});
const ark = type({ theme: "'light' | 'dark'", size: "number", tags: "string[]" });
const plain = (value: unknown): Settings => value as Settings;
const later = async (value: unknown): Promise<Settings> => value as Settings;
const defaults: Settings = { theme: "light", size: 1, tags: [] };

async function bySchemas(): Promise<void> {
  expectTypeOf((await openJsonStore({ path, schema: zod })).get()).toEqualTypeOf<Frozen>();
  expectTypeOf(
    (
      await openJsonStore({ path, schema: zod, defaults: { theme: "light", size: 1, tags: [] } })
    ).get(),
  ).toEqualTypeOf<Frozen>();
  expectTypeOf(
    (
      await openJsonStore({ path, schema: valibot, defaults: { theme: "dark", size: 1, tags: [] } })
    ).get(),
  ).toEqualTypeOf<Frozen>();
  expectTypeOf(
    (
      await openJsonStore({ path, schema: ark, defaults: { theme: "dark", size: 1, tags: [] } })
    ).get(),
  ).toEqualTypeOf<Frozen>();
  expectTypeOf(
    (
      await openJsonStore({ path, defaults: { theme: "dark", size: 1, tags: [] }, schema: plain })
    ).get(),
  ).toEqualTypeOf<Frozen>();
  expectTypeOf(
    (await openJsonStore({ path, schema: later, defaults })).get(),
  ).toEqualTypeOf<Frozen>();
  expectTypeOf(openJsonStoreSync({ path, schema: ark }).get()).toEqualTypeOf<Frozen>();
  expectTypeOf(
    openJsonStoreSync({
      path,
      schema: plain,
      defaults: { theme: "light", size: 1, tags: ["a"] },
    }).get(),
  ).toEqualTypeOf<Frozen>();
  expectTypeOf(
    (await openJsonStore<Settings>({ path, schema: zod, defaults })).get(),
  ).toEqualTypeOf<Frozen>();
}

async function wrongDefaults(): Promise<void> {
  const pink = { theme: "pink", size: 1, tags: [] } as const;
  // @ts-expect-error -- there is no such theme
  await openJsonStore({ path, schema: zod, defaults: { theme: "pink", size: 1, tags: [] } });
  // @ts-expect-error -- of a schema of valibot
  await openJsonStore({ path, schema: valibot, defaults: { theme: "pink", size: 1, tags: [] } });
  // @ts-expect-error -- of a schema of arktype
  await openJsonStore({ path, schema: ark, defaults: { theme: "pink", size: 1, tags: [] } });
  // @ts-expect-error -- of a function
  await openJsonStore({ path, schema: plain, defaults: { theme: "pink", size: 1, tags: [] } });
  // @ts-expect-error -- of a function that answers later
  await openJsonStore({ path, schema: later, defaults: { theme: "light", size: "1", tags: [] } });
  // @ts-expect-error -- in one go
  openJsonStoreSync({ path, schema: zod, defaults: { theme: "light", size: "1", tags: [] } });
  // @ts-expect-error -- something is missing
  await openJsonStore({ path, schema: ark, defaults: { theme: "light", size: 1 } });
  // @ts-expect-error -- the type is said
  await openJsonStore<Settings>({ path, defaults: pink });
}

/** Where these have fewer types than the schema, they do not take any from it. */
async function narrowDefaults(): Promise<void> {
  const given = { theme: "light", size: 1, tags: ["a"] } as const;
  const wide = { theme: "light" as string, size: 1, tags: ["a"] };
  // @ts-expect-error -- it may be any text
  await openJsonStore({ path, schema: plain, defaults: wide });
  // @ts-expect-error -- so may this one
  openJsonStoreSync({ path, schema: ark, defaults: wide });
  const byLater = await openJsonStore({
    path,
    schema: later,
    defaults: { ...given, tags: [...given.tags] },
  });
  expectTypeOf(byLater.get()).toEqualTypeOf<Frozen>();
}

async function drafts(store: JsonStore<Settings>): Promise<void> {
  const byZod = await openJsonStore({ path, schema: zod, defaults });
  const byArk = await openJsonStore({ path, schema: ark, defaults });
  const byFunction = await openJsonStore({ path, schema: plain, defaults });
  for (const one of [store, byZod, byArk, byFunction]) {
    await one.update((draft) => {
      expectTypeOf(draft).toEqualTypeOf<Settings>();
      draft.theme = "dark";
      draft.tags.push("a");
      // @ts-expect-error -- there is no such theme
      draft.theme = "pink";
      // @ts-expect-error -- not a string
      draft.tags.push(1);
    });
    one.updateSync((draft) => ({ ...draft, size: 2 }));
    await one.update(async (draft) => ({ ...draft, size: 2 }));
    // @ts-expect-error -- there is no such theme
    await one.update((draft) => ({ ...draft, theme: "pink" }));
    // @ts-expect-error -- something is missing
    one.updateSync(() => ({ size: 1 }));
  }
  const before = store.get();
  await store.update(() => before);
  await store.update(async () => before);
  await store.update(() => ({ ...before, size: 2 }));
}

async function byDefaults(): Promise<void> {
  const store = await openJsonStore({ path, defaults: { theme: "light", list: [1], on: true } });
  expectTypeOf(store).toEqualTypeOf<JsonStore<{ theme: string; list: number[]; on: boolean }>>();
  expectTypeOf(await openJsonStore({ path, defaults: 0 })).toEqualTypeOf<JsonStore<number>>();
  expectTypeOf(openJsonStoreSync({ path, defaults })).toEqualTypeOf<JsonStore<Settings>>();
  expectTypeOf(await openJsonStore({ path })).toEqualTypeOf<JsonStore<unknown>>();
  const record = await openJsonStore<Record<string, number>>({ path, defaults: {} });
  expectTypeOf(record).toEqualTypeOf<JsonStore<Record<string, number>>>();
}

async function reading(store: JsonStore<Settings>): Promise<void> {
  expectTypeOf(store.get()).toEqualTypeOf<Frozen>();
  expectTypeOf(await store.update(() => {})).toEqualTypeOf<Frozen>();
  expectTypeOf(store.updateSync(() => {})).toEqualTypeOf<Frozen>();
  expectTypeOf(await store.reset()).toEqualTypeOf<Frozen>();
  expectTypeOf(store.reloadSync()).toEqualTypeOf<Frozen>();
  // @ts-expect-error -- it is frozen
  store.get().size = 2;
  // @ts-expect-error -- so are lists in it
  store.get().tags.push("a");
  // What only reads takes it as it is.
  const shown = ({ theme, tags }: { theme: string; tags: readonly string[] }): string =>
    theme + tags.length;
  shown(store.get());
  await openJsonStore({
    path,
    schema: zod,
    defaults,
    watch: true,
    onChange: (value, before) => {
      expectTypeOf(value).toEqualTypeOf<Frozen>();
      expectTypeOf(before).toEqualTypeOf<Frozen>();
    },
  });
}

/** A wrapper of somebody's, generic itself. */
async function generic<Value extends object>(
  options: Omit<JsonStoreOptions<Value>, "path">,
): Promise<JsonStore<Value>> {
  const store = await openJsonStore<Value>({ ...options, path });
  await store.update((draft) => draft);
  return store;
}

type Row = { at: Date; map: Map<string, number[]>; fn: () => void; pair: [number, { a: string }] };

describe("types", () => {
  it("come from the schema, and only without one from the defaults", () => {
    const calls = [bySchemas, wrongDefaults, narrowDefaults, drafts, byDefaults, reading, generic];
    for (const call of calls) expectTypeOf(call).toBeFunction();
  });

  it("are readonly all through, but for what is of a class", () => {
    expectTypeOf<DeepReadonly<Row>>().toEqualTypeOf<{
      readonly at: Date;
      readonly map: Map<string, number[]>;
      readonly fn: () => void;
      readonly pair: readonly [number, { readonly a: string }];
    }>();
    expectTypeOf<DeepReadonly<unknown>>().toEqualTypeOf<unknown>();
    expectTypeOf<DeepReadonly<string | number[] | undefined>>().toEqualTypeOf<
      string | readonly number[] | undefined
    >();
  });
});
