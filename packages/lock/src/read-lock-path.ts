import {
  absolute,
  type FileSystem,
  invalidCombination,
  invalidRange,
  invalidType,
  nameOf,
  readPath,
} from "@holdfast/fs/steps";
import { portOfRoot } from "./root-port.ts";

/** A checked path. */
export interface Place {
  /** As the caller gave it. */
  readonly path: string;
  /** As the port takes it. */
  readonly target: string;
  readonly fileSystem: FileSystem | undefined;
}

/** Checks a path, or `{ root, path }`. */
export function readLockPath(
  op: string,
  given: unknown,
  fileSystem: FileSystem | undefined,
  half: "async" | "sync",
  target?: string,
): Place {
  if (typeof given !== "object" || given === null || given instanceof URL) {
    const path = readPath(op, "path", given);
    return { path, target: targetOf(op, target ?? absolute(path)), fileSystem };
  }
  if (!("root" in given)) {
    throw invalidType(op, "path", "a path, a file: URL, or { root, path }", given);
  }
  return readPathInRoot(op, given, fileSystem, half);
}

function readPathInRoot(
  op: string,
  given: { readonly root: unknown; readonly path?: unknown },
  fileSystem: FileSystem | undefined,
  half: "async" | "sync",
): Place {
  const { root, path } = given;
  const stranger = Object.keys(given).find((name) => name !== "root" && name !== "path");
  if (stranger !== undefined) {
    throw invalidCombination(op, `there is no ${JSON.stringify(stranger)} in { root, path }`);
  }
  if (typeof path !== "string") throw invalidType(op, "path.path", "a string", path);
  const inRoot = readPath(op, "path.path", path);
  if (fileSystem !== undefined) {
    throw invalidCombination(op, '"fileSystem" is the root itself for a path in a root');
  }
  if (half === "sync") throw noSynchronousForm(op);
  const promises = (root as { readonly promises?: unknown } | null | undefined)?.promises;
  if (typeof promises !== "object" || promises === null) {
    throw invalidType(op, "path.root", "a Root of @holdfast/root", root);
  }
  return { path: inRoot, target: targetOf(op, inRoot), fileSystem: portOfRoot(promises) };
}

/** The error for a synchronous call on a lock in a root. */
export const noSynchronousForm = (op: string): Error =>
  invalidCombination(op, "a lock in a root has no synchronous form");

/** Without separators at the end: `dir/` and `dir` have one lock. */
function targetOf(op: string, path: string): string {
  const target = path.replace(/(?<=.)\/+$/, "");
  if (["", ".", ".."].includes(nameOf(target))) {
    throw invalidRange(op, "path", "a path that ends in a name", path);
  }
  return target;
}
