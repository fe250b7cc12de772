/** S1: what is too big, and what becomes of it. */

import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import type { SpillData, SpillOptions } from "../../src/index.ts";
import { linesOf, openStore, outputsIn, sha256, spilled, stagedIn } from "../support/stores.ts";

describe("S1 below the threshold", () => {
  it("comes back untouched, and nothing is written", async () => {
    const { store, dir } = await openStore();
    const bytes = Buffer.from([0xff, 0x00, 0x41]);
    const view = new Uint16Array([1, 2]);
    for (const data of ["hello", "", "lone \ud800 surrogate", bytes, view] as const) {
      const result = await store.spill("x", data);
      expect(result).toMatchObject({ spilled: false, truncated: false, reason: undefined });
      expect(result.content).toBe(data);
    }
    expect((await store.spill("x", "hello")).sha256).toBe(sha256("hello"));
    expect(outputsIn(dir)).toEqual([]);
    expect(stagedIn(dir)).toEqual([]);
  });

  it("of an iterable is its pieces, joined", async () => {
    const { store } = await openStore();
    const half = "\ud83d";
    const kept = async (data: SpillData): Promise<unknown> =>
      (await store.spill("x", data)).content;
    expect(await kept(["a", "b", half, "\ude00"])).toBe("ab😀");
    expect(await kept([half])).toBe(half);
    expect(await kept(["a", Buffer.from("b")])).toEqual(Buffer.from("ab"));
    expect(await kept([])).toBe("");
    expect(await kept(Readable.from([Buffer.from("ab"), Buffer.from("c")]))).toEqual(
      Buffer.from("abc"),
    );
    expect(await kept(new Blob(["web"]).stream())).toEqual(Buffer.from("web"));
  });

  it.each<[string, SpillOptions, string, boolean]>([
    ["bytes at the limit", { maxBytes: 6 }, "ééé", false],
    ["bytes, not characters", { maxBytes: 5 }, "ééé", true],
    ["chars at the limit", { maxChars: 3 }, "a😀", false],
    ["chars as string.length", { maxChars: 2 }, "a😀", true],
    ["lines at the limit", { maxLines: 2 }, "a\nb\n", false],
    ["a last line without a newline", { maxLines: 2 }, "a\nb\nc", true],
    ["headroom", { maxBytes: 10, headroom: 4 }, "1234567", true],
    ["within headroom", { maxBytes: 10, headroom: 4 }, "123456", false],
    ["nothing allowed, nothing there", { maxBytes: 0 }, "", false],
    ["nothing allowed", { maxBytes: 0 }, "a", true],
  ])("is measured by %s", async (_, options, text, tooBig) => {
    const { store } = await openStore();
    expect((await store.spill("x", text, options)).spilled).toBe(tooBig);
    expect((await store.spill("y", [...text], options)).spilled).toBe(tooBig);
    expect((await store.spill("z", Buffer.from(text), options)).spilled).toBe(tooBig);
    const { store: other } = await openStore(options);
    expect((await other.spill("x", text)).spilled).toBe(tooBig);
  });
});

