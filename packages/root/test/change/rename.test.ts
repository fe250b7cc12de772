import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  faultyFileSystem,
  type FaultPlan,
} from "../../../atomic/test/support/faulty-file-system.ts";
import { needs } from "../../../atomic/test/support/needs.ts";
import { forms, ground } from "../read/support/roots.ts";
import { snapshot } from "./support/snapshot.ts";

const exclusive = { overwrite: false };

const make: Readonly<Record<string, (path: string) => void>> = {
  file: (path) => writeFileSync(path, "mine"),
  "empty directory": (path) => mkdirSync(path),
  directory: (path) => {
    mkdirSync(path);
    writeFileSync(join(path, "child"), "mine");
  },
  link: (path) => symlinkSync("x", path),
  "link that leads out": (path) => symlinkSync("/etc/passwd", path),
};
const kinds = Object.keys(make);
const pairs = kinds.flatMap((from) => kinds.map((to) => ({ from, to })));

describe.runIf(needs("posix")).each(forms)("rename, $name", ({ open }) => {
  it.each(kinds)("overwrite: false moves a %s as it is", async (kind) => {
    const { inside } = ground();
    make[kind]!(join(inside, "a"));
    const before = snapshot(inside);
    const { ino } = lstatSync(join(inside, "a"));
    const { call } = await open(inside);
    await call("rename", "a", "b", exclusive);
    const moved = before.map((line) => line.replace(/^a/, "b"));
    expect(snapshot(inside)).toEqual(moved);
    expect(lstatSync(join(inside, "b"))).toMatchObject({ ino });
  });

  it.each(pairs)(
    "overwrite: false leaves a $to that a $from would replace",
    async ({ from, to }) => {
      const { inside } = ground();
      make[from]!(join(inside, "a"));
      make[to]!(join(inside, "b"));
      const before = snapshot(inside);
      const { call } = await open(inside);
      const run = call("rename", "a", "b", exclusive);
      await expect(run).rejects.toMatchObject({ code: "EEXIST", effect: "none" });
      expect(snapshot(inside)).toEqual(before);
    },
  );

  it("overwrite: false fails as rename does where there is nothing, or a slash after a file", async () => {
    const { inside } = ground();
    writeFileSync(join(inside, "a"), "a");
    mkdirSync(join(inside, "d"));
    const before = snapshot(inside);
    const { call } = await open(inside);
    for (const [from, to, code] of [
      ["missing", "b", "ENOENT"],
      ["a", "missing/b", "ENOENT"],
      ["a/", "b", "ENOTDIR"],
      ["a", "b/", "ENOTDIR"],
      ["d", "d/sub", "EINVAL"],
      ["d", "d/", "EEXIST"],
      ["a", "a", "EEXIST"],
      [".", "b", "EBUSY"],
      ["a", "d/..", "EBUSY"],
      ["a", "d/../..", "ERR_PATH_ESCAPES"],
    ] as const) {
      const run = call("rename", from, to, exclusive);
      await expect(run, `${from} ${to}`).rejects.toMatchObject({ code, effect: "none" });
    }
    expect(snapshot(inside)).toEqual(before);
    await call("rename", "d/", "e/", exclusive);
    expect(snapshot(inside)).toEqual(before.map((line) => line.replace(/^d\//, "e/")));
  });

  const after = (name: string, act: () => void): FaultPlan => {
    let acted = false;
    return (call) => {
      if (acted || call.name !== name) return undefined;
      acted = true;
      return { act, when: "after" };
    };
  };

  it("overwrite: false leaves a file that somebody puts at the old name meanwhile", async () => {
    const { inside } = ground();
    writeFileSync(join(inside, "a"), "old");
    writeFileSync(join(inside, "theirs"), "theirs");
    const theirs = (): void => renameSync(join(inside, "theirs"), join(inside, "a"));
    const { fileSystem } = faultyFileSystem({ plan: after("link", theirs) });
    const { call } = await open(inside, { fileSystem });
    await call("rename", "a", "b", exclusive);
    expect(readFileSync(join(inside, "a"), "utf8")).toBe("theirs");
    expect(readFileSync(join(inside, "b"), "utf8")).toBe("old");
  });

  it("overwrite: false replaces nothing that somebody puts into the new directory meanwhile", async () => {
    const { inside } = ground();
    make["directory"]!(join(inside, "a"));
    const theirs = (): void => writeFileSync(join(inside, "b", "theirs"), "theirs");
    const { fileSystem } = faultyFileSystem({ plan: after("mkdir", theirs) });
    const { call } = await open(inside, { fileSystem });
    const run = call("rename", "a", "b", exclusive);
    await expect(run).rejects.toMatchObject({ effect: "partial", leftovers: ["b"] });
    expect(existsSync(join(inside, "a", "child"))).toBe(true);
    expect(existsSync(join(inside, "b", "theirs"))).toBe(true);
  });

  it("flushes both directories afterwards, and says so if that fails", async () => {
    for (const overwrite of [true, false]) {
      const { inside } = ground();
      mkdirSync(join(inside, "from"));
      mkdirSync(join(inside, "to"));
      writeFileSync(join(inside, "from", "a"), "a");
      const watched = faultyFileSystem();
      const { call } = await open(inside, { fileSystem: watched.fileSystem });
      await call("rename", "from/a", "to/a", { overwrite });
      const calls = watched.calls.map((line) => line.split(" ")[0]);
      const changed = calls.findLastIndex((name) => /rename|unlink/.test(name!));
      expect(calls.slice(changed).filter((name) => name === "fsync")).toHaveLength(2);

      watched.calls.length = 0;
      await call("rename", "to/a", "to/b", { overwrite });
      expect(watched.calls.filter((line) => line.startsWith("fsync"))).toHaveLength(1);
      watched.calls.length = 0;
      await call("rename", "to/b", "to/a", { overwrite, durable: false });
      expect(watched.calls.filter((line) => line.startsWith("fsync"))).toEqual([]);

      const broken = faultyFileSystem({
        plan: ({ name }) => (name === "fsync" ? { fail: "EIO", when: "before" } : undefined),
      });
      const failing = await open(inside, { fileSystem: broken.fileSystem });
      const run = failing.call("rename", "to/a", "from/a", { overwrite });
      await expect(run).rejects.toMatchObject({ code: "EIO", effect: "complete" });
      expect(existsSync(join(inside, "from", "a"))).toBe(true);
    }
  });

  it("acts on links themselves, also where the slash would follow them", async () => {
    const { inside, outside } = ground();
    writeFileSync(join(outside, "secret"), "s");
    symlinkSync(join(outside, "secret"), join(inside, "out"));
    symlinkSync(outside, join(inside, "outdir"));
    const { call } = await open(inside);
    for (const options of [undefined, exclusive]) {
      for (const name of ["out", "outdir"]) {
        const run = call("rename", `${name}/`, "x", options);
        await expect(run).rejects.toMatchObject({ code: "ENOTDIR", effect: "none" });
        await call("rename", name, "x", options);
        expect(readlinkSync(join(inside, "x"))).toContain(outside);
        await call("rename", "x", name, options);
      }
    }
    await call("link", "out", "again");
    expect(readlinkSync(join(inside, "again"))).toBe(join(outside, "secret"));
    expect(lstatSync(join(outside, "secret")).nlink).toBe(1);
    await expect(call("link", "out/", "no")).rejects.toMatchObject({ code: "ERR_PATH_ESCAPES" });
  });

  it("removes and renames a hard link whose content it may not touch", async () => {
    const { inside, outside } = ground();
    writeFileSync(join(outside, "secret"), "s");
    linkSync(join(outside, "secret"), join(inside, "alias"));
    const { call } = await open(inside);
    const refused = { code: "ERR_HARDLINK", effect: "none" };
    for (const [method, ...args] of [
      ["appendFile", "x"],
      ["appendFile", ["x"]],
      ["truncate"],
      ["chmod", 0o777],
      ["utimes", 1, 1],
      ["writeFile", "x"],
      ["writeFile", ["x"]],
    ] as const) {
      await expect(call(method, "alias", ...args), `${method}`).rejects.toMatchObject(refused);
    }
    await call("rename", "alias", "b");
    await call("rename", "b", "c", exclusive);
    await call("link", "c", "d");
    await call("unlink", "c");
    await call("unlink", "d");
    expect(lstatSync(join(outside, "secret"))).toMatchObject({ nlink: 1, size: 1 });
    expect(readFileSync(join(outside, "secret"), "utf8")).toBe("s");
    rmSync(join(outside, "secret"));
  });
});
