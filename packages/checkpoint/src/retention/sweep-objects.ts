import { attempt, lstat, shielded, unlink, type Steps } from "@holdfast/fs/steps";
import type { ListedObject } from "../objects/object-store.ts";
import { asidePath } from "../session/objects-kept.ts";
import { putAside, putBack } from "./aside.ts";
import { gracePeriodMs, type Pruning } from "./pruning.ts";

/** What a sweep did. */
export interface Swept {
  readonly removed: number;
  readonly freedBytes: number;
  /** What is left. */
  readonly storeBytes: number;
}

/** How many are put aside together: for each time, all journals that have changed are read. */
const together = 256;

/**
 * Removes the objects that no journal refers to, and what was staged and never published.
 *
 * Somebody may find an object to be there already, and refer to it, at the very moment in which it is removed. No age
 * and no clock excludes that: a process can sleep between the two for as long as a notebook is closed. So each
 * object is put aside first, then all journals are read, and only then it is removed, or put back. Who
 * refers to it looks after that whether it is still there (`missingObjects`): either we have read of it, or they see that it
 * is gone.
 */
export function* sweepObjects(pruning: Pruning): Steps<Swept> {
  const { operation, session, now } = pruning;
  const lister = session.objects.list(operation);
  const needed = yield* neededNow(pruning);
  let candidates: ListedObject[] = [];
  const swept = { removed: 0, freedBytes: 0, storeBytes: 0 };
  for (let listed = yield* lister.next(); listed !== undefined; listed = yield* lister.next()) {
    for (const object of listed) {
      const isOld = now - object.mtimeMs > gracePeriodMs;
      if (object.sha256 === undefined) {
        if (isOld) yield* session.objects.remove(operation, object);
        continue;
      }
      swept.storeBytes += object.size;
      if (isOld && !needed.has(object.sha256)) candidates.push(object);
    }
    if (candidates.length < together) continue;
    yield* sweepTogether(pruning, candidates, swept);
    candidates = [];
  }
  if (candidates.length > 0) yield* sweepTogether(pruning, candidates, swept);
  return swept;
}

/** What the journals refer to now, our own and those of all others. */
function* neededNow({ operation, session, others }: Pruning): Steps<Set<string>> {
  const needed = session.history.objects();
  for (const { objects } of yield* others.read(operation)) {
    for (const sha256 of objects.keys()) needed.add(sha256);
  }
  return needed;
}

function* sweepTogether(
  pruning: Pruning,
  candidates: readonly ListedObject[],
  swept: { removed: number; freedBytes: number; storeBytes: number },
): Steps<void> {
  const { operation, session, slice, lock } = pruning;
  const { store } = session.request;
  yield* lock.check(operation);
  const sizes = new Map(candidates.map(({ sha256, size }) => [sha256!, size]));
  const aside = new Set(yield* shielded(putAside(operation, store, [...sizes.keys()])));
  try {
    // In a slice: what was kept before it has been noted by then, and need not be looked for again.
    yield* slice(function* () {
      const needed = yield* neededNow(pruning);
      yield* lock.check(operation);
      for (const sha256 of aside) {
        if (needed.has(sha256) || (yield* isYoung(pruning, sha256))) continue;
        yield* unlink(asidePath(store, sha256));
        aside.delete(sha256);
        operation.effect = "partial";
        const size = sizes.get(sha256)!;
        swept.removed++;
        swept.freedBytes += size;
        swept.storeBytes -= size;
      }
    });
    for (const sha256 of aside) {
      yield* shielded(putBack(operation, store, sha256));
      aside.delete(sha256);
    }
  } catch (error) {
    // Nothing stays aside that can be put back.
    for (const sha256 of aside) yield* operation.cleanUp(putBack(operation, store, sha256));
    throw error;
  }
}

/** Whether somebody has shown, since it was listed, that it is about to be needed. */
function* isYoung({ session, now }: Pruning, sha256: string): Steps<boolean> {
  const found = yield* attempt(lstat(asidePath(session.request.store, sha256)));
  if (!found.ok) throw found.error;
  return now - Number(found.value.mtimeNs) / 1e6 <= gracePeriodMs;
}
