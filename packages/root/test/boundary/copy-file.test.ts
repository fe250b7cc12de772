import { execFileSync } from "node:child_process";
import fs, { constants } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { forms, formsByIdentity, ground, openDescriptors } from "../read/support/roots.ts";

const text = (...path: string[]): string => fs.readFileSync(join(...path), "utf8");
const modeOf = (...path: string[]): number => fs.lstatSync(join(...path)).mode & 0o7777;

describe.each([...forms, ...formsByIdentity])("copyFile, $name", ({ open }) => {
  it("copies content and mode, over what is there too", async () => {
    const { inside } = ground();
    fs.writeFileSync(join(inside, "from"), "new");
    fs.chmodSync(join(inside, "from"), 0o750);
    fs.writeFileSync(join(inside, "to"), "old", { mode: 0o600 });
    const { call } = await open(inside);
    const before = openDescriptors();
    await call("copyFile", "from", "to");
    await call("copyFile", "from", "made", constants.COPYFILE_EXCL);
    expect(openDescriptors()).toBe(before);
    for (const name of ["to", "made"]) {
      expect(text(inside, name)).toBe("new");
      expect(modeOf(inside, name)).toBe(0o750);
    }
  });

  it("copies more than maxReadBytes, byte for byte", async () => {
    const { inside } = ground();
    const content = Buffer.alloc(3_000_001);
    for (let index = 0; index < content.length; index++) content[index] = index % 251;
    fs.writeFileSync(join(inside, "from"), content);
    const { call } = await open(inside, { maxReadBytes: 10 });
    await call("copyFile", "from", "to");
    expect(fs.readFileSync(join(inside, "to")).equals(content)).toBe(true);
  });

  it("leaves a file alone that is copied onto itself, by whatever name", async () => {
    const { inside } = ground();
    fs.writeFileSync(join(inside, "f"), "text");
    fs.linkSync(join(inside, "f"), join(inside, "g"));
    fs.symlinkSync("f", join(inside, "l"));
    const { ino } = fs.statSync(join(inside, "f"));
    const { call } = await open(inside, { hardlinks: "allow" });
    for (const [from, to] of [
      ["f", "f"],
      ["f", "g"],
      ["l", "f"],
      ["f", "l"],
    ]) {
      await call("copyFile", from, to);
    }
    expect(text(inside, "f")).toBe("text");
    for (const name of ["f", "g", "l"]) expect(fs.statSync(join(inside, name)).ino).toBe(ino);
  });

  it("writes what a link leads to, inside", async () => {
    const { inside, outside } = ground();
    fs.mkdirSync(join(inside, "d"));
    fs.writeFileSync(join(inside, "f"), "new");
    fs.writeFileSync(join(inside, "d/target"), "old");
    fs.symlinkSync("d/target", join(inside, "l"));
    fs.symlinkSync(join(outside, "x"), join(inside, "out"));
    const { call } = await open(inside);
    await call("copyFile", "f", "l");
    expect(fs.lstatSync(join(inside, "l")).isSymbolicLink()).toBe(true);
    expect(text(inside, "d/target")).toBe("new");
    await expect(call("copyFile", "f", "out")).rejects.toMatchObject({ code: "ERR_PATH_ESCAPES" });
    expect(fs.readdirSync(outside)).toEqual([]);
  });

  it.each([
    ["missing", "x", 0, "ENOENT"],
    ["dir", "x", 0, "EISDIR"],
    ["pipe", "x", 0, "ERR_NOT_FILE"],
    ["twice", "x", 0, "ERR_HARDLINK"],
    ["file/", "x", 0, "ENOTDIR"],
    ["file", "dir", 0, "EISDIR"],
    ["file", "new/", 0, "EISDIR"],
    ["file", "missing/x", 0, "ENOENT"],
    ["file", "other", constants.COPYFILE_EXCL, "EEXIST"],
    ["file", "file", constants.COPYFILE_EXCL, "EEXIST"],
    ["file", "dangling", constants.COPYFILE_EXCL, "EEXIST"],
    ["file", "x", constants.COPYFILE_FICLONE_FORCE, "ENOTSUP"],
    ["../x", "x", 0, "ERR_PATH_ESCAPES"],
    ["secret", "x", 0, "ERR_DENIED"],
    ["file", "shut", 0, "ERR_DENIED"],
    ["file", "x", 8, "ERR_INVALID_ARG"],
    ["file", "x", "1", "ERR_INVALID_ARG"],
  ])("refuses %s to %s with mode %s: %s", async (from, to, mode, code) => {
    const { inside } = ground();
    fs.mkdirSync(join(inside, "dir"));
    for (const name of ["file", "other", "twice", "secret"]) {
      fs.writeFileSync(join(inside, name), name);
    }
    fs.linkSync(join(inside, "twice"), join(inside, "again"));
    fs.symlinkSync("nowhere", join(inside, "dangling"));
    execFileSync("mkfifo", [join(inside, "pipe")]);
    const names = fs.readdirSync(inside, { recursive: true });
    const { call } = await open(inside, { deny: { read: ["secret"], write: ["shut"] } });
    const before = openDescriptors();
    const error: any = await call("copyFile", from, to, mode).catch((thrown: unknown) => thrown);
    expect(error.code).toBe(code);
    expect(error.effect).toBe(code === "ERR_INVALID_ARG" ? undefined : "none");
    expect(openDescriptors()).toBe(before);
    expect(fs.readdirSync(inside, { recursive: true })).toEqual(names);
    expect(text(inside, "other")).toBe("other");
  });
});

describe.each(forms)("copyFile of what changes, $name", ({ open }) => {
  it("takes what a file held when it began, however it grows", async () => {
    const { inside } = ground();
    fs.writeFileSync(join(inside, "f"), "begin");
    const authorize = (): void => fs.appendFileSync(join(inside, "f"), "more");
    const { call } = await open(inside, { authorize });
    await call("copyFile", "f", "g");
    expect(text(inside, "g")).toBe("begin");
    expect(text(inside, "f")).toBe("beginmore");
  });

  it("reads the file that was found, whatever has its name by then", async () => {
    const { inside, outside } = ground();
    fs.writeFileSync(join(inside, "f"), "mine");
    fs.writeFileSync(join(outside, "secret"), "secret");
    const authorize = (): void => {
      fs.renameSync(join(inside, "f"), join(inside, "aside"));
      fs.symlinkSync(join(outside, "secret"), join(inside, "f"));
    };
    const { call } = await open(inside, { authorize });
    await call("copyFile", "f", "g");
    expect(text(inside, "g")).toBe("mine");
  });
});
