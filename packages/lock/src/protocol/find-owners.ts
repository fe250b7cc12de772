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
import { sharesRefusal } from "./shares-directory.ts";

/** What a look found. */
export interface Owners {
  readonly owners: readonly LockOwner[];
  /** What may be somebody's, and names nobody. */
  readonly unnamed: readonly Unnamed[];
}

/** An entry without a record that we can read. */
export interface Unnamed {
  readonly path: string;
  /**
   * `"busy"`: somebody is just making or removing it. `"sealed"`: we may not read it. `"no record"`: what is in it
   * is none.
   */
  readonly why: "busy" | "sealed" | "no record";
  readonly size: number;
  /** When it was last changed, in milliseconds since 1970. */
  readonly changedMs: number;
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
  if (!listed.ok && errorCode(listed.error) !== "ENOENT") {
    throw yield* sharesRefusal(listed.error, names.shares);
  }
  const found = new Map<string, { path: string; found: Found | "busy"; share: boolean }>();
  if (entry !== "gone") {
    const { entry: path } = names;
    found.set(entry === "busy" ? "" : entry.identity, { path, found: entry, share: false });
  }
  for (const name of (listed.ok ? listed.value : []).map(String)) {
    if (!noncePattern.test(name)) continue;
    const path = joinName(names.shares, name);
    const share = yield* readPatiently(operation, path);
    if (share !== "gone") found.set(name, { path, found: share, share: true });
  }
  const owners: LockOwner[] = [];
  const unnamed: Unnamed[] = [];
  for (const { path, found: each, share } of found.values()) {
    const owner = each === "busy" ? "alive" : describe(each, share, staleAfterMs);
    if (typeof owner === "object") owners.push(owner);
    else if (owner !== "stale") unnamed.push(describeUnnamed(path, each));
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

function describeUnnamed(path: string, found: Found | "busy"): Unnamed {
  if (found === "busy") return { path, why: found, size: 0, changedMs: Date.now() };
  const { stats, sealed } = found;
  const why = sealed ? "sealed" : "no record";
  return { path, why, size: Number(stats.size), changedMs: Number(stats.mtimeNs / 1_000_000n) };
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