describe("S1 above the threshold", () => {
  it("the file is whole, 0600, in directories 0700, and the stub stands for it", async () => {
    const { store, dir } = await openStore();
    const text = linesOf(60_000);
    const result = spilled(await store.spill("bash-1", text));
    expect(result.path).toMatch(/store\/s1\/bash-1-[0-9a-f]{8}\.txt$/);
    expect(readFileSync(result.path, "utf8")).toBe(text);
    expect(statSync(result.path).mode & 0o777).toBe(0o600);
    for (const path of [dir, join(dir, "s1"), join(dir, "s1/.spill")]) {
      expect(statSync(path).mode & 0o777).toBe(0o700);
    }
    expect(result).toMatchObject({ truncated: false, bytes: text.length, sha256: sha256(text) });
    const start = `[The output of "bash-1" is too big to show: ${text.length} bytes`;
    expect(result.stub.startsWith(start)).toBe(true);
    expect(result.stub).toContain(result.ref);
    expect(result.ref).toContain(result.sha256);
    expect(result.stub.endsWith(result.preview)).toBe(true);
    expect(result.preview).toMatch(/^line 0\n[^]*\n\[… \d+ bytes left out …\]\n[^]*\n$/);
    expect(stagedIn(dir)).toEqual([]);
  });

  it("the same, from a string, bytes, an iterable, a stream: one file, one ref", async () => {
    const { store, dir } = await openStore();
    const text = `${linesOf(60_000)}${"😀".repeat(1000)}`;
    const bytes = Buffer.from(text);
    function* pieces(): Generator<Buffer> {
      const one = Buffer.alloc(7); // used again and again
      for (let at = 0; at < bytes.length; at += 7) yield one.subarray(0, bytes.copy(one, 0, at));
    }
    const units = Array.from({ length: text.length }, (_, at) => text[at]!); // pairs cut in two
    const all = [text, bytes, pieces(), units, Readable.from([bytes]), new Blob([bytes]).stream()];
    const refs = new Set<string>();
    for (const data of all) refs.add(spilled(await store.spill("x", data)).ref);
    expect([...refs]).toHaveLength(1);
    expect(outputsIn(dir)).toHaveLength(1);
    expect(stagedIn(dir)).toEqual([]);
    expect(store.usage().sessionBytes).toBe(bytes.length);
    // By itself: the file is made from the buffer that is used again and again.
    const { path } = spilled(await store.spill("alone", pieces()));
    expect(readFileSync(path)).toEqual(bytes);
  });

  it("bytes that are no UTF-8 are kept as they are, and shown as valid text", async () => {
    const { store } = await openStore();
    const bytes = Buffer.alloc(60_000, 0xe2);
    const result = spilled(await store.spill("image", bytes));
    expect(readFileSync(result.path)).toEqual(bytes);
    expect(result.path).toMatch(/\.bin$/);
    expect(result.stub).toContain("not UTF-8 text");
    expect(result.preview).toContain("\ufffd");
    expect(Buffer.byteLength(result.preview)).toBeLessThan(4200);
  });

  it("lone surrogates are kept as U+FFFD", async () => {
    const { store } = await openStore();
    const result = spilled(await store.spill("x", `\udc00${"y".repeat(60_000)}\ud800`));
    expect(readFileSync(result.path, "utf8")).toBe(`\ufffd${"y".repeat(60_000)}\ufffd`);
    const pieces = spilled(await store.spill("x", ["\udc00", "y".repeat(60_000), "\ud800"]));
    expect(pieces.ref).toBe(result.ref);
  });

  it("has the extension that was asked for", async () => {
    const { store } = await openStore();
    const { path } = spilled(await store.spill("x", linesOf(60_000), { extension: "log" }));
    expect(path).toMatch(/\.log$/);
  });
});

describe("exempt ids", () => {
  it("are never spilled: a reader tool would read its own pages for ever", async () => {
    const { store, dir } = await openStore({ exempt: (id) => id.startsWith("read-") });
    const text = linesOf(60_000);
    const result = await store.spill("read-1", text);
    expect(result).toMatchObject({ spilled: false, truncated: false, content: text });
    expect((await store.spill("read-1", [text, text])).content).toBe(text + text);
    expect(outputsIn(dir)).toEqual([]);
    expect((await store.spill("bash-1", text)).spilled).toBe(true);
  });

  it.each<[string, () => unknown]>([
    ["a promise", async () => true],
    ["what a regular expression found", () => /x/.exec("x")],
  ])("a hook that returns %s is told, and the output is not exempt", async (_, exempt) => {
    const { store } = await openStore({ maxBytes: 10, durable: false, exempt: exempt as never });
    const result = spilled(await store.spill("read-x", linesOf(5000)));
    expect(result.error).toMatchObject({ code: "ERR_HOOK", cause: expect.any(TypeError) });
  });

  it("a hook that throws is told, and the output is not exempt", async () => {
    const failure = new Error("mine");
    const { store } = await openStore({
      exempt: () => {
        throw failure;
      },
    });
    const result = spilled(await store.spill("x", linesOf(60_000)));
    expect(result.error).toMatchObject({ code: "ERR_HOOK", cause: failure });
    expect((await store.spill("x", "small")).error).toMatchObject({ code: "ERR_HOOK" });
  });
});
