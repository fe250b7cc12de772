import { mkdirSync, readlinkSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { needs } from "../../../atomic/test/support/needs.ts";
import { forms, formsByIdentity, ground, openDescriptors } from "./support/roots.ts";

const strange = Buffer.from("caf\xe9", "latin1");
const join2 = (directory: string, name: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`${directory}/`), name]);

describe.runIf(needs("linux")).each([...forms, ...formsByIdentity])("$name", (form) => {
  it("readlink says what a link says, also one that leads out or nowhere", async () => {
    const { inside, outside } = ground();
    mkdirSync(join(inside, "d"));
    writeFileSync(join(inside, "file"), "");
    const targets = { in: "d", out: "../outside", abs: outside, dangling: "no", slash: "d/" };
    for (const [name, target] of Object.entries(targets)) symlinkSync(target, join(inside, name));
    symlinkSync("in", join(inside, "d/again"));
    const { call } = await form.open(inside);
    const before = openDescriptors();
    for (const [name, target] of Object.entries(targets)) {
      expect(await call("readlink", name)).toBe(target);
    }
    expect(await call("readlink", "in/again")).toBe("in");
    expect(await call("readlink", "out", "hex")).toBe(Buffer.from("../outside").toString("hex"));
    for (const [path, code] of Object.entries({
      file: "EINVAL",
      d: "EINVAL",
      "in/": "EINVAL",
      ".": "EINVAL",
      missing: "ENOENT",
      "dangling/": "ENOENT",
      "file/": "ENOTDIR",
      "out/x": "ERR_PATH_ESCAPES",
      "../inside/in": "ERR_PATH_ESCAPES",
    })) {
      await expect(call("readlink", path)).rejects.toMatchObject({ code, path });
    }
    expect(openDescriptors()).toBe(before);
  });

  it("realpath is from the root, links resolved", async () => {
    const { inside } = ground();
    mkdirSync(join(inside, "a/b/c"), { recursive: true });
    writeFileSync(join(inside, "a/b/file"), "");
    symlinkSync("a/b", join(inside, "l"));
    symlinkSync("../l/c", join(inside, "a/chain"));
    symlinkSync("..", join(inside, "a/up"));
    symlinkSync(join(inside, "a"), join(inside, "abs"));
    symlinkSync("../outside", join(inside, "out"));
    const { call } = await form.open(inside);
    for (const [path, real] of Object.entries({
      ".": ".",
      "./": ".",
      "a/..": ".",
      "a/up": ".",
      "a/up/l/": "a/b",
      "l/file": "a/b/file",
      "a/chain": "a/b/c",
      "abs/b": "a/b",
      "./a//b/": "a/b",
    })) {
      expect(await call("realpath", path)).toBe(real);
    }
    await expect(call("realpath", "out")).rejects.toMatchObject({ code: "ERR_PATH_ESCAPES" });
    await expect(call("realpath", "l/none")).rejects.toMatchObject({ code: "ENOENT" });
    await expect(call("realpath", "l/file/")).rejects.toMatchObject({ code: "ENOTDIR" });
  });

  it("closed places are neither told of nor looked up", async () => {
    const { inside } = ground();
    mkdirSync(join(inside, "closed"));
    symlinkSync("elsewhere", join(inside, "closed/link"));
    symlinkSync("closed", join(inside, "way"));
    const { call } = await form.open(inside, { deny: { read: ["closed"] } });
    for (const path of ["closed/link", "way/link"]) {
      await expect(call("readlink", path)).rejects.toMatchObject({ code: "ERR_DENIED" });
    }
    await expect(call("realpath", "way")).rejects.toMatchObject({ code: "ERR_DENIED" });
    // What the link says is no secret: it is in a directory that is open.
    expect(await call("readlink", "way")).toBe("closed");
  });
});

describe.runIf(needs("linux")).each(forms)("$name", (form) => {
  it("readlink and realpath return bytes where text could not hold them", async () => {
    const { inside } = ground();
    mkdirSync(join2(inside, strange));
    writeFileSync(Buffer.concat([join2(inside, strange), Buffer.from("/f")]), "");
    symlinkSync(strange, join(inside, "link"));
    const { call } = await form.open(inside);
    expect(await call("readlink", "link", { encoding: "buffer" })).toEqual(strange);
    expect(await call("readlink", "link")).toBe(readlinkSync(join(inside, "link")));
    expect(await call("realpath", "link/f", { encoding: "buffer" })).toEqual(
      Buffer.concat([strange, Buffer.from("/f")]),
    );
    expect(await call("realpath", "link/f", "latin1")).toBe("caf\xe9/f");
    expect(await call("realpath", "link")).toBe("caf\uFFFD");
    await expect(call("readlink", "link", "klingon")).rejects.toBeInstanceOf(TypeError);
  });
});
