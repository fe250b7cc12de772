import { attempt, errorCode, type Steps } from "@holdfast/fs/steps";
import type { TrackedPath } from "../workspace/workspaces.ts";
import { flush, inDirectory } from "./apply/directory.ts";
import { removeStaged } from "./apply/put.ts";
import { giveBack } from "./apply/take-away.ts";
import type { Workshop } from "./apply/workshop.ts";
import { sideNames } from "./names.ts";

/** The way to the path is another one by now: where it led, nothing of ours can be found from here. */
const leadsElsewhere: ReadonlySet<string | undefined> = new Set([
  "ENOENT",
  "ENOTDIR",
  "ERR_SYMLINK",
  "ERR_PATH_ESCAPES",
]);

/**
 * Settles what a restore that was killed has left beside a path. A staged file goes. What was taken away comes back, whatever it is:
 * if it is to go, it goes again, from the beginning.
 *
 * Throws where that cannot be done or found out: the restore stays interrupted then, and nothing is forgotten.
 */
export function* settleSides(workshop: Workshop, at: TrackedPath, index: number): Steps<void> {
  const { staged, aside } = sideNames(workshop.restore, index);
  const settled = yield* attempt(
    inDirectory(workshop.operation, at, "leave", function* (directory) {
      const removed = yield* removeStaged(directory, staged);
      const { stuck } = yield* giveBack(workshop, directory, aside, index);
      if (stuck !== undefined) throw stuck.error;
      if (removed) yield* flush(workshop, directory.root);
    }),
  );
  if (!settled.ok && !leadsElsewhere.has(errorCode(settled.error))) throw settled.error;
}
