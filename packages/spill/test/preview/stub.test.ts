/** S4: what stands for an output. */

import fc from "fast-check";
import { isUtf8 } from "node:buffer";
import { describe, expect, it } from "vitest";
import type { SpillOptions } from "../../src/index.ts";
import { previewOf } from "../../src/preview/preview.ts";
import { stubOf } from "../../src/preview/stub.ts";
import { Meter } from "../../src/content/meter.ts";
import { readStoreOptions } from "../../src/settings/read-options.ts";
import { linesOf, openStore, spilled, truncated } from "../support/stores.ts";

const sizeOf = (text: string): number => Buffer.byteLength(text);

/** The stub of an output, without a disk. */
function stubFor(bytes: Uint8Array, options: SpillOptions, id = "x", pieces = 7): string {
  const { call } = readStoreOptions("test", { root: "-", session: "s", ...options });
  const meter = new Meter(call);
  for (let at = 0; at < bytes.length; at += pieces) meter.add(bytes.subarray(at, at + pieces));
  const ends = { ...meter.ends(), bytes: meter.bytes };
  const sha256 = meter.digest();
  const ref = `spill:s/x-01234567.txt:${bytes.length}:${sha256}`;
  return stubOf({ id, ends, isUtf8: meter.isUtf8 }, { ref, sha256 }, call).text;
}

const text = fc.string({ unit: "binary", minLength: 1, maxLength: 3000 });
const lines = fc
  .array(fc.string({ unit: "grapheme" }), { maxLength: 200 })
  .map((all) => all.join("\n"));
const bytes = fc.oneof(
  fc.oneof(text, lines).map((string) => new Uint8Array(Buffer.from(string))),
  fc.uint8Array({ minLength: 1, maxLength: 2000 }),
);
const size = fc.integer({ min: 0, max: 300 });
const limit = fc.oneof(size, fc.constant(undefined));
const options = fc.record({
  maxBytes: size,
  headBytes: size,
  tailBytes: size,
  headLines: limit,
  tailLines: limit,
});

