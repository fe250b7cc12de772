import { Buffer } from "node:buffer";
import {
  invalidCombination,
  invalidRange,
  invalidType,
  lstat,
  rmdir as removeDirectory,
  sameIdentity,
  symlink as makeLink,
  unlink as removeName,
  type PathArgument,
  type Steps,
} from "@holdfast/fs/steps";
import { namesOf, type RootCall } from "../call/root-call.ts";
import { findEntry, findPlace, parse, pathOf } from "../walk/walker.ts";
import { holdForFlush } from "./hold-for-flush.ts";
import { linkName } from "./link-name.ts";
import { confirmMade, lookAt, lookMade, lookRemoved, makeChange, nameAt } from "./make-change.ts";
import { refuseDots } from "./refuse-dots.ts";

// After a removal nothing is left that could confirm it: that a name is gone does not say who removed it.

export function* unlink(call: RootCall, path: unknown): Steps<void> {
  const place = yield* findPlace(call, parse(call, path));
  refuseDots(place, "EISDIR");
  yield* call.mayChange(namesOf(place), true);
  yield* makeChange(call, removeName(pathOf(place)), lookRemoved(place));
}

export function* rmdir(
  call: RootCall,
  path: unknown,
  options?: { readonly recursive?: unknown } | null,
): Steps<void> {
  if (options?.recursive === true) {
    throw invalidCombination(call.method, '"recursive" is for rm()');
  }
  const place = yield* findPlace(call, parse(call, path));
  refuseDots(place, "EINVAL", "ENOTEMPTY");
  yield* call.mayChange(namesOf(place), true);
  yield* makeChange(call, removeDirectory(pathOf(place)), lookRemoved(place));
}

export function* symlink(
  call: RootCall,
  target: unknown,
  path: unknown,
  type?: unknown,
): Steps<void> {
  const text = readTarget(call.method, target);
  readLinkType(call.method, type);
  const place = yield* findPlace(call, parse(call, path));
  refuseDots(place, "EEXIST");
  const flush = yield* holdForFlush(call, place.directory);
  // With everything that a path through the link would reach: where `.git/hooks` is closed and there
  // is no `.git`, a link of that name would be a way to fill it.
  yield* call.mayChange(namesOf(place), true);
  yield* makeChange(call, makeLink(text, pathOf(place)), lookMade(place));
  yield* confirmMade(call, place);
  yield* flush();
}

export function* link(call: RootCall, existing: unknown, path: unknown): Steps<void> {
  const [source, destination] = [parse(call, existing, "existing"), parse(call, path)];
  const from = yield* findEntry(call, source);
  call.mayRead(namesOf(from));
  const seen = yield* lstat(nameAt(from)); // a file by itself: its names are not its content
  call.checkMount(seen);
  call.forgetLinks();
  const to = yield* findPlace(call, destination);
  refuseDots(to, "EEXIST");
  const flush = yield* holdForFlush(call, to.directory);
  // The first name too: by the second one, what it names could be changed behind its rules.
  yield* call.mayChange(namesOf(from));
  yield* call.mayChange(namesOf(to), true);
  const made = yield* linkName(call, from, to, seen);
  call.confirm = function* () {
    const now = yield* lookAt(to);
    return now !== undefined && sameIdentity(now, made) !== false;
  };
  yield* flush();
}

function readTarget(op: string, value: unknown): PathArgument {
  if (value instanceof Uint8Array) {
    if (!value.includes(0)) return Buffer.from(value);
    throw invalidRange(op, "target", "bytes without a NUL", value);
  }
  if (typeof value !== "string") throw invalidType(op, "target", "a string or bytes", value);
  // Half of a surrogate pair has no UTF-8 form: the link would lead to another name, with U+FFFD.
  if (!/[\0\p{Surrogate}]/u.test(value)) return value;
  throw invalidRange(op, "target", "a string without NUL and lone surrogates", value);
}

/** Only Windows has kinds of links. */
function readLinkType(op: string, value: unknown): void {
  if (typeof value !== "string" || ["dir", "file", "junction"].includes(value)) return;
  throw invalidType(op, "type", 'one of "dir", "file", "junction"', value);
}
