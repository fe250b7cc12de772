import { constants } from "node:fs";
import { describe, expect, it } from "vitest";
import { machine, names, numbers } from "./machine.ts";

const { O_CREAT, O_RDONLY, O_RDWR, O_WRONLY } = constants;
const flags = O_CREAT | O_WRONLY;

describe("win32", () => {
  const platform = "win32";
  const tree = ["dir/file = x", "file = y", "to-dir => dir"];

  it("keeps what is open where it is", () => {
    const { call, code } = machine({ platform, tree: [...tree, "other = z"] });
    const fd = call("open", "file", O_RDONLY, 0);
    expect(code("rename", "other", "file")).toBe("EPERM");
    expect(code("rename", "file", "new")).toBe("EBUSY");
    expect(code("unlink", "file")).toBe("EBUSY");
    call("close", fd);
    const inner = call("open", "dir/file", O_RDONLY, 0);
    expect(code("rename", "dir", "moved")).toBe("EPERM");
    call("close", inner);
    expect(code("rename", "dir", "moved")).toBe("ok");
    expect(code("rename", "other", "file")).toBe("ok");
    expect(code("unlink", "file")).toBe("ok");
    const directory = call("open", "moved", O_RDONLY, 0);
    call("unlink", "moved/file");
    expect(code("rmdir", "moved")).toBe("EBUSY");
    call("close", directory);
    expect(code("rmdir", "moved")).toBe("ok");
  });

  it("replaces no directories and nothing read-only", () => {
    const { call, code } = machine({ platform, tree: [...tree, "empty/", "other = z"] });
    expect(code("rename", "dir", "empty")).toBe("EPERM");
    call("chmod", "file", 0o444);
    expect(code("rename", "other", "file")).toBe("EPERM");
    expect(code("open", "file", O_WRONLY, 0)).toBe("EPERM");
    expect(code("access", "file", constants.W_OK)).toBe("EPERM");
  });

  it("folds case and keeps the spelling", () => {
    const { call, code, get, put } = machine({ platform, tree });
    expect(get("DIR\\File")).toBe("x");
    put("FILE", "new");
    expect(call("readdir", "/", names)).toEqual(["dir", "file", "to-dir"]);
    expect(code("open", "File", flags | constants.O_EXCL, 0)).toBe("EEXIST");
    call("rename", "file", "FILE");
    expect(call("readdir", "/", names)).toEqual(["FILE", "dir", "to-dir"]);
    expect(get("file")).toBe("new");
  });

  it("takes both separators and a drive, and .. as text", () => {
    const { code, get, call } = machine({ platform, tree });
    for (const path of ["C:\\dir\\file", "\\dir/file", "\\\\?\\C:\\dir\\file", "to-dir\\file"]) {
      expect(get(path)).toBe("x");
    }
    expect(get("missing\\..\\file")).toBe("y");
    expect(code("stat", "C:\\", numbers)).toBe("ok");
    expect(code("stat", "file\\x", numbers)).toBe("ENOENT");
    call("symlink", "dir\\file", "l", "file");
    expect(get("l")).toBe("x");
    expect(call("readlink", "l", { encoding: "utf8" })).toBe("dir\\file");
  });

  it.each(["con", "AUX.txt", "nul .x", "com1", "a?", "ab:c", 'a"', "a|b", "a\u0001", "dir/lpt9"])(
    "has no file %j",
    (path) => {
      const { code } = machine({ platform, tree });
      expect(code("open", path, flags, 0o666)).toBe("ENOENT");
      expect(code("mkdir", path, 0o777)).toBe("ENOENT");
    },
  );

  it("drops dots and spaces at the end of a name", () => {
    const { put, call } = machine({ platform });
    put("name. .", "x");
    put("console", "x");
    expect(call("readdir", "/", names)).toEqual(["console", "name"]);
  });

  it("flushes only what can be written", () => {
    const { call, code } = machine({ platform, tree });
    expect(code("fsync", call("open", "dir", O_RDONLY, 0))).toBe("EPERM");
    expect(code("fsync", call("open", "file", O_RDONLY, 0))).toBe("EPERM");
    expect(code("fsync", call("open", "dir/file", O_RDWR, 0))).toBe("ok");
  });

  it("knows of no modes but read-only, and of no owners", () => {
    const { call, code } = machine({ platform, tree, uid: 5 });
    call("chmod", "file", 0o400);
    expect(code("chown", "file", 1, 1)).toBe("ok");
    expect(call("stat", "file", numbers)).toMatchObject({ mode: 0o100444, uid: 0, gid: 0 });
    expect(call("stat", "dir", { bigint: true })).toMatchObject({ mode: 0o040666n, uid: 0n });
  });
});

describe("darwin", () => {
  const platform = "darwin";

  it("folds case and the form of letters, and keeps the spelling", () => {
    const { call, get, put } = machine({ platform, tree: ["Ä = x"] });
    expect(get("a\u0308")).toBe("x");
    put("a\u0308", "y");
    expect(call("readdir", "/", names)).toEqual(["Ä"]);
    expect(get("Ä")).toBe("y");
  });

  it("replaces what is spelled otherwise, and says so by the name that is there", () => {
    const { call, effects } = machine({ platform, tree: ["A = x", "b = y"] });
    call("rename", "b", "a");
    expect(effects).toMatchObject([{ kind: "rename", to: { name: "A" }, replaced: 2 }]);
    expect(call("readdir", "/", names)).toEqual(["A"]);
  });

  it("says EPERM for unlinking a directory, and links what a link leads to", () => {
    const { call, code } = machine({ platform, tree: ["d/", "f = x", "l => f"] });
    expect(code("unlink", "d")).toBe("EPERM");
    expect(code("unlink", "d/..")).toBe("EPERM");
    call("link", "l", "hard");
    expect(call("lstat", "hard", numbers).isFile()).toBe(true);
  });
});
