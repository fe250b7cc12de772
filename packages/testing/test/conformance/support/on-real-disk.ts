import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { FileSystemLike } from "../../../src/calls/node-file-system.ts";
import { removeTree, unownedTempDir } from "../../../../atomic/test/support/temp-dir.ts";
import type { PlaceForOne } from "./failures.ts";

/** A directory of its own for each case, below `parent`. */
export function onRealDisk(fs: FileSystemLike, parent: string, secondParent?: string): PlaceForOne {
  const first = unownedTempDir(parent);
  const second = secondParent === undefined ? undefined : unownedTempDir(secondParent);
  return {
    place: {
      fs,
      dir: within(first.path),
      ...(second !== undefined && { secondDevice: second.path }),
    },
    over: () => {
      removeTree(first.path);
      if (second !== undefined) removeTree(second.path);
    },
  };
}

/** Not the temporary directory itself: its mode and owner are not those of a new one. */
function within(path: string): string {
  const dir = join(path, "dir");
  mkdirSync(dir);
  return dir;
}
