import {
  attempt,
  errorCode,
  mkdir,
  Refusal,
  rename as moveName,
  rmdir,
  sameIdentity,
  unlink,
  type FileStats,
  type Steps,
} from "@holdfast/fs/steps";
import { readFlag } from "../call/policy.ts";
import { namesOf, type RootCall } from "../call/root-call.ts";
import { shownName } from "../path/names.ts";
import type { Place } from "../walk/strategy.ts";
import { findPlace, parse, pathOf } from "../walk/walker.ts";
import { holdForFlush } from "./hold-for-flush.ts";
import { linkName } from "./link-name.ts";
import { lookAt, lookMade, makeChange, nameAt } from "./make-change.ts";
import { refuseDots } from "./refuse-dots.ts";

/** A name, the one it is to have, and what has it now. */
interface Move {
  readonly from: Place;
  readonly to: Place;
  readonly seen: FileStats;
  /** What has the new name instead, where one like it had to be made. */
  made?: FileStats;
}

export function* rename(
  call: RootCall,
  from: unknown,
  to: unknown,
  options?: { readonly overwrite?: unknown } | null,
): Steps<void> {
  const overwrite = readFlag(call.method, "overwrite", options?.overwrite, true);
  const [oldPath, newPath] = [parse(call, from, "from"), parse(call, to, "to")];
  const oldPlace = yield* findPlace(call, oldPath);
  call.forgetLinks();
  const newPlace = yield* findPlace(call, newPath);
  refuseDots(oldPlace, "EBUSY");
  refuseDots(newPlace, "EBUSY");
  call.mayRead(namesOf(oldPlace));
  const seen = yield* lookAt(oldPlace);
  if (seen === undefined) throw new Refusal("ENOENT");
  const move: Move = { from: oldPlace, to: newPlace, seen };
  if (!overwrite) refuseSlashes(move);
  const flush = yield* holdForFlush(call, newPlace.directory, oldPlace.directory);
  yield* call.mayChange(namesOf(oldPlace), true);
  // What comes there may hold a name that is closed there, or be a link to something that does.
  yield* call.mayChange(namesOf(newPlace), true);
  if (overwrite) yield* moveOver(call, move);
  else if (seen.isDirectory()) yield* moveDirectory(call, move);
  else yield* moveByLink(call, move);
  call.confirm = () => arrived(move);
  yield* flush();
}

/** As rename(2) does, for the calls that take its place. */
function refuseSlashes({ from, to, seen }: Move): void {
  const slash = from.slash === true || to.slash === true;
  if (slash && !seen.isDirectory()) throw new Refusal("ENOTDIR");
}

function* moveOver(call: RootCall, move: Move): Steps<void> {
  const { from, to, seen } = move;
  yield* makeChange(call, moveName(pathOf(from), pathOf(to)), function* () {
    const left = yield* lookAt(from);
    if (left !== undefined && sameIdentity(left, seen) !== false) return "none";
    return (yield* arrived(move)) ? "complete" : "unknown";
  });
}

/** Whether what had the old name has the new one, and the old one no more. */
function* arrived({ from, to, seen, made = seen }: Move): Steps<boolean> {
  const now = yield* lookAt(to);
  if (now === undefined || sameIdentity(now, made) === false) return false;
  // rename(2) does nothing where both are names of one file.
  if (seen.nlink > 1n && !seen.isDirectory()) return true;
  const left = yield* lookAt(from);
  return left === undefined || sameIdentity(left, seen) === false;
}

/** rename(2) replaces an empty directory and nothing else, and mkdir(2) nothing at all. */
function* moveDirectory(call: RootCall, move: Move): Steps<void> {
  const { operation } = call;
  const { from, to, seen } = move;
  yield* makeChange(call, mkdir(pathOf(to), 0o700), lookMade(to));
  const moved = yield* attempt(moveName(pathOf(from), pathOf(to)));
  if (moved.ok) return;
  operation.effect = "unknown";
  const left = yield* attempt(lookAt(from));
  if (left.ok && left.value !== undefined && sameIdentity(left.value, seen) !== false) {
    // It cannot take anything with it that somebody has put there meanwhile.
    const undone = yield* operation.cleanUp(rmdir(nameAt(to)));
    operation.effect = undone ? "none" : "partial";
    if (!undone) operation.leftovers.push(`${to.directory.path}/${shownName(to.name)}`);
  } else if (left.ok) {
    const there = yield* attempt(arrived(move));
    if (there.ok && there.value) operation.effect = "complete";
  }
  throw moved.error;
}

/** link(2) never replaces. For a moment there are two names. */
function* moveByLink(call: RootCall, move: Move): Steps<void> {
  const { operation } = call;
  const { from, to, seen } = move;
  const linked = yield* attempt(linkName(call, from, to, seen));
  if (!linked.ok) {
    if (operation.effect === "complete") yield* takeBack(call, move);
    throw linked.error;
  }
  move.made = linked.value;
  operation.effect = "partial"; // it has both names
  const given = yield* lookAt(to);
  const left = yield* lookAt(from);
  // Somebody may have put another file there by now: that one stays.
  const ours = [seen, given].some(
    (one) => one !== undefined && left !== undefined && sameIdentity(left, one) !== false,
  );
  if (ours) yield* removeOld(call, move);
  operation.effect = "complete";
}

function* removeOld(call: RootCall, move: Move): Steps<void> {
  const removed = yield* attempt(unlink(nameAt(move.from)));
  if (removed.ok) return;
  const left = yield* attempt(lookAt(move.from));
  if (left.ok && left.value === undefined) {
    if (errorCode(removed.error) === "ENOENT") return; // somebody else has removed it
    call.operation.effect = "complete";
  } else {
    yield* takeBack(call, move);
  }
  throw removed.error;
}

/** Takes the new name away again, if it still is one of what has the old one. */
function* takeBack({ operation }: RootCall, { to, seen, made = seen }: Move): Steps<void> {
  operation.effect = "partial";
  const now = yield* attempt(lookAt(to));
  const ours = now.ok && now.value !== undefined && sameIdentity(now.value, made) !== false;
  if (ours && (yield* operation.cleanUp(unlink(nameAt(to))))) operation.effect = "none";
}
