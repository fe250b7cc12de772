/** Nobody's settings are reset without a word, and what was there is kept. */

import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import * as nodeFs from "node:fs";
import { join } from "node:path";
import { fail, injectFaults, op, path as pathOf, persistent, and, rule } from "@holdfast/testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { asUser, nobody } from "../../../atomic/test/support/as-user.ts";
import { needs } from "../../../atomic/test/support/needs.ts";
import { isHoldfastError, openJsonStore, openJsonStoreSync } from "../../src/index.ts";
import { failureOf, forms, name, tempDir } from "./forms.ts";

interface Settings {
  theme: string;
}

const schema = z.object({ theme: z.string() });
const defaults: Settings = { theme: "light" };

const corruptions: readonly { what: string; bytes: Uint8Array; code: string }[] = [
  { what: "an empty file", bytes: Buffer.alloc(0), code: "ERR_JSON_SYNTAX" },
  { what: "a torn file", bytes: Buffer.from('{"theme":"da'), code: "ERR_JSON_SYNTAX" },
  { what: "a file of zeros", bytes: Buffer.alloc(64), code: "ERR_JSON_SYNTAX" },
  {
    what: "bytes that are no UTF-8",
    bytes: Buffer.from([0x22, 0xff, 0x22]),
    code: "ERR_JSON_SYNTAX",
  },
  { what: "what the schema refuses", bytes: Buffer.from('{"theme":7}'), code: "ERR_JSON_INVALID" },
];

const corruptIn = (dir: string): string[] =>
  readdirSync(dir).filter((file) => file.startsWith(`${name}.corrupt-`));

