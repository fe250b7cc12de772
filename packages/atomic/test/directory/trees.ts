/** What the tests of directory replacement share: two trees, and what became of them. */

import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { recoverDirectory, recoverDirectorySync } from "../../src/directory/recover-directory.ts";
import {
  replaceDirectoryAtomic,
  replaceDirectoryAtomicSync,
} from "../../src/directory/replace-directory.ts";

export const halves = [
  { half: "async", replace: replaceDirectoryAtomic, recover: recoverDirectory },
  {
    half: "sync",
    replace: async (options: Parameters<typeof replaceDirectoryAtomicSync>[0]) =>
      replaceDirectoryAtomicSync(options),
    recover: async (...args: Parameters<typeof recoverDirectorySync>) =>
      recoverDirectorySync(...args),
  },
] as const;

/** A small tree with everything that has to be handled: a file, a directory, links. */
export function makeTree(path: string, content: string): void {
  mkdirSync(join(path, "deep", "er"), { recursive: true });
  writeFileSync(join(path, "file"), content);
  writeFileSync(join(path, "deep", "er", "file"), content);
  symlinkSync("nowhere", join(path, "deep", "dangling"));
}

export function makeTrees(dir: string): { stagedDir: string; targetDir: string } {
  const trees = { stagedDir: join(dir, "staged"), targetDir: join(dir, "target") };
  makeTree(trees.stagedDir, "new");
  makeTree(trees.targetDir, "old");
  return trees;
}

/** "old" or "new" for a whole tree, "missing" for none, and what is wrong with any other. */
export function stateOf(path: string): string {
  try {
    lstatSync(path);
  } catch {
    return "missing";
  }
  const names = readdirSync(path, { recursive: true }).map(String).toSorted();
  const expected = ["deep", "deep/dangling", "deep/er", "deep/er/file", "file"];
  if (names.join() !== expected.join()) return `torn: ${names.join()}`;
  const contents = ["file", "deep/er/file"].map((name) => readFileSync(join(path, name), "utf8"));
  return contents[0] === contents[1] ? contents[0]! : `mixed: ${contents.join()}`;
}

/** The name of a claim as a process of this machine and boot in another container makes it. */
export function ofOtherNamespace(claim: string): string {
  const host = /(claim-\S+)-[0-9a-f]{8}(-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.tmp)$/;
  return claim.replace(host, "$1-ffffffff$2");
}

/** The name of a claim as it was before this machine was started. */
export function ofEarlierBoot(claim: string): string {
  return ofOtherNamespace(claim).replace(/(claim-[0-9a-f]{8})-[0-9a-f]{8}/, "$1-ffffffff");
}

/** The name of a claim of another machine. */
export function ofOtherMachine(claim: string): string {
  return ofOtherNamespace(claim).replace(
    /claim-[0-9a-f]{8}-[0-9a-f]{8}/,
    "claim-ffffffff-ffffffff",
  );
}
