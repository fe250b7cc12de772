import * as fs from "node:fs";
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  opendirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  closeSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { isHoldfastError, type PathArgument } from "@holdfast/fs";
import { replaceDirectoryAtomic } from "../../src/directory/replace-directory.ts";
import { faultyFileSystem } from "../support/faulty-file-system.ts";
import { inMountNamespace } from "../support/in-mount-namespace.ts";
import { needs } from "../support/needs.ts";
import { onSecondDevice, tempDir } from "../support/temp-dir.ts";
import { halves, makeTree, makeTrees, stateOf } from "./trees.ts";

const distribution = new URL("../../dist/index.js", import.meta.url).href;

describe.each(halves)("replaceDirectoryAtomic, $half", ({ half, replace, recover }) => {
  it("puts the staged tree in place and leaves nothing else (A21)", async () => {
    const dir = tempDir();
    const { stagedDir, targetDir } = makeTrees(dir);
    const receipt = await replace({ stagedDir, targetDir });
    expect(receipt).toEqual({
      path: targetDir,
      method: "two-renames",
      created: false,
      backup: undefined,
      synced: { tree: true, directory: true },
      leftovers: [],
    });
    expect(readdirSync(dir).toSorted()).toEqual(["target"]);
    expect(stateOf(targetDir)).toBe("new");
  });

  it("makes a target that does not exist with one rename", async () => {
    const dir = tempDir();
    const stagedDir = join(dir, "staged");
    makeTree(stagedDir, "new");
    const { fileSystem, calls } = faultyFileSystem({ plan: () => undefined });
    const targetDir = join(dir, "target");
    const receipt = await replace({ stagedDir, targetDir, fileSystem });
    expect(receipt).toMatchObject({ method: "rename", created: true, leftovers: [] });
    expect(calls.filter((call) => call.startsWith("rename"))).toEqual([
      `rename ${stagedDir} -> ${targetDir}`,
    ]);
    expect(readdirSync(dir).toSorted()).toEqual(["target"]);
    expect(stateOf(targetDir)).toBe("new");
  });

  it("keeps the backup if asked to, under the prefix, and names it", async () => {
    const dir = tempDir();
    const receipt = await replace({ ...makeTrees(dir), keepBackup: true, backupPrefix: "was-" });
    expect(receipt.backup!.startsWith(join(dir, "was-"))).toBe(true);
    expect(stateOf(receipt.backup!)).toBe("old");
    expect(readdirSync(dir)).toHaveLength(2);
    expect((await recover(join(dir, "target"))).outcome).toBe("none");
    expect(stateOf(receipt.backup!)).toBe("old");
  });

  it("takes relative paths, URLs, trailing separators, parents that are links", async () => {
    const dir = tempDir();
    makeTrees(dir);
    symlinkSync(dir, join(dir, "here"));
    const staged = pathToFileURL(join(dir, "staged"));
    await replace({ stagedDir: staged, targetDir: `${dir}/here/./target//` });
    expect(stateOf(join(dir, "target"))).toBe("new");
    expect(readdirSync(dir).toSorted()).toEqual(["here", "target"]);
  });

  it("does not take `link/..` for the link's own directory", async () => {
    const dir = tempDir();
    mkdirSync(join(dir, "a"));
    mkdirSync(join(dir, "b", "inner"), { recursive: true });
    symlinkSync(join(dir, "b", "inner"), join(dir, "a", "link"));
    makeTree(join(dir, "staged"), "new");
    makeTree(join(dir, "b", "target"), "old");
    makeTree(join(dir, "a", "target"), "other");
    await replace({ stagedDir: join(dir, "staged"), targetDir: `${dir}/a/link/../target` });
    expect(stateOf(join(dir, "b", "target"))).toBe("new");
    expect(stateOf(join(dir, "a", "target"))).toBe("other");
  });

  it("takes 255-byte names, newlines and names that are not UTF-8 (A18)", async () => {
    const dir = tempDir();
    const { stagedDir } = makeTrees(dir);
    const targetDir = join(dir, `${"x".repeat(254)}\n`);
    makeTree(targetDir, "old");
    for (const tree of [stagedDir, targetDir]) {
      const odd = Buffer.concat([Buffer.from(`${tree}/`), Buffer.from([0xff, 0xfe])]);
      mkdirSync(odd);
      writeFileSync(Buffer.concat([odd, Buffer.from("/"), Buffer.from([0xc3])]), "odd");
    }
    await replace({ stagedDir, targetDir });
    expect(readdirSync(dir)).toHaveLength(2); // target, and the new one
    expect(readFileSync(join(targetDir, "file"), "utf8")).toBe("new");
    const odd = Buffer.concat([Buffer.from(`${targetDir}/`), Buffer.from([0xff, 0xfe])]);
    expect(readdirSync(odd, { encoding: "buffer" })).toEqual([Buffer.from([0xc3])]);
  });

  it("lets a reader go on with what it has open (A21)", async () => {
    const dir = tempDir();
    const { stagedDir, targetDir } = makeTrees(dir);
    const file = openSync(join(targetDir, "file"), "r");
    const list = opendirSync(targetDir);
    try {
      await replace({ stagedDir, targetDir, keepBackup: true });
      const bytes = Buffer.alloc(3);
      readSync(file, bytes);
      expect(String(bytes)).toBe("old");
      const names = new Set([list.readSync()?.name, list.readSync()?.name]);
      expect(names).toEqual(new Set(["deep", "file"]));
    } finally {
      closeSync(file);
      list.closeSync();
    }
  });

  it.each(["a missing stagedDir", "a file", "a link"])("refuses %s as stagedDir", async (what) => {
    const dir = tempDir();
    const { stagedDir, targetDir } = makeTrees(dir);
    renameSync(stagedDir, join(dir, "away"));
    if (what === "a file") writeFileSync(stagedDir, "");
    if (what === "a link") symlinkSync("away", stagedDir);
    const code = { "a file": "ENOTDIR", "a link": "ERR_SYMLINK" }[what] ?? "ENOENT";
    const before = readdirSync(dir);
    await expect(replace({ stagedDir, targetDir })).rejects.toMatchObject({ code, effect: "none" });
    expect(readdirSync(dir)).toEqual(before);
    expect(stateOf(targetDir)).toBe("old");
  });

  it.each(["file", "link", "dangling link", "name in a missing directory"])(
    "refuses a %s as targetDir (A21)",
    async (what) => {
      const dir = tempDir();
      const { stagedDir, targetDir } = makeTrees(dir);
      let target = targetDir;
      if (what.startsWith("name")) target = join(dir, "missing", "target");
      else renameSync(targetDir, join(dir, "away"));
      if (what === "file") writeFileSync(targetDir, "kept");
      if (what === "link") symlinkSync("away", targetDir);
      if (what === "dangling link") symlinkSync("nothing", targetDir);
      const code = { file: "ENOTDIR", link: "ERR_SYMLINK", "dangling link": "ERR_SYMLINK" }[what];
      const before = readdirSync(dir);
      const failed = replace({ stagedDir, targetDir: target });
      await expect(failed).rejects.toMatchObject({ code: code ?? "ENOENT", effect: "none" });
      expect(readdirSync(dir)).toEqual(before);
      expect(stateOf(stagedDir)).toBe("new");
    },
  );

  it.each([
    ["the same", (dir: string) => [join(dir, "t"), join(dir, "t")]],
    ["the same by another way", (dir: string) => [join(dir, "t"), join(dir, "link", "t")]],
    ["staged inside target", (dir: string) => [join(dir, "t", "deep"), join(dir, "t")]],
    ["by a link", (dir: string) => [join(dir, "t", "deep", "er"), join(dir, "link", "t")]],
    ["target inside staged", (dir: string) => [join(dir, "t"), join(dir, "t", "deep")]],
    ["new target inside", (dir: string) => [join(dir, "t"), join(dir, "link", "t", "deep", "n")]],
  ])("refuses directories of which one is in the other: %s", async (_, paths) => {
    const dir = tempDir();
    makeTree(join(dir, "t"), "old");
    symlinkSync(dir, join(dir, "link"));
    const [stagedDir, targetDir] = paths(dir) as [string, string];
    await expect(replace({ stagedDir, targetDir })).rejects.toMatchObject({
      code: "ERR_INSIDE_SOURCE",
      effect: "none",
    });
    expect(readdirSync(dir).toSorted()).toEqual(["link", "t"]);
    expect(stateOf(join(dir, "t"))).toBe("old");
  });

  it.runIf(needs("second-device"))("refuses another device before any effect", async () => {
    const dir = tempDir();
    const { targetDir } = makeTrees(dir);
    const stagedDir = join(onSecondDevice(), "staged");
    makeTree(stagedDir, "new");
    const { fileSystem, calls } = faultyFileSystem({ plan: () => undefined });
    const failed = replace({ stagedDir, targetDir, fileSystem });
    await expect(failed).rejects.toMatchObject({
      code: "EXDEV",
      effect: "none",
      hint: expect.stringContaining("Stage"),
    });
    expect(calls.filter((call) => /^(mkdir|rename|open)/.test(call))).toEqual([]);
    expect(stateOf(targetDir)).toBe("old");
    expect(stateOf(stagedDir)).toBe("new");
  });

  it("flushes every file and directory of the tree before the first rename", async () => {
    const dir = tempDir();
    const { stagedDir, targetDir } = makeTrees(dir);
    const { fileSystem, calls } = faultyFileSystem({ plan: () => undefined });
    await replace({ stagedDir, targetDir, fileSystem });
    const first = calls.findIndex((call) => call.startsWith(`rename ${targetDir} `));
    const flushed = calls.slice(0, first).filter((call) => call.startsWith(`fsync ${stagedDir}`));
    const inTree = ["", "/deep", "/deep/er", "/deep/er/file", "/file"];
    expect(flushed.toSorted()).toEqual(inTree.map((name) => `fsync ${stagedDir}${name}`));
  });

  it("flushes in the order on which recovery counts, and only if asked to", async () => {
    const dir = tempDir();
    const { stagedDir, targetDir } = makeTrees(dir);
    const seen = faultyFileSystem({ plan: () => undefined });
    await replace({ stagedDir, targetDir, fileSystem: seen.fileSystem, syncStagedTree: false });
    const box = join(dir, ".holdfast-directory-");
    const backup = join(dir, ".holdfast-backup-");
    const short = seen.calls
      .filter((call) => /^(fsync|rename|unlink|rmdir)/.test(call))
      .map((call) => call.replaceAll(/(-directory-|-backup-|claim-)[^/\s]+/g, "$1"));
    expect(short).toEqual([
      `fsync ${box}/record.tmp`,
      `rename ${box}/record.tmp -> ${box}/record`,
      `fsync ${box}`,
      `fsync ${dir}`,
      `rename ${targetDir} -> ${backup}`,
      `rename ${stagedDir} -> ${targetDir}`,
      `fsync ${dir}`,
      `rename ${box}/record -> ${box}/record-committed`,
      `fsync ${box}`,
      ...short.filter((call) => call.includes(`${backup}`) && /^(unlink|rmdir)/.test(call)),
      `fsync ${dir}`,
      `unlink ${box}/record.tmp`,
      `unlink ${box}/record`,
      `unlink ${box}/record-committed`,
      `unlink ${box}/claim-`,
      `rmdir ${box}`,
    ]);

    makeTree(stagedDir, "newer");
    const unsynced = faultyFileSystem({ plan: () => undefined });
    const receipt = await replace({
      stagedDir,
      targetDir,
      fileSystem: unsynced.fileSystem,
      syncStagedTree: false,
      syncParentDir: false,
    });
    expect(receipt.synced).toEqual({ tree: false, directory: false });
    const flushes = unsynced.calls.filter((call) => call.startsWith("fsync"));
    expect(flushes).toEqual([expect.stringMatching(/record\.tmp$/)]);
    expect(stateOf(targetDir)).toBe("newer");
  });

  it("flushes both directories when the staged tree lies elsewhere", async () => {
    const dir = tempDir();
    const { targetDir } = makeTrees(dir);
    const stagedDir = join(dir, "area", "staged");
    makeTree(stagedDir, "newer");
    const faulty = faultyFileSystem({ plan: () => undefined });
    const { fileSystem, calls } = faulty;
    await replace({ stagedDir, targetDir, fileSystem });
    const changing = calls.filter((call) => !call.startsWith("fstat "));
    const moved = changing.indexOf(`rename ${stagedDir} -> ${targetDir}`);
    expect(changing.slice(moved + 1, moved + 3)).toEqual([`fsync ${dir}`, `fsync ${dir}/area`]);
    expect(faulty.openHandles()).toEqual([]);
    expect(stateOf(targetDir)).toBe("newer");
  });

  it("restores the original when the second rename fails (A21)", async () => {
    const dir = tempDir();
    const { stagedDir, targetDir } = makeTrees(dir);
    const { fileSystem } = faultyFileSystem({
      plan: ({ name, path }) =>
        name === "rename" && path === stagedDir ? { fail: "ENOSPC", when: "before" } : undefined,
    });
    await expect(replace({ stagedDir, targetDir, fileSystem })).rejects.toMatchObject({
      code: "ENOSPC",
      syscall: "rename",
      effect: "none",
      leftovers: [],
    });
    expect(readdirSync(dir).toSorted()).toEqual(["staged", "target"]);
    expect(stateOf(targetDir)).toBe("old");
    expect(stateOf(stagedDir)).toBe("new");
  });

  it("names the backup when that fails too, and recovers it", async () => {
    const dir = tempDir();
    const { stagedDir, targetDir } = makeTrees(dir);
    let renames = 0;
    const { fileSystem } = faultyFileSystem({
      plan: ({ name, paths }) =>
        name === "rename" && paths[1] === targetDir
          ? { fail: renames++ === 0 ? "ENOSPC" : "EIO", when: "before" }
          : undefined,
    });
    const error = await replace({ stagedDir, targetDir, fileSystem }).catch((e: unknown) => e);
    if (!isHoldfastError(error)) throw error;
    expect(error).toMatchObject({ code: "ENOSPC", effect: "partial" });
    expect(error.suppressed).toMatchObject([{ code: "EIO" }]);
    expect(error.hint).toContain("recoverDirectory");
    expect(stateOf(error.leftovers.find((path) => path.includes("backup"))!)).toBe("old");
    expect(stateOf(targetDir)).toBe("missing");
    await expect(recover(targetDir)).resolves.toMatchObject({ outcome: "rolled-back" });
    expect(stateOf(targetDir)).toBe("old");
    expect(readdirSync(dir).toSorted()).toEqual(["staged", "target"]);
  });

  it("keeps the old tree when the flush of the directory fails (A24)", async () => {
    const dir = tempDir();
    const { stagedDir, targetDir } = makeTrees(dir);
    let flushes = 0;
    const { fileSystem } = faultyFileSystem({
      plan: ({ name, path }) =>
        name === "fsync" && path === dir && ++flushes === 2
          ? { fail: "EIO", when: "before" }
          : undefined,
    });
    const error = await replace({ stagedDir, targetDir, fileSystem }).catch((e: unknown) => e);
    if (!isHoldfastError(error)) throw error;
    expect(error).toMatchObject({ code: "EIO", effect: "complete" });
    expect(stateOf(targetDir)).toBe("new");
    expect(stateOf(error.leftovers.find((path) => path.includes("backup"))!)).toBe("old");
    await expect(recover(targetDir)).resolves.toMatchObject({ outcome: "completed" });
    expect(readdirSync(dir).toSorted()).toEqual(["target"]);
  });

  it("does not delete what another program put at the target between look and rename", async () => {
    const dir = tempDir();
    const { stagedDir, targetDir } = makeTrees(dir);
    const { fileSystem } = faultyFileSystem({
      plan: ({ name, path }) =>
        name === "rename" && path === targetDir
          ? {
              act: () => {
                renameSync(targetDir, join(dir, "theirs"));
                makeTree(targetDir, "precious");
              },
            }
          : undefined,
    });
    await expect(replace({ stagedDir, targetDir, fileSystem })).rejects.toMatchObject({
      code: "ERR_CHANGED",
      effect: "none",
    });
    expect(stateOf(targetDir)).toBe("precious");
    expect(readdirSync(dir).toSorted()).toEqual(["staged", "target", "theirs"]);
  });

  it.each([true, false])("refuses what appears in its way (target before: %s)", async (before) => {
    const dir = tempDir();
    const { stagedDir, targetDir } = makeTrees(dir);
    if (!before) renameSync(targetDir, join(dir, "away"));
    const { fileSystem } = faultyFileSystem({
      plan: ({ name, path }) =>
        name === "rename" && path === stagedDir
          ? { act: () => makeTree(targetDir, "theirs") }
          : undefined,
    });
    const failed = replace({ stagedDir, targetDir, fileSystem });
    await expect(failed).rejects.toMatchObject({ effect: before ? "partial" : "none" });
    expect(stateOf(targetDir)).toBe("theirs");
    expect(stateOf(stagedDir)).toBe("new");
    if (!before) return;
    // Two trees, and no telling which is wanted: nothing is touched until one is moved away.
    await expect(recover(targetDir)).rejects.toMatchObject({
      code: "ERR_RECOVERY",
      effect: "none",
    });
    expect(stateOf(targetDir)).toBe("theirs");
    renameSync(targetDir, join(dir, "theirs"));
    await expect(recover(targetDir)).resolves.toMatchObject({ outcome: "rolled-back" });
    expect(stateOf(targetDir)).toBe("old");
  });

  it("removes links in the old tree, not what they lead to, nor hard-linked files", async () => {
    const dir = tempDir();
    const { stagedDir, targetDir } = makeTrees(dir);
    makeTree(join(dir, "outside"), "kept");
    symlinkSync(join(dir, "outside"), join(targetDir, "to-directory"));
    symlinkSync(join(dir, "outside", "file"), join(targetDir, "to-file"));
    linkSync(join(dir, "outside", "file"), join(targetDir, "other-name"));
    await replace({ stagedDir, targetDir });
    expect(stateOf(join(dir, "outside"))).toBe("kept");
    expect(readdirSync(dir).toSorted()).toEqual(["outside", "target"]);
  });

  it("removes a tree whose paths are longer than the kernel takes", async () => {
    const dir = tempDir();
    const { stagedDir, targetDir } = makeTrees(dir);
    const part = "d".repeat(200);
    // From the inside out: a path from the top would be too long.
    let inner = join(dir, "inner");
    mkdirSync(inner);
    for (let depth = 0; depth < 40; depth++) {
      const outer = join(dir, `outer${depth}`);
      mkdirSync(outer);
      renameSync(inner, join(outer, part));
      inner = outer;
    }
    renameSync(inner, join(targetDir, "deepest"));
    await expect(replace({ stagedDir, targetDir })).resolves.toMatchObject({ leftovers: [] });
    expect(readdirSync(dir).toSorted()).toEqual(["target"]);
  });

  it("names an old tree that it cannot remove, and succeeds", async () => {
    const dir = tempDir();
    const { stagedDir, targetDir } = makeTrees(dir);
    const { fileSystem } = faultyFileSystem({
      plan: ({ name, path }) =>
        name === "unlink" && path.endsWith("er/file")
          ? { fail: "EACCES", when: "before" }
          : undefined,
    });
    const { leftovers } = await replace({ stagedDir, targetDir, fileSystem });
    expect(leftovers).toHaveLength(1);
    expect(readdirSync(leftovers[0]!, { recursive: true })).toEqual([
      "deep",
      "deep/er",
      "deep/er/file",
    ]);
    expect(stateOf(targetDir)).toBe("new");
    expect(readdirSync(dir)).toHaveLength(2);
  });

  it.runIf(needs("linux", "mount-namespace"))("spares a mount point in the old tree", () => {
    const dir = tempDir();
    makeTrees(dir);
    const mounted = join(dir, "target", "deep", "er");
    const seen = inMountNamespace<{ leftovers: string[]; inside: string[]; target: string[] }>({
      mounts: [{ type: "tmpfs", target: mounted }],
      input: { dir, mounted, half, distribution },
      script: `
        import { writeFileSync, readdirSync } from "node:fs";
        import { join } from "node:path";
        const { replaceDirectoryAtomic, replaceDirectoryAtomicSync } = await import(input.distribution);
        writeFileSync(join(input.mounted, "precious"), "");
        const replace = input.half === "sync" ? replaceDirectoryAtomicSync : replaceDirectoryAtomic;
        const { leftovers } = await replace({
          stagedDir: join(input.dir, "staged"),
          targetDir: join(input.dir, "target"),
        });
        const inside = readdirSync(join(leftovers[0], "deep", "er"));
        report({ leftovers, inside, target: readdirSync(join(input.dir, "target")) });`,
    });
    expect(seen.inside).toEqual(["precious"]);
    expect(seen.target).toEqual(["deep", "file"]);
  });

  it("does not open a FIFO in the staged tree", async () => {
    const dir = tempDir();
    const { stagedDir, targetDir } = makeTrees(dir);
    const { execFileSync } = await import("node:child_process");
    if (process.platform !== "win32") execFileSync("mkfifo", [join(stagedDir, "fifo")]);
    const { fileSystem, calls } = faultyFileSystem({ plan: () => undefined });
    await replace({ stagedDir, targetDir, fileSystem });
    expect(calls.filter((call) => call.startsWith("open") && call.includes("fifo"))).toEqual([]);
    expect(existsSync(join(targetDir, "fifo"))).toBe(process.platform !== "win32");
  });

  it("keeps the modes and times of the staged tree", async () => {
    const dir = tempDir();
    const { stagedDir, targetDir } = makeTrees(dir);
    chmodSync(join(stagedDir, "file"), 0o640);
    chmodSync(stagedDir, 0o750);
    const before = statSync(join(stagedDir, "file")).mtimeMs;
    await replace({ stagedDir, targetDir });
    expect(statSync(join(targetDir, "file")).mtimeMs).toBe(before);
    expect(statSync(targetDir).mode & 0o777).toBe(0o750);
    expect(statSync(join(targetDir, "file")).mode & 0o777).toBe(0o640);
  });

  it("goes by the platform of its file system: directories that cannot be flushed", async () => {
    const dir = tempDir();
    const { stagedDir, targetDir } = makeTrees(dir);
    const faulty = faultyFileSystem({ plan: () => undefined });
    const fileSystem = { ...faulty.fileSystem, platform: "win32" as const };
    const { synced } = await replace({ stagedDir, targetDir, fileSystem });
    expect(synced).toEqual({ tree: "unsupported", directory: "unsupported" });
    expect(faulty.calls.filter((call) => call === `fsync ${stagedDir}/file`)).toHaveLength(1);
    expect(stateOf(targetDir)).toBe("new");
    expect(readdirSync(dir).toSorted()).toEqual(["target"]);
  });

  it("refuses misuse before any I/O", async () => {
    const dir = tempDir();
    const trees = makeTrees(dir);
    const { fileSystem, calls } = faultyFileSystem({ plan: () => undefined });
    const wrong: [string, object, new () => Error][] = [
      ["stagedDir", { stagedDir: undefined }, TypeError],
      ["stagedDir", { stagedDir: "" }, RangeError],
      ["stagedDir", { stagedDir: "a\0b" }, RangeError],
      ["targetDir", { targetDir: 7 }, TypeError],
      ["targetDir", { targetDir: "/" }, RangeError],
      ["targetDir", { targetDir: `${dir}/target/..` }, RangeError],
      ["targetDir", { targetDir: new URL("https://example.org/") }, TypeError],
      ["backupPrefix", { backupPrefix: "a/b" }, RangeError],
      ["backupPrefix", { backupPrefix: "" }, RangeError],
      ["backupPrefix", { backupPrefix: "x".repeat(129) }, RangeError],
      ["backupPrefix", { backupPrefix: null }, TypeError],
      ["keepBackup", { keepBackup: "yes" }, TypeError],
      ["syncStagedTree", { syncStagedTree: 1 }, TypeError],
      ["syncParentDir", { syncParentDir: 0 }, TypeError],
      [
        "fileSystem.",
        {
          fileSystem: {
            ...fs,
            promises: { ...fs.promises, rename: undefined },
            renameSync: undefined,
          },
        },
        TypeError,
      ],
    ];
    if (half === "async") wrong.push(["signal", { signal: {} }, TypeError]);
    for (const [option, change, Kind] of wrong) {
      const failed = await replace({ ...trees, fileSystem, ...change } as typeof trees).catch(
        (error: unknown) => error,
      );
      expect([option, failed]).toEqual([option, expect.any(Kind)]);
      expect(failed).toMatchObject({
        code: "ERR_INVALID_ARG",
        message: expect.stringContaining(`"${option}`),
      });
    }
    for (const change of [{ assumeOwnerDead: 1 }, { syncParentDir: null }]) {
      await expect(recover(trees.targetDir, change as never)).rejects.toThrow(TypeError);
    }
    expect(calls).toEqual([]);
    expect(stateOf(trees.targetDir)).toBe("old");
  });

  it("reads its options once", async () => {
    const dir = tempDir();
    const options = { ...makeTrees(dir), keepBackup: true };
    const { targetDir } = options;
    const done = replace(options);
    Object.assign(options, { stagedDir: "/nowhere", targetDir: "/nowhere", keepBackup: false });
    expect((await done).backup).toBeDefined();
    expect(stateOf(targetDir)).toBe("new");
  });
});

