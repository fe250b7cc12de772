/** `node:fs` as it would be with a disk that folds case mounted somewhere. */

import * as fs from "node:fs";
import type { FileSystem } from "@holdfast/fs/steps";

/** Names below a directory may be spelled in any case. That of the directory itself may not. */
export function foldingBelow(directory: string): FileSystem {
  const spelled = (path: unknown): unknown =>
    typeof path === "string" ? spelledBelow(directory, path) : path;
  const promises = new Proxy(fs.promises, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== "function") return method;
      return (...args: unknown[]): unknown => Reflect.apply(method, target, args.map(spelled));
    },
  });
  return { promises } as FileSystem;
}

/** The path by the names that are on the disk. */
function spelledBelow(directory: string, path: string): string {
  const descriptor = /^\/proc\/self\/fd\/\d+(?=\/)/.exec(path)?.[0];
  if (descriptor !== undefined) {
    const start = fs.readlinkSync(descriptor);
    return (
      descriptor +
      spelledBelow(directory, start + path.slice(descriptor.length)).slice(start.length)
    );
  }
  if (!path.startsWith(`${directory}/`)) return path;
  let at = directory;
  for (const name of path.slice(directory.length + 1).split("/")) {
    const other = namesIn(at).find((entry) => entry.toLowerCase() === name.toLowerCase());
    at += `/${other ?? name}`;
  }
  return at;
}

function namesIn(path: string): string[] {
  try {
    return fs.readdirSync(path);
  } catch {
    return []; // a file, or nothing
  }
}
