import { absolute, wait, type FileSystem, type Steps } from "@holdfast/fs/steps";
import { inspectLock } from "@holdfast/lock";
import type { LogFile } from "../log-file.ts";

/** How many have a log open for appending: each of them holds a share of its lock. */
export function* countWriters({ path, fileSystem }: LogFile): Steps<number> {
  // The path in a root is relative to it, and `inspectLock` makes one of the working directory of it.
  const base = absolute(path).slice(0, -path.length);
  const port = base === "" ? fileSystem : relativeTo(base, fileSystem);
  const { owners } = yield* wait(inspectLock(path, { fileSystem: port }));
  return owners.filter(({ shared, state }) => shared && (state === "alive" || state === "unknown"))
    .length;
}

type Method = (path: string, ...rest: readonly unknown[]) => unknown;

/** A port that takes paths with `base` before them. */
function relativeTo(base: string, fileSystem: FileSystem | undefined): FileSystem {
  const promises = { ...fileSystem?.promises } as Record<string, Method>;
  for (const name of ["open", "stat", "lstat", "readlink", "readdir"]) {
    const method = fileSystem?.promises?.[name as "lstat"] as Method;
    promises[name] = (path, ...rest) =>
      method(path.startsWith(base) ? path.slice(base.length) : path, ...rest);
  }
  return { promises: promises as FileSystem["promises"] & object };
}
