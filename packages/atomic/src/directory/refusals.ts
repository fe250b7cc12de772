/** What a replacement of a directory refuses, before anything is written. */

import { sep } from "node:path";
import {
  attempt,
  errorCode,
  type FileStats,
  joinName,
  Refusal,
  sameIdentity,
  stat,
  type Steps,
} from "@holdfast/fs/steps";
import { lstatIfPresent, type DirectoryTarget } from "./directory-target.ts";
import type { Replacement } from "./replace-directory.ts";

/** Both directories as they are, if the one may take the place of the other. */
export function* lookAt({
  staged,
  target,
}: Replacement): Steps<{ stagedStats: FileStats; old: FileStats | undefined }> {
  const stagedStats = yield* lstatIfPresent(staged.path);
  if (stagedStats === undefined) {
    throw new Refusal("ENOENT", { problem: '"stagedDir" does not exist' });
  }
  refuseUnlessDirectory("stagedDir", stagedStats);
  const old = yield* lstatIfPresent(target.path);
  if (old !== undefined) refuseUnlessDirectory("targetDir", old);
  const parent = yield* attempt(stat(target.parent));
  if (!parent.ok) {
    if (errorCode(parent.error) !== "ENOENT") throw parent.error;
    throw new Refusal("ENOENT", {
      problem: 'the directory that is to hold "targetDir" does not exist',
      cause: parent.error,
    });
  }
  const stagedParent = yield* stat(staged.parent);
  // Not the device of the staged directory itself: the root of a btrfs subvolume has another one
  // than its parent and can be renamed all the same.
  const devices = [stagedParent.dev, parent.value.dev] as const;
  if (!devices.includes(0n) && devices[0] !== devices[1]) throw otherDevice(undefined);
  yield* refuseNesting(staged, stagedStats, target, old);
  return { stagedStats, old };
}

function refuseUnlessDirectory(option: string, stats: FileStats): void {
  if (stats.isDirectory()) return;
  if (!stats.isSymbolicLink()) {
    throw new Refusal("ENOTDIR", { problem: `"${option}" is not a directory` });
  }
  throw new Refusal("ERR_SYMLINK", {
    problem: `"${option}" is a symbolic link`,
    hint: "Resolve it with realpath first, if the directory that it names is the one meant.",
  });
}

export function otherDevice(cause: unknown): Refusal {
  return new Refusal("EXDEV", {
    hint: "Stage the new tree in the directory that holds the target.",
    cause,
  });
}

function* refuseNesting(
  staged: DirectoryTarget,
  stagedStats: FileStats,
  target: DirectoryTarget,
  old: FileStats | undefined,
): Steps<void> {
  if (old !== undefined && isSame(staged, stagedStats, target, old)) {
    throw new Refusal("ERR_INSIDE_SOURCE", {
      problem: '"stagedDir" and "targetDir" are the same directory',
    });
  }
  if (staged.parent === target.parent) return;
  if (old !== undefined && (yield* isInside(staged.parent, target, old))) {
    throw new Refusal("ERR_INSIDE_SOURCE", { problem: '"stagedDir" lies inside "targetDir"' });
  }
  if (yield* isInside(target.parent, staged, stagedStats)) {
    throw new Refusal("ERR_INSIDE_SOURCE", { problem: '"targetDir" lies inside "stagedDir"' });
  }
}

function isSame(
  one: DirectoryTarget,
  oneStats: FileStats,
  other: DirectoryTarget,
  otherStats: FileStats,
): boolean {
  return sameIdentity(oneStats, otherStats) ?? one.path === other.path;
}

/**
 * Whether `path` is `outer` or lies in it, by going up from where the kernel says it is: a prefix of
 * the path says nothing where a component is a link.
 */
function* isInside(path: string, outer: DirectoryTarget, outerStats: FileStats): Steps<boolean> {
  if (`${path}${sep}`.startsWith(`${outer.path}${sep}`)) return true;
  let at = path;
  let here = yield* stat(at);
  // The path may get as long as the kernel takes; a tree that deep is not one to go on in.
  while (at.length < 4000) {
    if (sameIdentity(here, outerStats) === true) return true;
    at = joinName(at, "..");
    const above = yield* attempt(stat(at));
    // A parent that may not be searched: then it is left to rename itself, which refuses one case
    // with EINVAL and finds nothing to rename in the other.
    if (!above.ok && ["EACCES", "EPERM"].includes(errorCode(above.error) ?? "")) return false;
    if (!above.ok) throw above.error;
    if (sameIdentity(above.value, here) !== false) return false; // the root, or no telling
    here = above.value;
  }
  return false;
}
