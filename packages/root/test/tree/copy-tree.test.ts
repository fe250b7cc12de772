import { execFileSync } from "node:child_process";
import fs from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { needs } from "../../../atomic/test/support/needs.ts";
import { forms, ground, makeDeep, openDescriptors } from "../read/support/roots.ts";

const text = (...path: string[]): string => fs.readFileSync(join(...path), "utf8");
const modeOf = (...path: string[]): number => fs.lstatSync(join(...path)).mode & 0o7777;

describe.runIf(needs("linux")).each(forms)("cp, $name", ({ open, sync }) => {
  it("copies a tree: contents, modes, links as they are, names that are no text", async () => {
    const { inside, outside } = ground();
    const strange = (path: string): Buffer =>
      Buffer.concat([Buffer.from(join(inside, path)), Buffer.from([0xff, 0x41])]);
    fs.mkdirSync(join(inside, "t/read-only/deep"), { recursive: true });
    fs.writeFileSync(join(inside, "t/script"), "run", { mode: 0o751 });
    fs.writeFileSync(join(inside, "t/read-only/deep/f"), "x".repeat(1_000_000));
    fs.writeFileSync(strange("t/"), "strange");
    fs.mkdirSync(strange("t/read-only/"));
    fs.writeFileSync(join(outside, "secret"), "secret");
    fs.symlinkSync(outside, join(inside, "t/out"));
    fs.symlinkSync("script", join(inside, "t/read-only/relative"));
    fs.chmodSync(join(inside, "t/script"), 0o751);
    fs.chmodSync(join(inside, "t/read-only"), 0o555);
    const { call } = await open(inside);
    const before = openDescriptors();
    await call("cp", "t", "made/copy", { recursive: true });
    expect(openDescriptors()).toBe(before);
    const copy = join(inside, "made/copy");
    expect(text(copy, "script")).toBe("run");
    expect(modeOf(copy, "script")).toBe(0o751);
    expect(modeOf(copy, "read-only")).toBe(0o555);
    expect(text(copy, "read-only/deep/f")).toHaveLength(1_000_000);
    expect(fs.readlinkSync(join(copy, "out"))).toBe(outside);
    expect(fs.readlinkSync(join(copy, "read-only/relative"))).toBe("script");
    expect(fs.readFileSync(strange("made/copy/"), "utf8")).toBe("strange");
    expect(fs.statSync(strange("made/copy/read-only/")).isDirectory()).toBe(true);
    expect(fs.readdirSync(copy)).toHaveLength(4); // and nothing staged
    expect(fs.readdirSync(outside)).toEqual(["secret"]);
  });

  it("merges into what is there, and replaces files and links by themselves", async () => {
    const { inside, outside } = ground();
    fs.mkdirSync(join(inside, "from/d"), { recursive: true });
    fs.mkdirSync(join(inside, "to/d"), { recursive: true });
    fs.chmodSync(join(inside, "to/d"), 0o700);
    fs.writeFileSync(join(outside, "victim"), "victim");
    fs.writeFileSync(join(inside, "from/d/f"), "new", { mode: 0o640 });
    fs.writeFileSync(join(inside, "from/g"), "new");
    fs.symlinkSync("new", join(inside, "from/l"));
    fs.writeFileSync(join(inside, "to/d/f"), "old", { mode: 0o600 });
    fs.symlinkSync(join(outside, "victim"), join(inside, "to/g"));
    fs.symlinkSync("old", join(inside, "to/l"));
    fs.writeFileSync(join(inside, "to/kept"), "kept");
    const { call } = await open(inside);
    await call("cp", "from", "to/", { recursive: true });
    expect(text(inside, "to/d/f")).toBe("new");
    expect(modeOf(inside, "to/d/f")).toBe(0o640);
    expect(modeOf(inside, "to/d")).toBe(0o700);
    expect(fs.lstatSync(join(inside, "to/g")).isFile()).toBe(true);
    expect(fs.readlinkSync(join(inside, "to/l"))).toBe("new");
    expect(text(inside, "to/kept")).toBe("kept");
    expect(text(outside, "victim")).toBe("victim");
    expect(fs.readdirSync(join(inside, "to")).sort()).toEqual(["d", "g", "kept", "l"]);
  });

  it("leaves what exists with force: false, or refuses with errorOnExist", async () => {
    const { inside } = ground();
    for (const [name, content] of ["from", "to"].entries()) {
      void name;
      fs.mkdirSync(join(inside, content));
      fs.writeFileSync(join(inside, content, "f"), content);
      fs.symlinkSync(content, join(inside, content, "l"));
    }
    fs.writeFileSync(join(inside, "from/g"), "g");
    const { call } = await open(inside);
    await call("cp", "from", "to", { recursive: true, force: false });
    expect(text(inside, "to/f")).toBe("to");
    expect(fs.readlinkSync(join(inside, "to/l"))).toBe("to");
    expect(text(inside, "to/g")).toBe("g");
    await expect(
      call("cp", "from/f", "to/f", { force: false, errorOnExist: true }),
    ).rejects.toMatchObject({ code: "EEXIST", effect: "none" });
  });

  it("copies what the filter wants", async () => {
    const { inside } = ground();
    fs.mkdirSync(join(inside, "t/no"), { recursive: true });
    fs.mkdirSync(join(inside, "t/yes"), { recursive: true });
    for (const file of ["t/no/f", "t/yes/f", "t/yes/no"]) fs.writeFileSync(join(inside, file), "");
    const asked: string[] = [];
    const filter = (source: string, destination: string): boolean => {
      asked.push(`${source} -> ${destination}`);
      return !source.endsWith("no");
    };
    const { call } = await open(inside, { deny: { read: ["t/no"] } });
    await call("cp", "t/", "copy", { recursive: true, filter });
    expect(asked.toSorted()).toEqual([
      "t -> copy",
      "t/no -> copy/no",
      "t/yes -> copy/yes",
      "t/yes/f -> copy/yes/f",
      "t/yes/no -> copy/yes/no",
    ]);
    expect(fs.readdirSync(join(inside, "copy"), { recursive: true })).toEqual(["yes", "yes/f"]);
    for (const bad of [async () => false, () => Promise.reject(new Error("late"))]) {
      await expect(
        call("cp", "t/yes", "other", { recursive: true, filter: bad }),
      ).rejects.toMatchObject({ code: "ERR_HOOK", effect: "none" });
    }
    const thrown = new Error("mine");
    const thrower = (): never => {
      throw thrown;
    };
    await expect(call("cp", "t", "other", { filter: thrower })).rejects.toMatchObject({
      code: "ERR_HOOK",
      cause: thrown,
    });
    expect(fs.existsSync(join(inside, "other"))).toBe(false);
  });

  it("does not copy a closed place that the filter would let through", async () => {
    const { inside } = ground();
    fs.mkdirSync(join(inside, "t/closed"), { recursive: true });
    fs.writeFileSync(join(inside, "t/closed/f"), "secret");
    const { call } = await open(inside, { deny: { read: ["t/closed"] } });
    const options = { recursive: true, filter: () => true };
    await expect(call("cp", "t", "u", options)).rejects.toMatchObject({ code: "ERR_DENIED" });
    expect(fs.readdirSync(join(inside, "u"))).toEqual([]);
  });

  it("lets nobody else into a directory that is not complete", async () => {
    const { inside } = ground();
    fs.mkdirSync(join(inside, "t"), { mode: 0o755 });
    fs.writeFileSync(join(inside, "t/f"), "");
    const modes: number[] = [];
    const authorize = ({ path }: { path: string }): void => {
      if (path === "u/f") modes.push(modeOf(inside, "u"));
    };
    const { call } = await open(inside, { authorize });
    await call("cp", "t", "u", { recursive: true });
    expect([...modes, modeOf(inside, "u")]).toEqual([0o700, 0o755]);
  });

  it("keeps times where that is asked for", async () => {
    const { inside } = ground();
    fs.mkdirSync(join(inside, "t"));
    fs.writeFileSync(join(inside, "t/f"), "");
    fs.utimesSync(join(inside, "t/f"), 1_000_000, 2_000_000);
    const { call } = await open(inside);
    await call("cp", "t", "a", { recursive: true, preserveTimestamps: true });
    await call("cp", "t", "b", { recursive: true });
    expect(fs.statSync(join(inside, "a/f")).mtimeMs).toBe(2_000_000_000);
    expect(fs.statSync(join(inside, "b/f")).mtimeMs).toBeGreaterThan(2_000_000_000);
  });

  it.each([
    ["dir", "new", {}, "EISDIR"],
    ["dir", "file", { recursive: true }, "EISDIR"],
    ["dir", "link", { recursive: true }, "EISDIR"],
    ["file", "dir", {}, "ENOTDIR"],
    ["file", "file", {}, "EINVAL"],
    ["dir", "dir/", { recursive: true }, "EINVAL"],
    ["dir", "dir/sub/deeper", { recursive: true }, "ERR_INSIDE_SOURCE"],
    ["dir", "link/x/y", { recursive: true }, "ERR_INSIDE_SOURCE"],
    [".", "dir/copy", { recursive: true }, "ERR_INSIDE_SOURCE"],
    ["missing", "new", {}, "ENOENT"],
    ["file", "new/", {}, "EISDIR"],
    ["file", "missing/../../x", {}, "ENOENT"],
    ["file", "file/x", {}, "ENOTDIR"],
    ["file/", "new", {}, "ENOTDIR"],
    ["pipe", "new", {}, "ERR_NOT_FILE"],
    ["twice", "new", {}, "ERR_HARDLINK"],
    ["file", "../x", {}, "ERR_PATH_ESCAPES"],
    ["secret", "new", {}, "ERR_DENIED"],
    ["closed", "new", { recursive: true }, "ERR_DENIED"],
    ["file", "shut/x", {}, "ERR_DENIED"],
    ["full", "new", { recursive: true, maxEntries: 1 }, "ERR_TOO_LARGE"],
  ])("refuses %s to %s with %o: %s", async (from, to, options, code) => {
    const { inside } = ground();
    for (const path of ["dir/sub", "closed", "shut", "full"]) {
      fs.mkdirSync(join(inside, path), { recursive: true });
    }
    for (const path of ["file", "twice", "secret", "closed/a", "closed/in", "full/1", "full/2"]) {
      fs.writeFileSync(join(inside, path), "");
    }
    fs.linkSync(join(inside, "twice"), join(inside, "again"));
    fs.symlinkSync("dir", join(inside, "link"));
    execFileSync("mkfifo", [join(inside, "pipe")]);
    const names = fs.readdirSync(inside, { recursive: true });
    const deny = { read: ["secret", "closed/in"], write: ["shut"] };
    const { call } = await open(inside, { deny });
    const before = openDescriptors();
    const made = code === "ERR_TOO_LARGE"; // a directory, before it was known how much is in it
    await expect(call("cp", from, to, options)).rejects.toMatchObject({
      code,
      effect: made ? "partial" : "none",
    });
    expect(openDescriptors()).toBe(before);
    if (made) fs.rmdirSync(join(inside, to));
    expect(fs.readdirSync(inside, { recursive: true })).toEqual(names);
  });

  it("asks before each change, and says partial where it stops", async () => {
    const { inside } = ground();
    fs.mkdirSync(join(inside, "t"));
    for (const name of ["a", "b", "c"]) fs.writeFileSync(join(inside, "t", name), name);
    const asked: string[] = [];
    const authorize = ({ path }: { path: string }): void => {
      asked.push(path);
      if (asked.length === 3) throw new Error("enough");
    };
    const { call } = await open(inside, { authorize });
    await expect(call("cp", "t", "u", { recursive: true })).rejects.toMatchObject({
      code: "ERR_DENIED",
      effect: "partial",
      leftovers: [],
    });
    expect(asked[0]).toBe("u");
    expect(fs.readdirSync(join(inside, "u"))).toEqual([asked[1]!.slice(2)]);
  });

  it.runIf(!sync)("stops between two files where its signal says so", async () => {
    const { inside } = ground();
    fs.mkdirSync(join(inside, "t"));
    for (let index = 0; index < 10; index++) fs.writeFileSync(join(inside, `t/${index}`), "x");
    const abort = new AbortController();
    let asked = 0;
    const authorize = (): void => {
      if (++asked === 5) abort.abort();
    };
    const { call } = await open(inside, { authorize });
    const before = openDescriptors();
    await expect(
      call("cp", "t", "u", { recursive: true, signal: abort.signal }),
    ).rejects.toMatchObject({ code: "ABORT_ERR", effect: "partial" });
    expect(openDescriptors()).toBe(before);
    const copied = fs.readdirSync(join(inside, "u"));
    expect(copied.length).toBeLessThanOrEqual(4);
    expect(copied.every((name) => /^\d$/.test(name))).toBe(true);
  });

  it("copies nothing of what has been put in the place of a directory", async () => {
    const { inside, outside } = ground();
    fs.mkdirSync(join(inside, "t/d"), { recursive: true });
    fs.writeFileSync(join(inside, "t/d/f"), "");
    fs.writeFileSync(join(outside, "secret"), "secret");
    let swapped = false;
    const authorize = ({ path }: { path: string }): void => {
      if (path !== "u" || swapped) return;
      swapped = true;
      fs.renameSync(join(inside, "t/d"), join(inside, "aside"));
      fs.symlinkSync(outside, join(inside, "t/d"));
    };
    const { call } = await open(inside, { authorize });
    await Promise.allSettled([call("cp", "t", "u", { recursive: true })]);
    expect(swapped).toBe(true);
    expect(fs.readdirSync(join(inside, "u"))).not.toContain("secret");
    expect(fs.lstatSync(join(inside, "u/d"), { throwIfNoEntry: false })?.isDirectory()).not.toBe(
      true,
    );
    expect(fs.readdirSync(outside)).toEqual(["secret"]);
  });

  it("does not write through a directory of the copy that is swapped for a link", async () => {
    const { inside, outside } = ground();
    fs.mkdirSync(join(inside, "t/d/e"), { recursive: true });
    fs.writeFileSync(join(inside, "t/d/e/f"), "");
    let swapped = false;
    const authorize = ({ path }: { path: string }): void => {
      if (path !== "u/d/e" || swapped) return;
      swapped = true;
      fs.renameSync(join(inside, "u/d"), join(inside, "aside"));
      fs.symlinkSync(outside, join(inside, "u/d"));
    };
    const { call } = await open(inside, { authorize });
    await Promise.allSettled([call("cp", "t", "u", { recursive: true })]);
    expect(swapped).toBe(true);
    expect(fs.readdirSync(outside)).toEqual([]);
  });

  it("ends where the copy is moved into what is being copied", async () => {
    const { inside } = ground();
    fs.mkdirSync(join(inside, "t/d"), { recursive: true });
    fs.writeFileSync(join(inside, "t/d/f"), "");
    let moved = false;
    const authorize = ({ path }: { path: string }): void => {
      if (path !== "u/d" || moved) return;
      moved = true;
      fs.renameSync(join(inside, "u"), join(inside, "t/d/u"));
    };
    const { call } = await open(inside, { authorize });
    await expect(call("cp", "t", "u", { recursive: true })).rejects.toMatchObject({
      code: "ERR_INSIDE_SOURCE",
      effect: "partial",
    });
    expect(moved).toBe(true);
  });

  it("copies a thousand levels with a handful of descriptors", { timeout: 60_000 }, async () => {
    const { inside } = ground();
    makeDeep(inside, 1000);
    let most = 0;
    const authorize = (): void => {
      most = Math.max(most, openDescriptors());
    };
    const { call } = await open(inside, { authorize, durable: false });
    const before = openDescriptors();
    await call("cp", "d", "copy", { recursive: true });
    expect(openDescriptors()).toBe(before);
    expect(most).toBeLessThan(before + 12);
    let depth = 0;
    const authorizeRemoval = await open(inside, { authorize: () => void depth++ });
    await authorizeRemoval.call("rm", "copy", { recursive: true });
    expect(depth).toBe(1000);
  });
});
