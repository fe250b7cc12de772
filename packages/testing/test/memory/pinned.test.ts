import { describe, expect, it } from "vitest";
import { machine, names, numbers } from "./machine.ts";

const utf8 = { encoding: "utf8" } as const;

describe("/proc/self/fd", () => {
  const tree = ["d/e/", "d/f = x", "other/f = decoy"];

  it("leads to the directory that is open, wherever it is by now", () => {
    const { call, get, put, backend } = machine({ tree });
    const pinned = `/proc/self/fd/${call("open", "d", 0, 0)}`;
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
    const pinned = `/proc/self/fd/${fd}`;
    call("rmdir", "d/e");
    expect(code("mkdir", `${pinned}/x`, 0o777)).toBe("ENOENT");
    expect(call("readlink", pinned, utf8)).toBe("/d/e (deleted)");
    expect(call("stat", pinned, numbers).nlink).toBe(0);
    call("close", fd);
    expect(code("stat", pinned, numbers)).toBe("ENOENT");
  });

  it("opens a file again, and is no way through it", () => {
    const { call, code, get } = machine({ tree });
    const pinned = `/proc/self/fd/${call("open", "d/f", 0, 0)}`;
    call("unlink", "d/f");
    expect(get(pinned)).toBe("x");
    expect(code("stat", `${pinned}/x`, numbers)).toBe("ENOTDIR");
    expect(code("stat", `${pinned}/`, numbers)).toBe("ENOTDIR");
  });

  it("is what somebody made of it, where there is a /proc or no such thing", () => {
    const own = machine({ tree: ["proc/self/fd/1000/f = own", "d/f = x"] });
    own.call("open", "d", 0, 0);
    expect(own.get("/proc/self/fd/1000/f")).toBe("own");
    const darwin = machine({ platform: "darwin", tree });
    darwin.call("open", "d", 0, 0);
    expect(darwin.code("stat", "/proc/self/fd/1000/f", numbers)).toBe("ENOENT");
  });
});
