import { createHash } from "node:crypto";
import { Buffer } from "node:buffer";
import { expect } from "vitest";
import type { PathResult, PathState } from "../../src/index.ts";
import type { Expected } from "./restore.ts";
import { readWhole, type State, type Tree } from "./tree.ts";
import type { World } from "./world.ts";

const hashes = new Map<string, string>();

function sha256(content: string): string {
  let hash = hashes.get(content);
  if (hash === undefined) {
    hash = createHash("sha256").update(Buffer.from(content, "latin1")).digest("hex");
    hashes.set(content, hash);
  }
  return hash;
}

/** A state of the model as one line. */
export function lineOf(state: State): string {
  switch (state.kind) {
    case "file":
      return `file ${state.mode.toString(8)} ${state.content.length} ${sha256(state.content)}`;
    case "dir":
      return `dir ${state.mode.toString(8)}`;
    case "symlink":
      return `symlink ${state.target}`;
    default:
      return state.kind;
  }
}

/** A state that was reported, as such a line. */
export function lineOfReported(state: PathState): string {
  switch (state.kind) {
    case "file":
      return `file ${state.mode.toString(8)} ${state.size} ${state.sha256}`;
    case "dir":
      return `dir ${state.mode.toString(8)}`;
    case "symlink":
      return `symlink ${state.target}`;
    default:
      return state.kind;
  }
}

export function expectTree(found: Tree, expected: Tree, when: string): void {
  const lines = (tree: Tree): string[] =>
    [...tree].map(([path, entry]) => `${path}: ${lineOf(entry)}`).toSorted();
  expect(lines(found), `the tree ${when}`).toEqual(lines(expected));
}

export function expectResults(
  found: readonly PathResult[],
  expected: readonly Expected[],
  when: string,
): void {
  const shown = found.map(({ path, ok, reason, from, to }) => ({
    path,
    ok,
    reason,
    from: lineOfReported(from),
    to: lineOfReported(to),
  }));
  const wanted = expected.map(({ path, ok, reason, from, to }) => ({
    path,
    ok,
    reason,
    from: lineOf(from),
    to: lineOf(to),
  }));
  const sorted = wanted.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  expect(shown, `the results ${when}`).toEqual(sorted);
}

/** All bytes that the store keeps under the name that they should have, and those in the trash. */
export function keptBy({ fs, store }: World): Set<string> {
  const kept = new Set<string>();
  for (const [path, entry] of readWhole(fs, store)) {
    if (entry.kind !== "file") continue;
    const [folder, ...rest] = path.slice(store.length + 1).split("/");
    const isKept =
      folder === "trash" || (folder === "objects" && rest.join("") === sha256(entry.content));
    if (isKept) kept.add(entry.content);
  }
  return kept;
}

/** What was in a file and is in none any more must be in the store. */
export function expectNothingLost(world: World, before: Tree, after: Tree): void {
  const there = new Set<string>();
  for (const entry of after.values()) if (entry.kind === "file") there.add(entry.content);
  const gone = [...before].flatMap(([path, entry]) => {
    const isCopy = /\/\.holdfast-[^/]*\.new$/.test(path); // by a restore that was killed
    if (entry.kind !== "file" || isCopy || there.has(entry.content)) return [];
    return [{ path, content: entry.content }];
  });
  if (gone.length === 0) return;
  const kept = keptBy(world);
  const lost = gone.filter(({ content }) => !kept.has(content));
  expect(lost, "bytes that were in the workspace and are nowhere").toEqual([]);
}

/** The store is nobody else's business, from the first byte. */
export function expectPrivate({ fs, store }: World): void {
  const open = [`${store}: ${(Number(fs.statSync(store).mode) & 0o7777).toString(8)}`].filter(
    (line) => !line.endsWith(": 700"),
  );
  for (const [path, entry] of readWhole(fs, store)) {
    if (path.includes(".lock")) continue; // says who holds it, and nothing else
    // Moved there as it was; the directory lets nobody in.
    if (entry.kind === "symlink" || (entry.kind === "file" && path.startsWith(`${store}/trash/`))) {
      continue;
    }
    const wanted = entry.kind === "dir" ? 0o700 : 0o600;
    if (entry.mode !== wanted) open.push(`${path}: ${entry.mode.toString(8)}`);
  }
  expect(open, "what others may read in the store").toEqual([]);
}
