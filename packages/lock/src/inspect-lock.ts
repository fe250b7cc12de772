import { Operation, runAsync, runSync, type Steps } from "@holdfast/fs/steps";
import type { LockPath } from "./lock-path.ts";
import type { LockStatus } from "./lock.ts";
import type { InspectLockOptions } from "./options.ts";
import { findOwners } from "./protocol/find-owners.ts";
import { findLockNames } from "./protocol/lock-names.ts";
import { defaultStaleAfterMs, readInspection } from "./request.ts";

/**
 * Who holds the lock of a path, since when, and whether the owner is alive. Changes nothing.
 *
 * @throws `HoldfastError` if that cannot be read; not if nobody holds it
 */
export async function inspectLock(
  path: LockPath,
  options: InspectLockOptions = {},
): Promise<LockStatus> {
  const { operation, steps } = prepare("inspectLock", path, options, "async");
  return await runAsync(steps, operation);
}

/** As {@link inspectLock}, synchronously. */
export function inspectLockSync(path: LockPath, options: InspectLockOptions = {}): LockStatus {
  const { operation, steps } = prepare("inspectLockSync", path, options, "sync");
  return runSync(steps, operation);
}

function prepare(
  op: string,
  path: unknown,
  options: InspectLockOptions,
  half: "async" | "sync",
): { readonly operation: Operation; readonly steps: Steps<LockStatus> } {
  const request = readInspection(op, path, options, half);
  const operation = new Operation({ op, path: request.path, fileSystem: request.fileSystem });
  return { operation, steps: inspect(operation, request) };
}

/** @param request `target`: as the port takes it; `staleAfterMs`: default 30,000 */
export function* inspect(
  operation: Operation,
  {
    target,
    staleAfterMs = defaultStaleAfterMs,
  }: { readonly target: string; readonly staleAfterMs?: number },
): Steps<LockStatus> {
  const names = yield* findLockNames(operation, target);
  const { owners, unnamed } = yield* findOwners(operation, names, staleAfterMs);
  const live = owners.some(({ state }) => state === "alive" || state === "unknown");
  return { lockPath: names.entry, held: live || unnamed.length > 0, owners };
}
