import type { PathState } from "../state.ts";

/** A path with what it is to become. */
interface Goal {
  readonly path: string;
  readonly to: PathState;
}

/**
 * The order in which paths are brought to what they are to be: what goes first, children before their parents; then
 * what comes or changes, parents before their children. So a directory is empty when it is its turn to go, and there
 * when something is put into it, also where a file has its place now.
 */
export function inOrder<T extends Goal>(goals: readonly T[]): T[] {
  const byPath = goals.toSorted(comparePaths);
  const going = byPath.filter(({ to }) => to.kind === "absent");
  const coming = byPath.filter(({ to }) => to.kind !== "absent");
  return [...going.toReversed(), ...coming];
}

/** By code units: the same on every machine. A directory comes before what is in it. */
export function comparePaths(a: { readonly path: string }, b: { readonly path: string }): number {
  if (a.path === b.path) return 0;
  return a.path < b.path ? -1 : 1;
}
