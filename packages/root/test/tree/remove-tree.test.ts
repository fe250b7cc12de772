import fs from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { needs } from "../../../atomic/test/support/needs.ts";
import { asUser, nobody } from "../../../atomic/test/support/as-user.ts";
import {
  builtRoot,
  forms,
  formsByIdentity,
  ground,
  makeDeep,
  openDescriptors,
} from "../read/support/roots.ts";

const tree = (inside: string, outside: string): void => {
  fs.mkdirSync(join(inside, "t/a/b"), { recursive: true });
  fs.mkdirSync(join(inside, "t/empty"));
  fs.writeFileSync(join(inside, "t/one"), "1");
  fs.writeFileSync(join(inside, "t/a/b/two"), "2");
  fs.writeFileSync(Buffer.concat([Buffer.from(join(inside, "t/a/")), Buffer.from([0xff])]), "3");
  fs.writeFileSync(join(outside, "kept"), "kept");
  fs.symlinkSync(outside, join(inside, "t/a/out"));
  fs.symlinkSync("nowhere", join(inside, "t/a/b/dangling"));
};

describe.each([...forms, ...formsByIdentity])("rm, $name", ({ open, name, sync }) => {
  it("removes a tree, and what its links lead to stays", async () => {
    const { inside, outside } = ground();
    tree(inside, outside);
    if (name.includes("identity")) {
      // A directory entry that is no text is for descriptors.
      fs.rmSync(Buffer.concat([Buffer.from(join(inside, "t/a/")), Buffer.from([0xff])]));
    }
    const { call } = await open(inside);
    const before = openDescriptors();
    await call("rm", "t", { recursive: true });
    expect(openDescriptors()).toBe(before);
    expect(fs.readdirSync(inside)).toEqual([]);
    expect(fs.readdirSync(outside)).toEqual(["kept"]);
  });

  it("removes one link itself, also one that leads out", async () => {
    const { inside, outside } = ground();
    fs.symlinkSync(outside, join(inside, "out"));
    const { call } = await open(inside);
    await call("rm", "out", { recursive: true });
    expect(fs.readdirSync(inside)).toEqual([]);
    expect(fs.existsSync(outside)).toBe(true);
  });

  it.each([
    ["dir", {}, "EISDIR"],
    [".", {}, "EISDIR"],
    [".", { recursive: true }, "EINVAL"],
    ["dir/.", { recursive: true }, "EINVAL"],
    ["dir/sub/..", { recursive: true }, "EINVAL"],
    ["missing/.", { recursive: true }, "ENOENT"],
    ["missing", {}, "ENOENT"],
    ["missing", { recursive: true }, "ENOENT"],
    ["file/", {}, "ENOTDIR"],
    ["file/child", { force: true }, "ENOTDIR"],
    ["link/", {}, "EISDIR"],
    ["link/", { recursive: true }, "ENOTDIR"],
    ["dangling/", { recursive: true }, "ENOENT"],
    ["../x", { force: true }, "ERR_PATH_ESCAPES"],
  ])("refuses %s with %o: %s", async (path, options, code) => {
    const { inside } = ground();
    fs.mkdirSync(join(inside, "dir/sub"), { recursive: true });
    fs.writeFileSync(join(inside, "file"), "");
    fs.symlinkSync("dir", join(inside, "link"));
    fs.symlinkSync("nowhere", join(inside, "dangling"));
    const names = fs.readdirSync(inside, { recursive: true });
    const { call } = await open(inside);
    await expect(call("rm", path, options)).rejects.toMatchObject({ code, effect: "none" });
    expect(fs.readdirSync(inside, { recursive: true })).toEqual(names);
  });

  it("does not mind with force that nothing is there", async () => {
    const { inside } = ground();
    const { call } = await open(inside);
    await expect(call("rm", "missing", { force: true })).resolves.toBe(undefined);
    const options = { force: true, recursive: true };
    await expect(call("rm", "missing/child", options)).resolves.toBe(undefined);
  });

  it.each([{ recursive: 1 }, { force: "yes" }, { maxEntries: -1 }, { maxDepth: "1" }])(
    "takes no %o",
    async (options) => {
      const { inside } = ground();
      const { call } = await open(inside);
      await expect(call("rm", "x", options)).rejects.toMatchObject({ code: "ERR_INVALID_ARG" });
    },
  );

  it("stops at a budget of entries, before the directory that exceeds it", async () => {
    const { inside } = ground();
    for (const file of ["t/1", "t/2", "t/3"]) {
      fs.mkdirSync(join(inside, "t"), { recursive: true });
      fs.writeFileSync(join(inside, file), "");
    }
    const { call } = await open(inside);
    const tooLarge = { code: "ERR_TOO_LARGE", effect: "none" };
    await expect(call("rm", "t", { recursive: true, maxEntries: 2 })).rejects.toMatchObject(
      tooLarge,
    );
    expect(fs.readdirSync(join(inside, "t"))).toEqual(["1", "2", "3"]);
    await call("rm", "t", { recursive: true, maxEntries: 3 });
    expect(fs.readdirSync(inside)).toEqual([]);
  });

  it("stops at a depth", async () => {
    const { inside } = ground();
    fs.mkdirSync(join(inside, "t/1/2"), { recursive: true });
    const { call } = await open(inside);
    const tooLarge = { code: "ERR_TOO_LARGE" };
    await expect(call("rm", "t", { recursive: true, maxDepth: 0 })).rejects.toMatchObject(tooLarge);
    expect(fs.existsSync(join(inside, "t/1/2"))).toBe(true);
    await call("rm", "t", { recursive: true, maxDepth: 1 });
    expect(fs.readdirSync(inside)).toEqual([]);
  });

  it("removes nothing of a tree with a closed place in it, and asks nobody", async () => {
    const { inside } = ground();
    fs.mkdirSync(join(inside, "t/.git/hooks"), { recursive: true });
    fs.writeFileSync(join(inside, "t/file"), "");
    const asked: string[] = [];
    const authorize = ({ path }: { path: string }): void => void asked.push(path);
    for (const deny of [{ write: ["t/.git/hooks"] }, { read: ["t/.git/hooks"] }]) {
      const { call } = await open(inside, { deny, authorize });
      await expect(call("rm", "t", { recursive: true })).rejects.toMatchObject({
        code: "ERR_DENIED",
        effect: "none",
      });
    }
    expect(asked).toEqual([]);
    expect(fs.readdirSync(join(inside, "t"))).toEqual([".git", "file"]);
  });

  it("asks before each removal, once, and stops where that is refused", async () => {
    const { inside } = ground();
    fs.mkdirSync(join(inside, "t/d"), { recursive: true });
    fs.writeFileSync(join(inside, "t/d/f"), "");
    const asked: string[] = [];
    const authorize = ({ path }: { path: string }): void => {
      asked.push(path);
      if (path === "t") throw new Error("no");
    };
    const { call } = await open(inside, { authorize });
    await expect(call("rm", "t", { recursive: true })).rejects.toMatchObject({
      code: "ERR_DENIED",
    });
    expect(asked).toEqual(["t/d/f", "t/d", "t"]);
    expect(fs.readdirSync(join(inside, "t"))).toEqual([]);
  });

  it.runIf(!sync)("stops where its signal says so, and says what it did", async () => {
    const { inside } = ground();
    fs.mkdirSync(join(inside, "t"));
    for (let index = 0; index < 20; index++) fs.writeFileSync(join(inside, `t/${index}`), "");
    const abort = new AbortController();
    let asked = 0;
    const authorize = (): void => {
      if (++asked === 5) abort.abort();
    };
    const { call } = await open(inside, { authorize });
    const before = openDescriptors();
    await expect(call("rm", "t", { recursive: true, signal: abort.signal })).rejects.toMatchObject({
      code: "ABORT_ERR",
    });
    expect(openDescriptors()).toBe(before);
    expect(fs.readdirSync(join(inside, "t")).length).toBeGreaterThanOrEqual(15);
    expect(fs.readdirSync(join(inside, "t")).length).toBeLessThan(20);
  });
});

