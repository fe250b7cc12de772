/** A store as its users see it: what is in memory, what is on disk, what others did meanwhile. */

import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { needs } from "../../../atomic/test/support/needs.ts";
import {
  isHoldfastError,
  openJsonStore,
  openJsonStoreSync,
  updateJson,
  type HoldfastError,
} from "../../src/index.ts";
import { failureOf, forms, name, tempDir } from "./forms.ts";

interface Settings {
  theme: string;
  size?: number;
  recent?: string[];
}

/** The mode of a file; what it should be where there are no modes. */
const modeOf = (path: string, wanted: number): number =>
  needs("posix") ? statSync(path).mode & 0o777 : wanted;

const defaults: Settings = { theme: "light", recent: [] };

describe.each(forms)("a store, $form", ({ open, update, reset, reload }) => {
  it("has the defaults where there is no file, and writes nothing before the first update", async () => {
    const dir = tempDir();
    const store = await open(dir, { defaults });
    expect(store.get()).toEqual(defaults);
    expect(store.recovery).toBeUndefined();
    expect(store.migratedFrom).toBeUndefined();
    expect(readdirSync(dir)).toEqual([]);
    await update(store, (draft) => {
      draft.theme = "dark";
    });
    expect(readFileSync(join(dir, name), "utf8")).toBe(
      '{\n  "theme": "dark",\n  "recent": []\n}\n',
    );
    expect(readdirSync(dir)).toEqual([name]);
  });

  it("is ENOENT where there is no file and there are no defaults", async () => {
    const error = await failureOf(open(tempDir(), {}));
    expect(error).toMatchObject({ code: "ENOENT", effect: "none" });
  });

  it("fills in keys that the file does not have at its top level, and no deeper", async () => {
    const dir = tempDir();
    writeFileSync(join(dir, name), '{"theme":"dark","window":{"x":1}}');
    const store = await open<object>(dir, {
      defaults: { theme: "light", window: { x: 0, y: 0 }, size: 12 },
    });
    expect(store.get()).toEqual({ theme: "dark", window: { x: 1 }, size: 12 });
    expect(readFileSync(join(dir, name), "utf8")).toBe('{"theme":"dark","window":{"x":1}}');
  });

  it("takes a draft that was changed, or another value, and returns the new one", async () => {
    const store = await open(tempDir(), { defaults });
    const changed = await update(store, (draft) => {
      draft.recent?.push("a");
    });
    expect(changed).toEqual({ theme: "light", recent: ["a"] });
    expect(changed).toBe(store.get());
    expect(await update(store, ({ recent = [] }) => ({ theme: "x", recent }))).toEqual({
      theme: "x",
      recent: ["a"],
    });
    expect(await update(store, (draft) => ((draft.size = 1), draft))).toMatchObject({ size: 1 });
  });

  it("refuses a draft that was changed where something else was returned", async () => {
    const dir = tempDir();
    const store = await open(dir, { defaults });
    // As one writes without braces: the value of the expression is returned.
    const pushed = (draft: Settings): never => draft.recent?.push("x") as never;
    const error = await failureOf(update(store, pushed));
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toMatchObject({ code: "ERR_INVALID_ARG" });
    expect(store.get()).toEqual(defaults);
    expect(existsSync(join(dir, name))).toBe(false);
  });

  it("gives out frozen values, drafts that may be changed, and never the caller's defaults", async () => {
    const mine: Settings = { theme: "light", recent: ["a"] };
    const store = await open(tempDir(), { defaults: mine });
    expect(() => (store.get() as Settings).recent?.push("b")).toThrow(TypeError);
    expect(() => Object.assign(store.get(), { theme: "x" })).toThrow(TypeError);
    await update(store, (draft) => {
      draft.recent?.push("b");
    });
    mine.recent?.push("mine");
    expect(await reset(store)).toEqual({ theme: "light", recent: ["a"] });
  });

  it("updates what is on disk, not what it read before", async () => {
    const dir = tempDir();
    const store = await open<Settings>(dir, { defaults });
    await update(store, (draft) => {
      draft.theme = "dark";
    });
    writeFileSync(join(dir, name), '{ "theme": "by hand", "size": 3, "mine": true }');
    expect(store.get().theme).toBe("dark");
    await update(store, (draft) => {
      draft.size = (draft.size ?? 0) + 1;
    });
    expect(JSON.parse(readFileSync(join(dir, name), "utf8"))).toEqual({
      theme: "by hand",
      size: 4,
      mine: true,
      recent: [],
    });
  });

  it("tells of what others did, when it sees it, and not of its own changes", async () => {
    const dir = tempDir();
    const told: unknown[] = [];
    const onChange = (...values: unknown[]): void => void told.push(values);
    const store = await open<Settings>(dir, { defaults: { theme: "light" }, onChange });
    await update(store, (draft) => {
      draft.theme = "dark";
    });
    expect(told).toEqual([]);
    writeFileSync(join(dir, name), '{"theme":"by hand"}');
    await update(store, (draft) => {
      draft.size = 1;
    });
    expect(told).toEqual([[{ theme: "by hand" }, { theme: "dark" }]]);
    writeFileSync(join(dir, name), '{"size":1,   "theme":"by hand"}');
    await reload(store);
    expect(told).toHaveLength(1);
    writeFileSync(join(dir, name), '{"theme":"again"}');
    expect(await reload(store)).toEqual({ theme: "again" });
    expect(told[1]).toEqual([{ theme: "again" }, { theme: "by hand", size: 1 }]);
  });

  it("leaves the file alone where an update changes nothing", async () => {
    const dir = tempDir();
    const text = '{"theme":   "dark",\n"recent":[]}';
    writeFileSync(join(dir, name), text);
    const store = await open(dir, { defaults, backups: 1 });
    await update(store, (draft) => {
      draft.theme = "dark";
    });
    expect(readFileSync(join(dir, name), "utf8")).toBe(text);
    expect(readdirSync(dir)).toEqual([name]);
  });

  it("passes on what the function throws, as it is, and changes nothing", async () => {
    const dir = tempDir();
    const store = await open(dir, { defaults });
    const mine = new Error("mine");
    const thrower = (draft: Settings): void => {
      draft.theme = "lost";
      throw mine;
    };
    expect(await failureOf(update(store, thrower))).toBe(mine);
    expect(store.get()).toEqual(defaults);
    expect(readdirSync(dir)).toEqual([]);
    expect(await update(store, (draft) => void (draft.theme = "next"))).toMatchObject({
      theme: "next",
    });
  });

  it("keeps undefined what it is: an error of the function that is thrown", async () => {
    const store = await open(tempDir(), { defaults });
    const thrower = (): void => {
      // oxlint-disable-next-line no-throw-literal -- that is the point
      throw undefined;
    };
    expect(await failureOf(update(store, thrower))).toBeUndefined();
  });

  it("refuses what has no form in JSON, and stays as it is", async () => {
    const dir = tempDir();
    const store = await open<{ value?: unknown }>(dir, { defaults: {} });
    for (const value of [new Map(), Number.NaN, 1n, () => {}, new (class Mine {})()]) {
      const failed = await failureOf(update(store, () => ({ value })));
      expect(failed).toMatchObject({
        code: "ERR_JSON_UNSERIALIZABLE",
        effect: "none",
        valuePath: ["value"],
      });
    }
    expect(readdirSync(dir)).toEqual([]);
  });

  it("answers with what a reader of the file gets: dates are strings", async () => {
    const store = await open<{ at?: unknown; gone?: undefined }>(tempDir(), { defaults: {} });
    const at = new Date(0);
    expect(await update(store, () => ({ at, gone: undefined }))).toEqual({
      at: "1970-01-01T00:00:00.000Z",
    });
    expect(Object.hasOwn(store.get(), "gone")).toBe(false);
  });

  it("resets to the defaults, also what is corrupt, whose bytes are kept", async () => {
    const dir = tempDir();
    const store = await open(dir, { defaults });
    await update(store, (draft) => void (draft.theme = "dark"));
    expect(await reset(store)).toEqual(defaults);
    writeFileSync(join(dir, name), "{ torn");
    expect(await failureOf(reload(store))).toMatchObject({ code: "ERR_JSON_SYNTAX" });
    expect(await failureOf(update(store, () => {}))).toMatchObject({ code: "ERR_JSON_SYNTAX" });
    expect(store.get()).toEqual(defaults);
    expect(await reset(store)).toEqual(defaults);
    expect(store.recovery).toMatchObject({ outcome: "quarantined", backup: undefined });
    const kept = readdirSync(dir).filter((file) => file.includes(".corrupt-"));
    expect(kept.map((file) => readFileSync(join(dir, file), "utf8"))).toEqual(["{ torn"]);
    expect(store.recovery?.corrupt.endsWith(kept[0]!)).toBe(true);
  });

  it("has no prototype to be changed by a document", async () => {
    const dir = tempDir();
    writeFileSync(join(dir, name), '{"__proto__":{"polluted":true},"a":{"__proto__":1}}');
    const store = await open<Record<string, unknown>>(dir, { defaults: { b: 1 } });
    expect((store.get() as { polluted?: unknown }).polluted).toBeUndefined();
    await update(store, (draft) => void (draft["c"] = 1));
    expect(JSON.parse(readFileSync(join(dir, name), "utf8"))).toEqual(
      JSON.parse('{"__proto__":{"polluted":true},"a":{"__proto__":1},"b":1,"c":1}'),
    );
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it("goes as deep as a document does", async () => {
    const dir = tempDir();
    const depth = 20_000;
    writeFileSync(join(dir, name), `{"deep":${"[".repeat(depth)}${"]".repeat(depth)}}`);
    const store = await open<{ n?: number }>(dir, { defaults: {}, space: 0 });
    expect(await update(store, (draft) => void (draft.n = 1))).toHaveProperty("n", 1);
  });

  it("takes layout and permissions as it is told", async () => {
    const dir = tempDir();
    const store = await open<object>(dir, {
      defaults: { b: 1, a: 2 },
      space: "\t",
      sortKeys: true,
      mode: 0o600,
    });
    await update(store, (draft) => ({ ...draft, c: 3 }));
    expect(readFileSync(join(dir, name), "utf8")).toBe('{\n\t"a": 2,\n\t"b": 1,\n\t"c": 3\n}\n');
    expect(modeOf(join(dir, name), 0o600)).toBe(0o600);
  });

  it("keeps the layout of the file with space: preserve", async () => {
    const dir = tempDir();
    writeFileSync(join(dir, name), '{\r\n    "a": 1\r\n}');
    const store = await open<{ a: number }>(dir, { space: "preserve" });
    await update(store, (draft) => void draft.a++);
    expect(readFileSync(join(dir, name), "utf8")).toBe('{\r\n    "a": 2\r\n}');
  });

  it("refuses calls after close, keeps the value, and closes again without a word", async () => {
    const store = await open(tempDir(), { defaults });
    await store.close();
    await store.close();
    const calls = [
      (): Promise<unknown> => update(store, () => {}),
      (): Promise<unknown> => reset(store),
      (): Promise<unknown> => reload(store),
    ];
    for (const call of calls) {
      expect(await failureOf(call())).toMatchObject({ code: "ERR_CLOSED", effect: "none" });
    }
    expect(store.get()).toEqual(defaults);
  });

  it("writes nothing that would be too large to be read again", async () => {
    const dir = tempDir();
    const store = await open<Settings>(dir, { defaults, maxBytes: 60, backups: 1 });
    await update(store, (draft) => void (draft.theme = "dark"));
    const error = await failureOf(update(store, () => ({ theme: "x".repeat(60) })));
    expect(error).toMatchObject({ code: "ERR_TOO_LARGE", effect: "none" });
    expect(readdirSync(dir)).toEqual([name]);
    expect(await reload(store)).toEqual({ theme: "dark", recent: [] });
  });

  it("writes nothing when the lock was lost meanwhile", async () => {
    const dir = tempDir();
    const store = await open<Settings>(dir, { defaults });
    await update(store, (draft) => void (draft.theme = "dark"));
    const losing = update(store, (draft) => {
      draft.theme = "lost";
      unlinkSync(join(dir, `${name}.lock`));
      writeFileSync(join(dir, name), '{"theme":"by whoever has it now"}');
    });
    expect(await failureOf(losing)).toMatchObject({ code: "ERR_LOCK_LOST", effect: "none" });
    expect(readFileSync(join(dir, name), "utf8")).toBe('{"theme":"by whoever has it now"}');
  });

  it("holds any value, not only objects", async () => {
    const dir = tempDir();
    const store = await open<number>(dir, { defaults: 1 });
    expect(await update(store, (n) => n + 1)).toBe(2);
    expect(readFileSync(join(dir, name), "utf8")).toBe("2\n");
  });
});

describe("a store", () => {
  it("has both halves, whichever it was opened by", async () => {
    const path = join(tempDir(), name);
    await using store = await openJsonStore({ path, defaults: { n: 0 } });
    store.updateSync((draft) => void draft.n++);
    using other = openJsonStoreSync<{ n: number }>({ path: pathToFileURL(path) });
    expect(await other.update((draft) => void draft.n++)).toEqual({ n: 2 });
    expect(await store.reload()).toEqual({ n: 2 });
    expect(store.path).toBe(path);
  });

  it("stays where it was opened when the working directory changes", async () => {
    const dir = tempDir();
    const before = process.cwd();
    try {
      process.chdir(dir);
      const store = await openJsonStore({ path: name, defaults: { n: 0 } });
      process.chdir(before);
      await store.update((draft) => void draft.n++);
      store.updateSync((draft) => void draft.n++);
      expect(store.path).toBe(name);
    } finally {
      process.chdir(before);
    }
    expect(readdirSync(dir)).toEqual([name]);
  });

  it("applies all of many updates at once, of two stores of one file", async () => {
    const path = join(tempDir(), name);
    const a = await openJsonStore({ path, defaults: { n: 0 } });
    const b = await openJsonStore({ path, defaults: { n: 0 } });
    const updates = Array.from({ length: 20 }, (_, index) =>
      (index % 2 === 0 ? a : b).update(async (draft) => {
        await Promise.resolve();
        draft.n++;
      }),
    );
    const values = await Promise.all(updates);
    expect(new Set(values.map(({ n }) => n)).size).toBe(20);
    expect(await a.reload()).toEqual({ n: 20 });
  });

  it("waits in close for updates that are under way", async () => {
    const path = join(tempDir(), name);
    const store = await openJsonStore({ path, defaults: { n: 0 } });
    const updated = store.update(async (draft) => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      draft.n = 1;
    });
    await store.close();
    expect(JSON.parse(readFileSync(path, "utf8"))).toEqual({ n: 1 });
    expect(await updated).toEqual({ n: 1 });
  });

  it("says so if an update updates: it would wait for itself", async () => {
    const path = join(tempDir(), name);
    const store = await openJsonStore({ path, defaults: { n: 0 } });
    const error = await failureOf(store.update(async () => void (await store.update(() => {}))));
    expect(error).toMatchObject({ code: "ERR_LOCK_HELD" });
    expect(await failureOf(store.update(() => void store.updateSync(() => {})))).toMatchObject({
      code: "ERR_LOCK_HELD",
    });
  });

  it("shares its lock with updateJson", async () => {
    const path = join(tempDir(), name);
    const store = await openJsonStore({ path, defaults: { n: 0 } });
    await Promise.all([
      ...Array.from({ length: 10 }, () => store.update((draft) => void draft.n++)),
      ...Array.from({ length: 10 }, () =>
        updateJson<{ n: number }>(path, ({ n }) => ({ n: n + 1 }), { initial: { n: 0 } }),
      ),
    ]);
    expect(await store.reload()).toEqual({ n: 20 });
  });

  it("refuses a promise in a synchronous update, and changes nothing", () => {
    const path = join(tempDir(), name);
    const store = openJsonStoreSync({ path, defaults: { n: 0 } });
    const wrong = async (draft: { n: number }): Promise<void> => void draft.n++;
    expect(() => store.updateSync(wrong as unknown as () => void)).toThrow(/ERR_INVALID_ARG/);
    expect(existsSync(path)).toBe(false);
    expect(store.get()).toEqual({ n: 0 });
  });

  it("lets a listener update: the lock is free by then", async () => {
    const path = join(tempDir(), name);
    const store = await openJsonStore({
      path,
      defaults: { n: 0, seen: 0 },
      lockTimeoutMs: 1_000,
      onChange: ({ n }) => void store.updateSync((draft) => void (draft.seen = n)),
    });
    writeFileSync(path, '{"n":7}');
    await store.update((draft) => void draft.n++);
    expect(store.get()).toEqual({ n: 8, seen: 7 });
  });

  it("makes directories that are missing, as it is told", async () => {
    const path = join(tempDir(), "a", "b", name);
    const store = await openJsonStore({ path, defaults: { n: 0 }, dirMode: 0o700 });
    await store.update((draft) => void draft.n++);
    expect(statSync(path).isFile()).toBe(true);
    expect(modeOf(join(path, ".."), 0o700)).toBe(0o700);
  });

  it.runIf(needs("posix"))("stays a link where it is one", async () => {
    const dir = tempDir();
    mkdirSync(join(dir, "dotfiles"));
    writeFileSync(join(dir, "dotfiles", "real.json"), '{"n":1}');
    symlinkSync("dotfiles/real.json", join(dir, name));
    const store = await openJsonStore<{ n: number }>({ path: join(dir, name), backups: 1 });
    await store.update((draft) => void draft.n++);
    expect(JSON.parse(readFileSync(join(dir, "dotfiles", "real.json"), "utf8"))).toEqual({ n: 2 });
    expect(JSON.parse(readFileSync(join(dir, `${name}.backup-1`), "utf8"))).toEqual({ n: 1 });
  });

  it("throws what it cannot read, and writes nothing", async () => {
    const dir = tempDir();
    mkdirSync(join(dir, name));
    const error: HoldfastError = await failureOf(
      openJsonStore({ path: join(dir, name), defaults: {}, onCorrupt: "quarantine" }),
    );
    expect(isHoldfastError(error)).toBe(true);
    expect(error.code).toBe("EISDIR");
    expect(readdirSync(dir)).toEqual([name]);
  });
});
