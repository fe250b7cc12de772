/** Older documents are brought up to date as a whole or not at all; newer ones are left alone. */

import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { needs } from "../../../atomic/test/support/needs.ts";
import { openJsonStore, openJsonStoreSync } from "../../src/index.ts";
import { failureOf, forms, name, tempDir } from "./forms.ts";

interface Third {
  names: string[];
  count: number;
}

const migrations = {
  1: (value: unknown): unknown => ({ ...(value as object), one: true }),
  2: (value: unknown): unknown => {
    const { name: only } = value as { name: string };
    return { names: [only] };
  },
  3: (value: unknown): unknown => ({ ...(value as object), count: 1 }),
};

const old = '{"$version":1,   "name":"a"}';
const contentOf = (dir: string): unknown => JSON.parse(readFileSync(join(dir, name), "utf8"));

describe.each(forms)("migration, $form", ({ open, update, reload, reset }) => {
  const openThird = (dir: string, more: object = {}): ReturnType<typeof open<Third>> =>
    open<Third>(dir, { version: 3, migrations, ...more });

  it("makes every step, in order, and writes the result", async () => {
    const dir = tempDir();
    writeFileSync(join(dir, name), old);
    const store = await openThird(dir);
    expect(store.get()).toEqual({ names: ["a"], count: 1 });
    expect(store.migratedFrom).toBe(1);
    expect(readFileSync(join(dir, name), "utf8")).toBe(
      '{\n  "$version": 3,\n  "names": [\n    "a"\n  ],\n  "count": 1\n}\n',
    );
    expect(readdirSync(dir)).toEqual([name]);
    const again = await openThird(dir);
    expect(again.migratedFrom).toBeUndefined();
    await update(again, (draft) => void draft.count++);
    expect(contentOf(dir)).toEqual({ $version: 3, names: ["a"], count: 2 });
  });

  it("begins at version 0 without a $version where there is a step to 1, and else at 1", async () => {
    for (const [steps, from] of [
      [{ 1: () => ({ a: 1 }) }, 0],
      [{}, 1],
    ] as const) {
      const dir = tempDir();
      writeFileSync(join(dir, name), "{}");
      const store = await open<object>(dir, { version: 2, migrations: steps });
      expect(store.migratedFrom).toBe(from);
      expect(contentOf(dir)).toEqual({ $version: 2, ...(from === 0 && { a: 1 }) });
    }
    const dir = tempDir();
    writeFileSync(join(dir, name), '{ "a": 1 }');
    const store = await open<object>(dir, { version: 1 });
    expect(store.migratedFrom).toBeUndefined();
    expect(readFileSync(join(dir, name), "utf8")).toBe('{ "a": 1 }');
  });

  it("may begin with what is no object", async () => {
    const dir = tempDir();
    writeFileSync(join(dir, name), "[1,2]");
    const store = await open<object>(dir, {
      version: 1,
      migrations: { 1: (list) => ({ list }) },
    });
    expect(store.get()).toEqual({ list: [1, 2] });
  });

  it("takes a step that changes what it was given and returns nothing", async () => {
    const dir = tempDir();
    writeFileSync(join(dir, name), '{"$version":1,"a":1}');
    const store = await open<object>(dir, {
      version: 2,
      migrations: { 2: (value) => void ((value as { a: number }).a = 2) },
    });
    expect(store.get()).toEqual({ a: 2 });
  });

  it("gives steps the document without version and defaults, and the schema the result with them", async () => {
    const dir = tempDir();
    writeFileSync(join(dir, name), '{"$version":1,"a":1}');
    const seen: unknown[] = [];
    const store = await open<object>(dir, {
      version: 2,
      defaults: { b: "default" },
      migrations: {
        2: (value) => {
          seen.push(structuredClone(value));
          return value;
        },
      },
      schema: z.strictObject({ a: z.number(), b: z.string(), c: z.number().default(3) }),
    });
    expect(seen).toEqual([{ a: 1 }]);
    expect(store.get()).toEqual({ a: 1, b: "default", c: 3 });
    expect(contentOf(dir)).toEqual({ $version: 2, a: 1, b: "default", c: 3 });
  });

  it("J4 leaves the old file byte for byte where step 2 of 3 fails, and says which", async () => {
    const dir = tempDir();
    const text = '{"$version":0,\t"name":"a"}\r\n';
    writeFileSync(join(dir, name), text);
    writeFileSync(join(dir, `${name}.backup-1`), '{"kept":1}');
    const mine = new Error("mine");
    const failing = {
      ...migrations,
      2: (): never => {
        throw mine;
      },
    };
    for (const more of [{}, { onCorrupt: "restore-backup" }, { onCorrupt: "quarantine" }]) {
      const options = {
        migrations: failing,
        backups: 2,
        defaults: { names: [], count: 0 },
        ...more,
      };
      const error = await failureOf(openThird(dir, options));
      expect(error).toMatchObject({ code: "ERR_HOOK", effect: "none", cause: mine, version: 2 });
      expect((error as Error).message).toContain("the migration to version 2 threw");
      expect(readFileSync(join(dir, name), "utf8")).toBe(text);
      expect(readFileSync(join(dir, `${name}.backup-1`), "utf8")).toBe('{"kept":1}');
      expect(readFileSync(join(dir, `${name}.v0.backup`), "utf8")).toBe(text);
      expect(readdirSync(dir)).toHaveLength(3);
    }
    const store = await openThird(dir, { backups: 2 });
    expect(store.get()).toEqual({ names: ["a"], count: 1 });
    expect(readdirSync(dir)).toEqual([name, `${name}.backup-1`, `${name}.backup-2`]);
    expect(readFileSync(join(dir, `${name}.backup-1`), "utf8")).toBe(text);
  });

  it("leaves the old file where the result is not what the schema asks for", async () => {
    const dir = tempDir();
    writeFileSync(join(dir, name), old);
    const schema = z.object({ names: z.string(), count: z.number() });
    const error = await failureOf(openThird(dir, { schema }));
    expect(error).toMatchObject({ code: "ERR_JSON_INVALID", effect: "none" });
    expect(readFileSync(join(dir, name), "utf8")).toBe(old);
  });

  it("refuses a newer version, whatever onCorrupt says, also in reset", async () => {
    const dir = tempDir();
    const newer = '{"$version":4,"names":[]}';
    const defaults = { names: [], count: 0 };
    for (const onCorrupt of ["throw", "restore-backup", "quarantine"]) {
      writeFileSync(join(dir, name), newer);
      const error = await failureOf(openThird(dir, { onCorrupt, defaults }));
      expect(error).toMatchObject({ code: "ERR_JSON_VERSION", effect: "none", version: 4 });
      writeFileSync(join(dir, name), '{"$version":3,"names":[],"count":0}');
      const store = await openThird(dir, { onCorrupt, defaults });
      writeFileSync(join(dir, name), newer);
      const calls = [
        (): Promise<unknown> => update(store, () => {}),
        (): Promise<unknown> => reload(store),
        (): Promise<unknown> => reset(store),
      ];
      for (const call of calls) {
        expect(await failureOf(call())).toMatchObject({ code: "ERR_JSON_VERSION" });
      }
      expect(readFileSync(join(dir, name), "utf8")).toBe(newer);
    }
    expect(readdirSync(dir)).toEqual([name]);
  });

  it.each(['"3"', "-1", "1.5", "null", "1e400", "[3]"])(
    "refuses the version %s",
    async (version) => {
      const dir = tempDir();
      const text = `{"$version":${version},"names":[],"count":0}`;
      writeFileSync(join(dir, name), text);
      const error = await failureOf(openThird(dir));
      expect(error).toMatchObject({ code: "ERR_JSON_INVALID", effect: "none" });
      expect((error as { issues: unknown[] }).issues).toMatchObject([{ path: ["$version"] }]);
      expect(readFileSync(join(dir, name), "utf8")).toBe(text);
    },
  );

  it("migrates what an older program wrote meanwhile, in update and in reload", async () => {
    const dir = tempDir();
    const store = await openThird(dir, { defaults: { names: [], count: 0 } });
    await update(store, (draft) => void draft.count++);
    writeFileSync(join(dir, name), old);
    expect(await update(store, (draft) => void draft.count++)).toEqual({ names: ["a"], count: 2 });
    expect(contentOf(dir)).toEqual({ $version: 3, names: ["a"], count: 2 });
    writeFileSync(join(dir, name), old);
    expect(await reload(store)).toEqual({ names: ["a"], count: 1 });
    expect(contentOf(dir)).toEqual({ $version: 3, names: ["a"], count: 1 });
    expect(readdirSync(dir)).toEqual([name]);
  });

  it("refuses a value with the store's own key, or that can hold none", async () => {
    const dir = tempDir();
    const store = await open<Record<string, unknown>>(dir, { version: 1, defaults: {} });
    for (const wrong of [{ $version: 2 }, [], 1, null]) {
      const error = await failureOf(update(store, () => wrong as never));
      expect(error).toMatchObject({ code: "ERR_JSON_INVALID", effect: "none" });
    }
    expect(store.get()).toEqual({});
    expect(readdirSync(dir)).toEqual([]);
  });

  it("without a version option leaves the key to the program", async () => {
    const dir = tempDir();
    writeFileSync(join(dir, name), '{"$version":"mine"}');
    const store = await open<Record<string, unknown>>(dir, {});
    await update(store, (draft) => void (draft["a"] = 1));
    expect(contentOf(dir)).toEqual({ $version: "mine", a: 1 });
  });

  it.runIf(needs("posix"))(
    "keeps the permissions, of the file and of what is beside it",
    async () => {
      const dir = tempDir();
      writeFileSync(join(dir, name), old);
      chmodSync(join(dir, name), 0o600);
      let during: number | undefined;
      await openThird(dir, {
        backups: 1,
        migrations: {
          ...migrations,
          2: (value: unknown) => {
            during = statSync(join(dir, `${name}.v1.backup`)).mode & 0o777;
            return migrations[2](value);
          },
        },
      });
      expect(during).toBe(0o600);
      expect(statSync(join(dir, name)).mode & 0o777).toBe(0o600);
      expect(statSync(join(dir, `${name}.backup-1`)).mode & 0o777).toBe(0o600);
    },
  );
});

