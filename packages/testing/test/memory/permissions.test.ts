import { constants } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Image } from "../../src/memory/effect.ts";
import { machine, names, numbers } from "./machine.ts";
import type { Machine } from "./machine.ts";

const { O_CREAT, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY } = constants;
const user = { uid: 1000, gid: 100 };

/** What root has prepared, to be used by somebody else. */
function asUser(tree: readonly string[], prepare: (root: Machine) => void = () => {}): Machine {
  const root = machine({ tree });
  prepare(root);
  const image: Image = root.backend.snapshot();
  return machine(user, image);
}

const of = (root: Machine, uid: number, gid: number, ...paths: string[]): void => {
  for (const path of paths) root.call("lchown", path, uid, gid);
};

describe("reading, writing, searching", () => {
  const tree = ["own 0600 =", "group 0060 =", "all 0006 =", "none 0070 ="];
  const open = ({ code }: Machine, path: string): string[] =>
    [O_RDONLY, O_WRONLY, O_RDWR, O_RDONLY | O_TRUNC].map((flags) => code("open", path, flags, 0));

  it("follow the class that one is in, and no other", () => {
    const memory = asUser(tree, (root) => {
      of(root, user.uid, 7, "own", "none");
      of(root, 0, user.gid, "group", "none");
      root.call("chown", "none", user.uid, user.gid);
    });
    for (const path of ["own", "group", "all"]) {
      expect(open(memory, path)).toEqual(["ok", "ok", "ok", "ok"]);
    }
    // The owner has fewer rights than the group: they do not add up.
    expect(open(memory, "none")).toEqual(Array(4).fill("EACCES"));
  });

  it("need search on every directory of the path, but not on the last", () => {
    const { code } = asUser(["shut/ 0744", "shut/f =", "open/ 0711", "open/f ="]);
    expect(code("stat", "shut/f", numbers)).toBe("EACCES");
    expect(code("stat", "shut/missing", numbers)).toBe("EACCES");
    expect(code("stat", "shut/.", numbers)).toBe("EACCES");
    expect(code("stat", "shut", numbers)).toBe("ok");
    expect(code("readdir", "shut", names)).toBe("ok");
    expect(code("stat", "open/f", numbers)).toBe("ok");
    expect(code("readdir", "open", names)).toBe("EACCES");
  });

  it("do not stop root, but for running what nobody may run", () => {
    const { code } = machine({ tree: ["d/ 0000", "d/f 0000 =", "x 0001 ="] });
    expect(code("open", "d/f", O_RDWR, 0)).toBe("ok");
    expect(code("access", "d/f", constants.R_OK | constants.W_OK)).toBe("ok");
    expect(code("access", "d/f", constants.X_OK)).toBe("EACCES");
    expect(code("access", "x", constants.X_OK)).toBe("ok");
    expect(code("access", "d", constants.X_OK)).toBe("ok");
  });

  it("a new file may be written by who made it, whatever its mode", () => {
    const { call, code } = machine({ ...user, umask: 0o777 });
    const fd = call("open", "f", O_CREAT | O_WRONLY, 0o666);
    expect(code("write", fd, Buffer.from("x"), 0, 1, null)).toBe("ok");
    expect(code("open", "f", O_WRONLY, 0)).toBe("EACCES");
    expect(call("stat", "f", numbers)).toMatchObject({ mode: 0o100000, ...user });
  });
});

