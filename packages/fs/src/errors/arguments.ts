/** Checks of single arguments, before any I/O. Each throws what names the argument. */

import { isAbsolute, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { currentPlatform } from "../platform/platform.ts";
import { invalidCombination, invalidRange, invalidType } from "./misuse.ts";

/** Checks that there are options at all. */
export function requireObject(op: string, options: unknown): void {
  if (typeof options !== "object" || options === null) {
    throw invalidType(op, "options", "an object", options);
  }
}

/** Checks a boolean that may be left out. */
export function readBoolean(op: string, name: string, value: unknown, byDefault: boolean): boolean {
  if (value === undefined) return byDefault;
  if (typeof value !== "boolean") throw invalidType(op, name, "a boolean", value);
  return value;
}

/** Checks a signal by what is used of it: one of another realm is not an instance of ours. */
export function readSignal(
  op: string,
  value: unknown,
  half: "async" | "sync" = "async",
): AbortSignal | undefined {
  if (value === undefined) return undefined;
  if (half === "sync") {
    throw invalidCombination(op, '"signal" cannot interrupt a synchronous call');
  }
  const { aborted, addEventListener } = (value ?? {}) as Partial<AbortSignal>;
  if (typeof aborted === "boolean" && typeof addEventListener === "function") {
    return value as AbortSignal;
  }
  throw invalidType(op, "signal", "an AbortSignal", value);
}

/** Checks a path and returns it as a string. */
export function readPath(op: string, name: string, value: unknown): string {
  let path = value;
  if (value instanceof URL) {
    if (value.protocol !== "file:")
      throw invalidType(op, name, "a path or a file: URL", value.href);
    try {
      path = fileURLToPath(value);
    } catch (error) {
      // An encoded slash, or a host: Node's code for it is its own.
      throw Object.assign(invalidType(op, name, "a path or a file: URL", value.href), {
        cause: error,
      });
    }
  }
  if (typeof path !== "string") throw invalidType(op, name, "a path or a file: URL", value);
  if (path === "") throw invalidRange(op, name, "a path that is not empty", path);
  if (path.includes("\0")) throw invalidRange(op, name, "a path without NUL characters", path);
  // Such a string has no UTF-8 form: Node would write under another name (with U+FFFD in it).
  if (currentPlatform.name !== "win32" && /\p{Surrogate}/u.test(path)) {
    throw invalidRange(op, name, "a path without lone surrogates", path);
  }
  return path;
}

/** Absolute now, because the working directory may change while the operation runs. */
export function absolute(path: string): string {
  return isAbsolute(path) ? path : process.cwd() + sep + path;
}

/** Checks permission bits. */
export function readMode(op: string, name: string, value: unknown): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== "number") throw invalidType(op, name, "a number", value);
  if (!Number.isInteger(value) || value < 0 || value > 0o7777) {
    throw invalidRange(op, name, "an integer from 0 to 0o7777", value);
  }
  return value;
}

/** Checks a number of times or of milliseconds. */
export function readCount(op: string, name: string, value: unknown, byDefault: number): number {
  if (value === undefined) return byDefault;
  if (typeof value !== "number") throw invalidType(op, name, "a number", value);
  if (!Number.isInteger(value) || value < 0 || value > 2 ** 31 - 1) {
    throw invalidRange(op, name, "an integer of at least 0", value);
  }
  return value;
}

/** Checks the start of a name: it must stay a single name, and not hide in a longer path. */
export function readPrefix(op: string, name: string, value: unknown, byDefault: string): string {
  if (value === undefined) return byDefault;
  if (typeof value !== "string") throw invalidType(op, name, "a string", value);
  if (value === "" || /[/\\\0\p{Surrogate}]/u.test(value) || Buffer.byteLength(value) > 128) {
    throw invalidRange(op, name, "1 to 128 bytes without separators", value);
  }
  return value;
}

/** Checks one of several words; the first is the default. */
export function readWord<const T extends string>(
  op: string,
  name: string,
  value: unknown,
  allowed: readonly [T, ...T[]],
): T {
  if (value === undefined) return allowed[0];
  if (typeof value === "string" && (allowed as readonly string[]).includes(value))
    return value as T;
  throw invalidType(op, name, `one of ${allowed.map((word) => `"${word}"`).join(", ")}`, value);
}
