import type { Buffer } from "node:buffer";
import type { NodeFileSystem } from "@holdfast/testing";

/** What a name is. Content as latin1: bytes, not text. */
type Entry =
  | { readonly kind: "file"; readonly content: string; readonly mode: number }
  | { readonly kind: "dir"; readonly mode: number }
  | { readonly kind: "symlink"; readonly target: string };

/** A tree, by absolute path. */
export type Tree = Map<string, Entry>;

/** What a path was, as the model has it: bytes instead of their hash. */
export type State =
  | Entry
  | { readonly kind: "absent" }
  | { readonly kind: "skipped" }
  | { readonly kind: "failed" };

export const absent: State = { kind: "absent" };

type Reading = Pick<NodeFileSystem, "readdirSync" | "lstatSync" | "readFileSync" | "readlinkSync">;

/** All that is below a directory. */
export function readWhole(fs: Reading, top: string, into: Tree = new Map()): Tree {
  for (const name of (fs.readdirSync(top) as string[]).toSorted()) {
    const path = `${top}/${name}`;
    const stats = fs.lstatSync(path);
    const mode = Number(stats.mode) & 0o7777;
    if (stats.isSymbolicLink()) {
      into.set(path, { kind: "symlink", target: String(fs.readlinkSync(path)) });
    } else if (stats.isDirectory()) {
      into.set(path, { kind: "dir", mode });
      readWhole(fs, path, into);
    } else {
      const content = (fs.readFileSync(path) as Buffer).toString("latin1");
      into.set(path, { kind: "file", content, mode });
    }
  }
  return into;
}

export const parentOf = (path: string): string => path.slice(0, path.lastIndexOf("/"));

/** Where a path really is: links of its directories followed, its last name not; what is missing as it was given. */
export function realPath(tree: Tree, top: string, path: string, links = 0): string {
  if (path === top || path === "") return path;
  const parent = followed(tree, top, parentOf(path), links);
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (name === "..") return parentOf(parent);
  return name === "." ? parent : `${parent}/${name}`;
}

/** The same with its last name followed. */
function followed(tree: Tree, top: string, path: string, links: number): string {
  const real = realPath(tree, top, path, links);
  const entry = tree.get(real);
  if (entry?.kind !== "symlink" || links >= 40) return real;
  return followed(tree, top, destination(real, entry.target), links + 1);
}

/** Whether there are links that lead in a circle. */
export function hasCircle(tree: Tree, top: string): boolean {
  return [...tree].some(([path, { kind }]) => {
    return kind === "symlink" && tree.get(followed(tree, top, path, 0))?.kind === "symlink";
  });
}

/** Where a link leads, as a path. */
export function destination(link: string, target: string): string {
  return target.startsWith("/") ? target : `${parentOf(link)}/${target}`;
}

/** The directories on the way to a path, the topmost first. */
export function parentsOf(top: string, path: string): string[] {
  const parents: string[] = [];
  for (let parent = parentOf(path); parent.length > top.length; parent = parentOf(parent)) {
    parents.unshift(parent);
  }
  return parents;
}

/** What a path is: links of its directories are followed, as long as they stay in the root; its last name is not. */
export function stateOf(tree: Tree, top: string, path: string, maxFileBytes: number): State {
  const real = realPath(tree, parentOf(top), path);
  if (!real.startsWith(`${top}/`)) return { kind: "skipped" };
  if (parentsOf(top, real).some((parent) => tree.get(parent)?.kind !== "dir")) return absent;
  const entry = tree.get(real);
  if (entry?.kind === "file" && entry.content.length > maxFileBytes) return { kind: "skipped" };
  return entry ?? absent;
}

/** The topmost directory on the way that is missing. */
export function missingOn(tree: Tree, top: string, path: string): string | undefined {
  const isThere = (parent: string): boolean => tree.has(realPath(tree, parentOf(top), parent));
  const parents = parentsOf(top, path);
  return parents[parents.findLastIndex(isThere) + 1];
}

export const isEmpty = (tree: Tree, path: string): boolean =>
  ![...tree.keys()].some((other) => other.startsWith(`${path}/`));

export function sameContent(a: State, b: State): boolean {
  if (a.kind === "file") return b.kind === "file" && a.content === b.content;
  if (a.kind === "symlink") return b.kind === "symlink" && a.target === b.target;
  return a.kind === b.kind && (a.kind === "absent" || a.kind === "dir");
}

export const modeOf = (state: State): number | undefined =>
  state.kind === "file" || state.kind === "dir" ? state.mode : undefined;

export const sameState = (a: State, b: State): boolean =>
  sameContent(a, b) && modeOf(a) === modeOf(b);
