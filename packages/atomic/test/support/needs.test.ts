import { statSync, statfsSync } from "node:fs";
import { describe, expect, it, vi } from "vitest";
import { decide, needs } from "./needs.ts";
import { onSecondDevice, onTmpfs, removeTree, tempDir, unownedTempDir } from "./temp-dir.ts";
import { existsSync, mkdirSync, chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tmpdir } from "node:os";

describe("needs", () => {
  it("is met without a word where there is no reason against it", () => {
    const list = vi.fn<(line: string) => void>();
    expect(decide([], "a.test.ts", { mayNotSkip: true, list })).toBe(true);
    expect(list).not.toHaveBeenCalled();
  });

  it("lists what is skipped, once", () => {
    const list = vi.fn<(line: string) => void>();
    for (let i = 0; i < 2; i++) {
      expect(decide(["root: not root"], "b.test.ts", { mayNotSkip: false, list })).toBe(false);
    }
    expect(list.mock.calls).toEqual([["skipped: b.test.ts: root: not root"]]);
  });

  it("fails instead where nothing may be skipped", () => {
    expect(() => decide(["root: not root"], "c.test.ts", { mayNotSkip: true })).toThrow(
      "skipped: c.test.ts: root: not root",
    );
  });

  it("knows the machine, and who asks", () => {
    expect(needs()).toBe(true);
    vi.stubEnv("CI", "");
    const log = vi.spyOn(console, "log").mockImplementation(() => {});
    const platform = vi.spyOn(process, "platform", "get").mockReturnValue("sunos");
    try {
      expect(needs("linux")).toBe(false);
      expect(log).toHaveBeenCalledWith("skipped: needs.test.ts: linux: this is sunos");
    } finally {
      platform.mockRestore();
      log.mockRestore();
      vi.unstubAllEnvs();
    }
  });
});

describe("temporary directories", () => {
  let earlier = "";
  it("exist while the test runs", () => {
    earlier = tempDir();
    writeFileSync(join(earlier, "file"), "x");
    expect(statSync(earlier).isDirectory()).toBe(true);
  });
  it("are gone afterwards", () => {
    expect(earlier).not.toBe("");
    expect(existsSync(earlier)).toBe(false);
  });

  it("are removed also if they were closed", () => {
    const { path, remove } = unownedTempDir();
    mkdirSync(join(path, "a"));
    writeFileSync(join(path, "a", "file"), "x");
    chmodSync(join(path, "a"), 0);
    remove();
    expect(existsSync(path)).toBe(false);
    expect(() => removeTree(path)).not.toThrow();
  });

  it.runIf(needs("tmpfs"))("lie in memory if wanted", () => {
    expect(statfsSync(onTmpfs()).type).toBe(0x01021994);
  });

  it.runIf(needs("second-device"))("lie on a second device if wanted", () => {
    expect(statSync(onSecondDevice()).dev).not.toBe(statSync(tmpdir()).dev);
  });
});
