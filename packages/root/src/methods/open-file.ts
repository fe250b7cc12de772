import { Buffer } from "node:buffer";
import {
  attempt,
  closeFlushed,
  commitPoint,
  errorCode,
  fstat,
  nodeOpen,
  openFlags,
  readlink,
  Refusal,
  sameIdentity,
  sleep,
  wait,
  type Handle,
  type Steps,
} from "@holdfast/fs/steps";
import { isFileOrDirectory, namesOf, type RootCall } from "../call/root-call.ts";
import { joinName } from "../path/names.ts";
import type { ParsedPath } from "../path/parse-path.ts";
import { isBeingCreated, notAFile } from "../walk/find-file.ts";
import type { Pin, Place } from "../walk/strategy.ts";
import {
  allNames,
  findDirectory,
  findEntry,
  followLink,
  meansDirectory,
  parse,
  pathOf,
} from "../walk/walker.ts";
import { lookAt, lookMade, makeChange } from "./make-change.ts";
import { findOrMakeDirectory } from "./make-directory.ts";
import { readOpenFlags, usesOf, type Uses } from "./open-flags.ts";
import { readPermissions } from "./permission-mode.ts";

/** How often a place is looked up again that others keep changing. */
const maxLooks = 100;

interface Wanted extends Uses {
  readonly flags: number;
  readonly mode: number;
}

export function* open(
  call: RootCall,
  path: unknown,
  flags?: unknown,
  mode?: unknown,
): Steps<unknown> {
  const bits = readOpenFlags(call.method, flags);
  const permissions = readPermissions(call.method, "mode", mode ?? 0o666);
  const wanted: Wanted = { ...usesOf(bits), flags: bits, mode: permissions };
  const parsed = parse(call, path);
  let place = wanted.creates
    ? yield* findPlaceToCreate(call, parsed, wanted)
    : yield* findEntry(call, parsed);
  for (let looks = 1; ; looks++) {
    // What must not exist is not looked at: the call that makes it knows best.
    const pinned = wanted.exclusive ? undefined : yield* pinAt(call, place, wanted);
    if (pinned?.stats.isSymbolicLink() === true) {
      if (wanted.noFollow) throw new Refusal("ELOOP");
      const next = yield* follow(call, place, wanted);
      yield* call.release(pinned);
      if (next === undefined) continue; // somebody has put something else there: look again
      yield* call.release(place.directory);
      place = next;
    } else if (pinned !== undefined && needsPatience(call, pinned) && looks < maxLooks) {
      yield* call.release(pinned);
      yield* sleep(2);
    } else if (pinned !== undefined) {
      return yield* openExisting(call, pinned, wanted);
    } else {
      const made = yield* attempt(create(call, place, wanted));
      if (made.ok) return made.value;
      // Somebody was faster. If the caller wants it either way, it is there now.
      const again = errorCode(made.error) === "EEXIST" && !wanted.exclusive && looks < maxLooks;
      if (!again) throw made.error;
    }
  }
}

/** The place of a name that is made if it is missing. What can only be a directory is not made. */
function* findPlaceToCreate(call: RootCall, path: ParsedPath, { exclusive }: Wanted): Steps<Place> {
  if (meansDirectory(path)) {
    const dots = path.last === "." || path.last === "..";
    yield* findDirectory(call, dots ? allNames(path) : path.directories);
    throw new Refusal(exclusive && dots ? "EEXIST" : "EISDIR");
  }
  const directory = call.policy.create
    ? yield* findOrMakeDirectory(call, path.directories, 0o777, () => {
        call.operation.effect = "partial";
      })
    : yield* findDirectory(call, path.directories);
  return { directory, name: path.last };
}

function* pinAt(call: RootCall, place: Place, { creates }: Wanted): Steps<Pin | undefined> {
  const pinned = yield* attempt(call.core.strategy.pin(call, place));
  if (pinned.ok) return pinned.value;
  if (creates && errorCode(pinned.error) === "ENOENT") return undefined;
  throw pinned.error;
}

function* follow(call: RootCall, place: Place, { creates }: Wanted): Steps<Place | undefined> {
  const next = yield* attempt(followLink(call, place));
  if (next.ok) return next.value;
  const code = errorCode(next.error);
  if (!creates || (code !== "ENOENT" && code !== "ENOTDIR")) throw next.error;
  // To open(2) a name with a slash after it is a directory, whatever it is, if it may be created.
  const target = yield* attempt(readlink(joinName(place.directory.path, place.name)));
  const slash = target.ok && Buffer.from(target.value as string).at(-1) === slashByte;
  throw slash ? new Refusal("EISDIR") : next.error;
}

const slashByte = 0x2f;

/** A file that is just being created may have a second name for a moment, which is not held against it. */
function needsPatience(call: RootCall, { stats }: Pin): boolean {
  return stats.isFile() && call.policy.hardlinks !== "allow" && isBeingCreated(stats);
}

function* openExisting(call: RootCall, pin: Pin, wanted: Wanted): Steps<unknown> {
  const names = namesOf(pin.place);
  const { changes, creates } = wanted;
  if (wanted.reads) call.mayRead(names);
  if (!isFileOrDirectory(pin)) throw notAFile();
  if (pin.stats.isDirectory() && (changes || creates)) throw new Refusal("EISDIR");
  call.checkObject(pin.stats, changes ? "write" : "read");
  if (changes) yield* call.mayChange(names);
  const { create: made, exclusive, noFollow } = openFlags;
  const flags = wanted.flags & ~(made | exclusive | noFollow);
  const opened = yield* call.core.strategy.nodeOpenPinned(call, pin, flags);
  call.handOut(() => closeOpened(opened));
  if ((flags & openFlags.truncate) !== 0) {
    call.operation.effect = "complete";
    yield* commitPoint(); // what the signal says now comes too late
  }
  return opened;
}

function* create(call: RootCall, place: Place, wanted: Wanted): Steps<unknown> {
  yield* call.mayChange(namesOf(place));
  // A link that appears meanwhile is not followed, and nothing that exists is opened.
  const flags = wanted.flags | openFlags.create | openFlags.exclusive | openFlags.noFollow;
  const { operation } = call;
  const before = operation.effect;
  let opened: unknown;
  const making = (function* (): Steps<void> {
    opened = yield* nodeOpen(pathOf(place), flags, wanted.mode);
    call.handOut(() => closeOpened(opened));
  })();
  const made = yield* attempt(makeChange(call, making, lookMade(place)));
  if (!made.ok) {
    if (operation.effect === "none") operation.effect = before; // parents may have been made
    throw made.error;
  }
  call.confirm = function* () {
    const found = yield* lookAt(place);
    return found !== undefined && sameIdentity(found, yield* fstat(opened as Handle)) !== false;
  };
  return opened;
}

/** A `FileHandle` closes itself: its number alone would be closed a second time when it is collected. */
function* closeOpened(opened: unknown): Steps<void> {
  if (typeof opened === "number") yield* closeFlushed(opened as unknown as Handle);
  else yield* wait((opened as { close(): Promise<void> }).close());
}
