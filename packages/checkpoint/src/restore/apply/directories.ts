import {
  attempt,
  directoryOf,
  errorCode,
  openFlags,
  permissionBits,
  type Steps,
  wait,
} from "@holdfast/fs/steps";
import type { PathState } from "../../state.ts";
import type { TrackedPath } from "../../workspace/workspaces.ts";
import { type Directory, flush, isUnsupported } from "./directory.ts";
import { changed, done, failed, type Outcome, type Workshop } from "./workshop.ts";

type DirectoryState = Extract<PathState, { kind: "dir" }>;

/** Makes a directory where nothing is. */
export function* makeDirectory(
  workshop: Workshop,
  directory: Directory,
  to: DirectoryState,
): Steps<Outcome> {
  const { root, name } = directory;
  const made = yield* attempt(wait(root.mkdir(name, { mode: to.mode })));
  if (!made.ok) {
    if (errorCode(made.error) !== "EEXIST") throw made.error;
    if (!(yield* wait(root.lstat(name))).isDirectory()) return changed;
    return done; // made by somebody else, as they want it
  }
  return yield* setMode(workshop, directory, to.mode);
}

/** Of what was just seen: a link that has come since is refused, and so is a file with other names. Flushed. */
export function* setMode(
  { operation }: Workshop,
  { root, name }: Directory,
  mode: number,
): Steps<Outcome> {
  const flags = openFlags.readOnly | openFlags.noFollow | openFlags.nonBlocking;
  const settings = { symlinks: "refuse", hardlinks: "refuse" } as const;
  const opened = yield* attempt(wait(root.open(name, flags, undefined, settings)));
  if (!opened.ok) {
    const code = errorCode(opened.error);
    // What may not be read can have its mode set all the same, but not be flushed; Windows opens no directory.
    if (code !== "EACCES" && code !== "EISDIR" && code !== "EPERM") throw opened.error;
    yield* wait(root.chmod(name, mode, settings));
    return done;
  }
  const handle = opened.value;
  try {
    const stats = yield* wait(handle.stat({ bigint: true }));
    if (permissionBits(stats) !== mode) yield* wait(handle.chmod(mode));
    // Also where it is right: who set it may not have come so far.
    const flushed = yield* attempt(wait(handle.sync()));
    const unsupported = stats.isDirectory() && isUnsupported(operation, flushed);
    if (!flushed.ok && !unsupported) throw flushed.error;
    return done;
  } finally {
    yield* operation.cleanUp(wait(handle.close()));
  }
}

const notEmpty: ReadonlySet<string | undefined> = new Set(["ENOTEMPTY", "EEXIST"]);

/** Removes a directory, if it is empty. */
export function* removeDirectory(workshop: Workshop, { root, name }: Directory): Steps<Outcome> {
  const removed = yield* attempt(wait(root.rmdir(name)));
  if (!removed.ok) {
    const code = errorCode(removed.error);
    if (code === "ENOTDIR") return changed;
    if (notEmpty.has(code)) return { ok: false, reason: "not-empty" };
    if (code !== "ENOENT") throw removed.error;
  }
  yield* flush(workshop, root);
  return done;
}

/** With these somebody else has the directory. */
const isOver: ReadonlySet<string | undefined> = new Set([...notEmpty, "ENOTDIR", "ERR_SYMLINK"]);

/**
 * Removes the directories on the way to a path that is gone, from the innermost to `topmost`, as long as they are empty.
 *
 * @param topmost absolute: the topmost one that we had made
 */
export function* removeCreated(
  workshop: Workshop,
  at: TrackedPath,
  topmost: string,
): Steps<Outcome> {
  const { root } = yield* at.workspace.open();
  let [path, inside] = [directoryOf(at.path), directoryOf(at.inside)];
  while (inside !== "." && (path === topmost || path.startsWith(`${topmost}/`))) {
    const removed = yield* attempt(wait(root.rmdir(inside, { symlinks: "refuse" })));
    if (!removed.ok) {
      const code = errorCode(removed.error);
      // One that is gone may have been removed by a restore that was cut off: its parent may be left.
      if (code !== "ENOENT") return isOver.has(code) ? done : failed(code);
    }
    [path, inside] = [directoryOf(path), directoryOf(inside)];
    const flushed = yield* attempt(flush(workshop, root, inside));
    if (!flushed.ok && errorCode(flushed.error) !== "ENOENT") throw flushed.error;
  }
  return done;
}
