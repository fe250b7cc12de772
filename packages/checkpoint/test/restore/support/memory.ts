/** A session whose store and workspace are both in one file system in memory, for the explorers. */

import { createHash } from "node:crypto";
import { posix } from "node:path";
import type { NodeFileSystem } from "@holdfast/testing";
import { type CheckpointOptions, type Checkpoints, openCheckpoints } from "../../../src/index.ts";

export const store = "/store";
export const work = "/work";
const folder = `${store}/sessions/demo`;

/** Opens it as the next process does: whoever had it before is dead. */
export async function openAgain(
  fs: NodeFileSystem,
  options: Partial<CheckpointOptions> = {},
): Promise<Checkpoints> {
  const names = fs.existsSync(folder) ? fs.readdirSync(folder) : [];
  for (const name of names.filter((one) => one.includes(".lock"))) {
    fs.rmSync(`${folder}/${name}`, { recursive: true });
  }
  return await openCheckpoints({
    store,
    roots: [work],
    session: "demo",
    retention: "manual",
    // All calls by way of promises: the explorers see each.
    fileSystem: fs as never,
    ...options,
  });
}

/** All that is in a directory: paths, kinds, modes, content; not what `isLeftOut` says. */
export function treeOf(
  fs: NodeFileSystem,
  top: string,
  isLeftOut: (path: string) => boolean = () => false,
): string[] {
  return fs
    .readdirSync(top)
    .toSorted()
    .flatMap((name) => {
      const path = posix.join(top, name);
      if (isLeftOut(path)) return [];
      const stats = fs.lstatSync(path);
      const mode = (Number(stats.mode) & 0o7777).toString(8);
      if (stats.isSymbolicLink()) return [`${path} -> ${fs.readlinkSync(path)}`];
      if (stats.isDirectory()) return [`${path}/ ${mode}`, ...treeOf(fs, path, isLeftOut)];
      return [`${path} ${mode} ${fs.readFileSync(path, "utf8")}`];
    });
}

/** The contents of all files below a directory, by their digests: what could still be found by somebody who looks. */
export function digestsIn(fs: NodeFileSystem, top: string): Set<string> {
  const digests = new Set<string>();
  if (!fs.existsSync(top)) return digests;
  for (const name of fs.readdirSync(top)) {
    const path = posix.join(top, name);
    const stats = fs.lstatSync(path);
    if (stats.isDirectory()) for (const digest of digestsIn(fs, path)) digests.add(digest);
    else if (stats.isFile()) digests.add(digestOf(fs.readFileSync(path)));
  }
  return digests;
}

export const digestOf = (content: string | Uint8Array): string =>
  createHash("sha256").update(content).digest("hex");

/** A workspace in which an agent has worked, and what it looked like before and after. */
export interface History {
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/** Every kind of change, in one turn after a snapshot. */
export async function workOneTurn(fs: NodeFileSystem): Promise<void> {
  fs.mkdirSync(work);
  fs.mkdirSync("/outside");
  fs.writeFileSync("/outside/a", "not ours");
  fs.writeFileSync(`${work}/untracked`, "the user's");
  fs.writeFileSync(`${work}/edited`, "before", { mode: 0o640 });
  fs.mkdirSync(`${work}/dir`);
  fs.writeFileSync(`${work}/dir/leaf`, "leaf");
  fs.symlinkSync("edited", `${work}/link`);
  fs.writeFileSync(`${work}/mode`, "mode");
  fs.writeFileSync(`${work}/plain`, "plain");
  const checkpoints = await openAgain(fs);
  await checkpoints.makeSnapshot("1");
  const edit = async (name: string, change: (path: string) => void): Promise<void> => {
    await checkpoints.trackBeforeEdit(`${work}/${name}`, "1");
    change(`${work}/${name}`);
    await checkpoints.recordAfterEdit(`${work}/${name}`);
  };
  await edit("edited", (path) => {
    fs.writeFileSync(path, "after");
    fs.chmodSync(path, 0o600);
  });
  await edit("mode", (path) => fs.chmodSync(path, 0o755));
  await edit("made/by/us", (path) => {
    fs.mkdirSync(posix.dirname(path), { recursive: true });
    fs.writeFileSync(path, "made");
  });
  await edit("empty/by/us", (path) => {
    fs.mkdirSync(posix.dirname(path), { recursive: true, mode: 0o700 });
    fs.writeFileSync(path, "made");
  });
  await edit("empty/by/us", (path) => fs.unlinkSync(path));
  await edit("dir/leaf", (path) => fs.unlinkSync(path));
  await edit("dir", (path) => {
    fs.rmdirSync(path);
    fs.writeFileSync(path, "a file now");
  });
  await edit("plain", (path) => {
    fs.unlinkSync(path);
    fs.mkdirSync(path);
  });
  await checkpoints.trackBeforeEdit(`${work}/link`, "1");
  fs.unlinkSync(`${work}/link`);
  fs.symlinkSync("nowhere", `${work}/link`);
  await checkpoints.recordAfterEdit(`${work}/link`);
  await checkpoints.close();
}

/** What {@link workOneTurn} began with, and what it left. */
export const turn: History = {
  before: [
    `${work}/dir/ 755`,
    `${work}/dir/leaf 644 leaf`,
    `${work}/edited 640 before`,
    `${work}/link -> edited`,
    `${work}/mode 644 mode`,
    `${work}/plain 644 plain`,
    `${work}/untracked 644 the user's`,
  ],
  after: [
    `${work}/dir 644 a file now`,
    `${work}/edited 600 after`,
    `${work}/empty/ 700`,
    `${work}/empty/by/ 700`,
    `${work}/link -> nowhere`,
    `${work}/made/ 755`,
    `${work}/made/by/ 755`,
    `${work}/made/by/us 644 made`,
    `${work}/mode 755 mode`,
    `${work}/plain/ 755`,
    `${work}/untracked 644 the user's`,
  ],
};

/** The snapshot of {@link workOneTurn}. */
export async function firstSnapshot(checkpoints: Checkpoints): Promise<string> {
  return (await checkpoints.listSnapshots())[0]!.id;
}
