import {
  all,
  attempt,
  directoryOf,
  errorCode,
  joinName,
  link,
  lstat,
  type Operation,
  type Steps,
} from "@holdfast/fs/steps";
import { syncDirectoryAt } from "@holdfast/atomic/steps";
import type { JournalRecord } from "../journal/records.ts";
import { sizesOf } from "../history/objects-of.ts";

/** Where the bytes of a hash are in a store. */
export function objectPath(store: string, sha256: string): string {
  const directory = joinName(joinName(store, "objects"), sha256.slice(0, 2));
  return joinName(directory, sha256.slice(2));
}

/** Where a sweep puts aside what it is about to remove: see retention/sweep-objects.ts. */
export function asidePath(store: string, sha256: string): string {
  return joinName(joinName(store, "aside"), sha256);
}

/** How many are looked at together: the thread pool is small, and others use it. */
const together = 16;

/**
 * Which objects of records that are in the journal now are gone. A sweep of another process, which did not
 * see these records, may have taken an old object that they count on: if it was only put aside so far, it is put back.
 *
 * A sweep puts an object aside first, and reads the journals then. So of a record that it did not see, the object
 * was put aside before we look here, after the record was written: nothing is missed, however slow either is.
 */
export function* missingObjects(
  operation: Operation,
  store: string,
  records: readonly JournalRecord[],
): Steps<Set<string>> {
  const missing = new Set<string>();
  const hashes = [...sizesOf(records).keys()];
  for (let from = 0; from < hashes.length; from += together) {
    const looks = hashes.slice(from, from + together);
    yield* all(
      looks.map(function* (sha256): Steps<void> {
        if (!(yield* isKept(operation, store, sha256))) missing.add(sha256);
      }),
    );
  }
  return missing;
}

function* isKept(operation: Operation, store: string, sha256: string): Steps<boolean> {
  const path = objectPath(store, sha256);
  if (yield* isThere(path)) return true;
  const put = yield* attempt(link(asidePath(store, sha256), path));
  if (put.ok || errorCode(put.error) === "EEXIST") {
    yield* syncDirectoryAt(operation, directoryOf(path));
    return true;
  }
  if (errorCode(put.error) !== "ENOENT") throw put.error;
  // Put back by the sweep, between the two.
  return yield* isThere(path);
}

function* isThere(path: string): Steps<boolean> {
  const found = yield* attempt(lstat(path));
  if (!found.ok && errorCode(found.error) !== "ENOENT") throw found.error;
  return found.ok;
}