describe.each(forms)("a corrupt document, $form", ({ open, update, reload }) => {
  describe.each(corruptions)("$what", ({ bytes, code }) => {
    it("fails by default, and stays as it is", async () => {
      const dir = tempDir();
      writeFileSync(join(dir, name), bytes);
      writeFileSync(join(dir, `${name}.backup-1`), '{"theme":"older"}');
      const error = await failureOf(open<Settings>(dir, { schema, defaults }));
      expect(error).toMatchObject({ code, effect: "none" });
      expect(readFileSync(join(dir, name))).toEqual(bytes);
      expect(readdirSync(dir)).toHaveLength(2);
    });

    it("is set aside where that is asked for, and the defaults take its place", async () => {
      const dir = tempDir();
      writeFileSync(join(dir, name), bytes);
      const store = await open<Settings>(dir, { schema, defaults, onCorrupt: "quarantine" });
      expect(store.get()).toEqual(defaults);
      const [kept, ...others] = corruptIn(dir);
      expect(others).toEqual([]);
      expect(readFileSync(join(dir, kept!))).toEqual(bytes);
      expect(store.recovery).toMatchObject({ outcome: "quarantined", backup: undefined });
      expect(store.recovery?.corrupt.endsWith(kept!)).toBe(true);
      expect(isHoldfastError(store.recovery?.error)).toBe(true);
      expect(store.recovery?.error.code).toBe(code);
      await update(store, (draft) => void (draft.theme = "dark"));
      const again = await open<Settings>(dir, { schema, defaults, onCorrupt: "quarantine" });
      expect(again.get()).toEqual({ theme: "dark" });
      expect(again.recovery).toBeUndefined();
      expect(corruptIn(dir)).toEqual([kept]);
    });

    it("gives way to the newest backup that is right", async () => {
      const dir = tempDir();
      writeFileSync(join(dir, name), bytes);
      writeFileSync(join(dir, `${name}.backup-1`), '{"theme":');
      writeFileSync(join(dir, `${name}.backup-2`), '{ "theme" : "two" }');
      writeFileSync(join(dir, `${name}.backup-3`), '{"theme":"three"}');
      const onCorrupt = "restore-backup";
      const store = await open<Settings>(dir, { schema, defaults, onCorrupt, backups: 3 });
      expect(store.get()).toEqual({ theme: "two" });
      expect(readFileSync(join(dir, name), "utf8")).toBe('{ "theme" : "two" }');
      expect(store.recovery).toMatchObject({ outcome: "restored", error: { code } });
      expect(store.recovery?.backup?.endsWith(`${name}.backup-2`)).toBe(true);
      expect(corruptIn(dir).map((file) => readFileSync(join(dir, file)))).toEqual([bytes]);
      expect(readdirSync(dir)).toHaveLength(5);
    });

    it("is an error that says so where no backup is right", async () => {
      const dir = tempDir();
      writeFileSync(join(dir, name), bytes);
      writeFileSync(join(dir, `${name}.backup-1`), '{"theme":');
      const onCorrupt = "restore-backup";
      const error = await failureOf(
        open<Settings>(dir, { schema, defaults, onCorrupt, backups: 2 }),
      );
      expect(error).toMatchObject({ code, effect: "none" });
      expect((error as Error).message).toContain("no backup of it is right");
      expect(readFileSync(join(dir, name))).toEqual(bytes);
      expect(readdirSync(dir)).toHaveLength(2);
    });
  });

  it("keeps every corruption, and each one once", async () => {
    const dir = tempDir();
    for (const text of ["one", "two", "one"]) {
      writeFileSync(join(dir, name), text);
      await open<Settings>(dir, { defaults, onCorrupt: "quarantine" });
    }
    const kept = corruptIn(dir).map((file) => readFileSync(join(dir, file), "utf8"));
    expect(kept.toSorted()).toEqual(["one", "two"]);
  });

  it("never writes over a file that has the name by chance", async () => {
    const dir = tempDir();
    writeFileSync(join(dir, name), "torn");
    await open<Settings>(dir, { defaults, onCorrupt: "quarantine" });
    const [first] = corruptIn(dir);
    for (const mine of ["somebody's, and longer", "mine"]) {
      writeFileSync(join(dir, first!), mine);
      writeFileSync(join(dir, name), "torn");
      await open<Settings>(dir, { defaults, onCorrupt: "quarantine" });
      expect(readFileSync(join(dir, first!), "utf8")).toBe(mine);
      expect(readFileSync(join(dir, `${first}-2`), "utf8")).toBe("torn");
    }
  });

  it("is dealt with by reload, and not by update", async () => {
    const dir = tempDir();
    const told: unknown[] = [];
    const onChange = (value: unknown): void => void told.push(value);
    const store = await open<Settings>(dir, { defaults, onCorrupt: "quarantine", onChange });
    await update(store, (draft) => void (draft.theme = "dark"));
    writeFileSync(join(dir, name), "torn");
    expect(await failureOf(update(store, () => {}))).toMatchObject({ code: "ERR_JSON_SYNTAX" });
    expect(store.get()).toEqual({ theme: "dark" });
    expect(readFileSync(join(dir, name), "utf8")).toBe("torn");
    expect(await reload(store)).toEqual(defaults);
    expect(store.recovery?.outcome).toBe("quarantined");
    expect(told).toEqual([defaults]);
    await reload(store);
    expect(store.recovery).toBeUndefined();
  });

  it("of an older version is restored and migrated", async () => {
    const dir = tempDir();
    writeFileSync(join(dir, name), "torn");
    writeFileSync(join(dir, `${name}.backup-1`), '{"$version":9,"theme":"newer"}');
    writeFileSync(join(dir, `${name}.backup-2`), '{"$version":1,"colour":"blue"}');
    const store = await open<Settings>(dir, {
      schema,
      version: 2,
      migrations: { 2: (value) => ({ theme: (value as { colour: string }).colour }) },
      onCorrupt: "restore-backup",
      backups: 2,
    });
    expect(store.get()).toEqual({ theme: "blue" });
    expect(JSON.parse(readFileSync(join(dir, name), "utf8"))).toEqual({
      $version: 2,
      theme: "blue",
    });
    expect(readFileSync(join(dir, `${name}.backup-2`), "utf8")).toContain("colour");
  });

  it("has its old self beside it where a migration was cut off", async () => {
    const dir = tempDir();
    writeFileSync(join(dir, name), '{"$version":2,"the');
    writeFileSync(join(dir, `${name}.v1.backup`), '{"$version":1,"theme":"old"}');
    const store = await open<Settings>(dir, { schema, version: 2, onCorrupt: "restore-backup" });
    expect(store.get()).toEqual({ theme: "old" });
    expect(store.recovery?.backup?.endsWith(".v1.backup")).toBe(true);
  });

  it.runIf(needs("posix"))("is kept under the permissions it had", async () => {
    const dir = tempDir();
    writeFileSync(join(dir, name), "the secret is torn");
    chmodSync(join(dir, name), 0o600);
    const store = await open<Settings>(dir, { defaults, onCorrupt: "quarantine" });
    expect(store.recovery?.error.message).not.toContain("the secret");
    for (const file of readdirSync(dir)) {
      expect(statSync(join(dir, file)).mode & 0o777).toBe(0o600);
    }
  });
});

