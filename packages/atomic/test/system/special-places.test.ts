import {
  chmodSync,
  chownSync,
  lchownSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { asUser, nobody } from "../support/as-user.ts";
import { faultyFileSystem } from "../support/faulty-file-system.ts";
import { inMountNamespace } from "../support/in-mount-namespace.ts";
import { needs } from "../support/needs.ts";
import { tempDir } from "../support/temp-dir.ts";
import {
  failure,
  look,
  oneCall,
  openDir,
  outcomeInScript,
  replaceForms,
  writeOwned,
  type FormName,
  type Options,
  type Outcome,
} from "./both-forms.ts";

// Processes and disks are slow on a busy machine, and nothing here is about time.
vi.setConfig({ testTimeout: 30_000 });

const other = { uid: 23_456, gid: 23_457 };

const asNobody = (form: FormName, options: Options): Outcome =>
  asUser<Outcome>(nobody, { script: oneCall, input: { form, options } });

describe.runIf(needs("root", "other-user")).each(replaceForms)(
  "A10 $form in a sticky directory",
  ({ form }) => {
    it("A10 a foreign file that may be written: in place", () => {
      const dir = openDir(0o1777);
      const filePath = writeOwned(dir, "file", { ...other, mode: 0o666 });
      const before = look(filePath);
      const { receipt } = asNobody(form, { filePath, content: "new" });
      expect(receipt).toMatchObject({ method: "in-place", lost: [] });
      expect(look(filePath)).toEqual({ ...before, content: "new" });
      expect(readdirSync(dir).toSorted()).toEqual(["file"]);
    });

    it("A10 whose owner need not be kept: the rename is refused, and in place keeps it after all", () => {
      const dir = openDir(0o1777);
      const filePath = writeOwned(dir, "file", { ...other, mode: 0o666 });
      const before = look(filePath);
      const { receipt } = asNobody(form, { filePath, content: "new", ownership: "ignore" });
      expect(receipt).toMatchObject({ method: "in-place", lost: [] });
      expect(look(filePath)).toEqual({ ...before, content: "new" });
      expect(readdirSync(dir).toSorted()).toEqual(["file"]);
    });

    it("A10 without the fallback the rename's EPERM is the answer", () => {
      const dir = openDir(0o1777);
      const filePath = writeOwned(dir, "file", { ...other, mode: 0o666 });
      const ended = asNobody(form, {
        filePath,
        content: "new",
        ownership: "ignore",
        inPlaceFallback: false,
      });
      expect(ended).toMatchObject({ code: "EPERM", effect: "none", leftovers: [] });
      expect(look(filePath)).toMatchObject({ ...other, content: "old" });
      expect(readdirSync(dir).toSorted()).toEqual(["file"]);
    });

    it("A10 the caller's own file: a rename", () => {
      const filePath = writeOwned(openDir(0o1777), "file", { ...nobody, mode: 0o600 });
      const { receipt } = asNobody(form, { filePath, content: "new" });
      expect(receipt).toMatchObject({ method: "rename", lost: [] });
      expect(look(filePath)).toMatchObject({ ...nobody, content: "new" });
    });

    it("A10 a foreign link is followed or refused just as the kernel does for plain writing", () => {
      // What it does is for fs.protected_symlinks to say, which a test must not change.
      const dir = openDir(0o1777);
      const filePath = join(dir, "link");
      const referent = writeOwned(openDir(), "file", { ...nobody, mode: 0o600 });
      symlinkSync(referent, filePath);
      // The owner of the link is neither the follower nor the owner of the directory.
      lchownSync(filePath, other.uid, other.gid);
      const script = `${outcomeInScript}
        let plain = "followed";
        try { nodeFs.openSync(input.options.filePath, "r+") } catch (error) { plain = error.code }
        report({ plain, ours: await outcome(input.form, input.options) });`;
      const { plain, ours } = asUser<{ plain: string; ours: Outcome }>(nobody, {
        script,
        input: { form, options: { filePath, content: "new" } },
      });
      expect(ours.code ?? "followed").toBe(plain);
      expect(look(referent).content).toBe(plain === "followed" ? "new" : "old");
    });
  },
);

describe.each(replaceForms)(
  "A10 $form of a link that the kernel refuses to follow",
  ({ replace }) => {
    it.runIf(needs("posix"))("A10 EACCES, and what it leads to is untouched", async () => {
      const dir = tempDir();
      const [filePath, referent] = [join(dir, "link"), join(dir, "file")];
      writeFileSync(referent, "old");
      symlinkSync(referent, filePath);
      const { fileSystem } = faultyFileSystem({
        plan: ({ name, path }) =>
          name === "stat" && path === filePath ? { fail: "EACCES", when: "before" } : undefined,
      });
      const error = await failure(replace({ filePath, content: "new", fileSystem }));
      expect(error).toMatchObject({ code: "EACCES", effect: "none", path: filePath });
      expect(readFileSync(referent, "utf8")).toBe("old");
      expect(readdirSync(dir).toSorted()).toEqual(["file", "link"]);
    });
  },
);

describe.runIf(needs("root", "other-user")).each(replaceForms)(
  "A10 $form where the directory is closed",
  ({ form }) => {
    it("A10 read-only directory, writable file: in place, without a staged copy", () => {
      const dir = openDir();
      const filePath = writeOwned(dir, "file", { ...nobody, mode: 0o644 });
      chmodSync(dir, 0o555);
      const before = look(filePath);
      const { receipt } = asNobody(form, { filePath, content: "new, and longer" });
      expect(receipt).toMatchObject({ method: "in-place", bytes: 15, lost: [] });
      expect(look(filePath)).toEqual({ ...before, content: "new, and longer" });
      const shorter = asNobody(form, { filePath, content: "x" });
      expect(shorter.receipt).toMatchObject({ method: "in-place", bytes: 1 });
      expect(look(filePath)).toEqual({ ...before, content: "x" });
    });

    it("A10 read-only directory: no new file, no pieces, no fallback that was not allowed", () => {
      const dir = openDir();
      const filePath = writeOwned(dir, "file", { ...nobody, mode: 0o644 });
      chmodSync(dir, 0o555);
      const refused = { code: "EACCES", effect: "none", leftovers: [] };
      expect(asNobody(form, { filePath: join(dir, "new"), content: "new" })).toMatchObject(refused);
      expect(asNobody(form, { filePath, content: "new", inPlaceFallback: false })).toMatchObject(
        refused,
      );
      const inPieces = `${outcomeInScript}
        const content = ["a", "b"];
        report(await outcome(input.form, { ...input.options, content }));`;
      const input = { form, options: { filePath } };
      expect(asUser(nobody, { script: inPieces, input })).toMatchObject(refused);
      expect(look(filePath).content).toBe("old");
    });

    it("A10 a directory that may be written and not read cannot be flushed", () => {
      const dir = join(openDir(), "drop");
      mkdirSync(dir);
      chmodSync(dir, 0o333);
      for (const filePath of [join(dir, "new"), writeOwned(dir, "file", nobody)]) {
        const { receipt } = asNobody(form, { filePath, content: "new" });
        expect(receipt).toMatchObject({
          method: "rename",
          synced: { file: true, directory: "unsupported" },
        });
        expect(look(filePath).content).toBe("new");
      }
    });

    it.each([
      ["by a rename", { hardlinks: "break" }, "rename"],
      ["in place", { hardlinks: "preserve" }, "in-place"],
    ] as const)("A10 set-id bits stay, %s", (_, policy, method) => {
      const dir = openDir();
      const filePath = writeOwned(dir, "file", { ...nobody, mode: 0o6755 });
      linkSync(filePath, join(dir, "second"));
      // The kernel takes them away when somebody who is not root writes.
      const { receipt } = asNobody(form, { filePath, content: "new", ...policy });
      expect(receipt).toMatchObject({ method });
      expect(look(filePath)).toMatchObject({ ...nobody, mode: "6755", content: "new" });
    });
  },
);

describe.runIf(needs("mount-namespace")).each(replaceForms)(
  "A10 $form of a bind-mounted file",
  ({ form }) => {
    interface Seen {
      readonly first: Outcome;
      readonly second: Outcome;
      readonly content: string;
      readonly names: string[];
    }
    const script = `${outcomeInScript}
      const { filePath, dir } = input;
      const first = await outcome(input.form, { filePath, content: "first", ...input.policy });
      const second = await outcome(input.form, { filePath, content: "2", ...input.policy });
      report({
        first, second,
        content: nodeFs.readFileSync(filePath, "utf8"),
        names: nodeFs.readdirSync(dir),
      });`;
    function bound(policy: Partial<Options>): { seen: Seen; source: string; target: string } {
      const [from, dir] = [tempDir(), tempDir()];
      const [source, target] = [join(from, "source"), join(dir, "target")];
      writeFileSync(source, "mounted");
      writeFileSync(target, "below the mount");
      const seen = inMountNamespace<Seen>({
        mounts: [{ type: "bind", source, target }],
        script,
        input: { form, filePath: target, dir, policy },
      });
      return { seen, source, target };
    }

    it("A10 EBUSY from the rename leads to a write in place", () => {
      const { seen, source, target } = bound({});
      expect(seen.first.receipt).toMatchObject({ method: "in-place", bytes: 5, lost: [] });
      expect(seen.second.receipt).toMatchObject({ method: "in-place", bytes: 1 });
      expect(seen.content).toBe("2");
      expect(seen.names).toEqual(["target"]);
      expect(readFileSync(source, "utf8")).toBe("2");
      expect(readFileSync(target, "utf8")).toBe("below the mount");
    });

    it("A10 EBUSY is the answer where that is not wanted", () => {
      const { seen, source } = bound({ inPlaceFallback: false });
      expect(seen.first).toMatchObject({ code: "EBUSY", effect: "none", leftovers: [] });
      expect(seen.names).toEqual(["target"]);
      expect(readFileSync(source, "utf8")).toBe("mounted");
    });
  },
);

describe.runIf(needs("posix")).each(replaceForms)(
  "A10 $form of a file with two names",
  ({ replace }) => {
    function twoNames(): { dir: string; filePath: string; second: string } {
      const dir = tempDir();
      const [filePath, second] = [join(dir, "file"), join(dir, "second")];
      writeFileSync(filePath, "old");
      linkSync(filePath, second);
      return { dir, filePath, second };
    }

    it('A10 "break" gives this name a file of its own', async () => {
      const { filePath, second } = twoNames();
      const receipt = await replace({ filePath, content: "new" });
      expect(receipt).toMatchObject({ method: "rename", lost: ["hardlinks"] });
      expect(readFileSync(second, "utf8")).toBe("old");
      expect(statSync(filePath).nlink).toBe(1);
    });

    it('A10 "preserve" writes what both names show', async () => {
      const { filePath, second, dir } = twoNames();
      const receipt = await replace({ filePath, content: "new", hardlinks: "preserve" });
      expect(receipt).toMatchObject({ method: "in-place", lost: [] });
      expect(readFileSync(second, "utf8")).toBe("new");
      expect(readdirSync(dir).toSorted()).toEqual(["file", "second"]);
    });

    it('A10 "refuse" is ERR_HARDLINK', async () => {
      const { filePath, dir } = twoNames();
      const error = await failure(replace({ filePath, content: "new", hardlinks: "refuse" }));
      expect(error).toMatchObject({ code: "ERR_HARDLINK", kind: "refused", effect: "none" });
      expect(readFileSync(filePath, "utf8")).toBe("old");
      expect(readdirSync(dir).toSorted()).toEqual(["file", "second"]);
    });

    it("A10 a single name is replaced under each policy", async () => {
      for (const hardlinks of ["break", "preserve", "refuse"] as const) {
        const filePath = join(tempDir(), "file");
        writeFileSync(filePath, "old");
        const receipt = await replace({ filePath, content: "new", hardlinks });
        expect(receipt).toMatchObject({ method: "rename", lost: [] });
      }
    });

    it("A10 the staged file has been linked to the target: rename(2) would do nothing", async () => {
      const dir = tempDir();
      const filePath = join(dir, "file");
      writeFileSync(filePath, "old");
      const receipt = await replace({
        filePath,
        content: "new",
        beforeRename: ({ tempPath }) => {
          unlinkSync(filePath);
          linkSync(tempPath, filePath);
        },
      });
      expect(receipt).toMatchObject({ method: "rename", bytes: 3 });
      expect(readFileSync(filePath, "utf8")).toBe("new");
      expect(readdirSync(dir).toSorted()).toEqual(["file"]);
    });

    it("A10 the staged file has been given a second name, which is the hook's to keep", async () => {
      const dir = tempDir();
      const [filePath, copy] = [join(dir, "file"), join(dir, "copy")];
      writeFileSync(filePath, "old");
      const beforeRename = ({ tempPath }: { tempPath: string }): void => linkSync(tempPath, copy);
      await replace({ filePath, content: "new", beforeRename });
      expect(readFileSync(copy, "utf8")).toBe("new");
      expect(readdirSync(dir).toSorted()).toEqual(["copy", "file"]);
    });

    it("A10 the staged file has been moved away by the hook: ENOENT, the target stays", async () => {
      const dir = tempDir();
      const filePath = join(dir, "file");
      writeFileSync(filePath, "old");
      const beforeRename = ({ tempPath }: { tempPath: string }): void =>
        renameSync(tempPath, join(dir, "taken"));
      const error = await failure(replace({ filePath, content: "new", beforeRename }));
      expect(error.code).toBe("ENOENT");
      // The staged name is gone, and whether its rename came about cannot be told from that.
      expect(["none", "unknown"]).toContain(error.effect);
      expect(readFileSync(filePath, "utf8")).toBe("old");
    });
  },
);

describe.runIf(needs("linux")).each(replaceForms)(
  "ETXTBSY: $form of a running program",
  ({ replace }) => {
    async function running(use: (filePath: string) => Promise<void>): Promise<void> {
      const filePath = join(tempDir(), "program");
      writeFileSync(filePath, readFileSync("/bin/sleep"), { mode: 0o755 });
      const child = spawn(filePath, ["60"], { stdio: "ignore" });
      await once(child, "spawn");
      try {
        await use(filePath);
        expect(child.exitCode).toBeNull();
      } finally {
        child.kill("SIGKILL");
        await once(child, "close");
      }
    }

    it("gives its name to the new file, and runs on", async () => {
      await running(async (filePath) => {
        expect(() => writeFileSync(filePath, "plain")).toThrow("ETXTBSY");
        const receipt = await replace({ filePath, content: "#!/bin/sh\n" });
        expect(receipt).toMatchObject({ method: "rename", lost: [] });
        expect(look(filePath)).toMatchObject({ mode: "755", content: "#!/bin/sh\n" });
      });
    });

    it("in place: refused, and it is not touched", async () => {
      await running(async (filePath) => {
        const before = look(filePath);
        linkSync(filePath, `${filePath}-2`);
        const error = await failure(replace({ filePath, content: "x", hardlinks: "preserve" }));
        expect(error).toMatchObject({ code: "ETXTBSY", effect: "none", leftovers: [] });
        expect(look(filePath)).toEqual({ ...before, nlink: 2 });
      });
    });

    it.runIf(needs("root"))("also one of another owner, by root", async () => {
      await running(async (filePath) => {
        chownSync(filePath, other.uid, other.gid);
        expect(await replace({ filePath, content: "x" })).toMatchObject({ method: "rename" });
        expect(look(filePath)).toMatchObject({ ...other, content: "x" });
      });
    });
  },
);
