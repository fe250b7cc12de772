import { mkdirSync, mkdtempSync, realpathSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

// f_type of statfs(2) on Linux; other systems number their file systems differently
const kinds = new Map([
  [0xef53, "ext4"],
  [0x58465342, "xfs"],
  [0x9123683e, "btrfs"],
  [0x2fc12fc1, "zfs"],
  [0x794c7630, "overlayfs"],
  [0x6969, "nfs"],
  [0x01021994, "tmpfs"],
]);

/**
 * A fresh folder on a real disk: a flush costs nothing in memory, and speeds measured there would
 * flatter everybody. So where the temporary folder is in memory, this repository's disk is used.
 */
export function createWorkFolder() {
  let parent = realpathSync(tmpdir());
  if (kindOf(parent) === "tmpfs") {
    parent = fileURLToPath(new URL("../node_modules/.cache", import.meta.url));
    mkdirSync(parent, { recursive: true });
  }
  const path = mkdtempSync(join(parent, "holdfast-demo-"));
  return {
    path,
    kind: kindOf(path),
    subfolder(name) {
      const folder = join(path, name);
      mkdirSync(folder);
      return folder;
    },
    remove() {
      // Windows keeps a file of a killed process busy for a moment
      rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}

function kindOf(path) {
  if (process.platform !== "linux") return process.platform;
  const { type } = statfsSync(path);
  return kinds.get(type) ?? `file system 0x${type.toString(16)}`;
}
