import { type Operation, shielded, type Steps } from "@holdfast/fs/steps";
import { Held } from "./held.ts";
import type { HeldLock } from "./held-lock.ts";
import { notInTime, ownRefusal } from "./not-in-time.ts";
import { awaitShares } from "./protocol/await-shares.ts";
import { removeLitter } from "./protocol/litter.ts";
import { findLockNames, type LockNames } from "./protocol/lock-names.ts";
import { moveToShares } from "./protocol/move-to-shares.ts";
import { OwnFile } from "./protocol/own-file.ts";
import { Sightings } from "./protocol/sightings.ts";
import { type Taken, takeEntry } from "./protocol/take-entry.ts";
import { Waiting } from "./protocol/waiting.ts";
import type { LockRequest } from "./request.ts";
import { isInside } from "./thread/own-locks.ts";
import {
  arrivalKey,
  leaveQueue,
  queueKey,
  takePlace,
  type Turn,
  waitForTurn,
} from "./thread/turns.ts";

/** A lock, or why it was not got. */
export type Obtained =
  | { readonly held: Held }
  | { readonly held: undefined; readonly names: LockNames; readonly why: "late" | "own" };

/** Waits for a lock; `undefined` if it was not free in time. */
export function* acquire(operation: Operation, request: LockRequest): Steps<HeldLock | undefined> {
  return (yield* obtain(operation, request)).held;
}

/**
 * Makes steps while a lock is held, and gives it back whatever comes of them. Throws a `Refusal`
 * (`ERR_LOCK_TIMEOUT`) if it was not free in time. If the steps succeed and the lock cannot be given
 * back, or turns out to have been lost, that is what is thrown, with the effect that the steps left in the
 * operation.
 */
export function* holding<T>(
  operation: Operation,
  request: LockRequest,
  body: (held: HeldLock) => Steps<T>,
): Steps<T> {
  const held = yield* acquireOrRefuse(operation, request);
  let value: T;
  try {
    value = yield* body(held);
  } catch (error) {
    yield* operation.cleanUp(held.release(operation));
    throw error;
  }
  yield* shielded(held.release(operation));
  held.refuseIfEverLost();
  return value;
}

export function* acquireOrRefuse(operation: Operation, request: LockRequest): Steps<Held> {
  const obtained = yield* obtain(operation, request);
  if (obtained.held !== undefined) return obtained.held;
  if (obtained.why === "own") throw ownRefusal();
  throw yield* notInTime(operation, request, obtained.names);
}

/** Waits for a lock. Throws a `Refusal` (`ERR_LOCK_HELD`) inside `run` of the same lock. */
export function* obtain(operation: Operation, request: LockRequest): Steps<Obtained> {
  const waiting = new Waiting(request);
  let turn: Turn | undefined;
  let held: Held | undefined;
  try {
    const queued = yield* findPlace(operation, request, waiting);
    const { names } = queued;
    turn = queued.turn;
    if (turn !== undefined && !(yield* waitForTurn(turn, waiting.remainingMs))) {
      return { held, names, why: "late" };
    }
    const { file, why } = yield* take(operation, request, names, waiting);
    if (why !== "taken") return { held, names, why: why === "own" ? why : "late" };
    held = new Held(operation, request, file, request.shared ? undefined : turn);
    return { held };
  } finally {
    if (turn !== undefined && (held === undefined || request.shared)) leaveQueue(turn);
  }
}

/**
 * Finds out which lock it is, and takes a place in its queue: in the order in which the calls were
 * made, though following a link takes one longer than the other.
 */
function* findPlace(
  operation: Operation,
  request: LockRequest,
  waiting: Waiting,
): Steps<{ names: LockNames; turn: Turn | undefined }> {
  // A synchronous call cannot wait for an asynchronous one: it asks the file system alone.
  const arrival = operation.synchronous
    ? undefined
    : takePlace(operation, arrivalKey(request.target));
  try {
    const names = yield* findLockNames(operation, request.target);
    const key = queueKey(names.entry);
    if (isInside({ key, fileSystem: request.fileSystem })) throw ownRefusal();
    if (arrival !== undefined) yield* waitForTurn(arrival, Math.max(waiting.remainingMs, 1000));
    return { names, turn: arrival === undefined ? undefined : takePlace(operation, key) };
  } finally {
    if (arrival !== undefined) leaveQueue(arrival);
  }
}

/** How often a lock may be taken from us before we have told anybody that we have it. */
const maxLosses = 10;

function* take(
  operation: Operation,
  request: LockRequest,
  names: LockNames,
  waiting: Waiting,
): Steps<{ file: OwnFile; why: Taken }> {
  const sightings = new Sightings();
  for (let losses = 0; ; losses++) {
    const file = new OwnFile(operation, names, request);
    let kept = false;
    try {
      yield* file.create(operation);
      const why = yield* takeWith(operation, request, file, waiting, sightings);
      if (why === "lost" && losses < maxLosses) continue;
      kept = why === "taken";
      return { file, why };
    } finally {
      if (!kept) yield* file.discard(operation);
    }
  }
}

function* takeWith(
  operation: Operation,
  request: LockRequest,
  file: OwnFile,
  waiting: Waiting,
  sightings: Sightings,
): Steps<Taken> {
  const { names } = file;
  const taker = { operation, names, file, staleAfterMs: request.staleAfterMs, sightings };
  let tookOver = false;
  const noteTakeover = (): void => {
    tookOver = true;
  };
  const entry = yield* takeEntry(taker, waiting, noteTakeover);
  if (entry !== "taken") return entry;
  file.at = names.entry;
  // If it cannot be removed now, the release tries again.
  yield* operation.cleanUp(file.remove(operation, file.privatePath));
  if (request.shared) {
    if (!(yield* moveToShares(operation, file))) return "lost";
  } else {
    const outcome = yield* awaitShares(taker, waiting, {
      options: request,
      noteTakeover,
      *prove() {
        return file.isFresh || (yield* file.prove(operation, file.at));
      },
    });
    if (outcome !== "taken") return outcome;
  }
  if (tookOver) yield* removeLitter(taker, request);
  return "taken";
}
