import { constants } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Effect } from "../../src/memory/effect.ts";
import { machine } from "./machine.ts";

const { O_CREAT, O_RDWR, O_TRUNC, O_WRONLY } = constants;
const attributes = expect.objectContaining({ mode: expect.any(Number) as number }) as never;

describe("effects", () => {
  it("tell every change, by inode, in order", () => {
    const { call, effects } = machine();
    call("mkdir", "d", 0o777);
    const fd = call("open", "d/f", O_CREAT | O_RDWR, 0o666);
    call("write", fd, Buffer.from("hello"), 1, 3, 2);
    call("ftruncate", fd, 9);
    call("fsync", fd);
    call("fdatasync", fd);
    call("close", fd);
    call("link", "d/f", "g");
    call("symlink", "x", "s", null);
    call("rename", "g", "s");
    call("unlink", "d/f");
    call("rmdir", "d");
    call("fsync", call("open", "/", 0, 0));
    expect(effects).toEqual([
      { kind: "create", inode: 2, type: "directory", attributes },
      { kind: "link", directory: 1, name: "d", inode: 2 },
      { kind: "create", inode: 3, type: "file", attributes },
      { kind: "link", directory: 2, name: "f", inode: 3 },
      {
        kind: "write",
        inode: 3,
        offset: 2,
        bytes: new Uint8Array(Buffer.from("ell")),
        sizeBefore: 0,
      },
      { kind: "truncate", inode: 3, size: 9, sizeBefore: 5 },
      { kind: "sync", inode: 3, dataOnly: false },
      { kind: "sync", inode: 3, dataOnly: true },
      { kind: "link", directory: 1, name: "g", inode: 3 },
      { kind: "create", inode: 4, type: "symlink", target: "x", attributes },
      { kind: "link", directory: 1, name: "s", inode: 4 },
      {
        kind: "rename",
        from: { directory: 1, name: "g" },
        to: { directory: 1, name: "s" },
        inode: 3,
        replaced: 4,
      },
      { kind: "unlink", directory: 2, name: "f", inode: 3 },
      { kind: "unlink", directory: 1, name: "d", inode: 2 },
      { kind: "sync", inode: 1, dataOnly: false },
    ] satisfies Effect[]);
  });

  it("tell attributes", () => {
    const { call, effects } = machine({ tree: ["f = x"] });
    call("chmod", "f", 0o4755);
    call("chown", "f", 5, -1);
    call("utimes", "f", 1, 2);
    expect(effects).toEqual([
      { kind: "attributes", inode: 2, attributes: { ...owned(0), mode: 0o4755 } },
      { kind: "attributes", inode: 2, attributes: { ...owned(5), mode: 0o755 } },
      { kind: "attributes", inode: 2, attributes: { ...owned(5), mode: 0o755, mtimeMs: 2000 } },
    ]);
  });

  it("are none where nothing changes", () => {
    const { call, code, effects } = machine({ tree: ["f = x", "e ="] });
    call("open", "f", O_CREAT | O_RDWR, 0o666);
    call("open", "e", O_TRUNC | O_WRONLY, 0);
    const fd = call("open", "f", O_RDWR, 0);
    call("read", fd, Buffer.alloc(1), 0, 1, 0);
    call("write", fd, Buffer.alloc(0), 0, 0, 0);
    call("ftruncate", fd, 1);
    call("rename", "f", "f");
    code("mkdir", "f", 0o777);
    code("rename", "f", "missing/x");
    expect(effects).toEqual([]);
  });

  it("carry copies of what was written", () => {
    const { call, effects } = machine({ tree: ["f ="] });
    const from = Buffer.from("abc");
    call("write", call("open", "f", O_RDWR, 0), from, 0, 3, 0);
    from.fill("z");
    expect(effects[0]).toMatchObject({ bytes: new Uint8Array(Buffer.from("abc")) });
  });

  it("name an inode for ever, although its number is used again", () => {
    const { call, effects, put } = machine();
    put("a", "");
    const { ino } = call("stat", "a", { bigint: false });
    call("unlink", "a");
    put("b", "");
    expect(call("stat", "b", { bigint: false }).ino).toBe(ino);
    const created = effects.flatMap((effect) => (effect.kind === "create" ? [effect.inode] : []));
    expect(created).toEqual([2, 3]);
  });
});

function owned(uid: number): Record<string, unknown> {
  const someNumber = expect.any(Number) as number;
  return { uid, gid: 0, mtimeMs: someNumber, birthtimeMs: someNumber, ino: someNumber };
}
