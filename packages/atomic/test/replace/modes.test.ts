import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { faultyFileSystem } from "../support/faulty-file-system.ts";
import { needs } from "../support/needs.ts";
import { tempDir } from "../support/temp-dir.ts";
import { forms } from "./forms.ts";

const modeOf = (path: string): string => (statSync(path).mode & 0o7777).toString(8);

function withUmask(mask: number): void {
  const before = process.umask(mask);
  onTestFinished(() => void process.umask(before));
}

describe.runIf(needs("posix")).each(forms)("permission bits, $form", ({ replace, create }) => {
  describe.each([0o022, 0o007, 0o077])("A2: under umask %o", (mask) => {
    it.each([0o600, 0o644, 0o666, 0o755, 0o400, 0o4755, 0o1644])(
      "a new file gets exactly %o",
      async (mode) => {
        withUmask(mask);
        const dir = tempDir();
        await replace({ filePath: join(dir, "replaced"), content: "x", mode });
        await create({ filePath: join(dir, "created"), content: "x", mode });
        expect(modeOf(join(dir, "replaced"))).toBe(mode.toString(8));
        expect(modeOf(join(dir, "created"))).toBe(mode.toString(8));
      },
    );

    it("a new file without a mode gets what plain writing would give it", async () => {
      withUmask(mask);
      const dir = tempDir();
      writeFileSync(join(dir, "plain"), "x");
      await replace({ filePath: join(dir, "file"), content: "x" });
      await create({ filePath: join(dir, "created"), content: "x" });
      expect(modeOf(join(dir, "file"))).toBe(modeOf(join(dir, "plain")));
      expect(modeOf(join(dir, "created"))).toBe(modeOf(join(dir, "plain")));
    });

    it("a new directory gets what plain mkdir would give it, or exactly dirMode", async () => {
      withUmask(mask);
      const dir = tempDir();
      mkdirSync(join(dir, "plain"));
      await replace({ filePath: join(dir, "a", "b", "file"), content: "x" });
      expect(modeOf(join(dir, "a"))).toBe(modeOf(join(dir, "plain")));
      expect(modeOf(join(dir, "a", "b"))).toBe(modeOf(join(dir, "plain")));
      await replace({ filePath: join(dir, "c", "d", "file"), content: "x", dirMode: 0o775 });
      expect(modeOf(join(dir, "c"))).toBe("775");
      expect(modeOf(join(dir, "c", "d"))).toBe("775");
    });
  });

  it("A2: dirMode never touches a directory that exists", async () => {
    const dir = tempDir();
    mkdirSync(join(dir, "there"), { mode: 0o711 });
    const filePath = join(dir, "there", "new", "file");
    await replace({ filePath, content: "x", dirMode: 0o700 });
    expect(modeOf(join(dir, "there"))).toBe("711");
    expect(modeOf(join(dir, "there", "new"))).toBe("700");
  });

  it.each([0o600, 0o640, 0o666, 0o777, 0o6755])("A2: an existing %o is kept", async (mode) => {
    const filePath = join(tempDir(), "file");
    writeFileSync(filePath, "old");
    chmodSync(filePath, mode);
    await replace({ filePath, content: "new" });
    expect(modeOf(filePath)).toBe(mode.toString(8));
    expect(readFileSync(filePath, "utf8")).toBe("new");
  });

  it.each([
    [{ mode: 0o600, preserveExistingMode: true }, 0o644, 0o644],
    [{ mode: 0o600, preserveExistingMode: false }, 0o644, 0o600],
    [{ mode: 0o600 }, 0o644, 0o600],
    [{ preserveExistingMode: true }, 0o604, 0o604],
    [{ preserveExistingMode: false }, 0o600, 0o644],
  ])("A2: %o over an existing %o", async (options, before, after) => {
    withUmask(0o022);
    const filePath = join(tempDir(), "file");
    writeFileSync(filePath, "old");
    chmodSync(filePath, before);
    await replace({ filePath, content: "new", ...options });
    expect(modeOf(filePath)).toBe(after.toString(8));
  });

  it("A2: with preserveExistingMode, mode is for the file that is not there yet", async () => {
    withUmask(0o022);
    const filePath = join(tempDir(), "file");
    await replace({ filePath, content: "new", mode: 0o640, preserveExistingMode: true });
    expect(modeOf(filePath)).toBe("640");
  });

  it("A2: mode holds for a file that is written over in place", async () => {
    const filePath = join(tempDir(), "file");
    writeFileSync(filePath, "old", { mode: 0o644 });
    linkSync(filePath, `${filePath}2`);
    const { method } = await replace({
      filePath,
      content: "new",
      mode: 0o600,
      hardlinks: "preserve",
    });
    expect(method).toBe("in-place");
    expect(modeOf(filePath)).toBe("600");
  });

  it.each([
    ["a new file", undefined, 0o644],
    ["an existing file", 0o666, 0o666],
  ])("A3: %s is never seen with the private mode of the staged one", async (_, before, after) => {
    withUmask(0o022);
    const filePath = join(tempDir(), "file");
    if (before !== undefined) {
      writeFileSync(filePath, "old");
      chmodSync(filePath, before);
    }
    const seen = new Set<string>();
    const look = (): void => {
      const stats = statSync(filePath, { throwIfNoEntry: false });
      if (stats !== undefined) seen.add((stats.mode & 0o7777).toString(8));
    };
    for (const when of ["before", "after"] as const) {
      const { fileSystem } = faultyFileSystem({ plan: () => ({ act: look, when }) });
      await replace({ filePath, content: "new", fileSystem });
    }
    expect([...seen]).toEqual([after.toString(8)]);
  });

  it("A3: permissions are only ever changed by descriptor", async () => {
    const dir = tempDir();
    const { fileSystem, calls } = faultyFileSystem();
    await replace({ filePath: join(dir, "file"), content: "x", mode: 0o604, fileSystem });
    expect(calls.filter((call) => call.startsWith("fchmod"))).toHaveLength(1);
    // The port has no chmod or chown by path at all; this is what there is.
    expect(calls.filter((call) => /^(l?chmod|l?chown) /.test(call))).toEqual([]);
  });

  describe.runIf(needs("root"))("in a set-group-id directory", () => {
    const group = 12_345;

    it("A3: a new file, and a new directory on the way, have its group", async () => {
      const dir = tempDir();
      chownSync(dir, 0, group);
      chmodSync(dir, 0o2770);
      await replace({ filePath: join(dir, "file"), content: "x" });
      expect(statSync(join(dir, "file")).gid).toBe(group);
      await create({ filePath: join(dir, "sub", "file"), content: "x", dirMode: 0o750 });
      expect(statSync(join(dir, "sub", "file")).gid).toBe(group);
      expect(statSync(join(dir, "sub")).gid).toBe(group);
      expect(modeOf(join(dir, "sub"))).toBe("2750"); // the inherited bit stays
      expect(modeOf(dir)).toBe("2770");
    });

    it("A3: an existing file of another owner and group keeps both, and its set-id bits", async () => {
      const dir = tempDir();
      chownSync(dir, 0, group);
      chmodSync(dir, 0o2770);
      const filePath = join(dir, "file");
      writeFileSync(filePath, "old");
      chownSync(filePath, 54_321, 54_322);
      chmodSync(filePath, 0o6755);
      const receipt = await replace({ filePath, content: "new" });
      expect(receipt).toMatchObject({ method: "rename", lost: [] });
      expect(statSync(filePath)).toMatchObject({ uid: 54_321, gid: 54_322 });
      expect(modeOf(filePath)).toBe("6755");
    });
  });
});
