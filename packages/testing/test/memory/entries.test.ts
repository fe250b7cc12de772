import { describe, expect, it } from "vitest";
import { machine, names, numbers } from "./machine.ts";

const tree = ["a/b/c = 1", "e/", "f = 2", "g = 3", "to-e => e", "to-f => f"];

describe("rename", () => {
  it.each([
    ["f", "g", "ok"],
    ["f", "new", "ok"],
    ["f", "f", "ok"],
    ["e", "new", "ok"],
    ["e", "new/", "ok"],
    ["e/", "new", "ok"],
    ["a", "e", "ok"],
    ["e", "a", "ENOTEMPTY"],
    ["f", "e", "EISDIR"],
    ["e", "f", "ENOTDIR"],
    ["f", "new/", "ENOTDIR"],
    ["f/", "new", "ENOTDIR"],
    ["a", "a/b/x", "EINVAL"],
    ["a", "a/x", "EINVAL"],
    ["a/b", "a", "ENOTEMPTY"],
    ["missing", "new", "ENOENT"],
    ["f", "missing/new", "ENOENT"],
    ["f", "g/new", "ENOTDIR"],
    ["a/.", "new", "EBUSY"],
    ["a/b/..", "new", "EBUSY"],
    ["f", ".", "EBUSY"],
    ["/", "new", "EBUSY"],
    ["missing", "g/new", "ENOTDIR"],
  ])("%s -> %s: %s", (from, to, code) => {
    const { code: codeOf, backend } = machine({ tree });
    const before = backend.tree();
    expect(codeOf("rename", from, to)).toBe(code);
    expect(code === "ok" ? before : backend.tree()).toEqual(before);
  });

  it("moves a link, not what it leads to", () => {
    const { call, backend } = machine({ tree });
    call("rename", "to-f", "e/l");
    call("rename", "f", "to-e");
    expect(backend.tree()).toEqual([
      "a/",
      "a/b/",
      "a/b/c = 1",
      "e/",
      "e/l => f",
      "g = 3",
      "to-e = 2",
    ]);
  });

  it("does nothing between two names of one file", () => {
    const { call, backend, effects } = machine({ tree });
    call("link", "f", "h");
    effects.length = 0;
    call("rename", "f", "h");
    expect(effects).toEqual([]);
    expect(backend.tree()).toEqual([
      "a/",
      "a/b/",
      "a/b/c = 1",
      "e/",
      "f = 2",
      "g = 3",
      "h = 2",
      "to-e => e",
      "to-f => f",
    ]);
  });

  it("takes what is inside along, for the volume, too", () => {
    const { call, backend, get } = machine({ tree });
    call("rename", "a", "e/moved");
    expect(get("e/moved/b/../b/c")).toBe("1");
    expect(call("realpath", "e/moved/b/..", { encoding: "utf8" })).toBe("/e/moved");
    expect(backend.volume.readFileSync("/e/moved/b/c", "utf8")).toBe("1");
    expect(backend.volume.existsSync("/a")).toBe(false);
  });
});

describe("unlink and rmdir", () => {
  it.each([
    ["unlink", "f", "ok"],
    ["unlink", "to-e", "ok"],
    ["unlink", "to-e/", "ENOTDIR"],
    ["unlink", "e", "EISDIR"],
    ["unlink", "e/", "EISDIR"],
    ["unlink", "f/", "ENOTDIR"],
    ["unlink", ".", "EISDIR"],
    ["unlink", "/", "EISDIR"],
    ["unlink", "missing", "ENOENT"],
    ["rmdir", "e", "ok"],
    ["rmdir", "e/", "ok"],
    ["rmdir", "a", "ENOTEMPTY"],
    ["rmdir", "f", "ENOTDIR"],
    ["rmdir", "to-e", "ENOTDIR"],
    ["rmdir", "to-e/", "ENOTDIR"],
    ["rmdir", "e/.", "EINVAL"],
    ["rmdir", "a/b/..", "ENOTEMPTY"],
    ["rmdir", "/", "EBUSY"],
    ["rmdir", "missing", "ENOENT"],
  ] as const)("%s %s: %s", (name, path, code) => {
    expect(machine({ tree }).code(name, path)).toBe(code);
  });

  it("leave an open file alone until it is closed", () => {
    const { call, backend, effects } = machine({ tree });
    const fd = call("open", "f", 2, 0);
    call("unlink", "f");
    expect(call("fstat", fd, numbers).nlink).toBe(0);
    call("write", fd, Buffer.from("still"), 0, 5, 0);
    const into = Buffer.alloc(5);
    expect(call("read", fd, into, 0, 5, 0)).toBe(5);
    expect(into.toString()).toBe("still");
    expect(effects.map(({ kind }) => kind)).toEqual(["unlink", "write"]);
    call("close", fd);
    expect(backend.tree()).not.toContain("f = 2");
  });
});

