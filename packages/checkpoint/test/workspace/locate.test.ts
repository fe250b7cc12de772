import { mkdirSync, realpathSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, it } from "vitest";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";
import type { Located } from "../../src/workspace/workspaces.ts";
import { track } from "./session.ts";

/** Where it is, in short: the root as it was given, and the path from it. */
function placeOf({ inside }: Located): string | undefined {
  return inside && `${inside.workspace.given}:${inside.inside}`;
}

it("comes to one path by whatever spelling", async () => {
  const at = tempDir();
  const root = join(at, "ws");
  mkdirSync(join(root, "src/deep"), { recursive: true });
  writeFileSync(join(root, "src/a.txt"), "");
  symlinkSync("src", join(root, "alias"));
  symlinkSync(join(root, "src/deep"), join(root, "far"));
  symlinkSync(root, join(at, "ws-link"));
  const { locate } = track([root], at);
  const spellings = [
    `${root}/src/a.txt`,
    `${root}//src/./a.txt`,
    `${root}/src/deep/../a.txt`,
    `${root}/alias/a.txt`,
    `${root}/far/../a.txt`,
    `${root}/src/missing/../a.txt`,
    `${at}/ws-link/src/a.txt`,
    `${at}/ws-link/../ws/alias/a.txt`,
    `${root}/src/a.txt/`,
  ];
  for (const spelling of spellings) {
    const { inside } = await locate(spelling);
    expect({ spelling, ...inside }).toMatchObject({
      spelling,
      path: `${root}/src/a.txt`,
      key: `${root}/src/a.txt`,
      inside: "src/a.txt",
    });
  }
});

it("any way through directories and links comes to where the kernel comes", async () => {
  const at = tempDir();
  const root = join(at, "ws");
  const directories = ["a", "a/b", "a/b/c", "d"];
  for (const directory of directories) mkdirSync(join(root, directory), { recursive: true });
  const links = {
    l1: "a/b",
    "a/l2": "../d",
    "d/l3": "../a/b/c",
    "a/b/l4": root,
    "a/b/c/l5": "l6",
    "a/b/c/l6": "../../..",
  };
  for (const [link, target] of Object.entries(links)) symlinkSync(target, join(root, link));
  const { locate } = track([root], at);
  const step = fc.constantFrom("a", "b", "c", "d", "..", ".", "l1", "l2", "l3", "l4", "l5", "l6");
  let found = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
      const path = [root, ...steps].join("/");
      let real: string;
      try {
        real = realpathSync.native(path);
      } catch {
        return; // leads nowhere
      }
      if (real !== root && !real.startsWith(`${root}/`)) return;
      found++;
      const { inside } = await locate(`${path}/new.txt`);
      expect(inside).toMatchObject({ path: `${real}/new.txt`, key: `${real}/new.txt` });
    }),
    { numRuns: 1500 },
  );
  expect(found).toBeGreaterThan(50);
});

it("the last component is not followed, unless it is named as a directory", async () => {
  const root = tempDir();
  mkdirSync(join(root, "dir"));
  symlinkSync("dir", join(root, "link"));
  symlinkSync("nowhere", join(root, "dangling"));
  const { locate } = track([root], root);
  const inside = async (path: string): Promise<string | undefined> =>
    (await locate(join(root, "x").replace(/x$/, path))).inside?.inside;
  expect(await inside("link")).toBe("link");
  expect(await inside("link/")).toBe("dir");
  expect(await inside("link/.")).toBe("dir");
  expect(await inside("dangling")).toBe("dangling");
  expect(await inside("dangling/x")).toBe("nowhere/x");
  expect(await inside("new/deep/../er/x")).toBe("new/er/x");
  expect(await inside("new/")).toBe("new");
  expect(await inside(".holdfast-x")).toBe(".holdfast-x");
});

it("relative paths begin at the working directory", async () => {
  const root = tempDir();
  const { locate } = track([root], root);
  const before = process.cwd();
  process.chdir(root);
  try {
    expect((await locate("a/b")).inside?.inside).toBe("a/b");
  } finally {
    process.chdir(before);
  }
});

it("the innermost root counts, and a root is no entry of itself or another one", async () => {
  const root = tempDir();
  mkdirSync(join(root, "in/ner"), { recursive: true });
  symlinkSync("in/ner", join(root, "link"));
  const inner = join(root, "in/ner");
  const { locate } = track([root, inner], root);
  expect(placeOf(await locate(`${inner}/a`))).toBe(`${inner}:a`);
  expect(placeOf(await locate(`${root}/link/a`))).toBe(`${inner}:a`);
  expect(placeOf(await locate(`${root}/in/a`))).toBe(`${root}:in/a`);
  expect(placeOf(await locate(`${root}/in`))).toBe(`${root}:in`);
  for (const path of [root, `${root}/.`, `${root}/in/..`, inner, `${inner}/`, `${root}/link/`]) {
    expect({ of: path, ...(await locate(path)) }).toMatchObject({
      of: path,
      inside: undefined,
      reason: "outside",
    });
  }
  expect(placeOf(await locate(`${root}/link`))).toBe(`${root}:link`);
});

