import fs from "node:fs";
import { mkdirSync, opendirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { needs } from "../../../atomic/test/support/needs.ts";
import {
  asynchronous,
  forms,
  formsByIdentity,
  ground,
  openDescriptors,
  synchronous,
} from "./support/roots.ts";

function furnished(): ReturnType<typeof ground> {
  const places = ground();
  mkdirSync(join(places.inside, "a/sub"), { recursive: true });
  for (const name of ["one", "two", "three"]) writeFileSync(join(places.inside, "a", name), "");
  symlinkSync("a", join(places.inside, "link"));
  symlinkSync("../outside", join(places.inside, "out"));
  return places;
}

const read = async (dir: any): Promise<any> => ("readSync" in dir ? dir.readSync() : dir.read());
const close = async (dir: any): Promise<void> =>
  "closeSync" in dir ? dir.closeSync() : dir.close();
async function all(dir: any): Promise<any[]> {
  const entries = [];
  for await (const entry of dir) entries.push(entry);
  return entries;
}
const inOrder = (entries: readonly { name: string }[]): string[] =>
  entries.map(({ name }) => name).toSorted();

describe.runIf(needs("linux")).each([...forms, ...formsByIdentity])("$name", (form) => {
  it("reads entry by entry, as Node's Dir, with the caller's path everywhere", async () => {
    const { inside } = furnished();
    const { call } = await form.open(inside);
    const before = openDescriptors();
    for (const path of ["a", "a/", "link", "./a"]) {
      const dir = await call("opendir", path, { bufferSize: 1 });
      expect(dir.path).toBe(path);
      const found = [];
      for (let entry = await read(dir); entry !== null; entry = await read(dir)) found.push(entry);
      expect(inOrder(found)).toEqual(["one", "sub", "three", "two"]);
      expect(found.every((entry) => entry.parentPath === path)).toBe(true);
      expect(found.find(({ name }) => name === "sub").isDirectory()).toBe(true);
      const plain = opendirSync(join(inside, "a"));
      expect(Object.keys(found[0])).toEqual(Object.keys(plain.readSync()!));
      plain.closeSync();
      expect(await read(dir)).toBeNull();
      await close(dir);
    }
    expect(openDescriptors()).toBe(before);
  });

  it("is closed by an iteration, also one that is left early, and by disposal", async () => {
    const { call } = await form.open(furnished().inside);
    const before = openDescriptors();
    const whole = await call("opendir", "a");
    expect(inOrder(await all(whole))).toEqual(["one", "sub", "three", "two"]);
    await expect(close(whole)).rejects.toMatchObject({ code: "ERR_DIR_CLOSED", path: "a" });
    await expect(read(whole)).rejects.toMatchObject({ code: "ERR_DIR_CLOSED" });
    const left = await call("opendir", "a");
    if (form.sync) for (const _ of left) break;
    else for await (const _ of left) break;
    await expect(close(left)).rejects.toMatchObject({ code: "ERR_DIR_CLOSED" });
    const disposed = await call("opendir", "a");
    const dispose = form.sync ? Symbol.dispose : Symbol.asyncDispose;
    await disposed[dispose]();
    await disposed[dispose]();
    await expect(read(disposed)).rejects.toMatchObject({ code: "ERR_DIR_CLOSED" });
    expect(openDescriptors()).toBe(before);
  });

  it("fails as plain fs does, and leaves nothing open", async () => {
    const { call } = await form.open(furnished().inside, { deny: { read: ["a/sub"] } });
    const before = openDescriptors();
    for (const [path, code] of Object.entries({
      missing: "ENOENT",
      "a/one": "ENOTDIR",
      out: "ERR_PATH_ESCAPES",
      "a/sub": "ERR_DENIED",
      "a/../..": "ERR_PATH_ESCAPES",
    })) {
      await expect(call("opendir", path)).rejects.toMatchObject({ code, path });
    }
    for (const bufferSize of [0, 1.5, "1"]) {
      const wrong = call("opendir", "a", { bufferSize });
      await expect(wrong).rejects.toMatchObject({ code: "ERR_INVALID_ARG" });
    }
    const recursive = call("opendir", "a", { recursive: true });
    await expect(recursive).rejects.toMatchObject({ code: "ERR_INVALID_ARG" });
    expect(openDescriptors()).toBe(before);
  });
});

describe.runIf(needs("linux")).each(forms)("$name", (form) => {
  it("outlives the root, and stays in the directory that was opened", async () => {
    const { inside, outside } = furnished();
    writeFileSync(join(outside, "secret"), "");
    const { root, call } = await form.open(inside);
    const dir = await call("opendir", "a");
    const top = await call("opendir", ".");
    renameSync(join(inside, "a"), join(inside, "b"));
    symlinkSync("../outside", join(inside, "a"));
    await root.close();
    // Numbers that were given back are given to others.
    const others = [
      fs.openSync(outside, "r"),
      fs.openSync(outside, "r"),
      fs.openSync(outside, "r"),
    ];
    expect(inOrder(await all(dir))).toEqual(["one", "sub", "three", "two"]);
    expect(inOrder(await all(top))).toEqual(["a", "b", "link", "out"]);
    for (const fd of others) fs.closeSync(fd);
  });
});

describe.runIf(needs("linux"))("a file system that does not say what its entries are", () => {
  // Node asks lstat then, by path, when the entry is read.
  it.each([asynchronous, synchronous])(
    "$name: what is asked for is in that directory",
    async (form) => {
      const { inside } = furnished();
      const asked: string[] = [];
      const looking = (path: string, dir: any) => {
        const look = (entry: fs.Dirent | null) => {
          if (entry !== null) asked.push(fs.realpathSync(`${path}/${entry.name}`));
          return entry;
        };
        return {
          read: async () => look(await dir.read()),
          readSync: () => look(dir.readSync()),
          close: () => dir.close(),
          closeSync: () => dir.closeSync(),
        };
      };
      const fileSystem = {
        ...fs,
        opendirSync: (path: string, options: object) =>
          looking(path, fs.opendirSync(path, options)),
        promises: {
          ...fs.promises,
          opendir: async (path: string, options: object) =>
            looking(path, await fs.promises.opendir(path, options)),
        },
      } as never;
      const { root, call } = await form.open(inside, { fileSystem });
      const dir = await call("opendir", "a");
      await root.close();
      await all(dir);
      expect(asked.toSorted()).toEqual(
        ["one", "sub", "three", "two"].map((name) => join(inside, "a", name)),
      );
    },
  );
});

describe.runIf(needs("linux"))("a file system without opendir", () => {
  it.each([asynchronous, synchronous])(
    "$name: is told so before anything is opened",
    async (form) => {
      const { opendir: _, ...promises } = fs.promises;
      const fileSystem = { ...fs, promises, opendirSync: undefined } as never;
      const { call } = await form.open(furnished().inside, { fileSystem });
      await expect(call("opendir", "a")).rejects.toThrow(/opendir(?:Sync)?" is needed/);
    },
  );
});
