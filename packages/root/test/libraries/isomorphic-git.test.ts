import * as nodeFs from "node:fs";
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import git, { type FsClient } from "isomorphic-git";
import { describe, expect, expectTypeOf, it, onTestFinished, vi } from "vitest";
import { needs } from "../../../atomic/test/support/needs.ts";
import type { RootPromises } from "../../src/index.ts";
import { codeOf, makePlaces, plantLinks, treeOf } from "./places.ts";

const author = {
  name: "Ada",
  email: "ada@example.org",
  timestamp: 1_700_000_000,
  timezoneOffset: 0,
};

/** A working life in one repository: what it says on the way is compared, and what it leaves. */
async function work(fs: FsClient, dir: string, edit: (path: string, text?: string) => void) {
  const said: unknown[] = [];
  const repository = { fs, dir };
  await git.init({ ...repository, defaultBranch: "main" });
  edit("README.md", "# one\n");
  edit("src/deep/er/main.ts", "start();\n");
  await git.add({ ...repository, filepath: ["README.md", "src/deep/er/main.ts"] });
  said.push(await git.commit({ ...repository, message: "one", author }));
  await git.branch({ ...repository, ref: "topic", checkout: true });
  edit("README.md", "# one\nand two\n");
  edit("src/other.ts", "other();\n");
  edit("src/deep/er/main.ts");
  said.push(await git.statusMatrix(repository));
  await git.add({ ...repository, filepath: ["README.md", "src/other.ts"] });
  await git.remove({ ...repository, filepath: "src/deep/er/main.ts" });
  said.push(await git.commit({ ...repository, message: "two", author }));
  await git.tag({ ...repository, ref: "v2" });
  await git.checkout({ ...repository, ref: "main", force: true });
  said.push(await git.statusMatrix(repository), await git.listBranches(repository));
  await git.merge({ ...repository, ours: "main", theirs: "topic", author });
  await git.checkout({ ...repository, ref: "main" });
  await git.setConfig({ ...repository, path: "user.name", value: "Ada" });
  said.push(
    await git.listFiles(repository),
    await git.getConfig({ ...repository, path: "user.name" }),
  );
  await git.stash({ ...repository, op: "list" });
  await git.deleteBranch({ ...repository, ref: "topic" });
  await git.packObjects({ ...repository, oids: [said[0] as string], write: true });
  const log = await git.log(repository);
  said.push(log.map(({ oid, commit }) => [oid, commit.message, commit.tree]));
  return said;
}

function editor(directory: string) {
  return (path: string, text?: string): void => {
    const full = join(directory, path);
    if (text === undefined) return rmSync(full);
    mkdirSync(join(full, ".."), { recursive: true });
    writeFileSync(full, text);
  };
}

/** It has inode numbers and times in it. */
const isIndex = (line: string): boolean => line.startsWith(`${join(".git", "index")} `);

/** It prints what it throws. */
function silence(): void {
  const shown = [vi.spyOn(console, "log"), vi.spyOn(console, "error")];
  for (const spy of shown) spy.mockImplementation(() => {});
  onTestFinished(() => shown.forEach((spy) => spy.mockRestore()));
}

describe.runIf(needs("posix"))("isomorphic-git", () => {
  it("does the same in a root as on node:fs", async () => {
    const { root, inside } = await makePlaces();
    const plain = await makePlaces();
    const said = await work({ promises: root.promises }, ".", editor(inside));
    expect(said).toEqual(await work(nodeFs, plain.inside, editor(plain.inside)));
    expect(treeOf(inside, isIndex)).toEqual(treeOf(plain.inside, isIndex));
    expect(said.at(-1)).toHaveLength(2);
  });

  it("takes the view without a cast", () => {
    expectTypeOf<{ promises: RootPromises }>().toExtend<FsClient>();
  });

  it("takes the root itself", async () => {
    const { root, inside } = await makePlaces();
    await git.init({ fs: root as unknown as FsClient, dir: "repository" });
    expect(treeOf(inside)).toContain("repository/.git/hooks/ 755");
  });

  it("follows no link that was planted in the work tree", async () => {
    const places = await makePlaces();
    const { root, outside, inside, untouched } = places;
    const repository = { fs: { promises: root.promises }, dir: "." };
    await git.init(repository);
    editor(inside)("to-directory/a.txt", "ours");
    await git.add({ ...repository, filepath: "to-directory/a.txt" });
    const first = await git.commit({ ...repository, message: "one", author });
    rmSync(join(inside, "to-directory"), { recursive: true });
    plantLinks(places);

    const a = { ...repository, filepath: "to-directory/a.txt" };
    expect(await codeOf(git.add(a))).toBe("ERR_PATH_ESCAPES");
    expect(await codeOf(git.status(a))).toBe("ERR_PATH_ESCAPES");
    // Here the library looks by itself.
    silence();
    const checkout = git.checkout({ ...repository, ref: first, force: true });
    expect(await codeOf(checkout)).toBe("MultipleGitError");
    // A link itself is content: where it leads is what is committed.
    await git.add({ ...repository, filepath: ["to-file", "to-nothing"] });
    const oid = await git.commit({ ...repository, message: "links", author });
    const { blob } = await git.readBlob({ ...repository, oid, filepath: "to-nothing" });
    expect(Buffer.from(blob).toString()).toBe("../outside/new");
    expect(treeOf(outside)).toEqual(untouched);
  });

  it.each([
    ["an absolute path", (outside: string) => outside],
    ["dots", () => "../outside"],
    ["dots further on", () => "src/../../outside"],
  ])("is not led out by %s", async (_name, lead) => {
    silence();
    const { root, outside, inside, untouched } = await makePlaces();
    mkdirSync(join(inside, "src"));
    const repository = { fs: { promises: root.promises }, dir: lead(outside) };
    expect(await codeOf(git.init(repository))).toBe("ERR_PATH_ESCAPES");
    expect(await codeOf(git.listBranches(repository))).toBe("ERR_PATH_ESCAPES");
    expect(treeOf(outside)).toEqual(untouched);
  });

  it.each([
    ["absolute", (outside: string) => outside],
    ["relative", () => "../../outside"],
  ])("is not led out by a .git file with a path that is %s", async (_name, lead) => {
    silence();
    const { root, outside, inside, untouched } = await makePlaces();
    mkdirSync(join(inside, "src"));
    writeFileSync(join(inside, "src/.git"), `gitdir: ${lead(outside)}\n`);
    const repository = { fs: { promises: root.promises }, dir: "src" };
    const set = git.setConfig({ ...repository, path: "user.name", value: "Eve" });
    expect(await codeOf(set)).toBe("ERR_PATH_ESCAPES");
    expect(await codeOf(git.branch({ ...repository, ref: "new" }))).toBe("ERR_PATH_ESCAPES");
    expect(treeOf(outside)).toEqual(untouched);
  });

  it("does not get its repository out through a link", async () => {
    const { root, outside, inside, untouched } = await makePlaces();
    symlinkSync("../outside/directory", join(inside, ".git"));
    const repository = { fs: { promises: root.promises }, dir: "." };
    silence();
    expect(await codeOf(git.init(repository))).toBe("ERR_PATH_ESCAPES");
    expect(treeOf(outside)).toEqual(untouched);
  });
});
