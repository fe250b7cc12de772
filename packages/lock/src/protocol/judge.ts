import { type Operation, processState, type Steps } from "@holdfast/fs/steps";
import type { LockOwner } from "../lock.ts";
import { ownState } from "../thread/own-locks.ts";
import type { LockNames } from "./lock-names.ts";
import type { OwnFile } from "./own-file.ts";
import type { Found } from "./read-entry.ts";
import type { Sightings } from "./sightings.ts";

/** What a call that wants a lock works with. */
export interface Taker {
  readonly operation: Operation;
  readonly names: LockNames;
  /** What claims are made of, and the clock is read from. */
  readonly file: OwnFile;
  readonly staleAfterMs: number;
  readonly sightings: Sightings;
}

/** What this kernel says of an owner. */
export function stateByKernel({ record, sealed }: Found): LockOwner["state"] | "ask the clock" {
  const own = ownState(record?.nonce);
  if (own !== undefined) return own === "held" ? "alive" : "dead";
  // What we may not read can be of somebody who is alive and well on this machine.
  if (sealed) return "unknown";
  const state = record === undefined ? "unknown" : processState(record);
  return state === "unknown" ? "ask the clock" : state;
}

/**
 * Whether the owner of an entry lives. Where the kernel cannot say, the clock of the file system does: the
 * age of the entry, measured against a file that was written just now. Our own clock may differ from
 * its owner's, and from the server's. An age can be wrong, if that clock was set back; then an entry that
 * has not changed before our eyes for as long as that shows no life either.
 */
export function* judge(
  { operation, file, staleAfterMs, sightings }: Taker,
  found: Found,
): Steps<LockOwner["state"]> {
  const state = stateByKernel(found);
  if (state !== "ask the clock") return state;
  const now = yield* file.clock(operation);
  const ageMs = Number(now - found.stats.mtimeNs) / 1e6;
  return stateByAge(Math.max(ageMs, sightings.unchangedMs(found)), staleAfterMs);
}

export function stateByAge(ageMs: number, staleAfterMs: number): "stale" | "unknown" {
  return ageMs >= staleAfterMs ? "stale" : "unknown";
}
