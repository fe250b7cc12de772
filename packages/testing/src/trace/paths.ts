import { dirname, resolve, sep } from "node:path";
import type { CallName } from "../calls/call.ts";

/** Absolute, but for what a symbolic link says: that is text, and means nothing where it is written. */
export function resolvePaths(name: CallName, paths: readonly string[]): string[] {
  return paths.map((path, at) => (name === "symlink" && at === 0 ? path : resolve(path)));
}

/** The innermost directory that holds everything, or is one of the paths itself. */
export function commonDirectory(paths: readonly string[]): string | undefined {
  const [first, ...rest] = paths;
  if (first === undefined) return undefined;
  let common = first;
  for (const path of rest) {
    while (!isWithin(common, path)) common = dirname(common);
  }
  // Of one file alone, or of one that everything was done to, the directory.
  const holdsSomething = paths.some((path) => path !== common);
  return holdsSomething ? common : dirname(common);
}

export const isWithin = (directory: string, path: string): boolean =>
  path === directory || path.startsWith(directory.endsWith(sep) ? directory : directory + sep);
