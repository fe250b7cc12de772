import type { PathArgument } from "@holdfast/fs/steps";

/** Names from the root; of the directory that the root is in, `undefined`. */
export type Names = readonly PathArgument[];

/** Equal for equal names only. */
export const keyOf = (names: Names | undefined): string =>
  names === undefined
    ? ".."
    : names
        .map((name) => (typeof name === "string" ? name : `\0${name.toString("hex")}`))
        .join("/");

/** Whether names lead to a place or to something in it. */
export function isWithin(names: Names | undefined, place: Names): boolean {
  if (names === undefined || names.length < place.length) return false;
  return place.every((name, index) => keyOf([name]) === keyOf([names[index]!]));
}
