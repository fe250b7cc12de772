import { Buffer, isUtf8 } from "node:buffer";
import { invalidType, Refusal, type PathArgument, type PlatformFacts } from "@holdfast/fs/steps";
import { refuseOnWindows } from "./windows-names.ts";

/** A path relative to the root, taken apart. Only {@link parsePath} makes one. */
export interface ParsedPath {
  /** The directories on the way. `.` and doubled slashes are gone; `..` is for the tree to resolve. */
  readonly directories: readonly PathArgument[];
  /** The last component: a name, `.` or `..`. */
  readonly last: PathArgument;
  /** Whether a slash follows it. */
  readonly slash: boolean;
}

/** PATH_MAX of Linux, with the final NUL. Plain calls refuse longer ones on every platform. */
const longestPath = 4095;

/**
 * Takes a path apart, and refuses, without a look at the disk, what cannot be meant to be inside.
 *
 * @throws `TypeError` (`ERR_INVALID_ARG`) for what is no path at all
 * @throws `ERR_PATH_INVALID`: empty, a NUL, a string without a UTF-8 form, a name that Windows would
 * take for something else. `ERR_PATH_ESCAPES`: absolute, or `..` before any name. `ENAMETOOLONG`.
 */
export function parsePath(
  op: string,
  name: string,
  path: unknown,
  platform: PlatformFacts,
): ParsedPath {
  const given = requirePath(op, name, path);
  if (given.length === 0) throw invalid("the path is empty", 'The root itself is ".".');
  if (given.includes("\0")) throw invalid("the path holds a NUL byte");
  if (Buffer.byteLength(given) > longestPath) throw new Refusal("ENAMETOOLONG");
  const text = unifySeparators(given, platform);
  if (typeof text === "string") refuseOnWindows(text, platform);
  const components = split(text);
  if (components[0]?.length === 0) {
    throw escapes("the path is absolute", "Give a path relative to the root.");
  }
  const slash = components.at(-1)!.length === 0;
  const named = components.filter((part) => part.length > 0 && part !== ".");
  if (named[0] === "..") {
    throw escapes('the path begins with ".."', "Nothing above the root can be reached.");
  }
  const end = components.findLast((part) => part.length > 0)!;
  if (end === ".") return { directories: named, last: ".", slash };
  return { directories: named.slice(0, -1), last: named.at(-1)!, slash };
}

/** What a link says, with `/` alone as its separator. */
export function unifySeparators(path: PathArgument, platform: PlatformFacts): PathArgument {
  if (typeof path !== "string" || platform.separators === "/") return path;
  return path.replaceAll("\\", "/");
}

/** The components of a link's target, for the walk: `..` stays. */
export function splitTarget(target: PathArgument): PathArgument[] {
  return split(target).filter((part) => part.length > 0 && part !== ".");
}

/** Whether a link's target begins at the top of the file system, or of a drive. */
export function isAbsoluteTarget(target: PathArgument, platform: PlatformFacts): boolean {
  if (typeof target !== "string") return target[0] === slashByte;
  return target.startsWith("/") || (platform.separators !== "/" && /^[A-Za-z]:/.test(target));
}

/** Whether a link's target can only be a directory: `dir/`, `dir/.`, `..`. */
export function wantsDirectory(target: PathArgument): boolean {
  const end = split(target).at(-1)!;
  return end.length === 0 || end === "." || end === "..";
}

const slashByte = 0x2f;

function requirePath(op: string, name: string, path: unknown): PathArgument {
  if (path instanceof Uint8Array) {
    const bytes = Buffer.from(path);
    return isUtf8(bytes) ? bytes.toString("utf8") : bytes;
  }
  if (typeof path !== "string") {
    throw invalidType(op, name, "a path relative to the root, as a string or bytes", path);
  }
  // Node would write under another name, with U+FFFD in it.
  if (/\p{Surrogate}/u.test(path)) throw invalid("the path holds half of a surrogate pair");
  return path;
}

function split(path: PathArgument): PathArgument[] {
  if (typeof path === "string") return path.split("/");
  const parts: PathArgument[] = [];
  let start = 0;
  for (;;) {
    const end = path.indexOf(slashByte, start);
    const part = path.subarray(start, end === -1 ? path.length : end);
    parts.push(isUtf8(part) ? part.toString("utf8") : part);
    if (end === -1) return parts;
    start = end + 1;
  }
}

const invalid = (problem: string, hint?: string): Refusal =>
  new Refusal("ERR_PATH_INVALID", { problem, ...(hint !== undefined && { hint }) });

/** A path or a link leads out. */
export const escapes = (problem: string, hint?: string): Refusal =>
  new Refusal("ERR_PATH_ESCAPES", { problem, ...(hint !== undefined && { hint }) });
