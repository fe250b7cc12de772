import { nodeConstants } from "@holdfast/fs/steps";
import type { Root } from "./root.ts";

/** What `node:fs/promises` has too. */
type SharedName =
  | ("access" | "appendFile" | "chmod" | "copyFile" | "cp" | "link" | "lstat" | "mkdir")
  | ("mkdtemp" | "open" | "opendir" | "readdir" | "readFile" | "readlink" | "realpath")
  | ("rename" | "rm" | "rmdir" | "stat" | "symlink" | "truncate" | "unlink" | "utimes")
  | "writeFile";

const shared: readonly SharedName[] = [
  ...(["access", "appendFile", "chmod", "copyFile", "cp", "link", "lstat", "mkdir"] as const),
  ...(["mkdtemp", "open", "opendir", "readdir", "readFile", "readlink", "realpath"] as const),
  ...(["rename", "rm", "rmdir", "stat", "symlink", "truncate", "unlink", "utimes"] as const),
  "writeFile",
];

// An import of the namespace would not be understood where the declarations are joined.
// oxlint-disable-next-line typescript/consistent-type-imports
type NodePromises = typeof import("node:fs/promises");

/**
 * The methods of a root that `node:fs/promises` has too, bound to it: for libraries. The types are those of
 * both, so that it can be given to whoever asks for Node's; a URL or a `FileHandle` in the place of a path
 * is `ERR_INVALID_ARG` all the same.
 */
export type RootPromises = Pick<Root, SharedName> & Pick<NodePromises, SharedName | "constants">;

/** Makes the view of a root that a library can be given. */
export function makePromises(root: Root): RootPromises {
  const view: Record<string, unknown> = { constants: nodeConstants };
  for (const name of shared)
    view[name] = (root[name] as (...args: unknown[]) => unknown).bind(root);
  return Object.freeze(view) as unknown as RootPromises;
}
