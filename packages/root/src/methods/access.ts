import { attempt, errorCode, invalidRange, invalidType, type Steps } from "@holdfast/fs/steps";
import { namesOf, type RootCall } from "../call/root-call.ts";
import type { ParsedPath } from "../path/parse-path.ts";
import type { Pin } from "../walk/strategy.ts";
import { findObject, parse } from "../walk/walker.ts";

/** R_OK | W_OK | X_OK of access(2). */
const allBits = 7;

export function* access(call: RootCall, path: unknown, mode?: unknown): Steps<void> {
  const wanted = readMode(call.method, mode);
  const pin = yield* find(call, parse(call, path));
  yield* call.core.strategy.accessPinned(call, pin, wanted);
}

export function* exists(call: RootCall, path: unknown): Steps<boolean> {
  const found = yield* attempt(find(call, parse(call, path)));
  if (found.ok) return true;
  const code = errorCode(found.error);
  if (code === "ENOENT" || code === "ENOTDIR") return false;
  throw found.error;
}

function* find(call: RootCall, path: ParsedPath): Steps<Pin> {
  const pin = yield* findObject(call, path, "follow");
  call.mayRead(namesOf(pin.place));
  call.checkMount(pin.stats);
  return pin;
}

function readMode(op: string, mode: unknown): number {
  if (mode === undefined || mode === null) return 0;
  if (typeof mode !== "number") throw invalidType(op, "mode", "a number", mode);
  if (Number.isInteger(mode) && mode >= 0 && mode <= allBits) return mode;
  throw invalidRange(op, "mode", `an integer from 0 to ${allBits}`, mode);
}
