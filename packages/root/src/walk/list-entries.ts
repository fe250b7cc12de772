import { isUtf8, type Buffer } from "node:buffer";
import type { Dirent } from "node:fs";
import { join, sep } from "node:path";
import { nodeReaddir, type PathArgument, type Steps } from "@holdfast/fs/steps";
import { shownName } from "../path/names.ts";
import type { Directory } from "./strategy.ts";

/** An entry of a directory, as it was when it was listed. */
export interface Met {
  /** What it is really called: bytes where a string could not hold it. */
  readonly name: PathArgument;
  /** Node's. Its `name` is text, and its `parentPath` the path that the caller is told. */
  readonly entry: Dirent;
}

/** What a directory holds, in the order of the file system. */
export function* listEntries(directory: Directory, parentPath: string): Steps<Met[]> {
  const entries = (yield* nodeReaddir(directory.path, { withFileTypes: true })) as Dirent[];
  relocate(entries, parentPath);
  // U+FFFD is what Node puts in the place of bytes that are not UTF-8: then the bytes are needed.
  if (!entries.some(({ name }) => name.includes("\uFFFD"))) {
    return entries.map((entry) => ({ name: entry.name, entry }));
  }
  const options = { withFileTypes: true, encoding: "buffer" };
  const inBytes = (yield* nodeReaddir(directory.path, options)) as Dirent<Buffer>[];
  relocate(inBytes, parentPath);
  return inBytes.map((entry) => {
    const name = isUtf8(entry.name) ? entry.name.toString("utf8") : entry.name;
    return { name, entry: Object.assign(entry, { name: shownName(name) }) as unknown as Dirent };
  });
}

/**
 * Says in entries where they are for the caller; Node has put there by which path they were read. That
 * path stands for a descriptor, whose number is another directory's in a moment.
 */
export function relocate(entries: readonly object[], parentPath: string | Uint8Array): void {
  if (entries.length === 0) return;
  // Until Node 24, and in Node 22 a getter, which warns.
  const alsoPath = Object.hasOwn(entries[0]!, "path");
  for (const entry of entries as { parentPath: unknown; path?: unknown }[]) {
    entry.parentPath = parentPath;
    if (alsoPath) entry.path = parentPath;
  }
}

/**
 * The path that a caller could have given for a directory that was met: as Node's recursive `readdir`
 * joins it, with what was given normalised once.
 *
 * @param above the same of the directory that it is in; `undefined` for the one that was given
 */
export function joinPlace(above: string | undefined, given: string, name: string): string {
  return above === undefined ? join(given, name) : above + sep + name;
}
