import {
  attempt,
  directoryOf,
  errorCode,
  joinName,
  link,
  readdir,
  unlink,
  type Operation,
  type Steps,
} from "@holdfast/fs/steps";
import { syncDirectoryAt } from "@holdfast/atomic/steps";
import { acquire } from "@holdfast/lock/steps";
import { makeFolder } from "../session/folders.ts";
import { asidePath, objectPath } from "../session/objects-kept.ts";
import type { SessionRequest } from "../session/open-session.ts";
import { pruneLock } from "./pruning.ts";

/** Where a sweep puts objects aside. */
const asideFolder = (store: string): string => joinName(store, "aside");

/** Puts back what a sweep that was cut off had put aside. For whoever opens the store, before anything is looked for. */
export function* recoverAside(operation: Operation, request: SessionRequest): Steps<void> {
  if ((yield* namesIn(asideFolder(request.store))).length === 0) return;
  const lock = yield* acquire(operation, pruneLock(operation, request, 0));
  // Somebody sweeps at this moment, and puts back himself what is needed.
  if (lock === undefined) return;
  try {
    yield* putBackAside(operation, request.store);
  } finally {
    yield* operation.cleanUp(lock.release(operation));
  }
}

/** The same, by who holds the lock. What is needed by nobody is swept another time. */
export function* putBackAside(operation: Operation, store: string): Steps<void> {
  for (const sha256 of yield* namesIn(asideFolder(store))) {
    if (/^[0-9a-f]{64}$/.test(sha256)) yield* putBack(operation, store, sha256);
  }
}

/** Gives an object its name again. Should there be another one by now, it has the same bytes. */
export function* putBack(operation: Operation, store: string, sha256: string): Steps<void> {
  const aside = asidePath(store, sha256);
  const path = objectPath(store, sha256);
  let linked = yield* attempt(link(aside, path));
  if (!linked.ok && errorCode(linked.error) === "ENOENT") {
    // Somebody has removed the directory, with all that was in it: this one is left.
    yield* makeFolder(operation, directoryOf(directoryOf(path)));
    yield* makeFolder(operation, directoryOf(path));
    linked = yield* attempt(link(aside, path));
  }
  if (!linked.ok && errorCode(linked.error) !== "EEXIST") throw linked.error;
  // Only when that is on the device the other name may go.
  yield* syncDirectoryAt(operation, directoryOf(path));
  yield* unlink(aside);
}

/**
 * Takes objects away from their names, by a second name for each: until that is removed nothing is lost, by a power cut
 * either.
 *
 * @returns those that were there
 */
export function* putAside(
  operation: Operation,
  store: string,
  hashes: readonly string[],
): Steps<string[]> {
  const folder = asideFolder(store);
  yield* makeFolder(operation, folder);
  const taken: string[] = [];
  try {
    for (const sha256 of hashes) {
      const linked = yield* attempt(link(objectPath(store, sha256), asidePath(store, sha256)));
      if (linked.ok) taken.push(sha256);
      else if (errorCode(linked.error) !== "ENOENT") throw linked.error;
    }
    yield* syncDirectoryAt(operation, folder);
    for (const sha256 of taken) yield* unlink(objectPath(store, sha256));
  } catch (error) {
    for (const sha256 of taken) yield* operation.cleanUp(putBack(operation, store, sha256));
    throw error;
  }
  return taken;
}

function* namesIn(folder: string): Steps<string[]> {
  const names = yield* attempt(readdir(folder));
  if (names.ok) return names.value.map(String);
  if (errorCode(names.error) === "ENOENT") return [];
  throw names.error;
}
