import { attempt, errorCode, type Steps } from "@holdfast/fs/steps";
import type { RestoreEntry } from "../../journal/records.ts";
import { type PathState, sameContent, sameState } from "../../state.ts";
import type { TrackedPath } from "../../workspace/workspaces.ts";
import { sideNames } from "../names.ts";
import { makeDirectory, removeCreated, removeDirectory, setMode } from "./directories.ts";
import { type Directory, flush, inDirectory, lookIn } from "./directory.ts";
import { put } from "./put.ts";
import { takeAway } from "./take-away.ts";
import { changed, done, failed, type Outcome, type Workshop } from "./workshop.ts";

/** What became of a path, and whether what is there now is what it was to become: then it is ours. */
export interface Brought extends Outcome {
  readonly arrived: boolean;
}

/** Whether it was left as it is, and that is right: a directory in which somebody else has something. */
export const isLeft = ({ ok, arrived }: Brought): boolean => ok && !arrived;

/**
 * Brings one path from one state to another. What somebody else has made of it since the plan stays. A failure is an
 * outcome; nothing is thrown.
 *
 * @param index of the entry in its plan
 */
export function* bring(
  workshop: Workshop,
  at: TrackedPath,
  entry: RestoreEntry,
  index: number,
): Steps<Brought> {
  const { from, to } = entry;
  const mendsMode = sameContent(from, to) && to.kind !== "absent";
  const missing = to.kind === "absent" || mendsMode ? "leave" : "make";
  const tried = yield* attempt(
    inDirectory(workshop.operation, at, missing, (directory) =>
      change(workshop, directory, entry, index),
    ),
  );
  // Where there is no directory, there is no file: to be removed, or to have its mode mended.
  const nothing = mendsMode ? changed : done;
  const outcome = tried.ok ? (tried.value ?? nothing) : told(tried.error);
  // Somebody else has something in it, or in its place.
  const isTheirs = outcome.reason === "not-empty" || outcome.reason === "changed";
  if (isTheirs && to.kind === "absent" && entry.created === entry.path) {
    return { ...done, arrived: false };
  }
  if (!outcome.ok) return { ...outcome, arrived: yield* hasArrived(workshop, at, to) };
  if (to.kind !== "absent" || entry.created === undefined) return { ...outcome, arrived: true };
  const tidied = yield* attempt(removeCreated(workshop, at, entry.created));
  const tidy = tidied.ok ? tidied.value : told(tidied.error);
  return { ...outcome, ...(tidy.ok ? {} : tidy), arrived: true };
}

function told(error: unknown): Outcome {
  const code = errorCode(error);
  if (code === "ERR_CHECKPOINT_DAMAGED") return { ok: false, reason: "damaged" };
  return code === "ERR_CHANGED" ? changed : failed(code);
}

/** A call can fail and have done its work all the same. */
function* hasArrived(workshop: Workshop, at: TrackedPath, to: PathState): Steps<boolean> {
  const now = yield* attempt(
    inDirectory(workshop.operation, at, "leave", (directory) =>
      lookIn(workshop, directory, directory.name),
    ),
  );
  return now.ok && sameContent(now.value ?? { kind: "absent" }, to);
}

function* change(
  workshop: Workshop,
  directory: Directory,
  { from, to }: RestoreEntry,
  index: number,
): Steps<Outcome> {
  const names = sideNames(workshop.restore, index);
  if (sameContent(from, to)) return yield* changeMode(workshop, directory, from, to, index);
  switch (to.kind) {
    case "absent":
      if (from.kind === "dir") return yield* removeDirectory(workshop, directory);
      return yield* takeAway(workshop, directory, names, index, from);
    case "file":
    case "symlink": {
      if (from.kind !== "dir") return yield* put(workshop, directory, names, from, to);
      const removed = yield* removeDirectory(workshop, directory);
      if (!removed.ok) return removed;
      return yield* put(workshop, directory, names, { kind: "absent" }, to);
    }
    case "dir": {
      if (from.kind === "absent") return yield* makeDirectory(workshop, directory, to);
      const taken = yield* takeAway(workshop, directory, names, index, from);
      if (!taken.ok) return taken;
      return { ...(yield* makeDirectory(workshop, directory, to)), trash: taken.trash };
    }
    default:
      return failed("ERR_CHECKPOINT_DAMAGED"); // no plan says so: it was damaged
  }
}

function* changeMode(
  workshop: Workshop,
  directory: Directory,
  from: PathState,
  to: PathState,
  index: number,
): Steps<Outcome> {
  const now = yield* lookIn(workshop, directory, directory.name);
  if (!sameContent(now, from)) return changed;
  if (to.kind === "file" || to.kind === "dir") {
    // Also where it is right: it is flushed then, which a restore that was killed may not have come to.
    const set = yield* attempt(setMode(workshop, directory, to.mode));
    // Its other names are not ours to change: this one gets a file of its own.
    const isShared = !set.ok && errorCode(set.error) === "ERR_HARDLINK" && to.kind === "file";
    if (!set.ok && !isShared) throw set.error;
    if (isShared && !sameState(now, to)) {
      const names = sideNames(workshop.restore, index);
      return yield* put(workshop, directory, names, from, to);
    }
  }
  yield* flush(workshop, directory.root);
  return done;
}