describe("an inode", () => {
  it("stays while a name or a descriptor leads to it, and its number with it", () => {
    const { call, get, put } = machine({ tree });
    const inoOf = (path: string): unknown => call("lstat", path, numbers).ino;
    const f = inoOf("f");
    call("link", "f", "hard");
    call("unlink", "f");
    put("new", "other");
    expect(inoOf("new")).not.toBe(f);
    expect(get("hard")).toBe("2");
    const fd = call("open", "hard", 0, 0);
    call("rename", "new", "hard");
    put("newer", "");
    expect(inoOf("newer")).not.toBe(f);
    call("close", fd);
    put("newest", "");
    expect(inoOf("newest")).toBe(f);
  });
});

describe("link, symlink and mkdir", () => {
  it.each([
    ["link", "f", "new", "ok"],
    ["link", "f", "g", "EEXIST"],
    ["link", "f", "new/", "ENOENT"],
    ["link", "e", "new", "EPERM"],
    ["link", "missing", "new", "ENOENT"],
    ["link", "f/", "new", "ENOTDIR"],
    ["symlink", "x", "new", "ok"],
    ["symlink", "x", "f", "EEXIST"],
    ["symlink", "x", "new/", "ENOENT"],
    ["symlink", "", "new", "ENOENT"],
    ["symlink", "x".repeat(4096), "new", "ENAMETOOLONG"],
  ] as const)("%s %.9s %s: %s", (name, one, other, code) => {
    const { code: codeOf } = machine({ tree });
    expect(name === "link" ? codeOf(name, one, other) : codeOf(name, one, other, null)).toBe(code);
  });

  it.each([
    ["new", "ok"],
    ["new/", "ok"],
    ["e", "EEXIST"],
    ["f", "EEXIST"],
    ["to-e", "EEXIST"],
    ["to-e/", "EEXIST"],
    [".", "EEXIST"],
    ["/", "EEXIST"],
    ["missing/new", "ENOENT"],
    ["f/new", "ENOTDIR"],
  ])("mkdir %s: %s", (path, code) => {
    expect(machine({ tree }).code("mkdir", path, 0o777)).toBe(code);
  });

  it("link names the link itself", () => {
    const { call } = machine({ tree });
    call("link", "to-f", "new");
    expect(call("lstat", "new", numbers)).toMatchObject({ nlink: 2, size: 1 });
    expect(call("lstat", "new", numbers).isSymbolicLink()).toBe(true);
  });

  it("numbers of links are those of Linux", () => {
    const { call } = machine({ tree });
    expect(call("stat", "/", numbers).nlink).toBe(4);
    expect(call("stat", "a", numbers).nlink).toBe(3);
    call("rename", "a/b", "e/b");
    expect(call("stat", "a", numbers).nlink).toBe(2);
    expect(call("stat", "e", numbers).nlink).toBe(3);
    call("link", "f", "e/f");
    expect(call("stat", "f", numbers).nlink).toBe(2);
    call("rename", "g", "e/f");
    expect(call("stat", "f", numbers).nlink).toBe(1);
  });

  it("mkdtemp makes names that are the same in every run, and never twice", () => {
    const make = (tries: number): unknown[] => {
      const { call } = machine();
      return Array.from({ length: tries }, () => call("mkdtemp", "/t-", { encoding: "utf8" }));
    };
    const made = make(50);
    expect(new Set(made).size).toBe(50);
    expect(made[0]).toMatch(/^\/t-\w{6}$/);
    expect(make(50)).toEqual(made);
    const { call } = machine();
    call("mkdir", made[0] as string, 0o777);
    expect(call("mkdtemp", "/t-", { encoding: "utf8" })).toBe(made[1]);
    expect(call("stat", made[1] as string, numbers).mode).toBe(0o040700);
  });

  it("readdir sorts, and tells types", () => {
    const { call } = machine({ tree });
    expect(call("readdir", "/", names)).toEqual(["a", "e", "f", "g", "to-e", "to-f"]);
    const entries = call("readdir", "to-e/..", { ...names, withFileTypes: true }) as {
      name: string;
      parentPath: string;
      isFile(): boolean;
      isDirectory(): boolean;
      isSymbolicLink(): boolean;
    }[];
    expect(
      entries.map((entry) => [
        entry.name,
        entry.parentPath,
        entry.isDirectory(),
        entry.isFile(),
        entry.isSymbolicLink(),
      ]),
    ).toEqual([
      ["a", "to-e/..", true, false, false],
      ["e", "to-e/..", true, false, false],
      ["f", "to-e/..", false, true, false],
      ["g", "to-e/..", false, true, false],
      ["to-e", "to-e/..", false, false, true],
      ["to-f", "to-e/..", false, false, true],
    ]);
  });
});
