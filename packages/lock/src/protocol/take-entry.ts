import type { Steps } from "@holdfast/fs/steps";
import { isInside, ownState } from "../thread/own-locks.ts";
import { judge, type Taker } from "./judge.ts";
import { type Found, readEntry } from "./read-entry.ts";
import { takeOver } from "./take-over.ts";
import type { Waiting } from "./waiting.ts";

/**
 * `"own"`: it cannot become free while the caller waits for it; `"lost"`: it was ours, but somebody
 * removed it before we were done.
 */
export type Taken = "taken" | "late" | "own" | "lost";

/** How often we ask again at once where others come and go. */
export const maxAtOnce = 8;

/** Makes the entry, when nobody has it: whose entry it is holds the lock. */
export function* takeEntry(taker: Taker, waiting: Waiting, noteTakeover: () => void): Steps<Taken> {
  const { operation, names, file } = taker;
  let mayBeFree = true;
  let waited = false;
  for (let atOnce = 1; ; atOnce++) {
    if (mayBeFree) {
      if (waited) yield* file.renew(operation);
      waited = false;
      if (yield* file.linkTo(operation, names.entry)) return "taken";
    }
    const found = yield* readEntry(operation, names.entry);
    if (isOwn(taker, found)) return "own";
    mayBeFree = yield* isFree(found);
    if (mayBeFree && atOnce < maxAtOnce) continue;
    if (!(yield* waiting.pause(typeof found === "object" ? found.identity : ""))) return "late";
    atOnce = 0;
    waited = true;
  }

  function* isFree(found: Found | "gone" | "busy"): Steps<boolean> {
    if (typeof found === "string") return found === "gone";
    const state = yield* judge(taker, found);
    if (state !== "dead" && state !== "stale") return false;
    if (!(yield* takeOver(taker, found))) return false;
    noteTakeover();
    return true;
  }
}

/** Whether what is there is the caller's own: it would wait for itself. */
export function isOwn({ operation }: Taker, found: Found | "gone" | "busy"): boolean {
  const nonce = typeof found === "object" ? found.record?.nonce : undefined;
  if (nonce === undefined || ownState(nonce) !== "held") return false;
  return operation.synchronous || isInside({ nonce });
}
