import type { Target } from "../history/history.ts";

/**
 * Of each path the topmost directory on the way that was not there at the snapshot, and that nothing needs which was. One path
 * may know of it and another one, that was touched later, not: it goes with whichever is the last to go.
 */
export function absentDirectories(targets: ReadonlyMap<string, Target>): Absent {
  const missing = new Set([...targets.values()].map((target) => target.missing));
  const needed = new Set<string>();
  const wasMissing = (path: string): boolean =>
    missing.has(path) || directoriesOf(path).some((directory) => missing.has(directory));
  for (const { path, state } of targets.values()) {
    if (state.kind === "absent" || (state.kind === "dir" && wasMissing(path))) continue;
    for (const directory of [...directoriesOf(path), path]) needed.add(directory);
  }
  const topmost = new Map<string, string>();
  const gone = new Set<string>();
  for (const { path, state } of targets.values()) {
    const goes = (directory: string): boolean => wasMissing(directory) && !needed.has(directory);
    const highest = directoriesOf(path).find(goes);
    if (highest !== undefined) topmost.set(path, highest);
    if (state.kind === "dir" && goes(path)) gone.add(path);
  }
  return { topmost, gone };
}

/** Directories that were not there at a snapshot. */
export interface Absent {
  /** Of a path the topmost on the way to it. */
  readonly topmost: ReadonlyMap<string, string>;
  /** Paths that are such a directory themselves. */
  readonly gone: ReadonlySet<string>;
}

/** Those on the way to a path, the topmost first. */
function directoriesOf(path: string): string[] {
  const directories: string[] = [];
  for (let end = path.indexOf("/", 1); end > 0; end = path.indexOf("/", end + 1)) {
    directories.push(path.slice(0, end));
  }
  return directories;
}
