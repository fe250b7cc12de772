import type { InodeAttributes } from "../memory/effect.ts";

// By the objects themselves, which go unchanged from effects into images and from there into recoveries.
const chosen = new WeakSet<InodeAttributes>();

/** The time in these attributes is part of what the program did, not of when it ran. */
export function markChosen(attributes: InodeAttributes): void {
  chosen.add(attributes);
}

export function isChosen(attributes: InodeAttributes): boolean {
  return chosen.has(attributes);
}
