/** What is wrong with a call is said before any I/O. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";
import { openSpillStore } from "../../src/index.ts";
import { openStore } from "../support/stores.ts";

const misuse = { code: "ERR_INVALID_ARG" };

describe("options of openSpillStore", () => {
  it.each<[string, object]>([
    ["no session", { session: undefined }],
    ["a session that is a path", { session: "a/b" }],
    ["a session that leads up", { session: ".." }],
    ["an empty session", { session: "" }],
    ["a hidden session", { session: ".x" }],
    ["a session that is a device", { session: "con" }],
    ["a session that ends in a dot", { session: "x." }],
    ["a session named as a lock", { session: "x.lock" }],
    ["a long session", { session: "x".repeat(101) }],
    ["a NUL", { session: "x\0" }],
    ["an unknown option", { maxByte: 3 }],
    ["a fraction", { maxBytes: 1.5 }],
    ["below zero", { maxFileBytes: -1 }],
    ["not a number", { maxLines: "3" }],
    ["NaN", { headBytes: Number.NaN }],
    ["no bound for what is in memory", { tailBytes: Infinity }],
    ["more headroom than room", { maxBytes: 10, headroom: 10 }],
    ["no function", { escape: "x" }],
    ["exempt that is a list", { exempt: ["x"] }],
    ["howToRead", { howToRead: 3 }],
    ["durable", { durable: 1 }],
    ["a root that is none", { root: {} }],
    ["a root that is a number", { root: 3 }],
    ["a file system without calls", { fileSystem: { promises: {} } }],
  ])("%s", async (_, options) => {
    const dir = join(tempDir(), "store");
    await expect(openSpillStore({ root: dir, session: "s", ...options })).rejects.toMatchObject(
      misuse,
    );
    expect(existsSync(dir)).toBe(false);
  });

  it("no options at all", async () => {
    await expect(openSpillStore(undefined as never)).rejects.toMatchObject(misuse);
  });
});

describe("arguments of methods", () => {
  it.each<[string, unknown[]]>([
    ["an id that is no string", [3, "x"]],
    ["no data", ["x", undefined]],
    ["a number", ["x", 3]],
    ["an object", ["x", {}]],
    ["an option of the store", ["x", "y", { maxFileBytes: 3 }]],
    ["an extension with a dot", ["x", "y", { extension: ".txt" }]],
    ["an extension with a slash", ["x", "y", { extension: "a/b" }]],
    ["a signal that is none", ["x", "y", { signal: {} }]],
    ["headroom", ["x", "y", { headroom: 60_000 }]],
    ["null", ["x", "y", null]],
  ])("spill: %s", async (_, args) => {
    const { store } = await openStore();
    await expect(
      (store.spill as (...all: unknown[]) => Promise<unknown>)(...args),
    ).rejects.toMatchObject(misuse);
  });

  it("the others", async () => {
    const { store } = await openStore();
    const any = store as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
    for (const [method, ...args] of [
      ["resolve", 3],
      ["read", undefined],
      ["read", "x", { offset: -1 }],
      ["read", "x", { offset: Infinity }],
      ["read", "x", { maxBytes: 2 ** 30 }],
      ["read", "x", { maxBytes: 0 }],
      ["read", "x", { length: 3 }],
      ["pin", 3],
      ["unpin", 3],
      ["touch", 3],
      ["sweep"],
      ["sweep", {}],
      ["sweep", { maxAgeMs: "1" }],
      ["endSession", { pinned: true }],
    ] as const) {
      await expect(any[method]!(...args)).rejects.toMatchObject(misuse);
    }
  });
});
