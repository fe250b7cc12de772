import { constants } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Image, ImageInode } from "../../src/memory/effect.ts";
import { machine, numbers } from "./machine.ts";

const { O_APPEND, O_RDWR } = constants;
const tree = ["a/", "a/b/ 0700", "a/b/f 0600 = hello", "l => a/b/f", "x = there"];

describe("an image", () => {
  it("holds everything, and makes the same again", () => {
    const first = machine({ tree });
    first.call("link", "a/b/f", "hard");
    first.call("chown", "x", 3, 4);
    first.call("ftruncate", first.call("open", "x", O_RDWR, 0), 8);
    first.call("utimes", "x", 5, 6);
    const image = first.backend.snapshot();
    const second = machine({ tree: ["not = used"] }, image);
    expect(second.backend.snapshot()).toEqual(image);
    expect(second.backend.tree()).toEqual(first.backend.tree());
    expect(second.call("stat", "hard", numbers)).toMatchObject({ nlink: 2, mode: 0o100600 });
    expect(second.call("stat", "a", numbers).nlink).toBe(3);
    expect(second.call("stat", "/", numbers).nlink).toBe(3);
    expect(second.call("stat", "x", numbers)).toMatchObject({ uid: 3, gid: 4, mtimeMs: 6000 });
    expect(second.get("x")).toBe("there\0\0\0");
  });

  it("keeps the numbers of inodes and the times of birth, which a program may have written down", () => {
    const first = machine({ tree: ["one/", "two/", "gone = 1"] });
    first.call("unlink", "gone");
    first.call("rename", "one", "z");
    first.call("utimes", "z", 5, 6);
    const second = machine({}, first.backend.snapshot());
    for (const name of ["z", "two"]) {
      const { ino, birthtimeMs } = first.call("stat", name, numbers);
      expect(second.call("stat", name, numbers)).toMatchObject({ ino, birthtimeMs });
    }
    second.call("mkdir", "new", 0o755);
    const inos = ["z", "two", "new"].map((name) => second.call("stat", name, numbers).ino);
    expect(new Set(inos).size).toBe(3);
  });

  it("does not change with either file system", () => {
    const first = machine({ tree });
    const fd = first.call("open", "x", O_RDWR, 0);
    const appending = first.call("open", "x", O_RDWR | O_APPEND, 0);
    const image = first.backend.snapshot();
    const second = machine({}, image);
    const before = structuredClone(image);
    const write = (text: string, at: number): number =>
      first.call("write", fd, Buffer.from(text), 0, text.length, at);
    first.call("write", appending, Buffer.from("1"), 0, 1, null);
    write("T", 0);
    first.call("ftruncate", fd, 2);
    write("?", 4);
    second.put("x", "other");
    second.call("unlink", "a/b/f");
    second.call("chmod", "x", 0o400);
    expect(image).toEqual(before);
    expect(first.get("x")).toBe("Th\0\0?");
    expect(machine({}, image).get("x")).toBe("there");
  });

  it("does not change with what was written here and is overwritten in place", () => {
    const { call, put, backend } = machine();
    put("f", "before");
    const image = backend.snapshot();
    call("write", call("open", "f", O_RDWR, 0), Buffer.from("after!"), 0, 6, 0);
    expect(machine({}, image).get("f")).toBe("before");
  });

  it("of a file that grows shares what it had", () => {
    const { call, backend, get } = machine({ tree: ["log ="] });
    const fd = call("open", "log", O_RDWR | O_APPEND, 0);
    const images: Image[] = [];
    for (const record of ["one ", "two ", "three "]) {
      call("write", fd, Buffer.from(record), 0, record.length, null);
      images.push(backend.snapshot());
    }
    expect(images.map((image) => machine({}, image).get("log"))).toEqual([
      "one ",
      "one two ",
      "one two three ",
    ]);
    expect(get("log")).toBe("one two three ");
  });

  it("gives new inodes ids that it does not have", () => {
    const { backend } = machine({ tree });
    const { put, effects } = machine({}, backend.snapshot());
    put("new", "");
    const largest = Math.max(...backend.snapshot().inodes.keys());
    expect(effects[0]).toMatchObject({ kind: "create", inode: largest + 1 });
  });

  it("does not have what no name leads to", () => {
    const { call, backend } = machine({ tree });
    call("open", "x", 0, 0);
    call("unlink", "x");
    expect([...backend.snapshot().inodes.values()].map(({ type }) => type)).toEqual([
      "directory",
      "directory",
      "directory",
      "file",
      "symlink",
    ]);
  });

  it("is refused if it makes no sense", () => {
    const attributes = { mode: 0o755, uid: 0, gid: 0, mtimeMs: 0 };
    const directory = (entries: [string, number][]): ImageInode => ({
      type: "directory",
      entries: new Map(entries),
      attributes,
    });
    const load = (inodes: [number, ImageInode][]) => () =>
      machine({}, { root: 1, inodes: new Map(inodes) });
    expect(load([])).toThrow("the root of an image must be a directory");
    expect(load([[1, directory([["a", 2]])]])).toThrow("an image names inode 2 and has none");
    const twice: [string, number][] = [
      ["a", 2],
      ["b", 2],
    ];
    expect(
      load([
        [1, directory(twice)],
        [2, directory([])],
      ]),
    ).toThrow("directory 2 has two names");
  });
});
