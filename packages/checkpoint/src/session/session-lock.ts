import { hostname } from "node:os";
import {
  joinName,
  quotePath,
  Refusal,
  type FileSystem,
  type Operation,
  type Steps,
} from "@holdfast/fs/steps";
import {
  acquire,
  inspect,
  readLockRequest,
  type HeldLock,
  type LockRequest,
} from "@holdfast/lock/steps";

/** Whose session it is at the moment: `session.lock` in its folder. */
export function* lockSession(
  operation: Operation,
  folder: string,
  settings: { readonly fileSystem: FileSystem | undefined; readonly lockTimeoutMs: number },
): Steps<HeldLock> {
  const request = sessionLock(operation, folder, settings);
  const held = yield* acquire(operation, request);
  if (held !== undefined) return held;
  const { owners } = yield* inspect(operation, request);
  const who = owners.map(({ pid, hostName, since }) => {
    const whose =
      pid === process.pid && hostName === hostname()
        ? "this very process"
        : `process ${pid} of ${quotePath(hostName)}`;
    return `${whose} has had it open since ${since.toISOString()}`;
  });
  throw new Refusal("ERR_LOCK_TIMEOUT", {
    problem: `the session is open elsewhere, and was not closed within ${request.timeoutMs} ms: ${who.join(", ") || "others have had it in turn"}`,
    hint: "One process at a time has a session open. Use another name, or wait.",
    more: { owners },
  });
}

/** What is asked for, to take the lock of a session or to try to. */
export function sessionLock(
  { op }: Operation,
  folder: string,
  {
    fileSystem,
    lockTimeoutMs,
  }: { readonly fileSystem: FileSystem | undefined; readonly lockTimeoutMs: number },
): LockRequest {
  const options = { timeoutMs: lockTimeoutMs, purpose: "checkpoint session", fileSystem };
  return readLockRequest(op, joinName(folder, "session"), options, "async");
}
