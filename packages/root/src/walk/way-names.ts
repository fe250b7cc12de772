import type { PathArgument } from "@holdfast/fs/steps";
import { joinName } from "../path/names.ts";
import { notUtf8 } from "./real-path.ts";

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

/** The path of a directory in another one. */
export function pathOfDirectory(path: string, name: PathArgument): string {
  const joined = joinName(path, name);
  if (typeof joined !== "string") throw notUtf8();
  return joined;
}

/** The directory that a real path is in; `undefined` for a drive or "/". */
export function parentOf(path: string): string | undefined {
  const slash = path.lastIndexOf("/");
  if (path.endsWith("/.")) return undefined;
  return `${path.slice(0, slash)}/.`;
}
