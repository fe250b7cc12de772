import { chmodSync, chownSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { asUser, nobody } from "../support/as-user.ts";
import { faultyFileSystem } from "../support/faulty-file-system.ts";
import { needs } from "../support/needs.ts";
import {
  look,
  makeFifo,
  oneCall,
  openDir,
  replaceForms,
  writeOwned,
  type FormName,
  type Options,
  type Outcome,
} from "./both-forms.ts";

// Processes and disks are slow on a busy machine, and nothing here is about time.
vi.setConfig({ testTimeout: 30_000 });

/** Somebody else, who need not be in the list of users. */
const other = { uid: 23_456, gid: 23_457 };

const asNobody = (form: FormName, options: Options): Outcome =>
  asUser<Outcome>(nobody, { script: oneCall, input: { form, options } });

describe.runIf(needs("root", "other-user")).each(replaceForms)(
  "A8 $form of a file of somebody else",
  ({ form, replace }) => {
    it.each([
      ["group-writable", { uid: other.uid, gid: nobody.gid, mode: 0o664 }],
      ["world-writable", { ...other, mode: 0o666 }],
    ])("A8 %s: edited in place, inode and owner kept", (_, owned) => {
      const dir = openDir();
      const filePath = writeOwned(dir, "file", owned);
      const before = look(filePath);
      const { receipt } = asNobody(form, { filePath, content: "new content" });
      expect(receipt).toMatchObject({ method: "in-place", created: false, bytes: 11, lost: [] });
      expect(look(filePath)).toEqual({ ...before, content: "new content" });
      expect(readdirSync(dir).toSorted()).toEqual(["file"]);
    });

    it.each(["444", "644", "600"])("A8 mode %s: EACCES, and the content stays", (bits) => {
      const mode = Number.parseInt(bits, 8);
      const dir = openDir();
      const filePath = writeOwned(dir, "file", { ...other, mode });
      const before = look(filePath);
      const options = { filePath, content: "new" };
      expect(asNobody(form, options)).toMatchObject({ code: "EACCES", effect: "none" });
      // A rename would be allowed by the directory; the file's own permissions still count.
      expect(asNobody(form, { ...options, ownership: "ignore" })).toMatchObject({ code: "EACCES" });
      expect(look(filePath)).toEqual(before);
      expect(readdirSync(dir).toSorted()).toEqual(["file"]);
    });

    it('A8 readonly: "override" with ownership: "ignore" replaces what may not be written', () => {
      const dir = openDir();
      const filePath = writeOwned(dir, "file", { ...other, mode: 0o444 });
      const { receipt } = asNobody(form, {
        filePath,
        content: "new",
        readonly: "override",
        ownership: "ignore",
      });
      expect(receipt).toMatchObject({ method: "rename", lost: ["owner", "group"] });
      expect(look(filePath)).toMatchObject({ ...nobody, mode: "444", content: "new" });
    });

    it('A8 readonly: "override" alone cannot keep the owner, and says so', () => {
      const dir = openDir();
      const filePath = writeOwned(dir, "file", { ...other, mode: 0o444 });
      const ended = asNobody(form, { filePath, content: "new", readonly: "override" });
      expect(ended).toMatchObject({ code: "EACCES", effect: "none", leftovers: [] });
      expect(look(filePath)).toMatchObject({ ...other, content: "old" });
      expect(readdirSync(dir).toSorted()).toEqual(["file"]);
    });

    it.each([
      [{ ownership: "refuse" }, "ERR_OWNERSHIP"],
      [{ inPlaceFallback: false }, "ERR_OWNERSHIP"],
    ] as const)("A8 %j refuses to write in place", (policy, code) => {
      const dir = openDir();
      const filePath = writeOwned(dir, "file", { ...other, mode: 0o666 });
      const ended = asNobody(form, { filePath, content: "new", ...policy });
      expect(ended).toMatchObject({ code, effect: "none", leftovers: [] });
      expect(look(filePath)).toMatchObject({ ...other, content: "old" });
      expect(readdirSync(dir).toSorted()).toEqual(["file"]);
    });

    it('A8 ownership: "ignore" gives the file to the caller', () => {
      const filePath = writeOwned(openDir(), "file", { ...other, mode: 0o666 });
      const before = look(filePath);
      const { receipt } = asNobody(form, { filePath, content: "new", ownership: "ignore" });
      expect(receipt).toMatchObject({ method: "rename", lost: ["owner", "group"] });
      expect(look(filePath)).toMatchObject({ ...nobody, mode: "666", content: "new" });
      expect(look(filePath).ino).not.toBe(before.ino);
    });

    it("A8 a FIFO fails at once", () => {
      const dir = openDir();
      const filePath = join(dir, "fifo");
      makeFifo(filePath);
      chownSync(filePath, other.uid, other.gid);
      chmodSync(filePath, 0o666);
      const ended = asNobody(form, { filePath, content: "new" });
      expect(ended).toMatchObject({ code: "ERR_NOT_FILE", effect: "none" });
      expect(readdirSync(dir).toSorted()).toEqual(["fifo"]);
    });

    it("A8 the caller's own file gets a new inode", () => {
      const filePath = writeOwned(openDir(), "file", { ...nobody, mode: 0o640 });
      const before = look(filePath);
      const { receipt } = asNobody(form, { filePath, content: "new" });
      expect(receipt).toMatchObject({ method: "rename", lost: [] });
      expect(look(filePath)).toMatchObject({ ...nobody, mode: "640", content: "new" });
      expect(look(filePath).ino).not.toBe(before.ino);
    });

    it.each(["640", "444", "6755"])(
      "A8 root replaces a file of mode %s, which keeps its owner",
      async (bits) => {
        const mode = Number.parseInt(bits, 8);
        const filePath = writeOwned(openDir(), "file", { ...other, mode });
        const before = look(filePath);
        const { fileSystem, calls } = faultyFileSystem();
        const receipt = await replace({ filePath, content: "new", fileSystem });
        expect(receipt).toMatchObject({ method: "rename", lost: [] });
        expect(look(filePath)).toEqual({ ...before, ino: look(filePath).ino, content: "new" });
        expect(look(filePath).ino).not.toBe(before.ino);
        // By descriptor, and before the rename: it is never seen with another owner.
        const names = calls.map((call) => call.split(" ")[0]);
        expect(names).toContain("write");
        expect(names.indexOf("fchown")).toBeGreaterThan(names.indexOf("write"));
        expect(names.indexOf("fchmod")).toBeGreaterThan(names.indexOf("fchown"));
        expect(names.indexOf("rename")).toBeGreaterThan(names.indexOf("fchmod"));
      },
    );

    it("A8 an explicit mode that only the owner may set is reported as lost", () => {
      const filePath = writeOwned(openDir(), "file", { ...other, mode: 0o666 });
      const { receipt } = asNobody(form, { filePath, content: "new", mode: 0o600 });
      expect(receipt).toMatchObject({ method: "in-place", lost: ["mode"] });
      expect(look(filePath)).toMatchObject({ ...other, mode: "666", content: "new" });
    });
  },
);

describe.runIf(needs("root", "other-user")).each(replaceForms)(
  "A11 $form and the group",
  ({ form, replace }) => {
    const project = 34_567; // a group that nobody is in
    function setgidDir(): string {
      const dir = join(openDir(), "shared");
      mkdirSync(dir);
      chownSync(dir, 0, project);
      chmodSync(dir, 0o2777);
      return dir;
    }
    const traced = async (filePath: string) => {
      const { fileSystem, calls } = faultyFileSystem();
      const receipt = await replace({ filePath, content: "new", fileSystem });
      return { receipt, changed: calls.filter((call) => call.startsWith("fchown")).length };
    };

    it("A11 in a setgid directory the staged file has the right group by itself", async () => {
      const filePath = writeOwned(setgidDir(), "file", { gid: project });
      expect(await traced(filePath)).toMatchObject({
        receipt: { method: "rename", lost: [] },
        changed: 0,
      });
      expect(look(filePath).gid).toBe(project);
    });

    it("A11 a setgid directory gives the staged file a group that the target has not", async () => {
      const filePath = writeOwned(setgidDir(), "file", { gid: 0 });
      expect(await traced(filePath)).toMatchObject({ receipt: { lost: [] }, changed: 1 });
      expect(look(filePath)).toMatchObject({ uid: 0, gid: 0, content: "new" });
    });

    it("A11 without a setgid directory another group is given to it", async () => {
      const filePath = writeOwned(openDir(), "file", { gid: project, mode: 0o2755 });
      expect(await traced(filePath)).toMatchObject({ receipt: { lost: [] }, changed: 1 });
      expect(look(filePath)).toMatchObject({ gid: project, mode: "2755", content: "new" });
    });

    it("A11 a group that the caller is not in, given by the directory: a plain rename", () => {
      const filePath = writeOwned(setgidDir(), "file", { uid: nobody.uid, gid: project });
      const before = look(filePath);
      const { receipt } = asNobody(form, { filePath, content: "new" });
      expect(receipt).toMatchObject({ method: "rename", lost: [] });
      expect(look(filePath)).toMatchObject({ uid: nobody.uid, gid: project, content: "new" });
      expect(look(filePath).ino).not.toBe(before.ino);
    });

    it("A11 the caller's own group in a directory that gives another: given back", () => {
      const filePath = writeOwned(setgidDir(), "file", { ...nobody });
      const { receipt } = asNobody(form, { filePath, content: "new" });
      expect(receipt).toMatchObject({ method: "rename", lost: [] });
      expect(look(filePath)).toMatchObject({ ...nobody, content: "new" });
    });

    it("A11 a group that the caller is not in and may not give: in place", () => {
      const filePath = writeOwned(openDir(), "file", { uid: nobody.uid, gid: project });
      const before = look(filePath);
      const { receipt } = asNobody(form, { filePath, content: "new" });
      expect(receipt).toMatchObject({ method: "in-place", lost: [] });
      expect(look(filePath)).toEqual({ ...before, content: "new" });
    });

    it('A11 ownership: "ignore" loses such a group and says so', () => {
      const filePath = writeOwned(openDir(), "file", { uid: nobody.uid, gid: project });
      const { receipt } = asNobody(form, { filePath, content: "new", ownership: "ignore" });
      expect(receipt).toMatchObject({ method: "rename", lost: ["group"] });
      expect(look(filePath)).toMatchObject({ ...nobody, content: "new" });
    });

    it("A3 a new file in a setgid directory has its group", async () => {
      const filePath = join(setgidDir(), "file");
      const receipt = await replace({ filePath, content: "new" });
      expect(receipt).toMatchObject({ created: true, lost: [] });
      expect(look(filePath).gid).toBe(project);
    });
  },
);

it("the control: plain writing of a foreign file of mode 0666 succeeds, of 0444 fails", () => {
  if (!needs("root", "other-user")) return;
  const dir = openDir();
  const paths = [0o666, 0o444].map((mode) => writeOwned(dir, `f${mode}`, { ...other, mode }));
  const script = `
    import { writeFileSync } from "node:fs";
    report(input.map((path) => { try { writeFileSync(path, "x"); return "ok" } catch (e) { return e.code } }));`;
  expect(asUser(nobody, { script, input: paths })).toEqual(["ok", "EACCES"]);
  writeFileSync(paths[1]!, "root may");
});
