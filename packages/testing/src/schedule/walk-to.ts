/** Which things the way along a path leads over, as path_resolution(7) goes it. */

import type { Stats } from "node:fs";
import { dirname, join } from "node:path/posix";
import type { MemoryBackend } from "../memory/memory-backend.ts";
import type { Footprint } from "./footprint.ts";

const origin = { via: "footprint" };
const maxLinks = 40; // as Linux has it

/** Where a path leads to. */
export interface Found {
  /** What is there; `undefined` if nothing is. */
  readonly stats: Stats | undefined;
  /** The directory that has the last name, or would have it; `undefined` if there is none. */
  readonly place: { readonly directory: string; readonly name: string } | undefined;
}

const nothing: Found = { stats: undefined, place: undefined };

/** Unlike any other while it lives; a later inode may have it again. */
export function inodeOf({ dev, ino }: Stats): string {
  return `${dev}:${ino}`;
}

/** @param footprint gets every name and every inode on the way as read */
export function walkTo(
  memory: MemoryBackend,
  path: unknown,
  follow: boolean,
  footprint: Footprint,
): Found {
  if (typeof path !== "string") {
    footprint.addEverything(); // bytes that may be no text
    return nothing;
  }
  let rest = segmentsOf(path);
  let links = 0;
  let at = "/";
  let stats = look(memory, at);
  let place: Found["place"];
  const through = path.endsWith("/");
  for (let name = rest.shift(); name !== undefined; name = rest.shift()) {
    if (stats === undefined) return nothing;
    footprint.add(`n${inodeOf(stats)}`, "read"); // its mode says who may search it
    if (name === "..") {
      at = dirname(at);
      stats = look(memory, at);
      place = undefined;
      continue;
    }
    place = { directory: inodeOf(stats), name };
    footprint.add(`e${place.directory}/${name}`, "read");
    const next = join(at, name);
    if (next === "/proc" || next === "/dev") footprint.addEverything(); // leads to open files
    const child = look(memory, next);
    if (child?.isSymbolicLink() === true && (follow || through || rest.length > 0)) {
      footprint.add(`n${inodeOf(child)}`, "read");
      if (++links > maxLinks) return nothing; // ELOOP
      const target = memory.sync("readlink", [next, { encoding: "utf8" }], origin) as string;
      rest = [...segmentsOf(target), ...rest];
      if (!target.startsWith("/")) continue;
      at = "/";
      stats = look(memory, at);
      continue;
    }
    at = next;
    stats = child;
  }
  if (stats !== undefined) footprint.add(`n${inodeOf(stats)}`, "read");
  return { stats, place };
}

function segmentsOf(path: string): string[] {
  return path.split("/").filter((name) => name !== "" && name !== ".");
}

function look(memory: MemoryBackend, path: string): Stats | undefined {
  try {
    return memory.sync("lstat", [path, { bigint: false }], origin) as Stats;
  } catch {
    return undefined; // ENOENT and all else that the call will meet at the same place
  }
}
