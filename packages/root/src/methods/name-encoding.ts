import { Buffer } from "node:buffer";
import type { PathArgument } from "@holdfast/fs/steps";
import { shownName } from "../path/names.ts";
import { readEncoding } from "./read-file.ts";

/** How names and targets are returned: as bytes, or as text in an encoding. */
export type NameEncoding = BufferEncoding | "buffer";

/** The encoding of an options argument: a string by itself, or a field. */
export function readNameEncoding(op: string, options: unknown): NameEncoding {
  const given: unknown =
    typeof options === "object" && options !== null
      ? (options as { encoding?: unknown }).encoding
      : options;
  return given === "buffer" ? given : (readEncoding(op, options) ?? "utf8");
}

/** A name or path as the caller wants it. Text cannot hold all bytes: those show as U+FFFD. */
export function encodeName(name: PathArgument, encoding: NameEncoding): string | Buffer {
  if (encoding === "utf8" || encoding === "utf-8") return shownName(name);
  const bytes = typeof name === "string" ? Buffer.from(name, "utf8") : name;
  return encoding === "buffer" ? bytes : bytes.toString(encoding);
}
