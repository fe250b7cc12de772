import type { Operation, Steps } from "@holdfast/fs/steps";
import type { History } from "../history/history.ts";
import type { OpenSession } from "../session/open-session.ts";

/** Snapshots that may go, oldest first: not the newest, none that is pinned, or needed to settle a restore. */
export function removable(history: History): string[] {
  const { snapshots, interrupted } = history;
  return snapshots
    .slice(0, -1)
    .map(({ id }) => id)
    .filter((id) => !history.isPinned(id))
    .filter((id) => id !== interrupted?.snapshot && id !== interrupted?.before);
}

/** Those of them that are beyond the limits of number and age. */
export function tooManyOrOld({ history, request }: OpenSession, now: number): Set<string> {
  const { maxSnapshots, maxAgeMs } = request.limits;
  const may = removable(history);
  const beyond = Math.max(0, history.snapshots.length - maxSnapshots);
  const gone = new Set(may.slice(0, beyond));
  for (const id of may) if (now - history.snapshot(id)!.at > maxAgeMs) gone.add(id);
  return gone;
}

/**
 * Takes snapshots out of the journal, with all records that decide nothing any more.
 *
 * @param rewrite `"needed"`: only if there are such snapshots
 * @returns their ids, oldest first
 */
export function* removeSnapshots(
  operation: Operation,
  session: OpenSession,
  gone: ReadonlySet<string>,
  rewrite: "needed" | "always" = "needed",
): Steps<string[]> {
  const { history } = session;
  // Something may have been pinned since they were chosen.
  const still = removable(history).filter((id) => gone.has(id));
  if (still.length > 0 || rewrite === "always") {
    yield* session.replaceJournal(operation, history.without(new Set(still)));
    operation.effect = "partial";
  }
  return still;
}
