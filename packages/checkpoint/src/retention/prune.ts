import type { Operation, Steps } from "@holdfast/fs/steps";
import { acquire } from "@holdfast/lock/steps";
import type { PruneReport } from "../results.ts";
import type { OpenSession } from "../session/open-session.ts";
import { fitStore } from "./fit-store.ts";
import { OtherSessions } from "./other-sessions.ts";
import { removeSnapshots, tooManyOrOld } from "./own-snapshots.ts";
import { pruneLock, type Pruning, type Slice } from "./pruning.ts";
import { removeEnded } from "./remove-session.ts";
import { putBackAside } from "./aside.ts";
import { sweepLeftovers } from "./sweep-leftovers.ts";
import { sweepObjects } from "./sweep-objects.ts";
import { sweepTrash } from "./sweep-trash.ts";

/**
 * Removes what is over the limits: snapshots of this session, whole sessions that nobody has open, then the objects and
 * trash that no journal refers to. Mark and sweep, in slices: between two of them other calls get their turn.
 *
 * While another process is at it, only this session is pruned, and the rest is left to that one.
 *
 * @param slice makes steps while nobody changes the session
 */
export function* prune(
  operation: Operation,
  session: OpenSession,
  slice: Slice,
): Steps<PruneReport> {
  const now = Date.now();
  const { request } = session;
  const removedSnapshots = yield* slice(() =>
    removeSnapshots(operation, session, tooManyOrOld(session, now)),
  );
  const lock = yield* acquire(operation, pruneLock(operation, request, request.lockTimeoutMs));
  if (lock === undefined) {
    const storeBytes = yield* bytesOf(operation, session);
    return { removedSnapshots, removedSessions: [], removedObjects: 0, freedBytes: 0, storeBytes };
  }
  try {
    const others = new OtherSessions(session);
    return yield* pruneStore({ operation, session, slice, lock, others, now }, removedSnapshots);
  } finally {
    yield* operation.cleanUp(lock.release(operation));
  }
}

function* pruneStore(pruning: Pruning, removedSnapshots: readonly string[]): Steps<PruneReport> {
  const { operation, session } = pruning;
  yield* putBackAside(operation, session.request.store);
  const removedSessions = yield* removeEnded(pruning);
  const fitted = yield* fitStore(pruning);
  const objects = yield* sweepObjects(pruning);
  const trashBytes = yield* sweepTrash(pruning);
  yield* sweepLeftovers(pruning);
  return {
    removedSnapshots: [...removedSnapshots, ...fitted.snapshots],
    removedSessions: [...removedSessions, ...fitted.sessions],
    removedObjects: objects.removed,
    freedBytes: objects.freedBytes + trashBytes,
    storeBytes: objects.storeBytes,
  };
}

function* bytesOf(operation: Operation, { objects }: OpenSession): Steps<number> {
  const lister = objects.list(operation);
  let bytes = 0;
  for (let listed = yield* lister.next(); listed !== undefined; listed = yield* lister.next()) {
    for (const { sha256, size } of listed) if (sha256 !== undefined) bytes += size;
  }
  return bytes;
}
