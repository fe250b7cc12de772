import { errorCode } from "@holdfast/fs/steps";
import type { Root } from "@holdfast/root";
import { errorOf, isMissing } from "./errors.ts";
import { flushDirectory } from "./file-io.ts";
import { pinPath, privateOf, readSession, type SessionFile } from "./session-files.ts";

/** What was removed of a session. */
export interface Removed {
  /** Outputs, and what was left of some that were being written. */
  readonly removed: readonly SessionFile[];
  readonly files: number;
  readonly bytes: number;
  readonly keptFiles: number;
  /** What could not be removed, and why. */
  readonly failures: readonly { readonly path: string; readonly error: unknown }[];
}

/** Which files of a session stay. */
export interface Keep {
  readonly pinned: boolean;
  /** Files that were changed at this time or later, in milliseconds since 1970. */
  readonly sinceMs: number;
}

/**
 * Removes the files of a session, and its directories if nothing is left in them. Nobody else may have
 * it open: staged files are orphans then. A file that cannot be removed does not keep the others.
 */
export async function removeSession(root: Root, session: string, keep: Keep): Promise<Removed> {
  const failures: { path: string; error: unknown }[] = [];
  const remove = async (path: string, how: (path: string) => Promise<void>): Promise<boolean> => {
    try {
      await how(path);
      return true;
    } catch (error) {
      if (isMissing(error)) return false;
      // It may be gone, whatever the call said.
      const found = await root.lstat(path).catch((why: unknown) => why);
      if (isMissing(found)) return true;
      failures.push({ path, error });
      return false;
    }
  };
  const unlink = (path: string): Promise<boolean> => remove(path, (name) => root.unlink(name));
  const { files, staged, pinned } = await readSession(root, session);
  const stays = ({ name, changedMs }: SessionFile): boolean =>
    (keep.pinned && pinned.has(name)) || changedMs >= keep.sinceMs;
  const removed: SessionFile[] = [];
  for (const file of [...staged, ...files.filter((each) => !stays(each))]) {
    if (await unlink(file.path)) removed.push(file);
  }
  const left = new Set(files.filter(stays).map(({ name }) => name));
  for (const name of pinned) {
    if (!left.has(name)) await unlink(pinPath(session, name));
  }
  if (left.size === 0 && failures.length === 0) {
    const rmdir = async (path: string): Promise<void> => {
      await root.rmdir(path).catch((error: unknown) => {
        // Somebody else's files: they stay, and so does what they are in.
        if (errorCode(error) !== "ENOTEMPTY" && errorCode(error) !== "EEXIST") throw error;
      });
    };
    // Its mark last but one, and when the removals are on the device: after a power cut, files without a mark would be
    // somebody else's, and stay for ever.
    const flushed = await remove(session, (path) => flushDirectory(root, path));
    if (flushed && (await remove(privateOf(session), rmdir))) await remove(session, rmdir);
  }
  const outputs = removed.filter((file) => !staged.includes(file));
  return {
    removed,
    files: outputs.length,
    bytes: outputs.reduce((sum, { bytes }) => sum + bytes, 0),
    keptFiles: left.size,
    failures,
  };
}

/** Removes what killed processes left of what they were writing. Nobody else may have the session open. */
export async function removeStaged(root: Root, session: string): Promise<void> {
  const { staged } = await readSession(root, session);
  for (const { path } of staged) {
    await root.unlink(path).catch((error: unknown) => {
      if (!isMissing(error)) throw error;
    });
  }
}

/** Throws what could not be removed, if there is anything. */
export function throwFailures(
  op: string,
  shown: string,
  failures: Removed["failures"],
  pathOf: (path: string) => string,
): void {
  const [first, ...others] = failures;
  if (first === undefined) return;
  throw errorOf(op, shown, first.error, {
    effect: "partial",
    leftovers: failures.map(({ path }) => pathOf(path)),
    suppressed: others.map(({ error }) => error),
  });
}
