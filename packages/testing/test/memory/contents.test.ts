import { constants } from "node:fs";
import { describe, expect, it } from "vitest";
import { machine, numbers } from "./machine.ts";
import type { Machine } from "./machine.ts";

const { O_APPEND, O_CREAT, O_RDWR, O_TRUNC, O_WRONLY } = constants;

function write({ call }: Machine, fd: number, text: string, position: number | null): number {
  return call("write", fd, Buffer.from(text), 0, text.length, position);
}

function read(
  { call }: Machine,
  fd: number,
  length: number,
  position: number | bigint | null,
): string {
  const into = Buffer.alloc(length, "-");
  const count = call("read", fd, into, 0, length, position);
  return into.toString("latin1", 0, count);
}

describe("reading and writing", () => {
  it("moves the position, unless one is given", () => {
    const memory = machine();
    const fd = memory.call("open", "f", O_CREAT | O_RDWR, 0o666);
    expect(write(memory, fd, "hello", null)).toBe(5);
    write(memory, fd, "J", 0);
    write(memory, fd, "!", null);
    expect(read(memory, fd, 9, null)).toBe("");
    expect(read(memory, fd, 3, 1)).toBe("ell");
    expect(read(memory, fd, 3, 2n)).toBe("llo");
    expect(read(memory, fd, 9, -1)).toBe("");
    expect(memory.get("f")).toBe("Jello!");
  });

  it("takes a part of a buffer", () => {
    const memory = machine();
    const fd = memory.call("open", "f", O_CREAT | O_RDWR, 0o666);
    expect(memory.call("write", fd, Buffer.from("abcdef"), 2, 3, null)).toBe(3);
    const into = Buffer.from("------");
    expect(memory.call("read", fd, into, 1, 5, 0)).toBe(3);
    expect(into.toString()).toBe("-cde--");
  });

  it("always appends with O_APPEND, as Linux does, wherever it is told to", () => {
    const memory = machine({ tree: ["f = ab"] });
    const fd = memory.call("open", "f", O_APPEND | O_RDWR, 0);
    write(memory, fd, "cd", 0);
    write(memory, fd, "ef", null);
    expect(memory.get("f")).toBe("abcdef");
    expect(read(memory, fd, 9, 4)).toBe("ef");
  });

  it("reads zeros from holes", () => {
    const memory = machine({ tree: ["f = ab"] });
    const fd = memory.call("open", "f", O_RDWR, 0);
    write(memory, fd, "z", 5);
    memory.call("ftruncate", fd, 8);
    expect(memory.get("f")).toBe("ab\0\0\0z\0\0");
    memory.call("ftruncate", fd, 1);
    memory.call("ftruncate", fd, 4);
    expect(memory.get("f")).toBe("a\0\0\0");
    write(memory, fd, "q", 6);
    expect(memory.get("f")).toBe("a\0\0\0\0\0q");
  });

  it("can be larger than what is stored", () => {
    const memory = machine();
    const fd = memory.call("open", "f", O_CREAT | O_RDWR, 0o666);
    memory.call("ftruncate", fd, 2 ** 40);
    expect(memory.call("fstat", fd, numbers)).toMatchObject({ size: 2 ** 40, blocks: 0 });
    expect(read(memory, fd, 3, 2 ** 39)).toBe("\0\0\0");
    expect(memory.code("ftruncate", fd, 2 ** 45)).toBe("EFBIG");
    expect(memory.code("write", fd, Buffer.from("x"), 0, 1, 2 ** 39)).toBe("EFBIG");
  });

  it("fails for what a descriptor was not opened for", () => {
    const { call, code } = machine({ tree: ["f = ab", "d/"] });
    const one = Buffer.alloc(1);
    const reader = call("open", "f", 0, 0);
    const writer = call("open", "f", O_WRONLY, 0);
    const directory = call("open", "d", 0, 0);
    expect(code("write", reader, one, 0, 1, 0)).toBe("EBADF");
    expect(code("read", writer, one, 0, 1, 0)).toBe("EBADF");
    expect(code("read", directory, one, 0, 1, 0)).toBe("EISDIR");
    expect(code("ftruncate", reader, 0)).toBe("EINVAL");
    expect(code("ftruncate", directory, 0)).toBe("EINVAL");
    expect(code("truncate", "d", 0)).toBe("EISDIR");
    expect(code("truncate", "f", -1)).toBe("EINVAL");
    expect(code("fsync", reader)).toBe("ok");
    expect(code("fsync", directory)).toBe("ok");
    for (const name of ["fsync", "fdatasync", "close"] as const)
      expect(code(name, 5)).toBe("EBADF");
    expect(code("fstat", 5, numbers)).toBe("EBADF");
  });
});

