import {
  fstat,
  invalidRange,
  invalidType,
  lstat,
  permissionBits,
  sameIdentity,
  sleep,
  type Effect,
  type FileStats,
  type Steps,
} from "@holdfast/fs/steps";
import { namesOf, type RootCall } from "../call/root-call.ts";
import type { ParsedPath } from "../path/parse-path.ts";
import { isBeingCreated } from "../walk/find-file.ts";
import type { Pin } from "../walk/strategy.ts";
import { findObject, parse } from "../walk/walker.ts";
import { lookAt, makeChange } from "./make-change.ts";
import { readPermissions } from "./permission-mode.ts";

export function* chmod(call: RootCall, path: unknown, mode: unknown): Steps<void> {
  const parsed = parse(call, path);
  const bits = readPermissions(call.method, "mode", mode);
  const pin = yield* findChangeable(call, parsed);
  yield* call.mayChange(namesOf(pin.place));
  const change = call.core.strategy.chmodPinned(call, pin, bits);
  yield* makeChange(call, change, function* () {
    return came(permissionBits(pin.stats), permissionBits(yield* statsOf(pin)), bits);
  });
  confirmStill(call, pin);
}

export function* utimes(
  call: RootCall,
  path: unknown,
  atime: unknown,
  mtime: unknown,
): Steps<void> {
  const parsed = parse(call, path);
  const times = [
    readTime(call.method, "atime", atime),
    readTime(call.method, "mtime", mtime),
  ] as const;
  const pin = yield* findChangeable(call, parsed);
  yield* call.mayChange(namesOf(pin.place));
  const change = call.core.strategy.utimesPinned(call, pin, ...times);
  yield* makeChange(call, change, function* () {
    const now = yield* statsOf(pin);
    const same = now.mtimeNs === pin.stats.mtimeNs && now.atimeNs === pin.stats.atimeNs;
    return same ? "none" : "unknown"; // others write and read too
  });
  confirmStill(call, pin);
}

/** A file that is being created by link(2) has two names for a moment, which passes well before this. */
const maxLooks = 40;

function* findChangeable(call: RootCall, path: ParsedPath): Steps<Pin> {
  for (let looks = 1; ; looks++) {
    const pin = yield* findObject(call, path, "follow");
    call.mayRead(namesOf(pin.place));
    const { stats } = pin;
    const waits = call.policy.hardlinks !== "allow" && stats.isFile() && isBeingCreated(stats);
    if (!waits || looks === maxLooks) {
      call.checkObject(stats, "write");
      return pin;
    }
    yield* call.release(pin, pin.place.directory);
    call.forgetLinks();
    yield* sleep(2);
  }
}

/** What a failed change of one number came to. */
function came(before: number, now: number, wanted: number): Effect {
  if (now === before) return "none";
  return now === wanted ? "complete" : "unknown";
}

function* statsOf({ handle, path }: Pin): Steps<FileStats> {
  return handle === undefined ? yield* lstat(path) : yield* fstat(handle);
}

/** What was changed still is what has the name. */
function confirmStill(call: RootCall, pin: Pin): void {
  call.confirm = function* () {
    const now = yield* lookAt(pin.place);
    return now !== undefined && sameIdentity(now, pin.stats) !== false;
  };
}

/** Seconds. As Node takes them; of a time before 1970 it makes the time of the call. */
function readTime(op: string, name: string, value: unknown): number {
  const seconds = value instanceof Date ? value.getTime() / 1000 : numeric(value);
  if (seconds === undefined) {
    throw invalidType(op, name, "seconds as a number or a numeric string, or a Date", value);
  }
  if (Number.isFinite(seconds)) return seconds;
  throw invalidRange(op, name, "a finite time", value);
}

function numeric(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  if (typeof value !== "string" || Number.isNaN(Number(value))) return undefined;
  return Number(value);
}
