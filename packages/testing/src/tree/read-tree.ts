import type { Stats } from "node:fs";
import { currentPlatform, platforms } from "@holdfast/fs/steps";
import type { PlatformName } from "@holdfast/fs";
import { memberOf, type FileSystemLike } from "../calls/node-file-system.ts";
import { nameFromBytes } from "../memory/names.ts";
import { bytesIfNeeded, runTree, runTreeSync } from "./tree-calls.ts";
import type { TreeSteps } from "./tree-calls.ts";
import { defaultModes } from "./tree-entry.ts";
import type { TreeEntry } from "./tree-entry.ts";
import { formatTree } from "./tree-language.ts";

export interface ReadTreeOptions {
  /**
   * Whether modes are shown where they are not the usual ones. Default: if the platform of the file
   * system has any.
   */
  readonly modes?: boolean;
}

/**
 * What is in a directory of any file system of the shape of `node:fs`, one line an entry, sorted; see
 * `formatTree` for the form. Links are listed, not followed.
 *
 * @throws whatever the file system throws.
 * @example
 * await readTree(fs, "/"); // ["src/", "src/a.txt = hello"]
 */
export async function readTree(
  fs: FileSystemLike,
  directory: string,
  options: ReadTreeOptions = {},
): Promise<string[]> {
  const modes = options.modes ?? hasModes(fs);
  return formatTree(await runTree("readTree", fs, readEntries(directory, "", modes)));
}

/** The same with the `…Sync` methods. */
export function readTreeSync(
  fs: FileSystemLike,
  directory: string,
  options: ReadTreeOptions = {},
): string[] {
  const modes = options.modes ?? hasModes(fs);
  return formatTree(runTreeSync("readTreeSync", fs, readEntries(directory, "", modes)));
}

function hasModes(fs: FileSystemLike): boolean {
  const name = memberOf(fs, "platform") as PlatformName | undefined;
  return (name === undefined ? currentPlatform : platforms[name]).modes;
}

function* readEntries(directory: string, prefix: string, modes: boolean): TreeSteps<TreeEntry[]> {
  const entries: TreeEntry[] = [];
  for (const name of yield* namesIn(directory)) {
    const path = `${prefix}${name}`;
    const where = `${directory}/${name}`;
    const stats = (yield ["lstat", bytesIfNeeded(where)]) as Stats;
    const mode = stats.mode & 0o7777;
    if (stats.isDirectory()) {
      entries.push({ type: "directory", path, mode: modes ? mode : defaultModes.directory });
      entries.push(...(yield* readEntries(where, `${path}/`, modes)));
    } else if (stats.isFile()) {
      const content = (yield ["readFile", bytesIfNeeded(where)]) as Uint8Array;
      entries.push({ type: "file", path, mode: modes ? mode : defaultModes.file, content });
    } else if (stats.isSymbolicLink()) {
      entries.push({ type: "symlink", path, target: yield* targetOf(where) });
    } else {
      entries.push({ type: "other", path });
    }
  }
  return entries;
}

// Not every file system has the option to return bytes: it is used where a string has lost some.

function* namesIn(directory: string): TreeSteps<string[]> {
  const path = bytesIfNeeded(directory);
  const names = (yield ["readdir", path]) as string[];
  if (!names.some((name) => name.includes("\uFFFD"))) return names;
  const bytes = (yield ["readdir", path, { encoding: "buffer" }]) as Uint8Array[];
  return bytes.map((name) => nameFromBytes(name));
}

function* targetOf(link: string): TreeSteps<string> {
  const path = bytesIfNeeded(link);
  const target = (yield ["readlink", path]) as string;
  if (!target.includes("\uFFFD")) return target;
  return nameFromBytes((yield ["readlink", path, { encoding: "buffer" }]) as Uint8Array);
}
