import { Refusal } from "@holdfast/fs/steps";

/** Somebody was at work where the call was, or pretended to be. */
export const changed = (cause?: unknown): Refusal =>
  new Refusal("ERR_CHANGED", {
    problem: "directories on the way did not hold still",
    hint: "Somebody else moves them about, or replaces what is in them; try again.",
    ...(cause !== undefined && { cause }),
  });

/** Found by its path, as it must be, it is another one or none. */
export const rootGone = (): Refusal =>
  new Refusal("ERR_CHANGED", {
    problem: "the root directory itself was renamed, removed or replaced",
    hint:
      'With containment "identity" a root is found by its path. Open it again; or put the directory ' +
      "back.",
  });
