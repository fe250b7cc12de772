/** What is wrong with the options is said before anything is touched. */

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { openRoot, openRootSync } from "@holdfast/root";
import { describe, expect, it } from "vitest";
import { openJsonStore, openJsonStoreSync, type JsonStoreOptions } from "../../src/index.ts";
import { failureOf, name, tempDir } from "./forms.ts";

const wrong: readonly [string, object][] = [
  ["no path", { path: undefined }],
  ["an empty path", { path: "" }],
  ["a store of bytes", { path: { read: async () => undefined, replace: async () => {} } }],
  ["a root without a path", { path: { root: {} } }],
  ["a name that does not exist", { backup: 1 }],
  ["backups that are no count", { backups: -1 }],
  ["too many backups", { backups: 1000 }],
  ["backups as a boolean", { backups: true }],
  ["a version of 0", { version: 0 }],
  ["a version of 1.5", { version: 1.5 }],
  ["a version as a string", { version: "2" }],
  ["migrations without a version", { migrations: { 2: () => ({}) } }],
  ["a migration beyond the version", { version: 1, migrations: { 2: () => ({}) } }],
  ["a migration to version 0", { version: 1, migrations: { 0: () => ({}) } }],
  ["a migration that is no function", { version: 2, migrations: { 2: {} } }],
  ["an onCorrupt that does not exist", { onCorrupt: "reset" }],
  ["quarantine without defaults", { onCorrupt: "quarantine" }],
  ["a mode that is none", { mode: "600" }],
  ["a watch of 0", { watch: 0 }],
  ["a watch that is a string", { watch: "yes" }],
  ["an onChange that is no function", { onChange: true }],
  ["an onError that is no function", { onError: {} }],
  ["a schema that is none", { schema: {} }],
  ["defaults that are a list, with a version", { version: 1, defaults: [] }],
  ["defaults with the store's key", { version: 1, defaults: { $version: 1 } }],
  ["defaults that JSON does not have", { defaults: { a: Number.NaN } }],
  ["defaults that are a map", { defaults: new Map([["a", 1]]) }],
  ["a space that is no space", { space: "--" }],
  ["a maxBytes that is none", { maxBytes: -1 }],
  ["a lockTimeoutMs that is none", { lockTimeoutMs: "soon" }],
];

describe("options of a store that are wrong", () => {
  it.each(wrong)("%s", async (_, options) => {
    const dir = tempDir();
    const all = { path: join(dir, name), ...options } as JsonStoreOptions<object>;
    for (const error of [
      await failureOf(openJsonStore(all)),
      await failureOf((async () => openJsonStoreSync(all))()),
    ]) {
      expect(error).toMatchObject({ code: "ERR_INVALID_ARG" });
    }
    expect(readdirSync(dir)).toEqual([]);
  });

  it("no options at all", async () => {
    const none = undefined as unknown as JsonStoreOptions<object>;
    expect(await failureOf(openJsonStore(none))).toMatchObject({ code: "ERR_INVALID_ARG" });
    expect(() => openJsonStoreSync(none)).toThrow(/ERR_INVALID_ARG/);
  });

  it("update of what is no function, reset without defaults", async () => {
    const path = join(tempDir(), name);
    const none = undefined as unknown as () => void;
    const store = await openJsonStore<object>({ path, defaults: {} });
    expect(await failureOf(store.update(none))).toMatchObject({ code: "ERR_INVALID_ARG" });
    expect(() => store.updateSync(none)).toThrow(/ERR_INVALID_ARG/);
    await store.update(() => ({ a: 1 }));
    const without = await openJsonStore({ path });
    expect(await failureOf(without.reset())).toMatchObject({ code: "ERR_INVALID_ARG" });
    expect(() => without.resetSync()).toThrow(/ERR_INVALID_ARG/);
  });

  it("the half that a root does not have", async () => {
    const dir = tempDir();
    await using root = await openRoot(dir);
    using rootSync = openRootSync(dir);
    const defaults = { n: 1 };
    expect(() => openJsonStoreSync({ path: { root, path: name }, defaults })).toThrow(
      /ERR_INVALID_ARG/,
    );
    expect(
      await failureOf(openJsonStore({ path: { root: rootSync, path: name }, defaults })),
    ).toMatchObject({ code: "ERR_INVALID_ARG" });
    const store = await openJsonStore({ path: { root, path: name }, defaults });
    expect(() => store.updateSync(() => {})).toThrow(/ERR_INVALID_ARG/);
    expect(await store.update((draft) => void draft.n++)).toEqual({ n: 2 });
    const inside = openJsonStoreSync<{ n: number }>({ path: { root: rootSync, path: name } });
    expect(await failureOf(inside.update(() => {}))).toMatchObject({ code: "ERR_INVALID_ARG" });
    expect(inside.get()).toEqual({ n: 2 });
  });
});
