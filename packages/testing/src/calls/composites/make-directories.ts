/** `mkdir` with `recursive`. */

import { dirname } from "node:path";
import { make, type Composite } from "../composite.ts";
import { asErrorOf, nodeError } from "../node-error.ts";

/** Node reports these as they are; after any other it looks whether the directory is there. */
const final: ReadonlySet<unknown> = new Set(["EACCES", "ENOSPC", "ENOTDIR", "EPERM"]);

const codeOf = (error: unknown): unknown => (error as NodeJS.ErrnoException | null)?.code;

/**
 * Returns the first directory that was made, as Node does.
 *
 * @param below whether a directory below it is wanted
 */
export function* makeDirectories(
  path: string,
  mode: number,
  below = false,
): Composite<string | undefined> {
  const parent = dirname(path);
  try {
    yield* make("mkdir", path, mode);
    return path;
  } catch (error) {
    if (codeOf(error) !== "ENOENT" || parent === path) return yield* judge(error, path, below);
  }
  const first = yield* makeDirectories(parent, mode, true);
  try {
    yield* make("mkdir", path, mode);
    return first ?? path;
  } catch (error) {
    yield* judge(error, path, below);
    return first;
  }
}

/** No failure if the directory is there. */
function* judge(error: unknown, path: string, below: boolean): Composite<undefined> {
  const code = codeOf(error);
  if (code === "ENOENT" || final.has(code)) throw error;
  let directory: boolean;
  try {
    directory = (yield* make("stat", path, { bigint: false })).isDirectory();
  } catch (failure) {
    throw asErrorOf("mkdir", failure, [path]);
  }
  if (!directory) throw nodeError(below ? "ENOTDIR" : "EEXIST", "mkdir", [path]);
}
