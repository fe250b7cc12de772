import { attempt, errorCode, joinName, sameIdentity, type Steps, wait } from "@holdfast/fs/steps";
import { type PathState, sameContent } from "../../state.ts";
import type { SideNames } from "../names.ts";
import { type Directory, lookIn } from "./directory.ts";
import { renameUnlessTaken } from "./rename-unless-taken.ts";
import { moveToTrash } from "./trash.ts";
import { changed, failed, type Outcome, type Workshop } from "./workshop.ts";

/**
 * Takes a file or link away, into the trash. First it gets a name of ours, and only what is looked at under that name goes:
 * so nothing goes that somebody has put there after the plan was made, however late.
 *
 * @param from what is there, as the plan saw it
 */
export function* takeAway(
  workshop: Workshop,
  directory: Directory,
  { aside }: SideNames,
  index: number,
  from: PathState,
): Steps<Outcome> {
  const { root, name } = directory;
  const before = yield* lookIn(workshop, directory, name);
  if (before.kind === "absent") return { ok: true };
  if (!sameContent(before, from)) return changed;
  // Not flushed: the move to the trash flushes the directory, and until then either name will do.
  const renamed = yield* attempt(wait(root.rename(name, aside, { durable: false })));
  if (!renamed.ok) {
    if (errorCode(renamed.error) === "ENOENT") return { ok: true };
    // The answer may have got lost, and the file have the other name.
    const back = yield* giveBack(workshop, directory, aside, index);
    return { ...failed(errorCode(renamed.error)), trash: back.trash };
  }
  const taken = yield* attempt(lookIn(workshop, directory, aside));
  if (taken.ok && sameContent(taken.value, from)) {
    const moved = yield* attempt(moveToTrash(workshop, directory, aside, index));
    if (moved.ok && moved.value.failure === undefined) return { ok: true, trash: moved.value.path };
    const error = moved.ok ? moved.value.failure?.error : moved.error;
    const back = yield* giveBack(workshop, directory, aside, index);
    const trash = moved.ok ? moved.value.path : back.trash;
    return { ...failed(errorCode(error)), trash };
  }
  const back = yield* giveBack(workshop, directory, aside, index);
  const outcome = taken.ok ? changed : failed(errorCode(taken.error));
  return { ...outcome, trash: back.trash };
}

/** What became of something that was taken. */
export interface GivenBack {
  /** Whether there was anything under the name. */
  readonly found: boolean;
  /** Where it is, if it could not get its name back. */
  readonly trash: string | undefined;
  /** Why it still is where it was, under the name that we gave it. */
  readonly stuck?: { readonly error: unknown } | undefined;
}

/**
 * Gives what was taken its name again. Where something new has the name, that stays, and what was taken goes to the trash;
 * and where that fails too, it keeps the name that it has. Throws nothing.
 */
export function* giveBack(
  workshop: Workshop,
  directory: Directory,
  aside: string,
  index: number,
): Steps<GivenBack> {
  const { root, name } = directory;
  const back = yield* attempt(renameUnlessTaken(root, aside, name));
  if (back.ok) return { found: true, trash: undefined };
  if (errorCode(back.error) === "ENOENT") return { found: false, trash: undefined };
  const twice = yield* attempt(isSecondName(directory, aside));
  if (twice.ok && twice.value === undefined) return { found: true, trash: undefined };
  const stuck = { found: true, trash: joinName(directory.path, aside) };
  if (twice.ok && twice.value === true) {
    const removed = yield* attempt(wait(root.unlink(aside)));
    return removed.ok ? { found: true, trash: undefined } : { ...stuck, stuck: removed };
  }
  const moved = yield* attempt(moveToTrash(workshop, directory, aside, index));
  return moved.ok ? { found: true, trash: moved.value.path } : { ...stuck, stuck: moved };
}

/** Whether both names are of one file, as a crash leaves them in the middle of a move; `undefined`: there is none. */
function* isSecondName({ root, name }: Directory, aside: string): Steps<boolean | undefined> {
  const one = yield* attempt(wait(root.lstat(aside, { bigint: true })));
  if (!one.ok && errorCode(one.error) === "ENOENT") return undefined;
  if (!one.ok) throw one.error;
  const other = yield* attempt(wait(root.lstat(name, { bigint: true })));
  return other.ok && sameIdentity(one.value, other.value) === true;
}
