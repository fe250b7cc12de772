import type { PathState, SkipReason } from "../state.ts";
import { isAbsolutePath, isMode, isObject, isText } from "./shapes.ts";

const sha256Pattern = /^[0-9a-f]{64}$/;

// An object, so that a reason that is new is missed by the compiler.
const reasons: Readonly<Record<SkipReason, true>> = {
  "too-large": true,
  special: true,
  outside: true,
  "too-many-paths": true,
};

/** Whether a value of a journal is the state of a path: its hash becomes a path in the store. */
export function isPathState(value: unknown): value is PathState {
  if (!isObject(value)) return false;
  switch (value["kind"]) {
    case "absent":
      return true;
    case "file": {
      const { sha256, size, mode } = value;
      return (
        typeof sha256 === "string" &&
        sha256Pattern.test(sha256) &&
        Number.isSafeInteger(size) &&
        (size as number) >= 0 &&
        isMode(mode)
      );
    }
    case "symlink":
      return isText(value["target"]) && !value["target"].includes("\0");
    case "dir":
      return isMode(value["mode"]);
    case "skipped":
      return typeof value["reason"] === "string" && Object.hasOwn(reasons, value["reason"]);
    case "failed":
      return isText(value["code"]);
    default:
      return false;
  }
}

/** Whether a value names a path with its state, by a key of its own or not. */
export function isPathWithKey(value: { readonly [name: string]: unknown }): boolean {
  return isAbsolutePath(value["path"]) && (value["key"] === undefined || isText(value["key"]));
}
