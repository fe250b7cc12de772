import { constants } from "node:fs";
import { describe, expect, it } from "vitest";
import { machine, names, numbers } from "./machine.ts";

const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY } = constants;
const tree = [
  "dir/file = x",
  "file = y",
  "to-dir => dir",
  "to-file => dir/file",
  "dangling => dir/new",
  "loop => loop",
  "up => ../../file",
];

describe("a path", () => {
  it.each([
    ["", "ENOENT"],
    ["missing", "ENOENT"],
    ["/file", "ok"],
    ["file", "ok"],
    ["//dir///file", "ok"],
    ["dir/./../dir/file", "ok"],
    ["../../file", "ok"],
    ["up", "ok"],
    ["file/../dir", "ENOTDIR"],
    ["file/.", "ENOTDIR"],
    ["file/", "ENOTDIR"],
    ["dir/", "ok"],
    ["missing/../file", "ENOENT"],
    ["to-dir/file", "ok"],
    ["to-dir/../file", "ok"],
    ["to-file/", "ENOTDIR"],
    ["dangling", "ENOENT"],
    ["loop", "ELOOP"],
    ["loop/x", "ELOOP"],
    ["n".repeat(255), "ENOENT"],
    ["n".repeat(256), "ENAMETOOLONG"],
    ["ä".repeat(128), "ENAMETOOLONG"],
    [`dir${"/.".repeat(2046)}`, "ok"],
    [`dir${"/.".repeat(2046)}/`, "ENAMETOOLONG"],
    ["a\0b", "ERR_INVALID_ARG_VALUE"],
  ])("stat %j: %s", (path, code) => {
    expect(machine({ tree }).code("stat", path, numbers)).toBe(code);
  });

  it("may go through 40 links, and not through 41", () => {
    const links = Array.from({ length: 41 }, (_, i) => `l${i + 1} => l${i}`);
    const { code } = machine({ tree: ["l0 = end", ...links] });
    expect(code("stat", "l40", numbers)).toBe("ok");
    expect(code("stat", "l41", numbers)).toBe("ELOOP");
  });

  it("that ends in a slash is followed by lstat, too", () => {
    const { call } = machine({ tree });
    expect(call("lstat", "to-dir", numbers).isSymbolicLink()).toBe(true);
    expect(call("lstat", "to-dir/", numbers).isDirectory()).toBe(true);
  });

  it("is found by realpath", () => {
    const { call } = machine({ tree });
    expect(call("realpath", "to-dir/../to-file", { encoding: "utf8" })).toBe("/dir/file");
    expect(call("realpath", "..", { encoding: "utf8" })).toBe("/");
  });
});

describe("open", () => {
  it.each([
    ["file", O_RDONLY, "ok"],
    ["missing", O_RDWR, "ENOENT"],
    ["dir", O_RDONLY, "ok"],
    ["dir", O_WRONLY, "EISDIR"],
    ["dir", O_RDONLY | O_TRUNC, "EISDIR"],
    ["dir", O_RDONLY | O_CREAT, "EISDIR"],
    ["dir/", O_WRONLY | O_CREAT, "EISDIR"],
    ["missing/", O_WRONLY | O_CREAT, "EISDIR"],
    ["file", O_RDONLY | O_DIRECTORY, "ENOTDIR"],
    ["missing", O_CREAT | O_DIRECTORY, "EINVAL"],
    ["to-file", O_RDONLY | O_NOFOLLOW, "ELOOP"],
    ["to-dir", O_RDONLY | O_NOFOLLOW | O_DIRECTORY, "ENOTDIR"],
    ["to-dir/", O_RDONLY | O_NOFOLLOW, "ok"],
    ["to-dir/file", O_RDONLY | O_NOFOLLOW, "ok"],
    ["file", O_WRONLY | O_CREAT | O_EXCL, "EEXIST"],
    ["dangling", O_WRONLY | O_CREAT | O_EXCL, "EEXIST"],
    ["dangling", O_WRONLY | O_CREAT | O_NOFOLLOW, "ELOOP"],
    ["loop", O_WRONLY | O_CREAT, "ELOOP"],
    ["file/x", O_WRONLY | O_CREAT, "ENOTDIR"],
    ["n".repeat(256), O_WRONLY | O_CREAT, "ENAMETOOLONG"],
  ])("%s with flags %o: %s", (path, flags, code) => {
    const { code: codeOf, backend } = machine({ tree });
    expect(codeOf("open", path, flags, 0o666)).toBe(code);
    expect(backend.tree()).toHaveLength(8);
  });

  it("creates what a dangling link leads to", () => {
    const { put, backend } = machine({ tree });
    put("dangling", "made");
    expect(backend.tree("/dir")).toEqual(["file = x", "new = made"]);
  });

  it("gives the lowest free descriptor, up to a limit", () => {
    const { call, code, backend } = machine({ tree });
    const fds = Array.from({ length: 65_536 }, () => call("open", "file", 0, 0));
    expect(fds).toEqual(fds.map((_, i) => 1000 + i));
    expect(code("open", "missing", 0, 0)).toBe("EMFILE");
    call("close", 1003);
    expect(code("close", 1003)).toBe("EBADF");
    expect(call("open", "dir", 0, 0)).toBe(1003);
    expect(backend.openDescriptors()[3]).toEqual({ fd: 1003, path: "dir" });
    backend.closeAll();
    expect(backend.openDescriptors()).toEqual([]);
  });
});

describe("an error", () => {
  it("looks like Node's", () => {
    const { call } = machine({ tree });
    const errorOf = (act: () => unknown): unknown => {
      try {
        return act();
      } catch (error) {
        return { ...(error as object), message: (error as Error).message };
      }
    };
    expect(errorOf(() => call("rename", "missing", "dir/x"))).toEqual({
      message: "ENOENT: no such file or directory, rename 'missing' -> 'dir/x'",
      errno: -2,
      code: "ENOENT",
      syscall: "rename",
      path: "missing",
      dest: "dir/x",
    });
    expect(errorOf(() => call("readdir", "file", names))).toEqual({
      message: "ENOTDIR: not a directory, scandir 'file'",
      errno: -20,
      code: "ENOTDIR",
      syscall: "scandir",
      path: "file",
    });
    expect(errorOf(() => call("close", 5))).toEqual({
      message: "EBADF: bad file descriptor, close",
      errno: -9,
      code: "EBADF",
      syscall: "close",
    });
    expect(errorOf(() => call("mkdtemp", "missing/t-", { encoding: "utf8" }))).toMatchObject({
      message: "ENOENT: no such file or directory, mkdtemp 'missing/t-XXXXXX'",
    });
  });

  it("rejects in the asynchronous form", async () => {
    const { backend } = machine();
    const origin = { via: "stat" };
    await expect(backend.async("stat", ["missing", numbers], origin)).rejects.toMatchObject({
      code: "ENOENT",
    });
  });
});