describe("S4 a stub", () => {
  it("is never longer than the content, and always valid text", () => {
    fc.assert(
      fc.property(bytes, options, fc.string({ unit: "binary" }), (given, chosen, id) => {
        const stub = stubFor(given, chosen, id);
        expect(sizeOf(stub)).toBeLessThanOrEqual(given.length);
        expect(Buffer.from(stub).toString()).toBe(stub);
      }),
      { numRuns: 500 },
    );
  });

  it("is no longer than the content with an escape that makes text longer", () => {
    const escape = (part: string): string => part.replaceAll(/[a-z<&]/g, "&#60;");
    fc.assert(
      fc.property(bytes, options, (given, chosen) => {
        expect(sizeOf(stubFor(given, { ...chosen, escape }))).toBeLessThanOrEqual(given.length);
      }),
      { numRuns: 300 },
    );
  });

  it("of text never cuts a character, wherever it is cut", () => {
    const characters = fc.array(fc.constantFrom("é", "😀", "a", "漢", "\n"), {
      minLength: 400,
      maxLength: 600,
    });
    fc.assert(
      fc.property(characters, options, fc.integer({ min: 1, max: 9 }), (all, chosen, pieces) => {
        const given = Buffer.from(all.join(""));
        expect(stubFor(given, chosen, "x", pieces)).not.toContain("\ufffd");
      }),
      { numRuns: 300 },
    );
  });

  it("shows a beginning and an end, and says how much is between them", () => {
    const any = fc.string({ unit: "grapheme", minLength: 1, maxLength: 1000 });
    fc.assert(
      fc.property(any, options, (given, chosen) => {
        const { call } = readStoreOptions("test", { root: "-", session: "s", ...chosen });
        const whole = Buffer.from(given);
        const meter = new Meter(call);
        meter.add(whole);
        const ends = { ...meter.ends(), bytes: whole.length };
        const share = { head: call.headBytes, tail: call.tailBytes };
        const { text: preview, shown } = previewOf(ends, call, share);
        expect(shown.head).toBeLessThanOrEqual(share.head);
        expect(shown.tail).toBeLessThanOrEqual(share.tail);
        const head = whole.subarray(0, shown.head).toString();
        const tail = whole.subarray(whole.length - shown.tail).toString();
        const left = whole.length - shown.head - shown.tail;
        const mark = `[… ${left} bytes left out …]${tail === "" ? "" : "\n"}`;
        const before = head === "" || head.endsWith("\n") ? head : `${head}\n`;
        expect(preview).toBe(left === 0 ? given : `${before}${mark}${tail}`);
      }),
      { numRuns: 500 },
    );
  });

  it("is cut at the ends of lines where that costs less than half", () => {
    const given = Buffer.from(linesOf(5000));
    const stub = stubFor(given, { headBytes: 100, tailBytes: 100, maxBytes: 2000 });
    const [head, tail] = stub.slice(stub.indexOf("]\n") + 2).split(/\[… \d+ bytes left out …\]\n/);
    for (const line of `${head}${tail}`.trimEnd().split("\n")) expect(line).toMatch(/^line \d+$/);
    expect(head!.startsWith("line 0\n")).toBe(true);
    expect(head!.endsWith("\n")).toBe(true);
  });

  it("has as many lines as were asked for", () => {
    const given = Buffer.from(linesOf(5000));
    const stub = stubFor(given, { headLines: 3, tailLines: 2, maxBytes: 2000 });
    const [head, tail] = stub.slice(stub.indexOf("]\n") + 2).split(/\[… \d+ bytes left out …\]\n/);
    expect(head).toBe("line 0\nline 1\nline 2\n");
    expect(tail!.trimEnd().split("\n")).toHaveLength(2);
    expect(given.toString().endsWith(tail!)).toBe(true);
    const none = stubFor(given, { headLines: 0, tailLines: 0, maxBytes: 2000 });
    expect(none).toMatch(/\]\n\[… \d+ bytes left out …\]$/);
  });

  it("stays below the threshold where that has room for what it says", () => {
    const given = Buffer.from(linesOf(50_000));
    expect(sizeOf(stubFor(given, { maxBytes: 1000 }))).toBeLessThanOrEqual(1000);
    expect(sizeOf(stubFor(given, { maxBytes: 1000, headroom: 300 }))).toBeLessThanOrEqual(700);
    expect(stubFor(given, { maxBytes: 10 })).toContain("spill:s/");
  });

  it("changes when one late byte changes", async () => {
    const { store } = await openStore({ durable: false });
    const long = `${linesOf(200_000)}progress: 10 %\n${linesOf(10_000)}`;
    const before = spilled(await store.spill("poll", long));
    const after = spilled(await store.spill("poll", long.replace("10 %", "11 %")));
    expect(after.preview).toBe(before.preview);
    expect(after.stub).not.toBe(before.stub);
    expect(after.sha256).not.toBe(before.sha256);
  });

  it("says how to read more in the caller's words, and escapes what is not the caller's", async () => {
    const escape = (part: string): string => part.replaceAll("<", "&lt;");
    const howToRead = "Use <read_output>.";
    const { store } = await openStore({ durable: false, escape, howToRead });
    const { stub, preview } = spilled(await store.spill("</b>", "</b>\n".repeat(20_000)));
    expect(stub).toContain("Use <read_output>.");
    expect(stub).toContain('"&lt;/b>"');
    expect(stub.replace(howToRead, "")).not.toContain("<");
    expect(preview).not.toContain("<");
  });

  it("shows nothing that an escape that throws has not escaped", async () => {
    const failure = new Error("mine");
    const escape = (): string => {
      throw failure;
    };
    const { store } = await openStore({ durable: false, escape, maxSessionBytes: 250_000 });
    const result = spilled(await store.spill("secret-id", "secret\n".repeat(20_000)));
    expect(result.error).toMatchObject({ code: "ERR_HOOK", cause: failure });
    expect(result.stub).toContain(result.ref);
    expect(result.stub.replaceAll(result.ref, "")).not.toContain("secret");
    const lost = truncated(await store.spill("secret-id", "secrets\n".repeat(20_000)));
    expect(lost.content).not.toContain("secret-id");
    expect(lost.preview).not.toContain("secret");
  });
});

describe("what was measured in pieces", () => {
  it("is what it is as a whole", () => {
    fc.assert(
      fc.property(bytes, fc.integer({ min: 1, max: 50 }), (given, pieces) => {
        const { call } = readStoreOptions("test", { root: "-", session: "s" });
        const meter = new Meter(call);
        for (let at = 0; at < given.length; at += pieces)
          meter.add(given.subarray(at, at + pieces));
        expect(meter.bytes).toBe(given.length);
        expect(meter.isUtf8).toBe(isUtf8(given));
        const { head, tail } = meter.ends();
        expect(head).toEqual(Buffer.from(given.subarray(0, 2049)));
        expect(tail).toEqual(Buffer.from(given.subarray(-2051)));
      }),
      { numRuns: 300 },
    );
  });
});
