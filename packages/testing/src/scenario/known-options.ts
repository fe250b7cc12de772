import { invalidCombination, invalidType } from "@holdfast/fs/steps";

/**
 * Refuses options that do not exist: a misspelt one would else be left out of account in silence, and a
 * test would not test what it says.
 *
 * @param op the function that was called
 * @param names all the options that it has
 * @throws `TypeError` (`ERR_INVALID_ARG`) that names the nearest one there is
 */
export function requireKnown<Options extends object>(
  op: string,
  options: Options,
  names: readonly (keyof Options & string)[],
): void {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw invalidType(op, "options", "an object", options);
  }
  const known: readonly string[] = names;
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw invalidCombination(
    op,
    `"${unknown}" is no option; did you mean "${nearestOf(known, unknown)}"?`,
  );
}

function nearestOf(names: readonly string[], wrong: string): string {
  const farAway = names.map((name) => distance(name.toLowerCase(), wrong.toLowerCase()));
  return names[farAway.indexOf(Math.min(...farAway))]!;
}

/** How many letters have to be put in, taken out or replaced, or neighbours swapped. */
export function distance(one: string, other: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++) {
      const replaced = last[j - 1]! + (one[i - 1] === other[j - 1] ? 0 : 1);
      const swaps = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
      const swapped = swaps ? beforeLast[j - 2]! + 1 : replaced;
      next.push(Math.min(last[j]! + 1, next[j - 1]! + 1, replaced, swapped));
    }
    [beforeLast, last] = [last, next];
  }
  return last[other.length]!;
}
