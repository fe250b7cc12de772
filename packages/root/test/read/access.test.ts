import { chmodSync, linkSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { asUser, nobody } from "../../../atomic/test/support/as-user.ts";
import { needs } from "../../../atomic/test/support/needs.ts";
import { builtRoot, forms, formsByIdentity, ground, openDescriptors } from "./support/roots.ts";

function furnished(): ReturnType<typeof ground> {
  const { inside, outside } = ground();
  mkdirSync(join(inside, "a/b"), { recursive: true });
  writeFileSync(join(inside, "a/b/file"), "content");
  writeFileSync(join(inside, "secret"), "content");
  writeFileSync(join(outside, "file"), "outside");
  symlinkSync("a/b", join(inside, "link"));
  symlinkSync("nowhere", join(inside, "dangling"));
  symlinkSync("loop", join(inside, "loop"));
  symlinkSync("../outside/file", join(inside, "out"));
  symlinkSync("../outside/nothing", join(inside, "nowhere-out"));
  symlinkSync("secret", join(inside, "to-secret"));
  return { inside, outside };
}

describe.runIf(needs("linux")).each([...forms, ...formsByIdentity])("$name", (form) => {
  it("access resolves for what is there, through links too", async () => {
    const { call } = await form.open(furnished().inside);
    for (const path of [".", "a", "a/", "a/b/file", "link/file", "link/", "link/../b/file"]) {
      expect(await call("access", path)).toBeUndefined();
    }
    expect(await call("access", Buffer.from("link/file"), 4)).toBeUndefined();
  });

  it("access fails as plain fs does, and never for what is outside", async () => {
    const { call } = await form.open(furnished().inside);
    const before = openDescriptors();
    const table = {
      missing: "ENOENT",
      "missing/x": "ENOENT",
      dangling: "ENOENT",
      "a/b/file/": "ENOTDIR",
      "a/b/file/x": "ENOTDIR",
      loop: "ELOOP",
      out: "ERR_PATH_ESCAPES",
      "nowhere-out": "ERR_PATH_ESCAPES",
      "../outside/file": "ERR_PATH_ESCAPES",
      "a/../../outside/file": "ERR_PATH_ESCAPES",
      "/etc/passwd": "ERR_PATH_ESCAPES",
      "": "ERR_PATH_INVALID",
      "a\0": "ERR_PATH_INVALID",
    };
    for (const [path, code] of Object.entries(table)) {
      await expect(call("access", path)).rejects.toMatchObject({
        code,
        path,
        effect: "none",
      });
    }
    expect(openDescriptors()).toBe(before);
  });

  it("exists is false only where nothing is", async () => {
    const { call } = await form.open(furnished().inside);
    for (const path of [".", "a/b/file", "link", "link/file", "a/"]) {
      expect(await call("exists", path)).toBe(true);
    }
    for (const path of ["missing", "missing/x", "dangling", "a/b/file/", "a/b/file/x"]) {
      expect(await call("exists", path)).toBe(false);
    }
    const unknown = { loop: "ELOOP", out: "ERR_PATH_ESCAPES", "nowhere-out": "ERR_PATH_ESCAPES" };
    for (const [path, code] of Object.entries(unknown)) {
      await expect(call("exists", path)).rejects.toMatchObject({ code });
    }
  });

  it("neither looks at a closed place, by whatever way", async () => {
    const { inside } = furnished();
    mkdirSync(join(inside, "closed/deep"), { recursive: true });
    const { call } = await form.open(inside, { deny: { read: ["secret", "closed"] } });
    for (const path of ["secret", "to-secret", "closed", "closed/deep", "a/../secret"]) {
      await expect(call("access", path)).rejects.toMatchObject({ code: "ERR_DENIED" });
      await expect(call("exists", path)).rejects.toMatchObject({ code: "ERR_DENIED" });
    }
    expect(await call("exists", "a")).toBe(true);
  });

  it("links are refused on request, hard links have no say", async () => {
    const { inside } = furnished();
    linkSync(join(inside, "secret"), join(inside, "second"));
    const { call } = await form.open(inside, { symlinks: "refuse" });
    await expect(call("access", "link")).rejects.toMatchObject({ code: "ERR_SYMLINK" });
    await expect(call("exists", "link/file")).rejects.toMatchObject({ code: "ERR_SYMLINK" });
    expect(await call("exists", "link", { symlinks: "follow-inside" })).toBe(true);
    expect(await call("access", "second")).toBeUndefined();
  });

  it("bad modes are errors of the program", async () => {
    const { call } = await form.open(furnished().inside);
    await expect(call("access", "a", "r")).rejects.toBeInstanceOf(TypeError);
    for (const mode of [-1, 8, 1.5]) {
      const wrong = call("access", "a", mode);
      await expect(wrong).rejects.toMatchObject({ name: "RangeError", code: "ERR_INVALID_ARG" });
    }
  });
});

describe.runIf(needs("linux", "other-user"))("as another user", () => {
  it("access looks at permission bits", () => {
    const { inside } = furnished();
    chmodSync(join(inside, ".."), 0o755);
    chmodSync(join(inside, "secret"), 0o640);
    chmodSync(join(inside, "a/b/file"), 0o555);
    mkdirSync(join(inside, "shut"), { mode: 0o700 });
    writeFileSync(join(inside, "shut/file"), "");
    const report = asUser<Record<string, string>>(nobody, {
      input: { inside, module: builtRoot },
      script: `
        const { openRoot } = await import(input.module);
        const root = await openRoot(input.inside);
        const told = {};
        for (const [path, mode] of [["secret", 0], ["secret", 4], ["a/b/file", 5], ["a/b/file", 2],
          ["a/b/file", 7], ["to-secret", 4], ["shut", 0], ["shut", 1], ["shut/file", 0]]) {
          told[path + " " + mode] = await root.access(path, mode).then(() => "ok", (e) => e.code);
        }
        told["exists shut/file"] = await root.exists("shut/file").catch((e) => e.code);
        told["readdir shut"] = await root.readdir("shut").catch((e) => e.code);
        told["opendir shut"] = await root.opendir("shut").catch((e) => e.code);
        told["open secret"] = await root.open("secret").catch((e) => e.code);
        told["walk"] = await (async () => { for await (const _ of root.walk()); })().catch((e) => e.code);
        report(told);
      `,
    });
    expect(report).toEqual({
      "secret 0": "ok",
      "secret 4": "EACCES",
      "a/b/file 5": "ok",
      "a/b/file 2": "EACCES",
      "a/b/file 7": "EACCES",
      "to-secret 4": "EACCES",
      "shut 0": "ok",
      "shut 1": "EACCES",
      "shut/file 0": "EACCES",
      "exists shut/file": "EACCES",
      "readdir shut": "EACCES",
      "opendir shut": "EACCES",
      "open secret": "EACCES",
      walk: "EACCES",
    });
  });
});
