import {
  attempt,
  errorCode,
  joinName,
  type Operation,
  readdir,
  sleep,
  type Steps,
} from "@holdfast/fs/steps";
import type { LockOwner } from "../lock.ts";
import { stateByAge, stateByKernel } from "./judge.ts";
import { type LockNames, noncePattern } from "./lock-names.ts";
import { type Found, readEntry } from "./read-entry.ts";

/** What a look found. */
export interface Owners {
  readonly owners: readonly LockOwner[];
  /** Whether there is somebody who cannot be named: the record is not readable, but may be somebody's. */
  readonly unnamed: boolean;
}

/** How often, and for how many milliseconds, what cannot be read for the moment is asked for again. */
const maxLooks = 10;
const pauseMs = 2;

/** Who holds a lock. Writes nothing, so that ages are by the clock of this machine. */
export function* findOwners(
  operation: Operation,
  names: LockNames,
  staleAfterMs: number,
): Steps<Owners> {
  // The entry first: it may become a share meanwhile, and must not be missed.
  const entry = yield* readPatiently(operation, names.entry);
  const listed = yield* attempt(readdir(names.shares));
  if (!listed.ok && errorCode(listed.error) !== "ENOENT") throw listed.error;
  const found = new Map<string, { found: Found | "busy"; share: boolean }>();
  if (entry !== "gone") {
    found.set(entry === "busy" ? "" : entry.identity, { found: entry, share: false });
  }
  for (const name of (listed.ok ? listed.value : []).map(String)) {
    if (!noncePattern.test(name)) continue;
    const share = yield* readPatiently(operation, joinName(names.shares, name));
    if (share !== "gone") found.set(name, { found: share, share: true });
  }
  const owners: LockOwner[] = [];
  let unnamed = false;
  for (const { found: each, share } of found.values()) {
    const owner = each === "busy" ? "alive" : describe(each, share, staleAfterMs);
    if (typeof owner === "object") owners.push(owner);
    else unnamed ||= owner !== "stale";
  }
  return { owners, unnamed };
}

function* readPatiently(operation: Operation, path: string): Steps<Found | "gone" | "busy"> {
  for (let looks = 1; ; looks++) {
    const found = yield* readEntry(operation, path);
    if (found !== "busy" || looks === maxLooks) return found;
    yield* sleep(pauseMs);
  }
}

function describe(
  found: Found,
  share: boolean,
  staleAfterMs: number,
): LockOwner | LockOwner["state"] {
  const heartbeatAgeMs = Math.max(0, Date.now() - Number(found.stats.mtimeNs) / 1e6);
  const byKernel = stateByKernel(found);
  const state = byKernel === "ask the clock" ? stateByAge(heartbeatAgeMs, staleAfterMs) : byKernel;
  if (found.record === undefined) return state;
  const { pid, threadId, hostName, purpose, since, shared } = found.record;
  return {
    pid,
    threadId,
    hostName,
    purpose,
    since: new Date(since),
    shared: share || shared,
    state,
    heartbeatAgeMs,
  };
}