describe("migration", () => {
  it("waits for steps that are asynchronous, and refuses them synchronously", async () => {
    const path = join(tempDir(), name);
    writeFileSync(path, old);
    const steps = { ...migrations, 2: async () => ({ names: await Promise.resolve(["later"]) }) };
    const options = { path, version: 3, migrations: steps };
    expect(() => openJsonStoreSync<Third>(options)).toThrow(/ERR_INVALID_ARG/);
    expect(readFileSync(path, "utf8")).toBe(old);
    const store = await openJsonStore<Third>(options);
    expect(store.get()).toEqual({ names: ["later"], count: 1 });
    writeFileSync(path, old);
    const rejecting = { ...migrations, 2: () => Promise.reject(new Error("mine")) };
    const error = await failureOf(openJsonStore<Third>({ ...options, migrations: rejecting }));
    expect(error).toMatchObject({ code: "ERR_HOOK", cause: new Error("mine") });
  });

  it("is made once, by one of many that open at once", async () => {
    const path = join(tempDir(), name);
    writeFileSync(path, old);
    let made = 0;
    const counted = {
      ...migrations,
      2: async (value: unknown) => {
        made++;
        await new Promise((resolve) => setTimeout(resolve, 5));
        return migrations[2](value);
      },
    };
    const stores = await Promise.all(
      Array.from({ length: 8 }, () =>
        openJsonStore<Third>({ path, version: 3, migrations: counted }),
      ),
    );
    expect(made).toBe(1);
    for (const store of stores) expect(store.get()).toEqual({ names: ["a"], count: 1 });
    expect(stores.filter(({ migratedFrom }) => migratedFrom === 1)).toHaveLength(1);
  });
});
