import {
  attempt,
  type Operation,
  processIdentity,
  quotePath,
  Refusal,
  type Steps,
} from "@holdfast/fs/steps";
import type { LockOwner } from "./lock.ts";
import { findOwners, type Owners, type Unnamed } from "./protocol/find-owners.ts";
import type { LockNames } from "./protocol/lock-names.ts";
import type { LockRequest } from "./request.ts";

/** A lock that did not become free: says who has it. */
export function* notInTime(
  operation: Operation,
  request: LockRequest,
  names: LockNames,
): Steps<Refusal> {
  const looked = yield* attempt(findOwners(operation, names, request.staleAfterMs));
  const { owners, unnamed } = looked.ok ? looked.value : nobody;
  const who = [
    ...owners.map(describeOwner),
    ...unnamed.map((entry) => describeUnnamed(entry, request.staleAfterMs)),
  ];
  if (!looked.ok) who.push("who holds it could not be found out");
  const hint = hintFor(owners, unnamed);
  return new Refusal("ERR_LOCK_TIMEOUT", {
    problem: `the lock did not become free within ${request.timeoutMs} ms: ${who.join(", ") || "others have had it in turn"}`,
    ...(hint !== undefined && { hint }),
    ...(!looked.ok && { cause: causeOf(looked.error) }),
    more: { owners },
  });
}

const nobody: Owners = { owners: [], unnamed: [] };

function hintFor([owner]: readonly LockOwner[], unnamed: readonly Unnamed[]): string | undefined {
  if (owner !== undefined && isThisProcess(owner)) return ownHint;
  return unnamed.some(({ why }) => why === "sealed") ? sealedHint : undefined;
}

/** A `Refusal` is for the edge alone. */
const causeOf = (error: unknown): unknown =>
  error instanceof Refusal ? error.details.cause : error;

const ownHint =
  "It is held by this very process: if it is held by the code that asks, pass the lock along instead; withLock() and lock.run() notice that at once.";

const sealedHint =
  "It is another user's, whose umask keeps others from reading it. What cannot be read is never taken over: if nobody holds it, somebody who may has to remove it.";

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

function describeUnnamed({ path, why, size, changedMs }: Unnamed, staleAfterMs: number): string {
  const file = quotePath(path);
  if (why === "busy") return `somebody is just making or removing ${file}`;
  if (why === "sealed") return `somebody holds it whose record, ${file}, may not be read`;
  const what = size === 0 ? "an empty file" : "a file that is no record of a lock";
  // A time ahead of the clock does not count: then nobody has changed it since we looked.
  const from = new Date(Math.min(changedMs, Date.now()) + staleAfterMs).toISOString();
  return `${file} is ${what}, and is taken over when nobody has changed it for ${staleAfterMs} ms: from ${from} on`;
}

function isThisProcess({ pid, state }: LockOwner): boolean {
  return pid === processIdentity().pid && state === "alive";
}
