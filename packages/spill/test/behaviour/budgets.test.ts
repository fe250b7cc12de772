/** S2: budgets are in bytes, and hold however many calls are made at once. */

import fc from "fast-check";
import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";
import { openRoot } from "@holdfast/root";
import { openSpillStore } from "../../src/index.ts";
import {
  expectNothingLeft,
  linesOf,
  openStore,
  outputsIn,
  sha256,
  spilled,
  stagedIn,
  truncated,
} from "../support/stores.ts";

const limits = { maxBytes: 100, headBytes: 50, tailBytes: 50, durable: false };

describe("S2 budgets", () => {
  it("are bytes, not characters", async () => {
    const { store, dir } = await openStore({ ...limits, maxFileBytes: 300 });
    expect((await store.spill("x", "e".repeat(300))).spilled).toBe(true);
    const result = truncated(await store.spill("x", "é".repeat(200)));
    expect(result).toMatchObject({ reason: "over-file-budget", bytes: 400 });
    expect(result.error.code).toBe("ERR_TOO_LARGE");
    expect(result.sha256).toBe(sha256("é".repeat(200)));
    expect(outputsIn(dir)).toHaveLength(1);
  });

  it.each([
    ["file", { maxFileBytes: 1000 }],
    ["session", { maxSessionBytes: 1000 }],
    ["store", { maxStoreBytes: 1000 }],
  ] as const)("of a %s: over it there is a preview, and nothing on disk", async (what, options) => {
    const { store, dir } = await openStore({ ...limits, ...options });
    const text = linesOf(5000);
    const whole = truncated(await store.spill("x", text));
    expect(whole).toMatchObject({ reason: `over-${what}-budget`, spilled: false, ref: undefined });
    expect(whole.content).toContain("is not all here");
    expect(whole.preview.startsWith("line 0\n")).toBe(true);
    expect(whole.preview.endsWith(text.slice(-10))).toBe(true);
    expect(Buffer.byteLength(whole.preview)).toBeLessThan(200);
    expectNothingLeft(store, dir);
    let ended = false;
    async function* pieces(): AsyncGenerator<string> {
      try {
        for (;;) {
          await Promise.resolve();
          yield "0123456789".repeat(20);
        }
      } finally {
        ended = true;
      }
    }
    const stream = truncated(await store.spill("y", pieces()));
    expect(stream).toMatchObject({ reason: `over-${what}-budget`, sha256: undefined });
    expect(ended).toBe(true);
    expectNothingLeft(store, dir);
    expect((await store.spill("z", "0123456789".repeat(100))).spilled).toBe(true);
  });

  it("five calls at once never overshoot, whatever they are given", async () => {
    const { store, dir } = await openStore({ ...limits, maxSessionBytes: 3000 });
    async function* pieces(): AsyncGenerator<string> {
      for (let i = 0; i < 10; i++) {
        await new Promise((resolve) => setImmediate(resolve));
        yield "x".repeat(100);
      }
    }
    const calls = Array.from({ length: 5 }, (_, i) =>
      store.spill(`call ${i}`, i % 2 === 0 ? "x".repeat(1000) : pieces()),
    );
    const results = await Promise.all(calls);
    const kept = results.filter(({ spilled: is }) => is);
    expect(kept.length).toBeLessThanOrEqual(3);
    expect(kept.length).toBeGreaterThan(0);
    for (const result of results) {
      if (!result.spilled) expect(result.reason).toBe("over-session-budget");
    }
    const onDisk = outputsIn(dir).reduce(
      (sum, name) => sum + statSync(join(dir, "s1", name)).size,
      0,
    );
    expect(onDisk).toBe(kept.length * 1000);
    expect(store.usage()).toMatchObject({ sessionBytes: onDisk, storeBytes: onDisk });
    expect(stagedIn(dir)).toEqual([]);
  });

  it("never overshoot: any calls, of two sessions in one store", async () => {
    const sizes = fc.array(
      fc.record({
        bytes: fc.integer({ min: 101, max: 900 }),
        stream: fc.boolean(),
        other: fc.boolean(),
      }),
      { minLength: 1, maxLength: 12 },
    );
    await fc.assert(
      fc.asyncProperty(sizes, async (calls) => {
        const options = { ...limits, maxSessionBytes: 1500, maxStoreBytes: 2000 };
        const root = join(tempDir(), "store");
        await using one = await openSpillStore({ ...options, root, session: "s1" });
        await using two = await openSpillStore({ ...options, root, session: "s2" });
        let most = 0;
        const watch = (): void => {
          most = Math.max(most, one.usage().storeBytes);
        };
        await Promise.all(
          calls.map(async ({ bytes, stream, other }, i) => {
            const data = "x".repeat(bytes);
            const given = stream ? [data.slice(0, 90), data.slice(90)] : data;
            await (other ? two : one).spill(`${i}`, given);
            watch();
          }),
        );
        const kept = ["s1", "s2"].map((session) =>
          outputsIn(root, session).map((name) => statSync(join(root, session, name)).size),
        );
        const sums = kept.map((all) => all.reduce((sum, size) => sum + size, 0));
        expect(sums[0]).toBeLessThanOrEqual(1500);
        expect(sums[1]).toBeLessThanOrEqual(1500);
        expect(sums[0]! + sums[1]!).toBeLessThanOrEqual(2000);
        expect(most).toBeLessThanOrEqual(2000);
        expect(one.usage()).toMatchObject({
          sessionBytes: sums[0],
          storeBytes: sums[0]! + sums[1]!,
        });
        expect(two.usage().sessionBytes).toBe(sums[1]);
      }),
      { numRuns: 25 },
    );
  });

  it("hold for stores of one directory, whether it was opened by its path or as a Root", async () => {
    const dir = join(tempDir(), "store");
    mkdirSync(dir);
    await using one = await openRoot(dir);
    await using other = await openRoot(dir);
    const options = { ...limits, maxStoreBytes: 1500 };
    const stores = [
      await openSpillStore({ ...options, root: dir, session: "s1" }),
      await openSpillStore({ ...options, root: one, session: "s1" }),
      await openSpillStore({ ...options, root: other, session: "s2" }),
    ];
    const all = await Promise.all(stores.map((store, i) => store.spill(`${i}`, "x".repeat(1000))));
    expect(all.filter(({ spilled: is }) => is)).toHaveLength(1);
    expect(all.filter(({ reason }) => reason === "over-store-budget")).toHaveLength(2);
    for (const store of stores) {
      expect(store.usage().storeBytes).toBe(1000);
      await store.close();
    }
  });

  it("are counted at open, and again before a refusal", async () => {
    const options = { ...limits, maxSessionBytes: 2500 };
    const { store, dir } = await openStore(options);
    const one = spilled(await store.spill("1", "1".repeat(1000)));
    await store.spill("2", "2".repeat(1000));
    await store.close();
    const { store: again } = await openStore({ ...options, root: dir });
    expect(again.usage().sessionBytes).toBe(2000);
    expect((await again.spill("3", "3".repeat(1000))).reason).toBe("over-session-budget");
    // Somebody makes room.
    const { rmSync } = await import("node:fs");
    rmSync(one.path);
    expect((await again.spill("3", "3".repeat(1000))).spilled).toBe(true);
    expect(again.usage().sessionBytes).toBe(2000);
  });

  it("count nothing that is not the store's", async () => {
    const dir = join(tempDir(), "store");
    mkdirSync(join(dir, "elsewhere"), { recursive: true });
    writeFileSync(join(dir, "elsewhere", "x-01234567.txt"), "x".repeat(5000));
    writeFileSync(join(dir, "note.txt"), "x".repeat(5000));
    const { store } = await openStore({ ...limits, root: dir });
    expect(store.usage().storeBytes).toBe(0);
  });
});
