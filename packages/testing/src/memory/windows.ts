import { win32 } from "node:path";
import type { PlatformFacts } from "@holdfast/fs/steps";

/**
 * A path of Windows in the form that the rest works with: `/` between names, no drive. Win32 takes
 * `..` textually, before anything is looked up.
 */
export function windowsPath(path: string): string {
  if (path === "") return path;
  const bare = path.replace(/^[\\/]{2}[?.][\\/]/, "").replace(/^[A-Za-z]:/, "");
  return win32.normalize(bare === "" ? "\\" : bare).replaceAll("\\", "/");
}

/** A name as Windows takes it: without the dots and spaces at its end. */
export function nameOnWindows(name: string): string {
  return name.replace(/[. ]+$/, "");
}

/**
 * Whether a name can be that of a file. CreateFile fails with ERROR_INVALID_NAME, which libuv makes
 * ENOENT; a reserved name opens a device, and no file of that name ever comes to be.
 */
export function isValidOnWindows(name: string, { reservedNames }: PlatformFacts): boolean {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (name === "" || /[<>:"|?*\u0001-\u001F]/.test(name)) return false;
  const stem = name.split(".", 1)[0] as string;
  return !reservedNames.has(stem.trimEnd().toUpperCase());
}