it("a link that leads out is outside; what leads into another root is there", async () => {
  const at = tempDir();
  for (const name of ["a", "b", "c"]) mkdirSync(join(at, name));
  symlinkSync("../b", join(at, "a/to-b"));
  symlinkSync("../c", join(at, "a/to-c"));
  const { locate } = track([join(at, "a"), join(at, "b")], at);
  expect(placeOf(await locate(`${at}/a/to-b/x`))).toBe(`${at}/b:x`);
  expect(await locate(`${at}/a/to-c/x`)).toEqual({
    inside: undefined,
    path: `${at}/c/x`,
    reason: "outside",
  });
  expect(await locate(`${at}/a/../c/x`)).toMatchObject({ inside: undefined });
  expect(await locate(`${at}/ab/x`)).toMatchObject({ inside: undefined });
});

it("a root that is given through a link is where that leads", async () => {
  const at = tempDir();
  mkdirSync(join(at, "real/ws"), { recursive: true });
  symlinkSync("real", join(at, "link"));
  const { locate } = track([join(at, "link/ws")], at);
  for (const way of ["link", "real"]) {
    const { inside } = await locate(`${at}/${way}/ws/x`);
    expect(inside).toMatchObject({ path: `${at}/real/ws/x`, inside: "x" });
  }
});

it("what is excluded is outside, by whatever way", async () => {
  const root = tempDir();
  mkdirSync(join(root, "out/deep"), { recursive: true });
  mkdirSync(join(root, "store"));
  symlinkSync("store", join(root, "store-link"));
  symlinkSync("out", join(root, "alias"));
  const exclude = [join(root, "out"), join(root, "store-link"), join(root, "single.txt")];
  const { locate } = track([root], root, exclude);
  const left = [
    "out",
    "out/deep/x",
    "alias/x",
    "store",
    "store/x",
    "store-link",
    "store-link/x",
    "single.txt",
  ];
  for (const path of left) {
    expect({ of: path, ...(await locate(join(root, path))) }).toMatchObject({
      of: path,
      inside: undefined,
    });
  }
  for (const path of ["outer", "alias", "single.txt.bak", "stor"]) {
    expect((await locate(join(root, path))).inside?.inside).toBe(path);
  }
});

it("all of a root is excluded with what is above it", async () => {
  const at = tempDir();
  mkdirSync(join(at, "ws"));
  const { locate } = track([join(at, "ws")], at, [at]);
  expect(await locate(join(at, "ws/x"))).toMatchObject({ inside: undefined });
});

it("what a journal holds is found again without a look at the disk", async () => {
  const root = tempDir();
  mkdirSync(join(root, "in"));
  const { recall } = track([root, join(root, "in")], root, [join(root, "out")]);
  expect((await recall(`${root}/a/b`)).inside).toMatchObject({ inside: "a/b", key: `${root}/a/b` });
  expect((await recall(`${root}/in/b`)).inside).toMatchObject({ inside: "b" });
  expect((await recall(`${root}/A`, `${root}/a`)).inside).toMatchObject({ key: `${root}/a` });
  expect(await recall(`${root}/out/b`)).toMatchObject({ inside: undefined });
  expect(await recall(`${root}er/b`)).toMatchObject({ inside: undefined });
  expect(await recall(root)).toMatchObject({ inside: undefined });
});

it("a root that is missing has its paths; it is opened when it is there", async () => {
  const at = tempDir();
  const root = join(at, "ws");
  const { locate, state, recall } = track([root], at);
  expect(placeOf(await locate(`${root}/a`))).toBe(`${root}:a`);
  expect(placeOf(await recall(`${root}/a`))).toBe(`${root}:a`);
  expect(await state(`${root}/a`)).toEqual({ kind: "failed", code: "ENOENT" });
  mkdirSync(root);
  expect(await state(`${root}/a`)).toEqual({ kind: "absent" });
  renameSync(root, join(at, "moved"));
  expect(await state(`${root}/a`)).toEqual({ kind: "failed", code: "ENOENT" });
  mkdirSync(root);
  writeFileSync(join(root, "a"), "x");
  expect(await state(`${root}/a`)).toMatchObject({ kind: "file", size: 1 });
  rmSync(root, { recursive: true });
  writeFileSync(root, "x");
  expect(await state(`${root}/a`)).toEqual({ kind: "failed", code: "ENOTDIR" });
});
