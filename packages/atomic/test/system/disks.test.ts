import { spawnSync } from "node:child_process";
import { existsSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { inMountNamespace } from "../support/in-mount-namespace.ts";
import { needs } from "../support/needs.ts";
import { runScript } from "../support/node-script.ts";
import { tempDir } from "../support/temp-dir.ts";
import { outcomeInScript, replaceForms, type Outcome } from "./both-forms.ts";

// Processes and disks are slow on a busy machine, and nothing here is about time.
vi.setConfig({ testTimeout: 30_000 });

/** A disk of 1 MiB, and what a call on it says and leaves. */
const smallDisk = (target: string) =>
  [{ type: "tmpfs", target, options: "size=1m,mode=0777" }] as const;

interface Ended {
  readonly ended: Outcome;
  readonly names: readonly string[];
  readonly length: number;
  readonly first: string;
  /** Length of the file named in \`leftovers\`. */
  readonly kept?: number;
}

const seeIt = `
  const see = (ended) => {
    const { filePath, dir } = input;
    const bytes = nodeFs.existsSync(filePath) ? nodeFs.readFileSync(filePath) : Buffer.alloc(0);
    const [left] = ended.leftovers ?? [];
    report({
      ended, names: nodeFs.readdirSync(dir),
      length: bytes.length, first: bytes.toString("latin1", 0, 3),
      ...(left !== undefined && { kept: nodeFs.statSync(left).size }),
    });
  };`;

describe.runIf(needs("mount-namespace")).each(replaceForms)("$form on a full disk", ({ form }) => {
  const call = `${outcomeInScript}${seeIt}
    nodeFs.writeFileSync(input.filePath, "old");
    const content = Buffer.alloc(input.size, "n");
    see(await outcome(input.form, { filePath: input.filePath, content }));`;

  it("the old content is intact, nothing is left over, effect none", () => {
    const dir = tempDir();
    const { ended, ...now } = inMountNamespace<Ended>({
      mounts: smallDisk(dir),
      script: call,
      input: { form, dir, filePath: join(dir, "file"), size: 2 << 20 },
    });
    expect(ended).toMatchObject({ code: "ENOSPC", effect: "none", leftovers: [] });
    expect(now).toEqual({ names: ["file"], length: 3, first: "old" });
  });

  it("the control: it fits if it is smaller", () => {
    const dir = tempDir();
    const { ended, ...now } = inMountNamespace<Ended>({
      mounts: smallDisk(dir),
      script: call,
      input: { form, dir, filePath: join(dir, "file"), size: 1 << 19 },
    });
    expect(ended.receipt).toMatchObject({ method: "rename", bytes: 1 << 19 });
    expect(now).toEqual({ names: ["file"], length: 1 << 19, first: "nnn" });
  });

  it("new directories and pieces: nothing is left of the file", () => {
    const dir = tempDir();
    const script = `${outcomeInScript}${seeIt}
      const content = Array.from({ length: 32 }, () => Buffer.alloc(1 << 16, "n"));
      see(await outcome(input.form, { filePath: input.filePath, content }));`;
    const { ended, names } = inMountNamespace<Ended>({
      mounts: smallDisk(dir),
      script,
      input: { form, dir, filePath: join(dir, "a", "file") },
    });
    expect(ended).toMatchObject({ code: "ENOSPC", effect: "none", leftovers: [] });
    expect(names).toEqual(["a"]);
  });

  it("A9 in place the space is needed twice: partial, and the whole new content is kept", () => {
    const dir = tempDir();
    const script = `${outcomeInScript}${seeIt}
      nodeFs.writeFileSync(input.filePath, "old");
      nodeFs.linkSync(input.filePath, input.filePath + "-2");
      const content = Buffer.alloc(700_000, "n");
      see(await outcome(input.form, { filePath: input.filePath, content, hardlinks: "preserve" }));`;
    const { ended, ...now } = inMountNamespace<Ended>({
      mounts: smallDisk(dir),
      script,
      input: { form, dir, filePath: join(dir, "file") },
    });
    expect(ended).toMatchObject({ code: "ENOSPC", effect: "partial" });
    expect(ended.leftovers).toHaveLength(1);
    expect(now.kept).toBe(700_000);
    expect(now.names).toHaveLength(3);
    expect(now.length).toBeLessThan(700_000);
  });

  it("A9 in place where not even the staged copy fits: none", () => {
    const dir = tempDir();
    const script = `${outcomeInScript}${seeIt}
      nodeFs.writeFileSync(input.filePath, "old");
      nodeFs.linkSync(input.filePath, input.filePath + "-2");
      const content = Buffer.alloc(2_000_000, "n");
      see(await outcome(input.form, { filePath: input.filePath, content, hardlinks: "preserve" }));`;
    const { ended, ...now } = inMountNamespace<Ended>({
      mounts: smallDisk(dir),
      script,
      input: { form, dir, filePath: join(dir, "file") },
    });
    expect(ended).toMatchObject({ code: "ENOSPC", effect: "none", leftovers: [] });
    expect(now).toMatchObject({ names: ["file", "file-2"], length: 3, first: "old" });
  });

  it("no inode is free: ENOSPC, effect none", () => {
    const dir = tempDir();
    const script = `${outcomeInScript}${seeIt}
      nodeFs.writeFileSync(input.filePath, "old");
      for (let n = 0; ; n++) {
        try { nodeFs.writeFileSync(input.dir + "/" + n, "") } catch { break }
      }
      const ended = await outcome(input.form, { filePath: input.filePath, content: "new" });
      for (const name of nodeFs.readdirSync(input.dir)) {
        if (/^[0-9]+$/.test(name)) nodeFs.unlinkSync(input.dir + "/" + name);
      }
      see(ended);`;
    const { ended, ...now } = inMountNamespace<Ended>({
      mounts: [{ type: "tmpfs", target: dir, options: "size=1m,nr_inodes=8" }],
      script,
      input: { form, dir, filePath: join(dir, "file") },
    });
    expect(ended).toMatchObject({ code: "ENOSPC", effect: "none", leftovers: [] });
    expect(now).toEqual({ names: ["file"], length: 3, first: "old" });
  });
});

describe.runIf(needs("mount-namespace")).each(replaceForms)(
  "$form on a read-only mount",
  ({ form }) => {
    const script = `${outcomeInScript}
    const { form, dir } = input;
    report(await Promise.all(["file", "new", "a/new", "link"].map((name) =>
      outcome(form, { filePath: dir + "/" + name, content: "new" }))));`;

    it("EROFS for old and new files, effect none", () => {
      const dir = tempDir();
      writeFileSync(join(dir, "file"), "old");
      const all = inMountNamespace<Outcome[]>({
        mounts: [{ type: "read-only", target: dir }],
        script,
        input: { form, dir },
      });
      for (const ended of all) {
        expect(ended).toMatchObject({ code: "EROFS", effect: "none", leftovers: [] });
      }
      expect(existsSync(join(dir, "new"))).toBe(false);
    });

    it("A4 a link in a read-only place that leads to a writable one works", () => {
      const [dir, writable] = [tempDir(), tempDir()];
      const referent = join(writable, "file");
      writeFileSync(referent, "old");
      const one = `${outcomeInScript}
      report(await outcome(input.form, { filePath: input.filePath, content: "new" }));`;
      symlinkSync(referent, join(dir, "link"));
      const { receipt } = inMountNamespace<Outcome>({
        mounts: [{ type: "read-only", target: dir }],
        script: one,
        input: { form, filePath: join(dir, "link") },
      });
      expect(receipt).toMatchObject({ method: "rename", path: referent });
    });
  },
);

describe.runIf(needs("posix")).each(replaceForms)(
  "$form beyond a limit on file sizes",
  ({ form }) => {
    it("EFBIG, the old content is intact, effect none", () => {
      const dir = tempDir();
      const filePath = join(dir, "file");
      writeFileSync(filePath, "old");
      const { ended, ...now } = runScript<Ended>(
        {
          script: `${outcomeInScript}${seeIt}
          const content = Buffer.alloc(1 << 20, "n");
          see(await outcome(input.form, { filePath: input.filePath, content }));`,
          input: { form, dir, filePath },
        },
        { prefix: ["sh", "-c", 'ulimit -f 64; exec "$@"', "sh"] },
      );
      expect(ended).toMatchObject({ code: "EFBIG", effect: "none", leftovers: [] });
      expect(now).toEqual({ names: ["file"], length: 3, first: "old" });
    });
  },
);

/** Whether a file system can be made in a file, and why not. */
function makeImage(kind: "ext4" | "xfs" | "btrfs", path: string): string | undefined {
  const bytes = { ext4: 16, xfs: 320, btrfs: 128 }[kind] * (1 << 20);
  writeFileSync(path, "");
  truncateSync(path, bytes); // sparse: takes no room
  const args = kind === "ext4" ? ["-q", "-F", path] : ["-q", "-f", path];
  const { error, status, stderr } = spawnSync(`mkfs.${kind}`, args, { encoding: "utf8" });
  if (error !== undefined) return error.message;
  return status === 0 ? undefined : stderr.trim();
}

describe.runIf(needs("mount-namespace")).each(["ext4", "xfs", "btrfs"] as const)(
  "on a real %s",
  (kind) => {
    it("replaces, creates and writes in place, durably, and leaves nothing", (context) => {
      const [images, dir] = [tempDir(), tempDir()];
      const image = join(images, "image");
      const reason = makeImage(kind, image);
      if (reason !== undefined) context.skip(`no ${kind} can be made here: ${reason}`);
      // The loop device frees itself when the mount ends, and the mount ends with the namespace.
      const seen = inMountNamespace<Record<string, Outcome> & { names: string[]; type: string }>({
        mounts: [],
        setup: `mount -t ${kind} -o loop '${image}' '${dir}'`,
        script: `${outcomeInScript}
          const at = (name) => input.dir + "/" + name;
          nodeFs.writeFileSync(at("file"), "old");
          nodeFs.writeFileSync(at("linked"), "old");
          nodeFs.linkSync(at("linked"), at("linked-2"));
          const found = {};
          for (const half of ["", "Sync"]) {
            found["replace" + half] = await outcome("replaceFileAtomic" + half, { filePath: at("file"), content: "new" });
            found["create" + half] = await outcome("createFileAtomic" + half, { filePath: at("new" + half), content: "new" });
            found["exists" + half] = await outcome("createFileAtomic" + half, { filePath: at("new" + half), content: "2nd" });
            found["inPlace" + half] = await outcome("replaceFileAtomic" + half, { filePath: at("linked"), content: "new", hardlinks: "preserve" });
            found["deep" + half] = await outcome("replaceFileAtomic" + half, { filePath: at("deep" + half + "/a/b"), content: "new" });
          }
          const names = nodeFs.readdirSync(input.dir).filter((name) => name !== "lost+found").sort();
          report({ ...found, names, read: nodeFs.readFileSync(at("linked-2"), "utf8") });`,
        input: { dir },
      });
      const synced = { file: true, directory: true };
      for (const half of ["", "Sync"]) {
        expect(seen[`replace${half}`]!.receipt).toMatchObject({ method: "rename", synced });
        expect(seen[`create${half}`]!.receipt).toMatchObject({ method: "link", synced });
        expect(seen[`exists${half}`]).toMatchObject({ code: "EEXIST", effect: "none" });
        expect(seen[`inPlace${half}`]!.receipt).toMatchObject({ method: "in-place", synced });
        expect(seen[`deep${half}`]!.receipt).toMatchObject({ created: true, synced });
      }
      expect(seen["read"]).toBe("new");
      const made = ["deep", "deepSync", "file", "linked", "linked-2", "new", "newSync"];
      expect(seen.names).toEqual(made);
      const { stdout } = spawnSync("losetup", ["--associated", image], { encoding: "utf8" });
      expect(stdout).toBe("");
    });
  },
);
