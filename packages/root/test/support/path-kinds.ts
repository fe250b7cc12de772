/** A tree with one of each kind of thing, and all the ways to write a path to one. */

import { chmodSync, linkSync } from "node:fs";
import type { Fixture } from "./bench.ts";
import type { SpecialFiles } from "./special-files.ts";
import type { Path } from "./surface.ts";

const name255 = "n".repeat(255);

/** One of each kind, in `root`. */
export function kindsFixture(special: SpecialFiles): Fixture {
  return {
    restore: () => {
      for (const path of [special.fifo, special.socket, special.device]) {
        if (path !== undefined) chmodSync(path, 0o644);
      }
    },
    lines: () => [
      "root/file = file content",
      "root/script 0755 = #!/bin/sh",
      "root/empty-file = ",
      "root/other-file = other",
      "root/other-dir/kept = kept",
      "root/dir/inner = inner",
      "root/dir/sub/deep = deep",
      "root/empty/",
      "root/link => file",
      "root/dirlink => dir",
      "root/emptylink => empty",
      "root/linklink => link",
      "root/sublink => dir/sub",
      "root/dotlink => .",
      "root/slashlink => dir/",
      "root/fileslashlink => file/",
      "root/dangling => nowhere",
      "root/dangling-deep => nowhere/else",
      "root/dangling-slash => nowhere/",
      "root/dangling-in-dir => dir/nowhere",
      "root/loop => loop",
      "root/a?b = question mark",
      "root/*.txt = star",
      "root/back\\slash = backslash",
      "root/ ~ = blanks",
      '"root/two\\nlines" = newline',
      `root/${name255} = long name`,
      '"root/bytes\\udcff" = bytes',
    ],
    extras: (base) => {
      linkSync(special.fifo, `${base}/root/fifo`);
      linkSync(special.socket, `${base}/root/socket`);
      if (special.device !== undefined) linkSync(special.device, `${base}/root/device`);
    },
  };
}

/** Paths as they are written. */
export const pathKinds: readonly Path[] = [
  ["file", "./file", "file/", "file//", "file/.", "file/..", "file/child", "file/child/"],
  ["empty-file", "script"],
  ["dir", "dir/", "dir//", "dir/.", "dir/./", "dir/..", "./dir", "dir/inner", "dir//inner"],
  ["dir/../file", "dir/sub/..", "dir/sub/../inner", "dir/sub/../../file", "dir/missing"],
  [".", "./", "./.", "empty", "empty/", "empty/."],
  ["missing", "missing/", "missing/.", "missing/..", "missing/child", "missing/../file"],
  ["link", "link/", "link/.", "link/child", "link/..", "linklink", "linklink/", "fileslashlink"],
  ["dirlink", "dirlink/", "dirlink/.", "dirlink/inner", "dirlink/..", "dirlink/../file"],
  ["sublink/..", "sublink/../inner", "emptylink", "emptylink/", "dotlink", "dotlink/file"],
  ["dotlink/", "slashlink", "slashlink/inner"],
  ["dangling", "dangling/", "dangling/.", "dangling/child", "dangling-deep", "dangling-slash"],
  ["dangling-in-dir", "dangling/..", "loop", "loop/", "loop/child", "loop/.."],
  ["a?b", "*.txt", "back\\slash", " ~", "~", "two\nlines", "FILE"],
  name255,
  `dir/${"m".repeat(255)}`,
  "n".repeat(256),
  "n".repeat(500),
  `${"n".repeat(300)}/child`,
  `dir/${"../dir/".repeat(650)}inner`,
  `${"./".repeat(400)}file`,
  Buffer.from("file"),
  Buffer.from([...Buffer.from("bytes"), 0xff]),
  Buffer.from([...Buffer.from("missing"), 0xff]),
  ["socket", "socket/", "socket/child", "fifo/", "fifo/child", "fifo", "device", "device/"],
].flat();

/** For calls with two paths, with each other. */
export const pairKinds: readonly string[] = [
  ["file", "file/", "dir", "dir/", "dir/.", "dir/inner", "dir/sub", ".", "empty", "empty/"],
  ["missing", "missing/", "missing/child", "link", "link/", "dirlink", "dirlink/", "dangling"],
  ["dangling/", "socket", "empty-file", "file/child", "n".repeat(256)],
].flat();

/** A path as it stands in a table. */
export function shownKind(path: Path): string {
  if (typeof path !== "string") return `bytes ${path.toString("latin1")}`;
  if (path.length <= 40) return JSON.stringify(path);
  return `${JSON.stringify(path.slice(0, 12))}… (${path.length})`;
}
