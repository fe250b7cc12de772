import { attempt, errorCode, type Steps, wait } from "@holdfast/fs/steps";
import { type PathState, sameContent } from "../../state.ts";
import type { SideNames } from "../names.ts";
import { type Directory, flush, lookIn } from "./directory.ts";
import { renameUnlessTaken } from "./rename-unless-taken.ts";
import { stageFile } from "./stage.ts";
import { changed, done, type Outcome, type Workshop } from "./workshop.ts";

/** A file or a link: what is staged and then given its name. */
export type Placed = Extract<PathState, { kind: "file" | "symlink" }>;

/**
 * Puts a file or link in the place of another one, or where nothing is. The last look at what is replaced comes when all else is
 * ready; between it and the rename nothing of ours waits for a device.
 *
 * @param from what is there, as the plan saw it: no directory
 */
export function* put(
  workshop: Workshop,
  directory: Directory,
  { staged }: SideNames,
  from: PathState,
  to: Placed,
): Steps<Outcome> {
  const { root, name } = directory;
  let placed = false;
  try {
    if (to.kind === "file") yield* stageFile(workshop, directory, staged, to);
    else yield* wait(root.symlink(to.target, staged));
    if (from.kind === "absent") {
      const made = yield* attempt(renameUnlessTaken(root, staged, name));
      if (!made.ok && errorCode(made.error) === "EEXIST") return changed;
      if (!made.ok) throw made.error;
    } else {
      const now = yield* lookIn(workshop, directory, name);
      if (!sameContent(now, from)) return changed;
      // Flushed afterwards: a directory that is opened first is a moment in which somebody may save the file.
      yield* wait(root.rename(staged, name, { durable: false }));
      placed = true;
      yield* flush(workshop, root);
    }
    placed = true;
    return done;
  } finally {
    if (!placed) yield* workshop.operation.cleanUp(removeStaged(directory, staged));
  }
}

/** Ours, whatever it is. */
export function* removeStaged({ root }: Directory, staged: string): Steps<boolean> {
  const removed = yield* attempt(wait(root.unlink(staged)));
  if (removed.ok) return true;
  if (errorCode(removed.error) === "ENOENT") return false;
  throw removed.error;
}
