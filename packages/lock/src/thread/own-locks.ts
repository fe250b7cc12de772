/** What this thread has of all locks, and which of it the running code knows of. */

import { AsyncLocalStorage } from "node:async_hooks";

/** A lock that `run` tells of. */
interface Known {
  readonly nonce: string;
  readonly key: string;
  readonly fileSystem: object | undefined;
}

/**
 * By nonce. `"abandoned"`: nobody holds it any more, but its entry could not be removed; other
 * processes have to wait until this one ends, this thread knows better.
 */
const own = new Map<string, "held" | "abandoned">();
const running = new AsyncLocalStorage<readonly Known[]>();

export function setOwn(nonce: string, state: "held" | "abandoned" | undefined): void {
  if (state === undefined) own.delete(nonce);
  else own.set(nonce, state);
}

export function ownState(nonce: string | undefined): "held" | "abandoned" | undefined {
  return nonce === undefined ? undefined : own.get(nonce);
}

export function runKnowing<Result>(lock: Known, fn: () => Result): Result {
  return running.run([...(running.getStore() ?? []), lock], fn);
}

/** Whether the running code is inside `run` of a lock that is still held, by nonce or by name. */
export function isInside(
  lock: { readonly nonce: string } | Pick<Known, "key" | "fileSystem">,
): boolean {
  const known = running.getStore();
  if (known === undefined) return false;
  return known.some(({ nonce, key, fileSystem }) => {
    if (own.get(nonce) !== "held") return false;
    return "nonce" in lock
      ? lock.nonce === nonce
      : lock.key === key && lock.fileSystem === fileSystem;
  });
}
