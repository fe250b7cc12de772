import { randomUUID } from "node:crypto";
import {
  attempt,
  errorCode,
  link,
  lstat,
  permissionBits,
  readlink,
  rename,
  sleep,
  symlink,
  unlink,
  type FileStats,
  type PathArgument,
  type Steps,
} from "@holdfast/fs/steps";
import { replaceFileUnchecked, versionOf, type Content } from "@holdfast/atomic/steps";
import { namesOf } from "../call/root-call.ts";
import { copyRequest } from "../methods/copy-request.ts";
import { openContent } from "../methods/file-content.ts";
import { nameAt } from "../methods/make-change.ts";
import { joinName } from "../path/names.ts";
import { isBeingCreated, notAFile } from "../walk/find-file.ts";
import type { Pin, Place } from "../walk/strategy.ts";
import type { CopyRun } from "./copy-run.ts";

/** Copies what is no directory: a link as a link, a file in the way of `copyFile`. */
export function* copyEntry(
  run: CopyRun,
  pin: Pin,
  to: Place,
  existing: FileStats | undefined,
  syncDirectory: boolean,
): Steps<void> {
  const { call } = run;
  const isLink = pin.stats.isSymbolicLink();
  if (!isLink && !pin.stats.isFile()) throw notAFile();
  if (existing !== undefined && !run.replaces) return yield* call.release(pin);
  if (isLink) {
    yield* copyLink(run, pin, to, existing);
    yield* call.release(pin);
    return;
  }
  const file = yield* settled(run, pin);
  call.checkObject(file.stats, "read");
  const { content, handle } = yield* openContent(call, file);
  yield* call.release(file);
  yield* call.mayChange(namesOf(to));
  const version = yield* putFile(run, file.stats, content, to, syncDirectory);
  yield* call.release({ handle });
  if (run.preserveTimestamps) yield* giveTimes(run, file.stats, to, version);
}

/** Somebody who keeps making names for a file is not creating it. */
const maxLooks = 100;

/** A file that is being created by link(2) has two names for a moment. */
function* settled(run: CopyRun, pin: Pin): Steps<Pin> {
  const { call } = run;
  let file = pin;
  const waits = call.policy.hardlinks !== "allow";
  for (let looks = 1; waits && looks < maxLooks && isBeingCreated(file.stats); looks++) {
    yield* call.release(file);
    yield* sleep(2);
    file = yield* call.core.strategy.pin(call, pin.place);
    if (!file.stats.isFile()) throw notAFile();
  }
  return file;
}

/** Returns the version of what has the name then. */
function* putFile(
  run: CopyRun,
  stats: FileStats,
  content: Content,
  to: Place,
  syncDirectory: boolean,
): Steps<string> {
  const { call } = run;
  const target = nameAt(to);
  const put = function* (filePath: string, exclusive: boolean): Steps<string> {
    const mode = permissionBits(stats);
    const copy = { filePath, exclusive, mode, keepMode: false, anew: true, syncDirectory };
    const receipt = yield* replaceFileUnchecked(call.operation, copyRequest(call, copy), content);
    call.bytes += receipt.bytes;
    return receipt.version;
  };
  if (typeof target === "string") return yield* run.change(put(target, run.exclusive));
  // The replacement knows names as text alone: the file gets its own when it is complete.
  const aside = asideIn(to);
  yield* run.change(put(aside, true));
  yield* run.change(giveName(run, aside, target, run.exclusive));
  return versionOf(yield* lstat(target));
}

/**
 * As it is, also one that leads out. One that has the name is replaced at once, anything else that has
 * it is not, as by plain `cp`.
 */
function* copyLink(
  run: CopyRun,
  pin: Pin,
  to: Place,
  existing: FileStats | undefined,
): Steps<void> {
  const target = yield* readlink(nameAt(pin.place));
  // With all that a path through it would reach: see `symlink`.
  yield* run.call.mayChange(namesOf(to), true);
  if (existing?.isSymbolicLink() !== true) {
    return yield* run.change(makeLink(target, nameAt(to)));
  }
  const aside = asideIn(to);
  yield* run.change(makeLink(target, aside));
  yield* run.change(giveName(run, aside, nameAt(to), false));
}

/** One that says that it failed may have been made. */
function* makeLink(target: PathArgument, path: PathArgument): Steps<void> {
  const made = yield* attempt(symlink(target, path));
  if (made.ok) return;
  if (errorCode(made.error) !== "EEXIST") {
    const found = yield* attempt(readlink(path));
    if (found.ok && sameTarget(found.value, target)) return;
  }
  throw made.error;
}

/** Gives a new file or link its name; if that fails, it is gone or named. */
function* giveName(
  run: CopyRun,
  aside: string,
  target: PathArgument,
  exclusive: boolean,
): Steps<void> {
  const { operation } = run.call;
  const named = yield* attempt(exclusive ? link(aside, target) : rename(aside, target));
  if (named.ok && !exclusive) return;
  // One that says that it failed may have happened: then there is nothing to remove.
  const removed = yield* attempt(unlink(aside));
  const gone = removed.ok || errorCode(removed.error) === "ENOENT";
  if (!gone) operation.leftovers.push(aside);
  if (!named.ok) throw named.error;
  if (!gone) throw removed.error;
}

/** Unless somebody has put something else there. */
function* giveTimes(run: CopyRun, stats: FileStats, place: Place, version: string): Steps<void> {
  const { call } = run;
  const { strategy } = call.core;
  const pin = yield* strategy.pin(call, place);
  if (versionOf(pin.stats) === version) {
    const [atime, mtime] = [Number(stats.atimeNs) / 1e9, Number(stats.mtimeNs) / 1e9];
    yield* strategy.utimesPinned(call, pin, atime, mtime);
  }
  yield* call.release(pin);
}

const asideIn = ({ directory }: Place): string =>
  joinName(directory.path, `.holdfast-${randomUUID()}.tmp`) as string;

const sameTarget = (a: PathArgument, b: PathArgument): boolean =>
  Buffer.compare(Buffer.from(a as string), Buffer.from(b as string)) === 0;
