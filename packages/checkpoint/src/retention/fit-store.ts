import { sleep, type Steps } from "@holdfast/fs/steps";
import { sizesOf } from "../history/objects-of.ts";
import { removable, removeSnapshots } from "./own-snapshots.ts";
import type { Pruning } from "./pruning.ts";
import { removeSession } from "./remove-session.ts";

/** What had to go. */
export interface Fitted {
  readonly snapshots: readonly string[];
  readonly sessions: readonly string[];
}

/**
 * Removes snapshots of this session, oldest first, and then whole sessions that have ended, until the objects that are
 * still referred to are not more than the store may hold.
 */
export function* fitStore(pruning: Pruning): Steps<Fitted> {
  const { operation, session, others, slice } = pruning;
  const { maxStoreBytes } = session.request.limits;
  const ofOthers = (yield* others.read(operation)).map(({ objects }) => objects);
  const { history } = session;
  const fits = (gone: readonly string[]): boolean => {
    const own = sizesOf(history.without(new Set(gone)));
    return bytesIn([own, ...ofOthers]) <= maxStoreBytes;
  };
  if (bytesIn([sizesOf(history.entries), ...ofOthers]) <= maxStoreBytes) {
    return { snapshots: [], sessions: [] };
  }
  // As few as are enough. The more go the less is left, so it can be found by halving.
  const may = removable(history);
  let [low, high] = [0, may.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (fits(may.slice(0, middle))) high = middle;
    else low = middle + 1;
    // Each takes a moment in which nothing else runs.
    yield* sleep(0);
  }
  const gone = new Set(may.slice(0, low));
  // Also if none goes: records that decide nothing any more go with them.
  const snapshots = yield* slice(() => removeSnapshots(operation, session, gone, "always"));
  return { snapshots, sessions: yield* removeOldest(pruning) };
}

function* removeOldest(pruning: Pruning): Steps<string[]> {
  const { operation, session, others } = pruning;
  const { maxStoreBytes } = session.request.limits;
  const own = sizesOf(session.history.entries);
  let left = (yield* others.read(operation)).toSorted((a, b) => a.changedAt - b.changedAt);
  const removed: string[] = [];
  for (const oldest of left) {
    if (bytesIn([own, ...left.map(({ objects }) => objects)]) <= maxStoreBytes) break;
    if (oldest.isEmpty) continue;
    const isUnchanged = (now: { readonly changedAt: number }): boolean =>
      now.changedAt === oldest.changedAt;
    if (!(yield* removeSession(pruning, oldest, isUnchanged))) continue;
    removed.push(oldest.name);
    left = left.filter((other) => other !== oldest);
  }
  return removed;
}

/** What is in several sessions is stored once. */
function bytesIn(sessions: readonly ReadonlyMap<string, number>[]): number {
  const sizes = new Map<string, number>();
  for (const objects of sessions) for (const [sha256, size] of objects) sizes.set(sha256, size);
  let bytes = 0;
  for (const size of sizes.values()) bytes += size;
  return bytes;
}
