import { attempt, errorCode, type Steps, unlink } from "@holdfast/fs/steps";
import { judge, type Taker } from "./judge.ts";
import { claimName } from "./lock-names.ts";
import { refusedName } from "./name-refusals.ts";
import { type Found, readEntry } from "./read-entry.ts";

/** A claim on a claim on a claim: so many in a row were killed in the middle of this. */
const deepest = 8;
/** How often a claim may vanish before our eyes: then others are at it. */
const maxLooks = 8;

/**
 * Removes an entry whose owner was judged dead or stale: the lock, a share, or a claim. `false` if
 * somebody else, who lives, is doing that.
 *
 * What has a nonce is removed by who holds the claim on that nonce, and by nobody else; and a nonce never
 * comes back. So what was read under the claim is still so when the entry is removed, however slow
 * we are; to look, and then to remove or rename, would sooner or later hit the next owner's entry.
 */
export function* takeOver(taker: Taker, found: Found, depth = 0): Steps<boolean> {
  const { operation, names, file } = taker;
  const claim = claimName(names, found.identity);
  for (let looks = 0; !(yield* file.linkTo(operation, claim)); looks++) {
    const other = yield* readEntry(operation, claim);
    if (other === "busy" || looks === maxLooks || depth === deepest) return false;
    if (other === "gone") continue;
    const state = yield* judge(taker, other);
    if (state !== "dead" && state !== "stale") return false;
    if (!(yield* takeOver(taker, other, depth + 1))) return false;
  }
  try {
    const now = yield* readEntry(operation, found.path);
    // Written to since it was judged: whoever seemed dead has woken up, and may not have seen the claim.
    const same =
      typeof now === "object" &&
      now.identity === found.identity &&
      now.stats.mtimeNs === found.stats.mtimeNs;
    if (!same) return now !== "busy";
    // Who slept since it claimed may have been taken for dead itself, and the claim been given on.
    if (!file.isFresh && !(yield* file.prove(operation, claim))) return false;
    const removed = yield* file.keeping(claim, attempt(unlink(found.path)));
    if (!removed.ok && errorCode(removed.error) !== "ENOENT") {
      throw yield* refusedName(removed.error, found.path, "removed");
    }
    return true;
  } finally {
    yield* operation.cleanUp(file.remove(operation, claim));
  }
}
