import { constants } from "node:fs";
import { describe, expect, it } from "vitest";
import { createMemoryFileSystem } from "../../src/memory/create-memory-file-system.ts";
import { O_PATH } from "../../src/memory/kernel.ts";
import { machine, names, numbers } from "./machine.ts";

const { O_CREAT, O_DIRECTORY, O_NOFOLLOW, O_WRONLY } = constants;
const utf8 = { encoding: "utf8" } as const;
const pathOf = (fd: number): string => `/proc/self/fd/${fd}`;

describe("/proc/self/fd", () => {
  const tree = ["d/e/", "d/f = x", "other/f = decoy"];

  it("leads to the directory that is open, wherever it is by now", () => {
    const { call, get, put, backend } = machine({ tree });
    const pinned = pathOf(call("open", "d", 0, 0));
    call("rename", "d", "moved");
    call("rename", "other", "d");
    expect(get(`${pinned}/f`)).toBe("x");
    expect(get(`${pinned}/e/../f`)).toBe("x");
    expect(get(`${pinned}/../d/f`)).toBe("decoy");
    put(`${pinned}/new`, "y");
    call("rename", `${pinned}/f`, `${pinned}/g`);
    expect(call("readdir", pinned, names)).toEqual(["e", "g", "new"]);
    expect(call("readdir", `${pinned}/`, names)).toEqual(["e", "g", "new"]);
    expect(call("readlink", pinned, utf8)).toBe("/moved");
    expect(call("realpath", `${pinned}/g`, utf8)).toBe("/moved/g");
    expect(backend.tree("/moved")).toEqual(["e/", "g = x", "new = y"]);
  });

  it("ends with the directory, and with the descriptor", () => {
    const { call, code } = machine({ tree });
    const fd = call("open", "d/e", 0, 0);
    const pinned = pathOf(fd);
    call("rmdir", "d/e");
    expect(code("mkdir", `${pinned}/x`, 0o777)).toBe("ENOENT");
    expect(call("readlink", pinned, utf8)).toBe("/d/e (deleted)");
    expect(call("stat", pinned, numbers).nlink).toBe(0);
    call("close", fd);
    expect(code("stat", pinned, numbers)).toBe("ENOENT");
  });

  // The suite cannot: by then a real process may have another file open under the number.
  it("has no name for what is closed, and nobody makes one", () => {
    const { call, code, backend } = machine({ tree });
    const fd = call("open", "d", O_PATH, 0);
    const pinned = pathOf(fd);
    call("close", fd);
    expect(code("open", pinned, O_CREAT | O_WRONLY, 0o600)).toBe("ENOENT");
    expect(code("lstat", pinned, numbers)).toBe("ENOENT");
    expect(code("readlink", pinned, utf8)).toBe("ENOENT");
    expect(code("unlink", pinned)).toBe("ENOENT");
    expect(code("rmdir", pinned)).toBe("ENOENT");
    expect(code("mkdir", pinned, 0o777)).toBe("ENOENT");
    expect(code("symlink", "x", pinned, null)).toBe("ENOENT");
    expect(code("link", "d/f", pinned)).toBe("ENOENT");
    expect(code("rename", pinned, "new")).toBe("EXDEV");
    expect(code("rename", "d/f", pinned)).toBe("EXDEV");
    const again = call("open", "other", O_PATH, 0);
    expect(again).toBe(fd);
    expect(call("readlink", pinned, utf8)).toBe("/other");
    expect(backend.tree()).toEqual(["d/", "d/e/", "d/f = x", "other/", "other/f = decoy"]);
  });

  it("takes only the numbers as the kernel writes them", () => {
    const { call, code } = machine({ tree });
    const fd = call("open", "d", O_PATH, 0);
    for (const path of [
      `/proc/self/fd/0${fd}`,
      `/proc/self/fd/${fd}x`,
      "/proc/self/fd/99999999999",
    ]) {
      expect(code("stat", path, numbers)).toBe("ENOENT");
    }
    for (const path of [`//proc//self/fd///${fd}`, `/proc/thread-self/fd/${fd}/.`]) {
      expect(call("stat", path, numbers).ino).toBe(call("fstat", fd, numbers).ino);
    }
  });

  it("opens a file again, and is no way through it", () => {
    const { call, code, get } = machine({ tree });
    const pinned = pathOf(call("open", "d/f", 0, 0));
    call("unlink", "d/f");
    expect(get(pinned)).toBe("x");
    expect(code("stat", `${pinned}/x`, numbers)).toBe("ENOTDIR");
    expect(code("stat", `${pinned}/`, numbers)).toBe("ENOTDIR");
  });

  it("opens its own name as a place", () => {
    const { call } = machine({ tree });
    const fd = call("open", "d", O_PATH, 0);
    const name = call("open", pathOf(fd), O_PATH | O_NOFOLLOW, 0);
    expect(call("readlink", pathOf(name), utf8)).toBe(pathOf(fd)); // Linux: with the number of the process
    expect(call("fstat", name, numbers).isSymbolicLink()).toBe(true);
    expect(call("fstat", name, numbers).dev).not.toBe(call("fstat", fd, numbers).dev);
    call("close", fd);
    expect(call("fstat", name, numbers).nlink).toBe(1);
    call("close", name);
  });

  it("has names that no disk knows of", () => {
    const { call, effects, backend } = machine({ tree });
    const before = backend.snapshot();
    const pinned = pathOf(call("open", "d", O_PATH, 0));
    const free = call("statfs", "/", numbers).ffree;
    call("lutimes", pinned, 1, 1);
    call("lchown", pinned, 5, 5);
    expect(call("lstat", pinned, numbers)).toMatchObject({ uid: 5, mtimeMs: 1000 });
    expect(effects).toEqual([]);
    expect(call("statfs", "/", numbers).ffree).toBe(free);
    expect(backend.snapshot()).toEqual(before);
  });

  it("keeps the numbers of what lies above a removed directory until it is closed", () => {
    const { call, put } = machine({ tree: ["a/b/c/"] });
    const inos = ["a", "a/b", "a/b/c"].map((path) => call("stat", path, numbers).ino);
    const fd = call("open", "a/b/c", O_PATH | O_DIRECTORY, 0);
    const again = call("open", pathOf(fd), O_PATH | O_DIRECTORY, 0);
    for (const path of ["a/b/c", "a/b", "a"]) call("rmdir", path);
    put("x", "");
    expect(inos).not.toContain(call("stat", "x", numbers).ino);
    expect(call("stat", `${pathOf(fd)}/../..`, numbers)).toMatchObject({ ino: inos[0], nlink: 0 });
    expect(call("stat", `${pathOf(fd)}/../../..`, numbers).ino).toBe(
      call("stat", "/", numbers).ino,
    );
    call("close", fd);
    put("y", "");
    expect(inos).not.toContain(call("stat", "y", numbers).ino);
    call("close", again);
    const made = ["1", "2", "3"].map((name) => (put(name, ""), call("stat", name, numbers).ino));
    expect(new Set(made)).toEqual(new Set(inos));
  });

  it("is what somebody made of it, where there is a /proc or no such thing", () => {
    const own = machine({ tree: ["proc/self/fd/1000/f = own", "d/f = x"] });
    own.call("open", "d", 0, 0);
    expect(own.get("/proc/self/fd/1000/f")).toBe("own");
    const darwin = machine({ platform: "darwin", tree });
    darwin.call("open", "d", 0, 0);
    expect(darwin.code("stat", "/proc/self/fd/1000/f", numbers)).toBe("ENOENT");
  });

  it("is reached through the handles of all faces", async () => {
    const { fs } = createMemoryFileSystem({ tree });
    const handle = await fs.promises.open("/d", O_PATH | O_DIRECTORY);
    const callback = await new Promise<number>((resolve, reject) => {
      fs.open("/d", O_PATH, (error, fd) => (error === null ? resolve(fd) : reject(error)));
    });
    const sync = fs.openSync("/d", O_PATH);
    const ino = fs.statSync("/d", { bigint: true }).ino;
    fs.renameSync("/d", "/moved");
    expect(new Set([handle.fd, callback, sync]).size).toBe(3);
    expect((await handle.stat({ bigint: true })).ino).toBe(ino);
    for (const fd of [handle.fd, callback, sync]) {
      expect(fs.fstatSync(fd, { bigint: true }).ino).toBe(ino);
      expect(await fs.promises.readFile(`${pathOf(fd)}/f`, "utf8")).toBe("x");
      expect(await fs.promises.readlink(pathOf(fd))).toBe("/moved");
    }
    await handle.close();
  });
});

describe("O_PATH", () => {
  it("is nothing to other platforms", () => {
    const { call, put } = machine({ platform: "darwin" });
    put("f", "x");
    const fd = call("open", "f", O_PATH, 0);
    expect(call("read", fd, Buffer.alloc(1), 0, 1, null)).toBe(1);
  });
});
