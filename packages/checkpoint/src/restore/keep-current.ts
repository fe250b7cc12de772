import type { Operation, Steps } from "@holdfast/fs/steps";
import type { LookRecord } from "../journal/records.ts";
import type { PathResult } from "../results.ts";
import type { OpenSession } from "../session/open-session.ts";
import { sameState } from "../state.ts";
import { lookAtAll } from "../tracking/snapshot.ts";
import { lookRecord } from "../tracking/track.ts";
import { look } from "../workspace/look.ts";
import type { Planned } from "./plan.ts";
import { resultOf } from "./report.ts";

/** What a plan comes to when the bytes are kept that it will replace. */
export interface Kept {
  readonly planned: readonly Planned[];
  /** Paths that have changed since the plan looked at them. */
  readonly changed: readonly PathResult[];
  /** For the snapshot that is taken first. */
  readonly records: readonly LookRecord[];
}

/**
 * Looks at all that is to be changed once more, and keeps it: so a restore can be taken back. And at all other tracked
 * paths: the snapshot is one as any other, and somebody may go back to it.
 */
export function* keepCurrent(
  operation: Operation,
  session: OpenSession,
  plan: readonly Planned[],
): Steps<Kept> {
  const { objects, history, request } = session;
  const planned: Planned[] = [];
  const changed: PathResult[] = [];
  const records: LookRecord[] = [];
  const { maxFileBytes } = request.limits;
  for (const one of plan) {
    const { at, entry } = one;
    const known = history.lastLook(at.key);
    const seen = yield* look(operation, at, objects, { keep: "bytes", maxFileBytes, known });
    if (sameState(seen.state, entry.from)) {
      planned.push(one);
      records.push(lookRecord(at, seen, { cause: "snapshot" }));
    } else {
      changed.push(resultOf(entry, "none", { ok: false, reason: "changed" }));
    }
  }
  const looked = new Set(records.map(({ path, key = path }) => key));
  return {
    planned,
    changed,
    records: [...records, ...(yield* lookAtAll(operation, session, looked))],
  };
}
