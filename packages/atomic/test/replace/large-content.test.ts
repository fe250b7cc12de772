import { statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runScript } from "../support/node-script.ts";
import { needs } from "../support/needs.ts";
import { onTmpfs } from "../support/temp-dir.ts";

const mebibyte = 1024 * 1024;

describe.runIf(needs("tmpfs"))("a content of a gibibyte", () => {
  // In a process of its own: the peak of this one says nothing about one call.
  it("A19: is written in constant memory", () => {
    const filePath = join(onTmpfs(), "file");
    const script = `
      import { replaceFileAtomic } from "@holdfast/atomic";
      const piece = Buffer.alloc(1024 * 1024, "x");
      async function* content(pieces) {
        for (let at = 0; at < pieces; at++) yield piece;
      }
      const peak = () => process.resourceUsage().maxRSS; // in KiB
      // Once before, so that what code and pools take is not counted.
      await replaceFileAtomic({ filePath: input.filePath, content: content(64) });
      const before = peak();
      const { bytes } = await replaceFileAtomic({ filePath: input.filePath, content: content(1024) });
      report({ bytes, grownMiB: (peak() - before) / 1024 });`;
    const { bytes, grownMiB } = runScript<{ bytes: number; grownMiB: number }>({
      script,
      input: { filePath },
      timeoutMs: 60_000,
    });
    expect(bytes).toBe(1024 * mebibyte);
    expect(statSync(filePath).size).toBe(1024 * mebibyte);
    expect(grownMiB).toBeLessThan(64);
  }, 60_000);
});
