import fs from "node:fs";
import { mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { needs } from "../../../atomic/test/support/needs.ts";
import {
  asynchronous,
  forms,
  formsByIdentity,
  ground,
  makeDeep,
  openDescriptors,
} from "./support/roots.ts";

function furnished(): ReturnType<typeof ground> {
  const places = ground();
  const { inside, outside } = places;
  mkdirSync(join(inside, "a/b/c"), { recursive: true });
  mkdirSync(join(inside, "a/empty"));
  writeFileSync(join(inside, "a/file"), "");
  writeFileSync(join(inside, "a/b/c/deep"), "");
  writeFileSync(join(outside, "secret"), "");
  symlinkSync("b", join(inside, "a/link"));
  symlinkSync("../outside", join(inside, "out"));
  symlinkSync("../../outside", join(inside, "a/out"));
  return places;
}

interface Entry {
  name: unknown;
  parentPath: unknown;
  path: unknown;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
  isFile(): boolean;
}
const shown = (entries: readonly Entry[]): string[] =>
  entries
    .map((entry) => {
      const kind = entry.isDirectory()
        ? "d"
        : entry.isSymbolicLink()
          ? "l"
          : entry.isFile()
            ? "f"
            : "?";
      return [kind, entry.name, entry.parentPath, entry.path, Object.keys(entry)].join(" ");
    })
    .toSorted();

describe.runIf(needs("linux")).each([...forms, ...formsByIdentity])("$name", (form) => {
  it("names and types are those of plain readdir, for every spelling of the path", async () => {
    const { inside } = furnished();
    const { call } = await form.open(inside);
    const before = openDescriptors();
    const cwd = process.cwd();
    for (const path of ["a", "a/", "./a", "a/b/..", "a/link", "a/link/", ".", "a/empty"]) {
      // Plain paths are relative to the working directory.
      process.chdir(inside);
      const plain = readdirSync(path);
      const typed = readdirSync(path, { withFileTypes: true });
      const inBytes = readdirSync(path, { encoding: "buffer" });
      const deep = readdirSync(path, { recursive: true, withFileTypes: true });
      process.chdir(cwd);
      expect((await call("readdir", path)).toSorted()).toEqual(plain.toSorted());
      expect(shown(await call("readdir", path, { withFileTypes: true }))).toEqual(
        shown(typed as never),
      );
      expect(await call("readdir", path, "buffer")).toEqual(inBytes);
      const recursive = { recursive: true, withFileTypes: true };
      expect(shown(await call("readdir", path, recursive))).toEqual(shown(deep as never));
    }
    expect(openDescriptors()).toBe(before);
  });

  it("recursive names are relative, and links to directories are not entered", async () => {
    const { call } = await form.open(furnished().inside);
    const found = await call("readdir", "a", { recursive: true });
    expect(found.toSorted()).toEqual(["b", "b/c", "b/c/deep", "empty", "file", "link", "out"]);
    const inBytes = await call("readdir", "a", { recursive: true, encoding: "buffer" });
    expect(inBytes.map(String).toSorted()).toEqual(found.toSorted());
    expect(inBytes.every((name: unknown) => Buffer.isBuffer(name))).toBe(true);
  });

  it("fails as plain fs does, in the caller's words, and leaves nothing open", async () => {
    const { call } = await form.open(furnished().inside);
    const before = openDescriptors();
    for (const [path, code] of Object.entries({
      missing: "ENOENT",
      "a/file": "ENOTDIR",
      "a/file/": "ENOTDIR",
      out: "ERR_PATH_ESCAPES",
      "a/out/": "ERR_PATH_ESCAPES",
      "..": "ERR_PATH_ESCAPES",
      "a/../..": "ERR_PATH_ESCAPES",
    })) {
      for (const recursive of [false, true]) {
        const failed = call("readdir", path, { recursive });
        await expect(failed).rejects.toMatchObject({ code, path, effect: "none" });
        await expect(failed).rejects.not.toThrow(/proc|inside/);
      }
    }
    await expect(call("readdir", "a", { recursive: "yes" })).rejects.toBeInstanceOf(TypeError);
    await expect(call("readdir", "a", { withFileTypes: 1 })).rejects.toBeInstanceOf(TypeError);
    await expect(call("readdir", "a", "klingon")).rejects.toBeInstanceOf(TypeError);
    expect(openDescriptors()).toBe(before);
  });

  it("a closed directory is named where it is, not listed and not entered", async () => {
    const { inside } = furnished();
    symlinkSync("a/b", join(inside, "way"));
    const { call } = await form.open(inside, { deny: { read: ["a/b", "a/file"] } });
    expect((await call("readdir", "a")).toSorted()).toEqual(["b", "empty", "file", "link", "out"]);
    const all = await call("readdir", ".", { recursive: true });
    expect(all).toContain("a/b");
    expect(all.filter((name: string) => name.startsWith("a/b/"))).toEqual([]);
    for (const path of ["a/b", "way", "a/b/c", "a/link/c"]) {
      await expect(call("readdir", path)).rejects.toMatchObject({ code: "ERR_DENIED" });
    }
  });
});

describe.runIf(needs("linux")).each(forms)("$name", (form) => {
  it("names that are no UTF-8 are entered, and come as bytes if asked for", async () => {
    const { inside } = ground();
    const strange = Buffer.concat([Buffer.from(`${inside}/`), Buffer.from("caf\xe9", "latin1")]);
    mkdirSync(strange);
    writeFileSync(Buffer.concat([strange, Buffer.from("/f")]), "");
    mkdirSync(join(inside, "\uFFFD"));
    const { call } = await form.open(inside);
    const names = await call("readdir", ".", { recursive: true });
    expect(names.toSorted()).toEqual(["caf\uFFFD", "caf\uFFFD/f", "\uFFFD"]);
    const inBytes = await call("readdir", ".", { recursive: true, encoding: "buffer" });
    expect(inBytes.map((name: Buffer) => name.toString("latin1"))).toContain("caf\xe9/f");
    const typed = await call("readdir", ".", {
      recursive: true,
      encoding: "buffer",
      withFileTypes: true,
    });
    const file = typed.find((entry: Entry) => entry.isFile());
    expect(file).toMatchObject({ name: Buffer.from("f"), parentPath: "caf\uFFFD" });
  });

  it("goes through a tree that is deeper than a path can be long, with a few descriptors", async () => {
    const { inside } = ground();
    const depth = 2500;
    makeDeep(inside, depth);
    const { call } = await form.open(inside);
    const before = openDescriptors();
    const found: string[] = await call("readdir", ".", { recursive: true });
    expect(found).toHaveLength(depth);
    expect(Math.max(...found.map((path) => path.length))).toBe(depth * 2 - 1);
    expect(openDescriptors()).toBe(before);
  }, 60_000);

  it("two at each level, so that the way back is gone name by name", async () => {
    const { inside } = ground();
    makeDeep(inside, 520, ["x", "y"]);
    const { call } = await form.open(inside);
    const found: string[] = await call("readdir", ".", { recursive: true });
    expect(found).toHaveLength(1040);
    expect(new Set(found).size).toBe(1040);
  }, 60_000);
});

describe.runIf(needs("linux"))("descriptors", () => {
  it("are never more than a few, on whatever way", async () => {
    const { inside } = ground();
    makeDeep(inside, 520, ["x", "y"]);
    let most = 0;
    const readdir: typeof fs.promises.readdir = (async (...args: [string]) => {
      most = Math.max(most, openDescriptors());
      const listed = (await fs.promises.readdir(...args)) as unknown as fs.Dirent[];
      // The way down is the last one, and gone first: then each of the others is far from it.
      return listed.toSorted((a, b) => (a.name < b.name ? 1 : -1));
    }) as never;
    const fileSystem = { ...fs, promises: { ...fs.promises, readdir } } as never;
    const { call } = await asynchronous.open(inside, { fileSystem });
    const before = openDescriptors();
    expect(await call("readdir", ".", { recursive: true })).toHaveLength(1040);
    expect(most).toBeGreaterThan(before);
    expect(most - before).toBeLessThan(8);
  }, 60_000);
});

describe.runIf(needs("linux"))("while others are at work", () => {
  /** Node's, with somebody who acts when a directory of this name has just been listed. */
  function interrupted(name: string, act: () => void): typeof fs {
    let done = false;
    const promises = {
      ...fs.promises,
      async readdir(...args: Parameters<typeof fs.promises.readdir>) {
        const listed = (await fs.promises.readdir(...args)) as unknown as (
          | string
          | { name: string }
        )[];
        const names = listed.map((entry) => (typeof entry === "string" ? entry : entry.name));
        if (!done && names.includes(name)) {
          done = true;
          act();
        }
        return listed;
      },
    };
    return { ...fs, promises } as unknown as typeof fs;
  }

  it("R5 a directory that is swapped for a link after it was listed is not entered", async () => {
    const { inside, outside } = furnished();
    const fileSystem = interrupted("b", () => {
      renameSync(join(inside, "a/b"), join(inside, "moved"));
      symlinkSync(outside, join(inside, "a/b"));
    });
    const { call } = await asynchronous.open(inside, { fileSystem });
    const found = await call("readdir", "a", { recursive: true });
    expect(found.toSorted()).toEqual(["b", "empty", "file", "link", "out"]);
  });

  it("a directory that is gone fails the call, as in Node", async () => {
    const { inside } = furnished();
    const fileSystem = interrupted("b", () => rmSync(join(inside, "a/b"), { recursive: true }));
    const { call } = await asynchronous.open(inside, { fileSystem });
    const before = openDescriptors();
    await expect(call("readdir", "a", { recursive: true })).rejects.toMatchObject({
      code: "ENOENT",
      path: "a",
    });
    expect(openDescriptors()).toBe(before);
  });

  it("a signal ends it between two directories", async () => {
    const { inside } = furnished();
    const controller = new AbortController();
    const fileSystem = interrupted("b", () => controller.abort());
    const { call } = await asynchronous.open(inside, { fileSystem });
    const before = openDescriptors();
    const { signal } = controller;
    await expect(call("readdir", "a", { recursive: true, signal })).rejects.toMatchObject({
      name: "AbortError",
      code: "ABORT_ERR",
    });
    expect(openDescriptors()).toBe(before);
  });
});
