/** The usual attackers. What each one moves out of the way stays beside it, under `path.aside`. */

import { invalidRange, invalidType } from "@holdfast/fs/steps";
import type { NodeFileSystem } from "../calls/node-file-system.ts";
import type { Adversary } from "./adversary.ts";

/**
 * What was at `path` is at `path.aside`, and `path` is a symbolic link to `target`: the classic attack
 * on check, then use. Undone: the old one is back, unless the link is gone by then.
 *
 * Whether the program was led astray is for `check` to see: put something at `target` in `setup`, and
 * look whether it changed.
 *
 * ```ts
 * await exploreInterference(scenario, { adversaries: [swapForSymlink("/uploads/a", "/etc/passwd")] });
 * ```
 *
 * @param path absolute; where nothing is yet, the link is planted
 * @param target as in symlink(2): relative to the directory of `path`, or absolute
 * @throws `TypeError` (`ERR_INVALID_ARG`) if either is not a string
 */
export function swapForSymlink(path: string, target: string): Adversary {
  const aside = asideOf("swapForSymlink", path);
  mustBePath("swapForSymlink", "target", target);
  return {
    name: `swapForSymlink ${path} -> ${target}`,
    did: "symlink swapped in",
    act(fs) {
      if (isThere(fs, path)) fs.renameSync(path, aside);
      fs.symlinkSync(target, path);
    },
    undo(fs) {
      fs.readlinkSync(path); // EINVAL if the program has put something of its own there
      const wasThere = isThere(fs, aside);
      fs.unlinkSync(path); // a directory cannot be renamed over a link
      if (wasThere) fs.renameSync(aside, path);
    },
  };
}

/**
 * What was at `path` is at `path.aside`, and `path` is an empty directory. Undone: the old one is
 * back, and what the program has put into the false one is at `path.swapped`.
 *
 * @throws `TypeError` (`ERR_INVALID_ARG`) if `path` is not a string
 */
export function swapForDirectory(path: string): Adversary {
  const aside = asideOf("swapForDirectory", path);
  return {
    name: `swapForDirectory ${path}`,
    did: "directory swapped in",
    act(fs) {
      fs.renameSync(path, aside);
      fs.mkdirSync(path);
    },
    undo(fs) {
      fs.lstatSync(aside); // as above
      fs.renameSync(path, `${path}.swapped`);
      fs.renameSync(aside, path);
    },
  };
}

/**
 * What was at `path` is at `to`. Undone: it is back.
 *
 * @param to default: `path.aside`
 * @throws `TypeError` (`ERR_INVALID_ARG`) if either is not a string
 */
export function moveAway(path: string, to: string = asideOf("moveAway", path)): Adversary {
  mustBePath("moveAway", "path", path);
  mustBePath("moveAway", "to", to);
  return {
    name: `moveAway ${path} -> ${to}`,
    did: `${path} moved away`,
    act: (fs) => fs.renameSync(path, to),
    undo: (fs) => fs.renameSync(to, path),
  };
}

/**
 * `path` is another file, with this content; the old one is at `path.aside`. Undone: the old one is
 * back.
 *
 * @throws `TypeError` (`ERR_INVALID_ARG`) if an argument is of the wrong type
 */
export function replaceFile(path: string, content: string | Uint8Array): Adversary {
  const aside = asideOf("replaceFile", path);
  if (typeof content !== "string" && !(content instanceof Uint8Array)) {
    throw invalidType("replaceFile", "content", "a string or bytes", content);
  }
  return {
    name: `replaceFile ${path}`,
    did: `${path} replaced`,
    act(fs) {
      fs.renameSync(path, aside);
      fs.writeFileSync(path, content, { flag: "wx" });
    },
    undo: (fs) => fs.renameSync(aside, path),
  };
}

/**
 * The file at `path` has a second name, through which somebody else can read and change it. Undone:
 * the second name is gone.
 *
 * @throws `TypeError` (`ERR_INVALID_ARG`) if either is not a string
 */
export function addHardlink(path: string, as: string): Adversary {
  mustBePath("addHardlink", "path", path);
  mustBePath("addHardlink", "as", as);
  return {
    name: `addHardlink ${path} as ${as}`,
    did: `hard link ${as} added`,
    act: (fs) => fs.linkSync(path, as),
    undo: (fs) => fs.unlinkSync(as),
  };
}

/**
 * The file at `path` is longer by so many bytes, all of them `+`. Undone: they are cut off again.
 *
 * @param bytes at least 1
 * @throws `TypeError` or `RangeError` (`ERR_INVALID_ARG`)
 */
export function grow(path: string, bytes: number): Adversary {
  mustBePath("grow", "path", path);
  if (!Number.isInteger(bytes) || bytes < 1) {
    throw invalidRange("grow", "bytes", "an integer of at least 1", bytes);
  }
  return {
    name: `grow ${path} by ${bytes}`,
    did: `${path} grown by ${bytes} bytes`,
    act: (fs) => withFile(fs, path, (fd, size) => fs.writeSync(fd, "+".repeat(bytes), size)),
    undo: (fs) => withFile(fs, path, (fd, size) => fs.ftruncateSync(fd, Math.max(0, size - bytes))),
  };
}

function withFile(
  fs: NodeFileSystem,
  path: string,
  work: (fd: number, size: number) => void,
): void {
  const fd = fs.openSync(path, "r+"); // not "a", which would make a missing one
  try {
    work(fd, fs.fstatSync(fd).size);
  } finally {
    fs.closeSync(fd);
  }
}

function asideOf(op: string, path: string): string {
  mustBePath(op, "path", path);
  return `${path}.aside`;
}

function mustBePath(op: string, name: string, value: unknown): void {
  if (typeof value !== "string" || value === "") {
    throw invalidType(op, name, "a path, as a string", value);
  }
}

function isThere(fs: NodeFileSystem, path: string): boolean {
  return fs.lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
