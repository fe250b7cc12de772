import { invalidType } from "@holdfast/fs/steps";
import type { FileSystemLike } from "../calls/node-file-system.ts";
import { bytesIfNeeded, runTree } from "./tree-calls.ts";
import type { TreeSteps } from "./tree-calls.ts";
import { comparePaths, defaultModes } from "./tree-entry.ts";
import type { TreeEntry } from "./tree-entry.ts";
import { parentsOf, parseTree } from "./tree-language.ts";

/**
 * Makes what the lines say in a directory, which is made if it is missing; see `formatTree` for their
 * form. Modes become what the lines say, whatever the umask. What is there already stays, but files
 * that are named get the new content.
 *
 * @throws `TypeError` (`ERR_INVALID_ARG`) for lines that are none, before anything is made; then
 *   whatever the file system throws.
 * @example
 * await writeTree(fs, "/", ["src/a.txt = hello", "run.sh 0755 = #!/bin/sh", "link => src"]);
 */
export async function writeTree(
  fs: FileSystemLike,
  directory: string,
  lines: readonly string[],
): Promise<void> {
  const entries = parseTree(lines, "writeTree");
  for (const { type, path } of entries) {
    if (type !== "other") continue;
    throw invalidType("writeTree", "lines", "files, directories and symbolic links", path);
  }
  await runTree("writeTree", fs, writeEntries(directory, entries));
}

function* writeEntries(directory: string, entries: readonly TreeEntry[]): TreeSteps<void> {
  yield ["mkdir", directory, { recursive: true }];
  const modes = new Map<string, number>();
  for (const entry of entries) {
    for (const parent of parentsOf(entry.path)) {
      const made = yield* makeDirectory(pathIn(directory, parent));
      if (made) modes.set(parent, defaultModes.directory);
    }
    if (entry.type === "directory") modes.set(entry.path, entry.mode);
    yield* writeEntry(pathIn(directory, entry.path), entry);
  }
  // Last, and what is inside first: a directory that nobody may change would not take its entries.
  for (const [path, mode] of [...modes].toSorted(([one], [other]) => comparePaths(other, one))) {
    yield ["chmod", pathIn(directory, path), mode];
  }
}

function* writeEntry(path: string | Buffer, entry: TreeEntry): TreeSteps<void> {
  if (entry.type === "directory") {
    yield* makeDirectory(path);
  } else if (entry.type === "file") {
    yield ["writeFile", path, entry.content];
    yield ["chmod", path, entry.mode];
  } else if (entry.type === "symlink") {
    yield ["symlink", bytesIfNeeded(entry.target), path];
  }
}

/** Whether it was not there already. */
function* makeDirectory(path: string | Buffer): TreeSteps<boolean> {
  try {
    yield ["mkdir", path];
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return false;
  }
}

function pathIn(directory: string, path: string): string | Buffer {
  return bytesIfNeeded(`${directory}/${path}`);
}
