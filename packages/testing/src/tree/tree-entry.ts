import { compareNames } from "../memory/names.ts";

/**
 * One entry of a tree. `path` is relative to the tree's directory, with `/` between names, and none
 * at its end. In paths and targets, a byte that is not part of valid UTF-8 stands as a lone
 * surrogate, U+DC00 plus the byte.
 */
export type TreeEntry =
  | { readonly type: "directory"; readonly path: string; readonly mode: number }
  | {
      readonly type: "file";
      readonly path: string;
      readonly mode: number;
      readonly content: Uint8Array;
    }
  | { readonly type: "symlink"; readonly path: string; readonly target: string }
  /** A socket, a named pipe, a device: it can be found and listed, not written. */
  | { readonly type: "other"; readonly path: string };

/** The modes that go without saying: what `mkdir` and `writeFile` give with the usual umask. */
export const defaultModes = { directory: 0o755, file: 0o644 } as const;

/** Sorted so that what is in a directory follows it. */
export function comparePaths(one: string, other: string): number {
  const names = one.split("/");
  const others = other.split("/");
  for (const [index, name] of names.entries()) {
    const against = others[index];
    if (against === undefined) return 1;
    const order = compareNames(name, against);
    if (order !== 0) return order;
  }
  return names.length - others.length;
}
