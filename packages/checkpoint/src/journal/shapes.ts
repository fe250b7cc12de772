import { isAbsolute } from "node:path";

/** Whether a value is an object with names, as JSON has them. */
export function isObject(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether a value is a string that is not empty. */
export function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

/** Ids become names in the store and in workspaces: none of them may be more than a name. */
const idPattern = /^[A-Za-z0-9_-]{1,128}$/;

/** Whether a value is the id of a snapshot or a restore. */
export function isId(value: unknown): value is string {
  return typeof value === "string" && idPattern.test(value);
}

/** Whether a value is a moment, in milliseconds since 1970. */
export function isMoment(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Whether a value is permission bits. */
export function isMode(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 0o7777;
}

/** Whether a value is an absolute path that says itself where it leads: without `.` and `..`. */
export function isAbsolutePath(value: unknown): value is string {
  if (!isText(value) || !isAbsolute(value) || value.includes("\0")) return false;
  return !value.split("/").some((name) => name === "." || name === "..");
}

/** Whether a value is missing, or what a test says. */
export function isOptional(value: unknown, test: (value: unknown) => boolean): boolean {
  return value === undefined || test(value);
}