describe("times", () => {
  it("change with what they stand for, and every change shows", () => {
    const { call, put } = machine({ tree: ["d/f = x"] });
    const stats = (path: string): Record<"m" | "c" | "a" | "b", bigint> => {
      const found = call("stat", path, { bigint: true }) as unknown as Record<string, bigint>;
      return {
        m: found["mtimeNs"]!,
        c: found["ctimeNs"]!,
        a: found["atimeNs"]!,
        b: found["birthtimeNs"]!,
      };
    };
    const [file, directory] = [stats("d/f"), stats("d")];
    put("d/f", "y");
    const written = stats("d/f");
    expect(written.m > file.m && written.c > file.c && written.b === file.b).toBe(true);
    expect(stats("d")).toEqual(directory);
    put("d/g", "y");
    expect(stats("d").m > directory.m).toBe(true);
    call("chmod", "d/f", 0o600);
    expect(stats("d/f").m).toBe(written.m);
    expect(stats("d/f").c > written.c).toBe(true);
    const moved = stats("d");
    call("rename", "d/g", "g");
    expect(stats("d").m > moved.m).toBe(true);
  });

  it("are set as libuv sets them: to the microsecond, cut", () => {
    const { call } = machine({ tree: ["f = x", "l => f"] });
    call("utimes", "l", 1.5, new Date(2_000_000_123));
    call("lutimes", "l", 7, -0.25);
    // A double holds 2000000.123 as a little less; measured with Node 20 on Linux.
    expect(call("stat", "f", { bigint: true })).toMatchObject({
      atimeNs: 1_500_000_000n,
      mtimeNs: 2_000_000_122_999_000n,
      mtimeMs: 2_000_000_122n,
    });
    expect(call("stat", "f", numbers).mtime).toEqual(new Date(2_000_000_123));
    expect(call("lstat", "l", numbers)).toMatchObject({ atimeMs: 7000, mtimeMs: -250 });
  });
});

describe("a full disk", () => {
  it("takes what fits, then nothing, and has room again when something goes", () => {
    const memory = machine({ capacityBytes: 10, tree: ["old = 12345"] });
    const fd = memory.call("open", "f", O_CREAT | O_RDWR, 0o666);
    expect(write(memory, fd, "abcdefg", null)).toBe(5);
    expect(memory.code("write", fd, Buffer.from("x"), 0, 1, null)).toBe("ENOSPC");
    expect(write(memory, fd, "A", 0)).toBe(1);
    memory.call("unlink", "old");
    expect(write(memory, fd, "fgh", null)).toBe(3);
    memory.call("rename", "f", "g");
    expect(memory.get("g")).toBe("Abcdefgh");
    memory.call("ftruncate", fd, 2);
    expect(write(memory, fd, "123456789", 2)).toBe(8);
    expect(memory.call("statfs", "/", numbers)).toMatchObject({ bsize: 4096, blocks: 1, bfree: 0 });
  });

  it("keeps what is open although it has no name", () => {
    const memory = machine({ capacityBytes: 5, tree: ["old = 12345"] });
    const old = memory.call("open", "old", 0, 0);
    memory.call("unlink", "old");
    const fd = memory.call("open", "f", O_CREAT | O_WRONLY, 0o666);
    expect(memory.code("write", fd, Buffer.from("x"), 0, 1, null)).toBe("ENOSPC");
    memory.call("close", old);
    expect(memory.code("write", fd, Buffer.from("x"), 0, 1, null)).toBe("ok");
  });

  it("lets names be made and files be emptied", () => {
    const memory = machine({ capacityBytes: 1, tree: ["old = 12345"] });
    expect(memory.code("mkdir", "d", 0o777)).toBe("ok");
    memory.call("close", memory.call("open", "old", O_TRUNC | O_WRONLY, 0));
    memory.put("f", "x");
    expect(memory.get("f")).toBe("x");
  });
});

describe("devices", () => {
  const options = { devices: ["/mnt", "/mnt/inner"], tree: ["f = x", "mnt/g = y"] };

  it("keep names from moving between them", () => {
    const { code, call, backend } = machine(options);
    expect(code("rename", "f", "mnt/f")).toBe("EXDEV");
    expect(code("rename", "mnt/g", "mnt/inner/g")).toBe("EXDEV");
    expect(code("link", "f", "mnt/f")).toBe("EXDEV");
    expect(code("link", "mnt/g", "mnt/h")).toBe("ok");
    call("mkdir", "mnt/d", 0o777);
    expect(code("rename", "mnt/g", "mnt/d/g")).toBe("ok");
    expect(backend.tree()).toEqual([
      "f = x",
      "mnt/",
      "mnt/d/",
      "mnt/d/g = y",
      "mnt/h = y",
      "mnt/inner/",
    ]);
  });

  it("have numbers, none of them 0", () => {
    const { call, put } = machine(options);
    put("mnt/new", "");
    const dev = (path: string): number => Number(call("stat", path, numbers).dev);
    expect(new Set(["/", "mnt", "mnt/inner"].map(dev)).size).toBe(3);
    expect(dev("/")).toBeGreaterThan(0);
    expect(["mnt/g", "mnt/new"].map(dev)).toEqual([dev("mnt"), dev("mnt")]);
    expect(dev("mnt/..")).toBe(dev("/"));
  });

  it("cannot be moved or removed", () => {
    const { code } = machine(options);
    expect(code("rename", "mnt", "x")).toBe("EBUSY");
    expect(code("rmdir", "mnt/inner")).toBe("EBUSY");
  });
});
