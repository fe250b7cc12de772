import { attempt, errorCode, type Steps, wait } from "@holdfast/fs/steps";
import type { Root } from "@holdfast/root";

/**
 * Gives something a name that nothing has. By link(2), which cannot replace anything; where that fails though the name is
 * free (there are no hard links on FAT), by a rename, which leaves somebody else the moment after the look.
 *
 * @throws `EEXIST` where something has the name
 */
export function* renameUnlessTaken(root: Root, from: string, to: string): Steps<void> {
  const linked = yield* attempt(wait(root.rename(from, to, { overwrite: false })));
  if (linked.ok) return;
  const code = errorCode(linked.error);
  if (code === "EEXIST" || code === "ENOENT") throw linked.error;
  const taken = yield* attempt(wait(root.lstat(to)));
  if (taken.ok || errorCode(taken.error) !== "ENOENT") throw linked.error;
  yield* wait(root.rename(from, to));
}
