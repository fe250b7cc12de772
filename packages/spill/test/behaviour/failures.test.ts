/** S5: whatever fails, the tool gets a result. */

import {
  chmodSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import * as fs from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";
import { openSpillStore, type SpillData } from "../../src/index.ts";
import {
  expectNothingLeft,
  linesOf,
  openStore,
  outputsIn,
  sha256,
  spilled,
  stagedIn,
  treeOf,
  truncated,
} from "../support/stores.ts";

const limits = { maxBytes: 100, headBytes: 60, tailBytes: 60 };
const text = linesOf(5000);

const failing = (code: string): (() => Promise<never>) => {
  return () => Promise.reject(Object.assign(new Error(`${code}: it fails`), { code, errno: -1 }));
};

describe("S5 a write that fails", () => {
  it.each([
    ["ENOSPC", "no-space"],
    ["EDQUOT", "no-space"],
    ["EACCES", "not-writable"],
    ["EROFS", "not-writable"],
    ["EIO", "io-failed"],
  ])("with %s is a result with a bounded preview", async (code, reason) => {
    const dir = join(tempDir(), "store");
    let fails = false;
    const promises = {
      ...fs.promises,
      open: async (...args: Parameters<typeof fs.promises.open>) => {
        const handle = await fs.promises.open(...args);
        if (fails && String(args[0]).endsWith(".part")) handle.write = failing(code) as never;
        return handle;
      },
    };
    const { store } = await openStore({ ...limits, root: dir, fileSystem: { promises } });
    fails = true;
    const result = truncated(await store.spill("x", text));
    expect(result).toMatchObject({ reason, error: { code, op: "spill", leftovers: [] } });
    expect(result).toMatchObject({ bytes: text.length, sha256: sha256(text) });
    expect(result.content).toContain(code);
    expect(result.preview.startsWith("line 0\n")).toBe(true);
    expect(text.endsWith(result.preview.slice(-20))).toBe(true);
    expect(Buffer.byteLength(result.content)).toBeLessThan(500);
    expectNothingLeft(store, dir);
    fails = false;
    expect((await store.spill("x", text)).spilled).toBe(true);
  });

  it("when the store was removed: a result; when only the session was, it is made again", async () => {
    const { store, dir } = await openStore(limits);
    rmSync(join(dir, "s1"), { recursive: true });
    const { path } = spilled(await store.spill("x", text));
    expect(readFileSync(path, "utf8")).toBe(text);
    rmSync(dir, { recursive: true });
    expect(truncated(await store.spill("y", text))).toMatchObject({ reason: "store-gone" });
    expect((await store.spill("y", "small")).content).toBe("small");
  });

  it("when something else is in the place of the session", async () => {
    const { store, dir } = await openStore(limits);
    rmSync(join(dir, "s1"), { recursive: true });
    writeFileSync(join(dir, "s1"), "");
    expect(truncated(await store.spill("x", text))).toMatchObject({ reason: "planted" });
    expect(readFileSync(join(dir, "s1"), "utf8")).toBe("");
  });
});

describe("a source that fails", () => {
  it.each<[string, number]>([
    ["before the threshold", 1],
    ["beyond it", 100],
  ])("%s: what came is in the preview, the error in the result", async (_, count) => {
    const { store, dir } = await openStore(limits);
    const failure = new Error("the tool broke");
    async function* pieces(): AsyncGenerator<string> {
      for (let i = 0; i < count; i++) yield `piece ${i}\n`;
      await Promise.resolve();
      throw failure;
    }
    const result = truncated(await store.spill("x", pieces()));
    expect(result.reason).toBe("source-failed");
    expect(result.error).toMatchObject({ code: "ERR_CONTENT_SOURCE", cause: failure });
    expect(result.preview).toContain("piece 0\n");
    expect(result.preview.endsWith(`piece ${count - 1}\n`)).toBe(true);
    expect(result.sha256).toBeUndefined();
    expectNothingLeft(store, dir);
  });

  it.each<[string, () => SpillData]>([
    ["a piece that is none", () => [text, 3] as never],
    ["null", () => [text, null] as never],
    ["undefined in the middle", () => [text, undefined] as never],
    [
      "a stream that is destroyed",
      () => new Readable({ read: () => {} }).destroy(new Error("gone")),
    ],
    [
      "an iterable with a property that throws",
      () => ({
        get [Symbol.asyncIterator](): never {
          throw new Error("no");
        },
      }),
    ],
    [
      "an iterable that cannot be begun",
      () => ({
        [Symbol.iterator]: () => {
          throw new Error("no");
        },
      }),
    ],
  ])("%s", async (_, source) => {
    const { store, dir } = await openStore(limits);
    expect(truncated(await store.spill("x", source())).reason).toBe("source-failed");
    expectNothingLeft(store, dir);
  });
});

describe("S6 links in the store", () => {
  it.each(["directory", "file", "nowhere"])(
    "to a %s in the place of the store: refused",
    async (to) => {
      const dir = tempDir();
      mkdirSync(join(dir, "directory"));
      writeFileSync(join(dir, "file"), "precious");
      symlinkSync(join(dir, to), join(dir, "store"));
      const before = treeOf(dir);
      for (const root of [join(dir, "store"), `${join(dir, "store")}/`]) {
        await expect(openSpillStore({ root, session: "s1" })).rejects.toMatchObject({
          code: "ERR_SYMLINK",
          op: "openSpillStore",
        });
      }
      expect(treeOf(dir)).toEqual(before);
    },
  );

  it("in the place of the session, or of its private directory: refused", async () => {
    const dir = tempDir();
    mkdirSync(join(dir, "outside", ".spill"), { recursive: true });
    mkdirSync(join(dir, "store", "s2"), { recursive: true });
    symlinkSync("../outside", join(dir, "store", "s1"));
    symlinkSync("../../outside", join(dir, "store", "s2", ".spill"));
    const before = treeOf(join(dir, "outside"));
    for (const session of ["s1", "s2"]) {
      await expect(openSpillStore({ root: join(dir, "store"), session })).rejects.toMatchObject({
        op: "openSpillStore",
      });
    }
    expect(treeOf(join(dir, "outside"))).toEqual(before);
  });

  it("planted later: a result, and nothing outside is touched", async () => {
    const { store, dir } = await openStore(limits);
    const outside = tempDir();
    mkdirSync(join(outside, ".spill"));
    writeFileSync(join(outside, "note"), "precious");
    const before = treeOf(outside);
    renameSync(join(dir, "s1"), join(dir, "aside"));
    symlinkSync(outside, join(dir, "s1"));
    expect(truncated(await store.spill("x", text))).toMatchObject({
      reason: "planted",
      error: { code: "ERR_SYMLINK" },
    });
    expect(treeOf(outside)).toEqual(before);
  });

  it("with the name that a file would get: it gets another one", async () => {
    const { store, dir } = await openStore(limits);
    const { path } = spilled(await store.spill("x", text));
    writeFileSync(join(dir, "note"), "precious");
    rmSync(path);
    symlinkSync("../note", path);
    const again = spilled(await store.spill("x", text));
    expect(again.path).not.toBe(path);
    expect(readFileSync(again.path, "utf8")).toBe(text);
    expect(readFileSync(join(dir, "note"), "utf8")).toBe("precious");
    expect(outputsIn(dir)).toHaveLength(2);
    expect(await store.endSession()).toMatchObject({
      ended: true,
      removedFiles: 2,
      removedBytes: text.length,
    });
    expect(readFileSync(join(dir, "note"), "utf8")).toBe("precious");
  });
});

describe("nothing outside the store", () => {
  it("is read or changed by anything that a session does", async () => {
    const dir = tempDir();
    mkdirSync(join(dir, "project"));
    writeFileSync(join(dir, "project", "file"), "precious");
    chmodSync(join(dir, "project", "file"), 0o640);
    mkdirSync(join(dir, "x"));
    const around = (): string[] => treeOf(dir).filter((line) => !/^x[/ ]/.test(line));
    const before = around();
    const store = await openSpillStore({ ...limits, root: join(dir, "x", "store"), session: "s1" });
    const ids = ["../../project/file", "/etc/passwd", "..", join(dir, "project", "file")];
    for (const id of ids) {
      const { ref } = spilled(await store.spill(id, text));
      await store.resolve(ref);
      await store.read(ref);
      await store.pin(ref);
    }
    await store.resolve("spill:../project/file:8:" + "0".repeat(64));
    await store.sweep({ maxAgeMs: 0 });
    await store.endSession({ pinned: "remove" });
    expect(around()).toEqual(before);
    expect(fs.readdirSync(join(dir, "x", "store"))).toEqual([]);
  });
});

describe("a file system", () => {
  it("that says that every name is taken does not keep the call for ever", async () => {
    const dir = join(tempDir(), "store");
    let fails = false;
    const link = (from: string, to: string): Promise<void> =>
      fails ? failing("EEXIST")() : fs.promises.link(from, to);
    const promises = { ...fs.promises, link };
    const { store } = await openStore({ ...limits, root: dir, fileSystem: { promises } as never });
    fails = true;
    expect(truncated(await store.spill("x", text)).reason).toBe("planted");
    expectNothingLeft(store, dir);
    fails = false;
  });
});

describe("what could not be removed", () => {
  it("is told and counted also where it has its name already", async () => {
    const dir = join(tempDir(), "store");
    let fails = false;
    const link = async (from: string, to: string): Promise<void> => {
      await fs.promises.link(from, to);
      if (fails) await failing("EIO")();
    };
    const unlink = async (path: string): Promise<void> =>
      await (fails ? failing("EIO")() : fs.promises.unlink(path));
    const promises = { ...fs.promises, link, unlink };
    const { store } = await openStore({ ...limits, root: dir, fileSystem: { promises } as never });
    fails = true;
    const result = truncated(await store.spill("x", text));
    fails = false;
    const [name] = outputsIn(dir);
    expect(result).toMatchObject({ reason: "io-failed", error: { effect: "partial" } });
    expect(result.error.leftovers).toContain(join(dir, "s1", name!));
    expect(store.usage().sessionBytes).toBe(text.length);
    // It is whole: the next call has what it asks for, and it is counted once.
    expect(spilled(await store.spill("x", text)).path).toBe(join(dir, "s1", name!));
    expect(store.usage().sessionBytes).toBe(text.length);
    expect(await store.endSession()).toMatchObject({ ended: true, removedFiles: 1 });
    expect(fs.readdirSync(dir)).toEqual([]);
  });

  it("is told, counted, and removed later", async () => {
    const dir = join(tempDir(), "store");
    let fails = false;
    const promises = {
      ...fs.promises,
      open: async (...args: Parameters<typeof fs.promises.open>) => {
        const handle = await fs.promises.open(...args);
        if (fails && String(args[0]).endsWith(".part")) handle.write = failing("EIO") as never;
        return handle;
      },
      unlink: async (path: string) =>
        await (fails && path.endsWith(".part") ? failing("EIO")() : fs.promises.unlink(path)),
    };
    const { store } = await openStore({ ...limits, root: dir, fileSystem: { promises } as never });
    fails = true;
    const result = truncated(await store.spill("x", text));
    expect(result.error.leftovers).toEqual([join(dir, "s1", ".spill", stagedIn(dir)[0]!)]);
    expect(store.usage().sessionBytes).toBe(text.length);
    fails = false;
    expect((await store.spill("x", text)).spilled).toBe(true);
    expect(stagedIn(dir)).toEqual([]);
    expect(store.usage().sessionBytes).toBe(text.length);
  });
});
