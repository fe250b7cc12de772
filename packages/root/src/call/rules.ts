import { Refusal, type PathArgument } from "@holdfast/fs/steps";
import type { AuditEvent, AuthorizeEvent } from "../options.ts";
import { shownPath } from "../path/names.ts";

/** One denied place, as names from the root, folded where the file system folds. */
export type DeniedPlace = readonly string[];

/** What the host of a root has forbidden, and who is asked and told. */
export interface Rules {
  readonly denyRead: readonly DeniedPlace[];
  readonly denyWrite: readonly DeniedPlace[];
  /** Makes names equal that are one name to the file system. */
  readonly fold: (name: string) => string;
  readonly authorize: ((event: AuthorizeEvent) => unknown) | undefined;
  readonly audit: ((event: AuditEvent) => void) | undefined;
}

/** Whether a place is one of these, or inside one. */
export function isWithin(
  names: readonly PathArgument[],
  places: readonly DeniedPlace[],
  fold: Rules["fold"],
): boolean {
  return places.some((place) => place.length <= names.length && agree(names, place, fold));
}

/** Whether one of these is inside a place. */
export function isAbove(
  names: readonly PathArgument[],
  places: readonly DeniedPlace[],
  fold: Rules["fold"],
): boolean {
  return places.some((place) => names.length < place.length && agree(names, place, fold));
}

/** Whether two lists of names agree as far as the shorter one goes. A name of bytes equals none. */
function agree(names: readonly PathArgument[], place: DeniedPlace, fold: Rules["fold"]): boolean {
  const length = Math.min(names.length, place.length);
  for (let index = 0; index < length; index++) {
    const name = names[index]!;
    if (typeof name !== "string" || fold(name) !== place[index]) return false;
  }
  return true;
}

/** The place is closed to the methods of this root. */
export const denied = (what: "read" | "change", names: readonly PathArgument[]): Refusal =>
  new Refusal("ERR_DENIED", {
    problem: `a rule of the root forbids to ${what} ${JSON.stringify(shownPath(names))}`,
    hint: "The host of this root has closed the place; nothing is wrong with the path.",
  });
