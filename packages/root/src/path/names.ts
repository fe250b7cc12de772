import { Buffer } from "node:buffer";
import type { PathArgument } from "@holdfast/fs/steps";

/** A name in a directory, as a path. Bytes where either is not valid UTF-8. */
export function joinName(directory: PathArgument, name: PathArgument): PathArgument {
  if (typeof directory === "string" && typeof name === "string") return `${directory}/${name}`;
  return Buffer.concat([bytes(directory), Buffer.from("/"), bytes(name)]);
}

/** Names from the root as one path, for people and for rules: `"."` for the root itself. */
export function shownPath(names: readonly PathArgument[]): string {
  return names.length === 0 ? "." : names.map(shownName).join("/");
}

/** A name as text; what is not valid UTF-8 shows as U+FFFD. */
export function shownName(name: PathArgument): string {
  return typeof name === "string" ? name : name.toString("utf8");
}

const bytes = (part: PathArgument): Buffer =>
  typeof part === "string" ? Buffer.from(part, "utf8") : part;
