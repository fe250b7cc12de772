/** A long stream goes through without being held. */

import { statSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { openStore, spilled } from "../support/stores.ts";

const mib = 1024 * 1024;

describe("a stream of 64 MiB", () => {
  it("is never in memory as a whole", async () => {
    const { store } = await openStore({ durable: false, maxFileBytes: 100 * mib });
    const piece = Buffer.alloc(256 * 1024, "0123456789abcde\n");
    const held = (): number => {
      const { heapUsed, external } = process.memoryUsage();
      return heapUsed + external;
    };
    const before = held();
    let most = 0;
    function* pieces(): Generator<Buffer> {
      for (let i = 0; i < 256; i++) {
        most = Math.max(most, held() - before);
        yield piece;
      }
    }
    const { path, bytes } = spilled(await store.spill("x", pieces()));
    expect(bytes).toBe(64 * mib);
    expect(statSync(path).size).toBe(64 * mib);
    expect(most).toBeLessThan(24 * mib);
  });
});
