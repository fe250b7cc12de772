/** What a ref stands for, and reading by it. */

import fc from "fast-check";
import {
  linkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { describe, expect, it } from "vitest";
import { linesOf, openStore, spilled } from "../support/stores.ts";

const limits = { maxBytes: 100, durable: false };
const text = linesOf(3000, " é😀");

describe("resolve", () => {
  it("says ok, expired, corrupt or foreign", async () => {
    const { store, dir } = await openStore(limits);
    const { ref, path, bytes, sha256 } = spilled(await store.spill("x", text));
    expect(await store.resolve(ref)).toEqual({ status: "ok", path, bytes, sha256, pinned: false });
    expect(await store.resolve(ref.replace("spill:s1", "spill:s2"))).toMatchObject({
      status: "foreign",
    });
    expect(await store.resolve(ref.replace(sha256, "0".repeat(64)))).toMatchObject({
      status: "corrupt",
    });
    expect(await store.resolve(ref.replace(`:${bytes}:`, `:${bytes + 1}:`))).toMatchObject({
      status: "corrupt",
    });
    expect(await store.resolve(ref.replace(".txt", ".log"))).toMatchObject({ status: "expired" });
    const stats = statSync(path);
    writeFileSync(path, text.replace("line 3", "line 4"));
    utimesSync(path, stats.atime, stats.mtime); // same size, same time
    expect(await store.resolve(ref)).toMatchObject({
      status: "corrupt",
      error: { code: "ERR_CHANGED" },
    });
    rmSync(path);
    expect(await store.resolve(ref)).toMatchObject({ status: "expired" });
    symlinkSync("../note", path);
    expect(await store.resolve(ref)).toMatchObject({
      status: "corrupt",
      error: { code: "ERR_SYMLINK" },
    });
    rmSync(path);
    writeFileSync(`${dir}/note`, text);
    linkSync(`${dir}/note`, path);
    expect(await store.resolve(ref)).toMatchObject({
      status: "corrupt",
      error: { code: "ERR_HARDLINK" },
    });
  });

  it("never throws, for any string, and finds nothing by it", async () => {
    const { store } = await openStore(limits);
    const { ref } = spilled(await store.spill("x", text));
    const parts = fc.constantFrom(
      "spill:",
      "s1",
      "/",
      ":",
      "..",
      "\0",
      ".spill",
      "9",
      "x-0123abcd.txt",
      "0".repeat(64),
      ref,
    );
    const any = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(parts).map((all) => all.join("")),
    );
    await fc.assert(
      fc.asyncProperty(any, async (given) => {
        fc.pre(given !== ref);
        const { status } = await store.resolve(given);
        expect(status).not.toBe("ok");
        expect((await store.read(given)).status).toBe(status);
        expect(await store.touch(given)).toBe(false);
        expect(await store.pin(given)).toBe(false);
      }),
    );
  });
});

describe("read", () => {
  it("in pages that join to the text, each whole in itself", async () => {
    const { store } = await openStore(limits);
    const { ref, bytes } = spilled(await store.spill("x", text));
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 4, max: 500 }), async (maxBytes) => {
        let read = "";
        let offset: number | undefined = 0;
        while (offset !== undefined) {
          const page = await store.read(ref, { offset, maxBytes });
          if (page.status !== "ok") throw new Error(page.status);
          expect(page.content.length).toBeLessThanOrEqual(maxBytes);
          expect(page).toMatchObject({ offset, bytes });
          read += page.text;
          offset = page.nextOffset;
        }
        expect(read).toBe(text);
      }),
      { numRuns: 20 },
    );
  });

  it("in pages shorter than a character gets to the end all the same", async () => {
    const { store } = await openStore(limits);
    const { ref } = spilled(await store.spill("x", "😀".repeat(30)));
    const pieces: Buffer[] = [];
    for (let offset: number | undefined = 0; offset !== undefined;) {
      const page = await store.read(ref, { offset, maxBytes: 1 });
      if (page.status !== "ok") throw new Error(page.status);
      pieces.push(page.content);
      offset = page.nextOffset;
    }
    expect(Buffer.concat(pieces).toString()).toBe("😀".repeat(30));
  });

  it("beyond the end is empty; of what is not what was kept, nothing", async () => {
    const { store } = await openStore(limits);
    const { ref, path, bytes } = spilled(await store.spill("x", text));
    expect(await store.read(ref, { offset: bytes })).toMatchObject({
      text: "",
      nextOffset: undefined,
    });
    expect(await store.read(ref, { offset: 2 ** 50 })).toMatchObject({ text: "" });
    expect(await store.read(ref)).toMatchObject({ status: "ok" });
    writeFileSync(path, "other".repeat(1000));
    expect(await store.read(ref)).toMatchObject({ status: "corrupt" });
    truncateSync(path, 10);
    expect(await store.read(ref)).toMatchObject({ status: "corrupt" });
    renameSync(path, `${path}.aside`);
    expect(await store.read(ref)).toMatchObject({ status: "expired" });
  });
});
