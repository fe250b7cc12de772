import {
  close,
  closeFlushed,
  fstat,
  fsync,
  ftruncate,
  invalidRange,
  invalidType,
  openFlags,
  sameIdentity,
  type Steps,
} from "@holdfast/fs/steps";
import { namesOf, type RootCall } from "../call/root-call.ts";
import { findFile } from "../walk/find-file.ts";
import { parse } from "../walk/walker.ts";
import { lookAt, makeChange } from "./make-change.ts";

export function* truncate(call: RootCall, path: unknown, length: unknown): Steps<void> {
  const parsed = parse(call, path);
  const size = readLength(call.method, length);
  const pin = yield* findFile(call, parsed, "write");
  const handle = yield* call.core.strategy.openPinned(call, pin, openFlags.writeOnly);
  const { durable } = call.policy;
  let closed = false;
  try {
    yield* call.mayChange(namesOf(pin.place));
    yield* makeChange(call, ftruncate(handle, size), function* () {
      const now = yield* fstat(handle);
      if (now.size === pin.stats.size) return "none";
      return now.size === BigInt(size) ? "complete" : "unknown";
    });
    call.confirm = function* () {
      const now = yield* lookAt(pin.place);
      return now !== undefined && sameIdentity(now, pin.stats) !== false;
    };
    if (durable) yield* fsync(handle);
    closed = true;
    yield* durable ? closeFlushed(handle) : close(handle);
  } finally {
    if (!closed) yield* call.operation.cleanUp(closeFlushed(handle));
  }
}

/** As Node: less than nothing is nothing. */
function readLength(op: string, value: unknown): number {
  if (value === undefined) return 0;
  if (typeof value !== "number") throw invalidType(op, "length", "an integer", value);
  if (!Number.isSafeInteger(value)) throw invalidRange(op, "length", "an integer", value);
  return Math.max(0, value);
}
