import {
  attempt,
  type Operation,
  processIdentity,
  quotePath,
  Refusal,
  type Steps,
} from "@holdfast/fs/steps";
import type { LockOwner } from "./lock.ts";
import { findOwners } from "./protocol/find-owners.ts";
import type { LockNames } from "./protocol/lock-names.ts";
import type { LockRequest } from "./request.ts";

/** A lock that did not become free: says who has it. */
export function* notInTime(
  operation: Operation,
  request: LockRequest,
  names: LockNames,
): Steps<Refusal> {
  const looked = yield* attempt(findOwners(operation, names, request.staleAfterMs));
  const owners = looked.ok ? looked.value.owners : [];
  const [first] = owners;
  const who =
    first === undefined ? "others have had it in turn" : owners.map(describeOwner).join(", ");
  return new Refusal("ERR_LOCK_TIMEOUT", {
    problem: `the lock did not become free within ${request.timeoutMs} ms: ${who}`,
    ...(first !== undefined && isThisProcess(first) && { hint: ownHint }),
    more: { owners },
  });
}

const ownHint =
  "It is held by this very process: if it is held by the code that asks, pass the lock along instead; withLock() and lock.run() notice that at once.";

/** For who holds the lock that it asks for. */
export function ownRefusal(): Refusal {
  return new Refusal("ERR_LOCK_HELD", {
    hint: "A lock is not re-entrant: pass the one that is held along. To hold it once more would mean to wait for oneself.",
  });
}

function describeOwner(owner: LockOwner): string {
  const { pid, hostName, purpose, since, state } = owner;
  const whose = isThisProcess(owner)
    ? "this very process"
    : `process ${pid} of ${quotePath(hostName)}`;
  const why = purpose === undefined ? "" : ` for ${quotePath(purpose)}`;
  return `${whose}${state === "alive" ? "" : ` (${state})`} has held it${why} since ${since.toISOString()}`;
}

function isThisProcess({ pid, state }: LockOwner): boolean {
  return pid === processIdentity().pid && state === "alive";
}
