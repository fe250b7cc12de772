import { joinName, type Operation, type Steps } from "@holdfast/fs/steps";
import { readLockRequest, type HeldLock, type LockRequest } from "@holdfast/lock/steps";
import type { OpenSession, SessionRequest } from "../session/open-session.ts";
import type { OtherSessions } from "./other-sessions.ts";

/** Makes steps while nobody changes the session. */
export type Slice = <T>(steps: () => Steps<T>) => Steps<T>;

/** Objects and staged files younger than this are never removed: mostly somebody is about to refer to them. */
export const gracePeriodMs: number = 10 * 60 * 1000;

/** What the parts of one run share. */
export interface Pruning {
  readonly operation: Operation;
  readonly session: OpenSession;
  readonly slice: Slice;
  /** One process at a time removes what is of the whole store. */
  readonly lock: HeldLock;
  readonly others: OtherSessions;
  /** Milliseconds since 1970: one moment for all that is compared. */
  readonly now: number;
}

/** The lock of whoever removes what is of the whole store: `prune.lock`. */
export function pruneLock(
  { op }: Operation,
  { store, fileSystem }: Pick<SessionRequest, "store" | "fileSystem">,
  timeoutMs: number,
): LockRequest {
  const options = { timeoutMs, purpose: "pruning checkpoints", fileSystem };
  return readLockRequest(op, joinName(store, "prune"), options, "async");
}
