import { mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isHoldfastError, type Root } from "@holdfast/root";
import git from "isomorphic-git";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { commitAll, createRepository, inside, openRepository } from "./main.ts";

let folder: string;
let tree: string;
let root: Root;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "example-11-"));
  tree = join(folder, "tree");
  await mkdir(join(tree, "docs"), { recursive: true });
  await mkdir(join(folder, "outside"));
  await writeFile(join(tree, "docs/a.md"), "first");
  await writeFile(join(folder, "outside/a.md"), "canary");
  await createRepository(tree);
  root = await openRepository(tree);
});
afterEach(async () => {
  await root.close();
  await rm(folder, { recursive: true });
});

/** Whatever the library was brought to do: outside nothing has changed. */
async function expectOutsideUntouched(): Promise<void> {
  expect(await readdir(join(folder, "outside"))).toEqual(["a.md"]);
  expect(await readFile(join(folder, "outside/a.md"), "utf8")).toBe("canary");
}

const codeOf = async (call: Promise<unknown>): Promise<string> => {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return isHoldfastError(error) ? error.code : `not refused by the root: ${String(error)}`;
};

test("init, add, commit, log, status, checkout", async () => {
  const first = await commitAll(root, "first");
  await root.writeFile("docs/a.md", "second, longer");
  await root.writeFile("docs/b.md", "new");
  expect(await git.statusMatrix(inside(root))).toEqual([
    ["docs/a.md", 1, 2, 1],
    ["docs/b.md", 0, 2, 0],
  ]);
  await commitAll(root, "second");
  const log = await git.log(inside(root));
  expect(log.map(({ commit }) => commit.message.trim())).toEqual(["second", "first"]);

  await git.checkout({ ...inside(root), ref: first });
  expect(await readdir(join(tree, "docs"))).toEqual(["a.md"]);
  expect(await readFile(join(tree, "docs/a.md"), "utf8")).toBe("first");
});

test("a link in the tree is a link, and nothing is read through it", async () => {
  await symlink("../outside/a.md", join(tree, "link"));
  const oid = await commitAll(root, "with a link");
  const { blob } = await git.readBlob({ ...inside(root), oid, filepath: "link" });
  expect(Buffer.from(blob).toString()).toBe("../outside/a.md");
});

test("a directory that has become a link out: nothing is read or written there", async () => {
  const oid = await commitAll(root, "first");
  await rm(join(tree, "docs"), { recursive: true });
  await symlink("../outside", join(tree, "docs"));
  const all = { ...inside(root), filepath: "docs/a.md" };
  expect(await codeOf(git.add(all))).toBe("ERR_PATH_ESCAPES");
  expect(await codeOf(git.status(all))).toBe("ERR_PATH_ESCAPES");
  const shown = vi.spyOn(console, "error").mockImplementation(() => {}); // what it throws, it prints too
  await expect(git.checkout({ ...inside(root), ref: oid, force: true })).rejects.toMatchObject({
    code: "MultipleGitError",
  });
  shown.mockRestore();
  await expectOutsideUntouched();
});

test("a repository that says it is elsewhere", async () => {
  await rm(join(tree, ".git"), { recursive: true });
  await writeFile(join(tree, ".git"), `gitdir: ${join(folder, "outside")}\n`);
  expect(await codeOf(git.log(inside(root)))).toBe("ERR_PATH_ESCAPES");
  const set = git.setConfig({ ...inside(root), path: "core.hooksPath", value: "/tmp" });
  expect(await codeOf(set)).toBe("ERR_PATH_ESCAPES");
  await expectOutsideUntouched();
});

test("hooks are closed, to the library as to anybody", async () => {
  await mkdir(join(tree, "scripts"));
  await symlink("../.git/hooks", join(tree, "scripts/hooks"));
  for (const path of [".git/hooks/pre-commit", "scripts/hooks/pre-commit"]) {
    expect(await codeOf(root.promises.writeFile(path, "#!/bin/sh"))).toBe("ERR_DENIED");
  }
  expect(await codeOf(root.rename(".git", "git"))).toBe("ERR_DENIED");
  expect(await readdir(join(tree, ".git/hooks"))).toEqual([]);
});
