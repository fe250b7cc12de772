import type { ConformanceCase, Place } from "../../../src/conformance.ts";

/** Where a case is run, and what is to be done when it is over. */
export interface PlaceForOne {
  readonly place: Place;
  readonly over?: () => void;
}

/** Runs cases one after the other, and returns what those that failed say. */
export async function failuresOf(
  cases: readonly ConformanceCase[],
  placeFor: (one: ConformanceCase) => PlaceForOne | Promise<PlaceForOne>,
): Promise<string[]> {
  const failures: string[] = [];
  for (const one of cases) {
    const { place, over } = await placeFor(one);
    try {
      await one.check(place);
    } catch (error) {
      failures.push((error as Error).message);
    }
    over?.();
  }
  return failures;
}

/** The cases of each group, in order. */
export function byGroup(cases: readonly ConformanceCase[]): [string, ConformanceCase[]][] {
  const groups = new Map<string, ConformanceCase[]>();
  for (const one of cases) groups.set(one.group, [...(groups.get(one.group) ?? []), one]);
  return [...groups];
}
