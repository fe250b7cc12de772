import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** One call that changes something in the tree of {@link plant}. */
export interface Change {
  readonly name: string;
  readonly method: string;
  readonly args: readonly unknown[];
  /** The places that it changes, from the root, links resolved, in this order. */
  readonly asks: readonly (string | RegExp)[];
}

/** `d` with a file, an empty directory and another; `ld` leads to `d`, `lf` to `d/f`. */
export function plant(root: string): void {
  mkdirSync(join(root, "d", "e"), { recursive: true });
  mkdirSync(join(root, "d", "full"));
  writeFileSync(join(root, "d", "full", "x"), "x");
  writeFileSync(join(root, "d", "f"), "old");
  writeFileSync(join(root, "other"), "other");
  symlinkSync("d", join(root, "ld"));
  symlinkSync("ld/f", join(root, "lf"));
  symlinkSync("/etc", join(root, "out"));
}

const change = (
  name: string,
  method: string,
  args: readonly unknown[],
  ...asks: readonly (string | RegExp)[]
): Change => ({ name, method, args, asks });

export const changes: readonly Change[] = [
  change("append", "appendFile", ["ld/f", "new"], "d/f"),
  change("append through a link", "appendFile", ["lf", "new"], "d/f"),
  change("append to a new file", "appendFile", ["ld/n", "new"], "d/n"),
  change("truncate", "truncate", ["ld/f", 1], "d/f"),
  change("truncate through a link", "truncate", ["lf"], "d/f"),
  change("chmod", "chmod", ["lf", "600"], "d/f"),
  change("chmod of a directory", "chmod", ["ld", 0o700], "d"),
  change("utimes", "utimes", ["lf", 1, 2], "d/f"),
  change("unlink", "unlink", ["ld/f"], "d/f"),
  change("unlink of a link", "unlink", ["lf"], "lf"),
  change("unlink of a link that leads out", "unlink", ["out"], "out"),
  change("rmdir", "rmdir", ["ld/e"], "d/e"),
  change("symlink", "symlink", ["/etc/passwd", "ld/s"], "d/s"),
  change("link", "link", ["ld/f", "second"], "d/f", "second"),
  change("link of a link", "link", ["out", "ld/out2"], "out", "d/out2"),
  change("rename", "rename", ["ld/f", "g"], "d/f", "g"),
  change("rename over a file", "rename", ["ld/f", "other"], "d/f", "other"),
  change("rename of a directory", "rename", ["ld/full", "ld/e"], "d/full", "d/e"),
  change("rename of a link", "rename", ["out", "ld/out2"], "out", "d/out2"),
  change("move of a file", "rename", ["ld/f", "g", { overwrite: false }], "d/f", "g"),
  change("move of a directory", "rename", ["d/full", "g", { overwrite: false }], "d/full", "g"),
  change("move of a link", "rename", ["out", "g", { overwrite: false }], "out", "g"),
  change("mkdir", "mkdir", ["ld/m"], "d/m"),
  change("mkdir -p", "mkdir", ["ld/m/n", { recursive: true }], "d/m", "d/m/n"),
  change("mkdtemp", "mkdtemp", ["ld/t-"], /^d\/t-[A-Za-z0-9]{6}$/),
  change("write", "writeFile", ["ld/f", "new"], "d/f"),
  change("write through a link", "writeFile", ["lf", "new"], "d/f"),
  change("write of pieces through a link", "writeFile", ["lf", ["n", "ew"]], "d/f"),
  change("write with parents", "writeFile", ["ld/p/q", "new", { create: true }], "d/p", "d/p/q"),
  change("create", "create", ["ld/n", "new"], "d/n"),
];