describe("replaceDirectoryAtomic", () => {
  it("is as it is for the working directory at the time of the call", async () => {
    const dir = tempDir();
    makeTrees(dir);
    const before = process.cwd();
    try {
      process.chdir(dir);
      const done = replaceDirectoryAtomic({ stagedDir: "staged", targetDir: "target" });
      process.chdir(before);
      expect((await done).path).toBe(join(dir, "target"));
    } finally {
      process.chdir(before);
    }
    expect(stateOf(join(dir, "target"))).toBe("new");
  });

  it("honours the signal up to the first rename, at every call, and not after", async () => {
    let atCall = 0;
    let aborted = 0;
    for (;;) {
      atCall++;
      const dir = tempDir();
      const { stagedDir, targetDir } = makeTrees(dir);
      const controller = new AbortController();
      let reached = false;
      let renamed = false;
      const faulty = faultyFileSystem({
        plan: ({ index, name, path }) => {
          if (name === "rename" && path === targetDir) renamed = true;
          if (index !== atCall) return undefined;
          reached = true;
          return { act: () => controller.abort(new Error("enough")), when: "after" };
        },
      });
      const ended = await replaceDirectoryAtomic({
        stagedDir,
        targetDir,
        fileSystem: faulty.fileSystem,
        signal: controller.signal,
      }).then(
        () => "done",
        (error: unknown) => error,
      );
      if (!reached) break;
      expect(faulty.openHandles()).toEqual([]);
      const abort: unknown = expect.objectContaining({ code: "ABORT_ERR", effect: "none" });
      expect(ended).toEqual(renamed ? "done" : abort);
      const names = renamed ? ["target"] : ["staged", "target"];
      expect([readdirSync(dir).toSorted(), stateOf(targetDir)]).toEqual([
        names,
        renamed ? "new" : "old",
      ]);
      if (!renamed) aborted++;
    }
    expect(aborted).toBeGreaterThan(20);
  });

  it("runs calls for one target in turn, whatever way leads there", async () => {
    const dir = tempDir();
    makeTrees(dir);
    symlinkSync(dir, join(dir, "here"));
    const names = Array.from({ length: 8 }, (_, index) => `s${index}`);
    for (const name of names) makeTree(join(dir, name), name);
    const receipts = await Promise.all(
      names.map((name, index) =>
        replaceDirectoryAtomic({
          stagedDir: join(dir, name),
          targetDir: join(dir, index % 2 === 0 ? "target" : "here/target"),
        }),
      ),
    );
    expect(receipts.flatMap(({ leftovers }) => leftovers)).toEqual([]);
    expect(names).toContain(stateOf(join(dir, "target")));
    expect(readdirSync(dir).toSorted()).toEqual(["here", "staged", "target"]);
  });

  it("waits for one that takes long", async () => {
    const dir = tempDir();
    const { stagedDir, targetDir } = makeTrees(dir);
    makeTree(join(dir, "second"), "second");
    const slow = {
      promises: {
        ...fs.promises,
        rename: async (from: PathArgument, to: PathArgument) => {
          if (from === stagedDir) await new Promise((resolve) => setTimeout(resolve, 400));
          await fs.promises.rename(from, to);
        },
      },
    };
    const first = replaceDirectoryAtomic({ stagedDir, targetDir, fileSystem: slow });
    await new Promise((resolve) => setTimeout(resolve, 50));
    await replaceDirectoryAtomic({ stagedDir: join(dir, "second"), targetDir });
    await first;
    expect(stateOf(targetDir)).toBe("second");
  });

  it("takes a call out of the queue that is aborted while it waits", async () => {
    const dir = tempDir();
    const { stagedDir, targetDir } = makeTrees(dir);
    makeTree(join(dir, "second"), "second");
    makeTree(join(dir, "third"), "third");
    const controller = new AbortController();
    const first = replaceDirectoryAtomic({ stagedDir, targetDir });
    const second = replaceDirectoryAtomic({
      stagedDir: join(dir, "second"),
      targetDir,
      signal: controller.signal,
    });
    const third = replaceDirectoryAtomic({ stagedDir: join(dir, "third"), targetDir });
    controller.abort();
    await expect(second).rejects.toMatchObject({ code: "ABORT_ERR", effect: "none" });
    await Promise.all([first, third]);
    expect(["new", "third"]).toContain(stateOf(targetDir));
    expect(stateOf(join(dir, "second"))).toBe("second");
    expect(lstatSync(targetDir).isDirectory()).toBe(true);
  });
});