describe("a document that cannot be read", () => {
  const forceful = [
    { onCorrupt: "restore-backup", backups: 1, defaults },
    { onCorrupt: "quarantine", defaults },
  ] as const;

  it.each(["EIO", "EACCES", "EMFILE", "ENOMEM"])(
    "with %s is never taken for corrupt",
    async (errno) => {
      const dir = tempDir();
      const path = join(dir, name);
      writeFileSync(path, '{"theme":"dark"}');
      writeFileSync(`${path}.backup-1`, '{"theme":"older"}');
      for (const failing of errno === "EIO" ? (["open", "read"] as const) : (["open"] as const)) {
        for (const options of forceful) {
          const fileSystem = injectFaults(
            nodeFs,
            rule(and(op(failing), pathOf(path)), fail(errno), persistent()),
          );
          const error = await failureOf(openJsonStore<Settings>({ path, fileSystem, ...options }));
          expect(error).toMatchObject({ code: errno, effect: "none" });
          expect(() => openJsonStoreSync<Settings>({ path, fileSystem, ...options })).toThrow(
            errno,
          );
        }
      }
      expect(readFileSync(path, "utf8")).toBe('{"theme":"dark"}');
      expect(readdirSync(dir)).toHaveLength(2);
    },
  );

  it("is not restored from an older backup where the newest cannot be read either", async () => {
    const dir = tempDir();
    const path = join(dir, name);
    writeFileSync(path, "torn");
    writeFileSync(`${path}.backup-1`, '{"theme":"new"}');
    writeFileSync(`${path}.backup-2`, '{"theme":"old"}');
    const fileSystem = injectFaults(
      nodeFs,
      rule(and(op("open"), pathOf(`${path}.backup-1`)), fail("EIO"), persistent()),
    );
    const options = { path, onCorrupt: "restore-backup", backups: 2 } as const;
    const error = await failureOf(openJsonStore<Settings>({ ...options, fileSystem }));
    expect(error).toMatchObject({ code: "EIO", effect: "none" });
    expect(readFileSync(path, "utf8")).toBe("torn");
    expect((await openJsonStore<Settings>(options)).get()).toEqual({ theme: "new" });
  });

  it("is longer than maxBytes: an error, not a corruption", async () => {
    const dir = tempDir();
    const path = join(dir, name);
    writeFileSync(path, '{"theme":"dark"}');
    const options = { path, maxBytes: 8, onCorrupt: "quarantine", defaults } as const;
    expect(await failureOf(openJsonStore(options))).toMatchObject({ code: "ERR_TOO_LARGE" });
    expect(readdirSync(dir)).toEqual([name]);
  });

  it("is only on its way where its writer does not ask for a lock", async () => {
    const dir = tempDir();
    const path = join(dir, name);
    writeFileSync(path, '{"theme":');
    // Whoever opens sees it torn, takes the lock, and waits a little: by then it is whole.
    let reads = 0;
    const fileSystem = {
      ...nodeFs,
      promises: {
        ...nodeFs.promises,
        open: (async (...args: Parameters<typeof nodeFs.promises.open>) => {
          if (args[0] === path && ++reads === 3) writeFileSync(path, '{"theme":"whole"}');
          return await nodeFs.promises.open(...args);
        }) as typeof nodeFs.promises.open,
      },
    };
    const store = await openJsonStore<Settings>({
      path,
      defaults,
      onCorrupt: "quarantine",
      fileSystem,
    });
    expect(store.get()).toEqual({ theme: "whole" });
    expect(store.recovery).toBeUndefined();
    expect(readdirSync(dir)).toEqual([name]);
  });

  it.runIf(needs("other-user"))("by this user is EACCES, whatever onCorrupt says", () => {
    const dir = tempDir();
    chmodSync(dir, 0o777);
    const path = join(dir, name);
    writeFileSync(path, '{"theme":"secret"}', { mode: 0o600 });
    const found = asUser<{ code: string }>(nobody, {
      input: { path, json: new URL("../../dist/index.js", import.meta.url).href },
      script: `
        const { openJsonStoreSync } = await import(input.json);
        try {
          openJsonStoreSync({ path: input.path, defaults: {}, onCorrupt: "quarantine" });
          report({ code: "opened" });
        } catch (error) { report({ code: error.code }); }`,
    });
    expect(found).toEqual({ code: "EACCES" });
    expect(readdirSync(dir)).toEqual([name]);
  });
});
