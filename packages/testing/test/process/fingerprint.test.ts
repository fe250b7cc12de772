import { setTimeout as sleep } from "node:timers/promises";
import {
  chmodSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fingerprintOf, tickMs } from "../../src/process/fingerprint.ts";
import { needs } from "../../../atomic/test/support/needs.ts";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";

const prepared = async (): Promise<string> => {
  const dir = tempDir();
  mkdirSync(join(dir, "d/e"), { recursive: true });
  writeFileSync(join(dir, "d/a"), "1");
  writeFileSync(join(dir, "d/b"), "2");
  await sleep(tickMs);
  return dir;
};

describe.runIf(needs("posix", "node"))("a fingerprint of a directory", () => {
  it.each<[string, (dir: string) => void]>([
    [
      "other bytes of the same length",
      (dir) => writeFileSync(join(dir, "d/a"), "3", { flag: "r+" }),
    ],
    ["the same bytes again", (dir) => writeFileSync(join(dir, "d/a"), "1")],
    ["a mode", (dir) => chmodSync(join(dir, "d/a"), 0o600)],
    ["a rename onto another", (dir) => renameSync(join(dir, "d/a"), join(dir, "d/b"))],
    ["another name", (dir) => linkSync(join(dir, "d/a"), join(dir, "d/e/a"))],
    [
      "what was made and removed again",
      (dir) => {
        writeFileSync(join(dir, "d/e/x"), "");
        rmSync(join(dir, "d/e/x"));
      },
    ],
    ["nothing left at all", (dir) => rmSync(dir, { recursive: true })],
  ])("is another one after %s", async (_, change) => {
    const dir = await prepared();
    const before = fingerprintOf(dir);
    change(dir);
    expect(fingerprintOf(dir)).not.toBe(before);
  });

  it("is the same after reading", async () => {
    const dir = await prepared();
    const before = fingerprintOf(dir);
    readFileSync(join(dir, "d/a"));
    expect(fingerprintOf(dir)).toBe(before);
  });
});