describe.runIf(needs("linux")).each(forms)("rm of what is deep, $name", ({ open }) => {
  it(
    "removes ten thousand levels with a handful of descriptors",
    { timeout: 120_000 },
    async () => {
      const { inside } = ground();
      makeDeep(inside, 10_000);
      let most = 0;
      const authorize = (): void => {
        most = Math.max(most, openDescriptors());
      };
      const { call } = await open(inside, { authorize });
      const before = openDescriptors();
      await call("rm", "d", { recursive: true });
      expect(fs.readdirSync(inside)).toEqual([]);
      expect(openDescriptors()).toBe(before);
      expect(most).toBeGreaterThan(before);
      expect(most).toBeLessThan(before + 8);
    },
  );
});

describe.runIf(needs("linux")).each(forms)("rm while others are at work, $name", ({ open }) => {
  it("removes what comes while it is at it", async () => {
    const { inside } = ground();
    fs.mkdirSync(join(inside, "t"));
    fs.writeFileSync(join(inside, "t/f"), "");
    let added = 0;
    const authorize = ({ path }: { path: string }): void => {
      if (path === "t" && added++ < 3) fs.writeFileSync(join(inside, `t/late-${added}`), "");
    };
    const { call } = await open(inside, { authorize });
    await call("rm", "t", { recursive: true });
    expect(added).toBe(4);
    expect(fs.readdirSync(inside)).toEqual([]);
  });

  it("gives up on a directory that somebody goes on filling", async () => {
    const { inside } = ground();
    fs.mkdirSync(join(inside, "t"));
    let added = 0;
    const authorize = ({ path }: { path: string }): void => {
      if (path === "t") fs.writeFileSync(join(inside, `t/late-${added++}`), "");
    };
    const { call } = await open(inside, { authorize });
    await expect(call("rm", "t", { recursive: true })).rejects.toMatchObject({
      code: "ENOTEMPTY",
      effect: "partial",
    });
    expect(added).toBeLessThan(20);
  });

  it("goes on where a directory that it is in was moved away", async () => {
    const { inside, outside } = ground();
    fs.mkdirSync(join(inside, "t/a/b/c/d"), { recursive: true });
    fs.writeFileSync(join(outside, "kept"), "");
    fs.mkdirSync(join(outside, "b"));
    fs.writeFileSync(join(outside, "b/kept"), "");
    let moved = false;
    const authorize = ({ path }: { path: string }): void => {
      if (path !== "t/a/b/c/d" || moved) return;
      moved = true;
      // Where it comes up again there is another directory, with other things in it.
      fs.renameSync(join(inside, "t/a/b/c"), join(outside, "c"));
    };
    const { call } = await open(inside, { authorize });
    await call("rm", "t", { recursive: true });
    expect(moved).toBe(true);
    expect(fs.readdirSync(inside)).toEqual([]);
    expect(fs.readdirSync(outside)).toContain("kept");
    expect(fs.readdirSync(join(outside, "b"))).toEqual(["kept"]);
  });

  it("does not climb into what has taken the place of a directory above", async () => {
    const { inside, outside } = ground();
    fs.mkdirSync(join(inside, "t/a/b/c/d"), { recursive: true });
    fs.mkdirSync(join(outside, "a"));
    fs.writeFileSync(join(outside, "a/kept"), "");
    let moved = false;
    const authorize = ({ path }: { path: string }): void => {
      if (path !== "t/a/b/c/d" || moved) return;
      moved = true;
      fs.renameSync(join(inside, "t/a/b"), join(outside, "a/b"));
    };
    const { call } = await open(inside, { authorize });
    await call("rm", "t", { recursive: true });
    expect(moved).toBe(true);
    expect(fs.readdirSync(inside)).toEqual([]);
    expect(fs.readdirSync(join(outside, "a"))).toContain("kept");
  });

  it("removes a directory that was swapped for a link as a link", async () => {
    const { inside, outside } = ground();
    fs.mkdirSync(join(inside, "t/a/b"), { recursive: true });
    fs.mkdirSync(join(inside, "t/z"), { recursive: true });
    fs.writeFileSync(join(outside, "kept"), "");
    let swapped = false;
    const authorize = (): void => {
      if (swapped) return;
      swapped = true;
      for (const name of ["a", "z"]) {
        fs.renameSync(join(inside, "t", name), join(inside, `aside-${name}`));
        fs.symlinkSync(outside, join(inside, "t", name));
      }
    };
    const { call } = await open(inside, { authorize });
    await call("rm", "t", { recursive: true });
    expect(swapped).toBe(true);
    expect(fs.existsSync(join(inside, "t"))).toBe(false);
    expect(fs.readdirSync(outside)).toEqual(["kept"]);
  });
});

describe.runIf(needs("other-user"))("rm of what may not be removed", () => {
  it("is EACCES where a directory that is not empty cannot be read, and removes an empty one", () => {
    const { inside } = ground();
    fs.mkdirSync(join(inside, "t/closed/x"), { recursive: true });
    fs.mkdirSync(join(inside, "t/empty"));
    for (const path of ["t/closed", "t/empty", "t", ""]) {
      fs.chownSync(join(inside, path), nobody.uid, nobody.gid);
      fs.chmodSync(join(inside, path), path.includes("/") ? 0o300 : 0o755);
    }
    fs.chmodSync(join(inside, ".."), 0o755);
    const report = asUser<unknown[]>(nobody, {
      script: `
        const { openRootSync } = await import(${JSON.stringify(builtRoot)});
        const root = openRootSync(${JSON.stringify(inside)});
        const codes = [];
        for (const path of ["t/closed", "t/empty"]) {
          try { root.rmSync(path, { recursive: true }); codes.push("ok"); }
          catch (error) { codes.push(error.code, error.effect); }
        }
        report(codes);
      `,
    });
    expect(report).toEqual(["EACCES", "none", "ok"]);
  });
});
