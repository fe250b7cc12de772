/** How a call ended, in a form in which two ends can be compared. */

import { isHoldfastError } from "../../src/index.ts";
import type { Path } from "./surface.ts";

export interface Outcome {
  /** `ok: <result>`, or the code of the error. */
  readonly text: string;
  /** What a root's error says was done; `undefined` for success and for plain errors. */
  readonly effect: string | undefined;
  /** What is wrong with the error itself. */
  readonly complaints: readonly string[];
}

const patienceMs = 5_000;

/** Waits for the end of a call. One that never ends is `HUNG`, and is left behind. */
export async function outcomeOf(
  call: Promise<unknown>,
  base: string,
  path: Path,
): Promise<Outcome> {
  let timer: NodeJS.Timeout | undefined;
  const hung = new Promise<Outcome>((resolve) => {
    timer = setTimeout(() => {
      resolve({ text: "HUNG", effect: undefined, complaints: [] });
    }, patienceMs);
  });
  const ended = call.then(
    (value): Outcome => ({
      text: `ok: ${JSON.stringify(value ?? null).replaceAll(base, "<base>")}`,
      effect: undefined,
      complaints: [],
    }),
    (error: unknown) => failed(error, base, path),
  );
  try {
    return await Promise.race([ended, hung]);
  } finally {
    clearTimeout(timer);
  }
}

function failed(error: unknown, base: string, path: Path): Outcome {
  const { code, message } = error as NodeJS.ErrnoException;
  const text = code ?? `threw ${String(error)}`;
  if (!isHoldfastError(error)) return { text, effect: undefined, complaints: [] };
  const complaints: string[] = [];
  const given = String(path);
  if (error.path !== given && error.dest !== given) {
    complaints.push(`the error is about ${error.path} and ${error.dest}`);
  }
  // Where calls were made is nobody's business, and is no place that the caller knows.
  if (message.includes("/proc/self/fd")) complaints.push(`a path of ours: ${message}`);
  if (message.includes(`${base}/root`) && !given.includes(base)) {
    complaints.push(`the place of the root: ${message}`);
  }
  if (error.leftovers.length > 0) complaints.push(`left over: ${error.leftovers.join(", ")}`);
  if (error.suppressed.length > 0) complaints.push(`suppressed: ${String(error.suppressed[0])}`);
  return { text, effect: error.effect, complaints };
}

/** What a root's error must agree with: where it says "none", nothing is different. */
export function effectComplaint(outcome: Outcome, changed: boolean): string | undefined {
  const { effect } = outcome;
  if (effect === "none" && changed) return 'effect "none", but the tree is another';
  if (effect !== undefined && effect !== "none" && !changed) {
    return `effect "${effect}", but the tree is as it was`;
  }
  return undefined;
}