describe("names", () => {
  it("are the directory's, not the file's", () => {
    const { code } = asUser(["theirs/ 0755", "theirs/f 0777 =", "ours/ 0777", "ours/f 0000 ="]);
    expect(code("unlink", "theirs/f")).toBe("EACCES");
    expect(code("rename", "theirs/f", "ours/x")).toBe("EACCES");
    expect(code("rename", "ours/f", "theirs/x")).toBe("EACCES");
    expect(code("mkdir", "theirs/d", 0o777)).toBe("EACCES");
    expect(code("open", "theirs/new", O_CREAT | O_WRONLY, 0o666)).toBe("EACCES");
    expect(code("symlink", "x", "theirs/l", null)).toBe("EACCES");
    expect(code("rename", "ours/f", "ours/g")).toBe("ok");
    expect(code("unlink", "ours/g")).toBe("ok");
  });

  it("in a sticky directory are their owners'", () => {
    const { code } = asUser(["tmp/ 01777", "tmp/theirs 0666 =", "tmp/ours =", "tmp/d/"], (root) =>
      of(root, user.uid, user.gid, "tmp/ours"),
    );
    expect(code("unlink", "tmp/theirs")).toBe("EPERM");
    expect(code("rename", "tmp/theirs", "tmp/x")).toBe("EPERM");
    expect(code("rename", "tmp/ours", "tmp/theirs")).toBe("EPERM");
    expect(code("rmdir", "tmp/d")).toBe("EPERM");
    expect(code("rename", "tmp/ours", "tmp/x")).toBe("ok");
    expect(code("unlink", "tmp/x")).toBe("ok");
  });

  it("a directory that moves to another one must be writable: its .. changes", () => {
    const { code } = asUser(["a/ 0777", "a/d/", "b/ 0777"]);
    expect(code("rename", "a/d", "a/e")).toBe("ok");
    expect(code("rename", "a/e", "b/e")).toBe("EACCES");
  });

  it("are not given to other people's files", () => {
    const { code } = asUser(["d/ 0777", "d/f 0644 =", "d/shared 0666 =", "d/set 04666 ="]);
    expect(code("link", "d/f", "d/x")).toBe("EPERM");
    expect(code("link", "d/set", "d/x")).toBe("EPERM");
    expect(code("link", "d/shared", "d/x")).toBe("ok");
  });
});

describe("attributes", () => {
  it("are the owner's to change", () => {
    const { code } = asUser(["theirs 0666 =", "ours ="], (root) =>
      of(root, user.uid, user.gid, "ours"),
    );
    expect(code("chmod", "theirs", 0o777)).toBe("EPERM");
    expect(code("utimes", "theirs", 1, 1)).toBe("EPERM");
    expect(code("chmod", "ours", 0o600)).toBe("ok");
    expect(code("utimes", "ours", 1, 1)).toBe("ok");
    expect(code("chown", "ours", 0, -1)).toBe("EPERM");
    expect(code("chown", "ours", user.uid, user.gid)).toBe("ok");
    expect(code("chown", "ours", -1, 7)).toBe("EPERM");
    expect(code("chown", "theirs", -1, user.gid)).toBe("EPERM");
  });

  it("set-id bits go when somebody else's hands are on the file", () => {
    const modeOf = ({ call }: Machine, path: string): string =>
      (Number(call("stat", path, numbers).mode) & 0o7777).toString(8);
    const root = machine({ tree: ["f 06755 =", "g 06745 ="] });
    root.put("f", "x");
    expect(modeOf(root, "f")).toBe("6755");
    root.call("chown", "f", 1, 1);
    root.call("chown", "g", 1, 1);
    expect([modeOf(root, "f"), modeOf(root, "g")]).toEqual(["755", "2745"]);
    const memory = asUser(["f 06777 =", "own 06755 ="], (r) => of(r, user.uid, 7, "own"));
    memory.put("f", "x");
    expect(modeOf(memory, "f")).toBe("777");
    expect(memory.effects[0]).toMatchObject({ kind: "attributes", attributes: { mode: 0o777 } });
    memory.call("chmod", "own", 0o6755);
    expect(modeOf(memory, "own")).toBe("4755");
  });

  it("go on in a set-group-ID directory", () => {
    const memory = asUser(["d/ 02777"], (root) => of(root, 0, 7, "d"));
    memory.call("mkdir", "d/sub", 0o777);
    memory.put("d/sub/f", "x");
    expect(memory.call("stat", "d/sub", numbers)).toMatchObject({ gid: 7, mode: 0o042755 });
    expect(memory.call("stat", "d/sub/f", numbers)).toMatchObject({ gid: 7, mode: 0o100644 });
    memory.call("open", "d/run", O_CREAT | O_WRONLY, 0o2755);
    expect(memory.call("stat", "d/run", numbers).mode).toBe(0o100755);
  });

  it("leave the root directory to the program", () => {
    const { call, code } = machine(user);
    expect(call("stat", "/", numbers)).toMatchObject({ ...user, mode: 0o040755 });
    expect(code("mkdir", "/d", 0o777)).toBe("ok");
  });
});
