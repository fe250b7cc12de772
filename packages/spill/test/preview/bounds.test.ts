/** What is shown is bounded by the threshold, by what the hooks make of it, and cut where lines end. */

import { describe, expect, it } from "vitest";
import { linesOf, openStore, spilled, truncated } from "../support/stores.ts";

const sizeOf = (text: string): number => Buffer.byteLength(text);
const separator = /\n?\[… \d+ bytes left out …\]\n/;

describe("a cut", () => {
  it("of the head is at the end of a line, also where it has all its room", async () => {
    const { store } = await openStore({ durable: false, headBytes: 1003, tailBytes: 1003 });
    const lines = Array.from({ length: 9000 }, (_, i) => `<${i}>`);
    const { preview } = spilled(await store.spill("x", lines.join("\n")));
    const [head, tail] = preview.split(separator);
    const shown = [...head!.split("\n"), ...tail!.split("\n")];
    expect(shown.length).toBeGreaterThan(200);
    expect(shown.filter((line) => !/^<\d+>$/.test(line))).toEqual([]);
  });

  it("is not made where all of an output fits", async () => {
    const { store } = await openStore({ maxBytes: 1000, maxFileBytes: 1 });
    for (const bytes of [2040, 2050, 2060, 3000, 4000]) {
      const text = linesOf(bytes).slice(0, bytes);
      expect(truncated(await store.spill("x", text)).preview).toBe(text);
    }
  });
});

describe("a stub", () => {
  it("has no more characters than are too many", async () => {
    const { store } = await openStore({ durable: false, maxBytes: Infinity, maxChars: 1000 });
    for (const text of [linesOf(20_000), "😀".repeat(3000)]) {
      expect(spilled(await store.spill("x", text)).stub.length).toBeLessThanOrEqual(1000);
    }
  });

  it.each([
    [20, {}],
    [20, { headLines: 2 }],
    [20, { tailLines: 2 }],
    [21, { headLines: 50, tailLines: 50 }],
    [3, {}],
  ])("has no more lines than are too many: %s, with %j", async (maxLines, options) => {
    const { store } = await openStore({ durable: false, maxBytes: Infinity, maxLines });
    const { stub } = spilled(await store.spill("x", linesOf(20_000), options));
    expect(stub.trimEnd().split("\n")).toHaveLength(maxLines);
  });

  it("of the shortest contents too changes when their last byte does", async () => {
    const { store } = await openStore({ durable: false, maxBytes: 0 });
    for (let bytes = 21; bytes < 400; bytes += 3) {
      const same = "x".repeat(bytes - 1);
      const [one, other] = [await store.spill("p", `${same}1`), await store.spill("p", `${same}2`)];
      expect(spilled(one).stub).not.toBe(spilled(other).stub);
      expect(sizeOf(spilled(one).stub)).toBeLessThanOrEqual(bytes);
    }
  });

  it("has the whole SHA-256 where there is room for it", async () => {
    const { store } = await openStore({ durable: false, maxBytes: 0 });
    for (const bytes of [100, 150, 250, 10_000]) {
      const { stub, sha256 } = spilled(await store.spill("x", "x".repeat(bytes)));
      expect(stub).toContain(sha256);
    }
  });
});

describe("a notice of what could not be kept", () => {
  it("is bounded, whatever escape makes of it", async () => {
    const escape = (part: string): string => part.replaceAll("&", "&amp;".repeat(100));
    const { store } = await openStore({ maxFileBytes: 1, escape, headBytes: 500, tailBytes: 500 });
    const { content, preview } = truncated(await store.spill("x", "&".repeat(200_000)));
    expect(sizeOf(content)).toBeLessThan(1500);
    expect(preview).toContain("&amp;&amp;");
  });
});
