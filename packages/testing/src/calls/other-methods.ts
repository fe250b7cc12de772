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
  for (const name of others(face, half)) {
    const own = owner === undefined ? undefined : memberOf(owner, name);
    face[name] = typeof own === "function" ? own : standIn(half, name);
  }
}

const known: Partial<Record<"fs" | "promises", readonly string[]>> = {};

function others(face: Members, half: "fs" | "promises"): readonly string[] {
  const ofNode: object = half === "fs" ? nodeFs : nodeFs.promises;
  return (known[half] ??= Object.keys(ofNode).filter(
    (name) => !(name in face) && name !== "default",
  ));
}

function standIn(half: "fs" | "promises", name: string): unknown {
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
