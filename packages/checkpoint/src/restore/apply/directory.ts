import {
  attempt,
  type Attempt,
  directoryOf,
  errorCode,
  joinName,
  nameOf,
  openFlags,
  type Operation,
  Refusal,
  type Steps,
  wait,
} from "@holdfast/fs/steps";
import type { Root } from "@holdfast/root";
import type { PathState } from "../../state.ts";
import { look } from "../../workspace/look.ts";
import type { TrackedPath } from "../../workspace/workspaces.ts";
import type { Workshop } from "./workshop.ts";

/**
 * The directory in which a path is, held open: whatever is done to one path is done there, also where somebody renames
 * one of its parents, or puts a link in its place.
 */
export interface Directory {
  readonly root: Root;
  /** Absolute, as it was when it was opened. */
  readonly path: string;
  /** The name of the path in it. */
  readonly name: string;
}

/**
 * Works in the directory of a path. Links on the way to it are refused: when the path was tracked there were none.
 *
 * @param missing `"make"`: directories that are missing are made, as the umask has it
 * @returns `undefined` where the directory is missing, or something else has its place, and none is made
 */
export function* inDirectory<T>(
  operation: Operation,
  at: TrackedPath,
  missing: "make" | "leave",
  work: (directory: Directory) => Steps<T>,
): Steps<T | undefined> {
  const { root } = yield* at.workspace.open();
  if (nameOf(at.inside) === "" || nameOf(at.inside) === ".") throw new Refusal("EBUSY");
  const parent = directoryOf(at.inside);
  const opened = yield* attempt(openParent(root, parent, missing));
  if (!opened.ok) {
    const code = errorCode(opened.error) ?? "";
    if (missing === "leave" && (code === "ENOENT" || code === "ENOTDIR")) return undefined;
    throw opened.error;
  }
  const held = opened.value;
  try {
    return yield* work({ root: held, path: directoryOf(at.path), name: nameOf(at.inside) });
  } finally {
    yield* operation.cleanUp(wait(held.close()));
  }
}

function* openParent(root: Root, parent: string, missing: "make" | "leave"): Steps<Root> {
  const opened = yield* attempt(wait(root.openRoot(parent, { symlinks: "refuse" })));
  if (opened.ok) return opened.value;
  if (missing === "leave" || errorCode(opened.error) !== "ENOENT") throw opened.error;
  yield* wait(root.mkdir(parent, { recursive: true, symlinks: "refuse" }));
  return yield* wait(root.openRoot(parent, { symlinks: "refuse" }));
}

/** What a name in the directory is now; of a file with its hash. Throws what keeps it from being found out. */
export function* lookIn(
  { operation, objects, maxFileBytes }: Workshop,
  directory: Directory,
  name: string,
): Steps<PathState> {
  const path = joinName(directory.path, name);
  const workspace = {
    given: directory.path,
    // oxlint-disable-next-line require-yield -- it is open already
    *open() {
      return { root: directory.root, realPath: directory.path };
    },
  };
  const at: TrackedPath = { path, key: path, inside: name, workspace };
  const seen = yield* look(operation, at, objects, { keep: "hash", maxFileBytes });
  if (seen.state.kind === "failed") throw seen.error ?? new Refusal("ERR_CHANGED");
  return seen.state;
}

/** Flushes its entries, where the platform can do that: `rmdir` and `unlink` do not. */
export function* flush({ operation }: Workshop, root: Root, path = "."): Steps<void> {
  if (!operation.platform.directorySync.possible) return;
  const flags = openFlags.readOnly | openFlags.directory;
  const opened = yield* attempt(wait(root.open(path, flags, undefined, { symlinks: "refuse" })));
  if (!opened.ok) {
    const code = errorCode(opened.error);
    // May be written, but not read: nobody can flush that one.
    if (code === "EACCES" || code === "EPERM") return;
    throw opened.error;
  }
  const handle = opened.value;
  try {
    const flushed = yield* attempt(wait(handle.sync()));
    if (!flushed.ok && !isUnsupported(operation, flushed)) throw flushed.error;
  } finally {
    yield* operation.cleanUp(wait(handle.close()));
  }
}

/** Whether a flush failed because the file system has none for directories. */
export function isUnsupported({ platform }: Operation, flushed: Attempt<unknown>): boolean {
  if (flushed.ok) return false;
  return platform.directorySync.unsupported.has(errorCode(flushed.error) ?? "");
}
