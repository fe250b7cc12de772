import type { SweptStore } from "../spill-store.ts";
import { errorOf } from "./errors.ts";
import type { OpenSession } from "./open-session.ts";
import { removeSession, throwFailures, type Removed } from "./remove-session.ts";
import { withDeadSession } from "./session-lock.ts";
import { listSessions } from "./session-files.ts";

/** Removes what was not changed since a time, in all sessions that nobody has open. */
export async function sweepStore(open: OpenSession, sinceMs: number): Promise<SweptStore> {
  const op = "sweep";
  const { root, settings, ledger, shown, pathOf } = open;
  const liveSessions: string[] = [];
  const failures: Removed["failures"][number][] = [];
  let removedFiles = 0;
  let removedBytes = 0;
  const sessions = await listSessions(root).catch((error: unknown) => {
    throw errorOf(op, shown, error);
  });
  for (const session of sessions) {
    if (session === settings.session) continue;
    try {
      const keep = { pinned: true, sinceMs };
      const dead = await withDeadSession(op, root, session, () =>
        removeSession(root, session, keep),
      );
      if (dead === undefined) {
        liveSessions.push(session);
        continue;
      }
      const { files, bytes, removed } = dead.value;
      for (const { path } of removed) ledger.removed(path);
      removedFiles += files;
      removedBytes += bytes;
      failures.push(...dead.value.failures);
    } catch (error) {
      failures.push({ path: session, error });
    }
  }
  throwFailures(op, shown, failures, pathOf);
  return { removedFiles, removedBytes, liveSessions };
}
