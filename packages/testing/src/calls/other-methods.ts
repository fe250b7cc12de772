/** What `node:fs` has beyond what can be made of single calls: classes, watching, whatever comes. */

import * as nodeFs from "node:fs";
import { memberOf, type FileSystemLike } from "./node-file-system.ts";

type Members = Record<string, unknown>;

/**
 * Adds to a face of `node:fs`, or to its `promises`, what the one of this Node has and the face lacks.
 *
 * @param under whose methods they are, if there is somebody
 */
export function addOthers(face: Members, half: "fs" | "promises", under?: FileSystemLike): void {
  const owner = half === "fs" ? under : under?.promises;
  for (const [name, standIn] of (standIns[half] ??= standInsFor(face, half))) {
    const own = owner === undefined ? undefined : memberOf(owner, name);
    face[name] = typeof own === "function" ? own : standIn;
  }
}

type StandIns = readonly (readonly [name: string, standIn: unknown])[];

// Made once: every face of one half lacks the same, and a crash explorer makes tens of thousands.
const standIns: Partial<Record<"fs" | "promises", StandIns>> = {};

function standInsFor(face: Members, half: "fs" | "promises"): StandIns {
  return Object.keys(half === "fs" ? nodeFs : nodeFs.promises)
    .filter((name) => !(name in face) && name !== "default")
    .map((name) => [name, standInOf(half, name)]);
}

function standInOf(half: "fs" | "promises", name: string): unknown {
  const { constants } = nodeFs;
  // Read from `constants`: newer Nodes warn of `fs.F_OK`.
  if (/^[A-Z]_OK$/.test(name)) return constants[name as "F_OK"];
  const ofNode = memberOf(half === "fs" ? nodeFs : nodeFs.promises, name);
  // Classes, and what touches no file.
  if (typeof ofNode !== "function" || /^[A-Z_]/.test(name)) return ofNode;
  const refuse = (): never => {
    const error = new Error(`fs.${name} is not offered by this file system`);
    throw Object.assign(error, { code: "ERR_METHOD_NOT_IMPLEMENTED" });
  };
  return half === "fs" ? refuse : async () => refuse();
}
