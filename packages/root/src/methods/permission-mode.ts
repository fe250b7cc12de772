import { invalidRange, invalidType } from "@holdfast/fs/steps";

/** Permission bits as Node takes them: a number, or a string of octal digits. */
export function readPermissions(op: string, name: string, value: unknown): number {
  if (typeof value === "string" && /^[0-7]+$/.test(value)) {
    return readPermissions(op, name, Number.parseInt(value, 8));
  }
  if (typeof value !== "number" && typeof value !== "string") {
    throw invalidType(op, name, "a number or a string of octal digits", value);
  }
  if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value < 2 ** 32) {
    return value & 0o7777; // the type of a file may stand above them, as in what `stat` says
  }
  throw invalidRange(op, name, "a mode: an integer from 0 to 2 ** 32 - 1, or octal digits", value);
}
