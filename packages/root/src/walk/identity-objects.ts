import {
  attempt,
  chmod,
  closeFlushed,
  errorCode,
  fchmod,
  futimes,
  lstat,
  lutimes,
  openFlags,
  sameIdentity,
  type Attempt,
  type Handle,
  type Steps,
} from "@holdfast/fs/steps";
import { isFileOrDirectory, namesOf, type RootCall } from "../call/root-call.ts";
import { wayOf } from "./contain-by-proof.ts";
import { openAndCompare, type HandleForm } from "./open-and-compare.ts";
import type { Pin } from "./strategy.ts";
import { changed } from "./way-refusals.ts";

/** How often an object is looked at again that others keep replacing. */
const maxLooks = 40;

/**
 * Opens what was pinned. An honest replacement in between is no alarm: the call begins anew. Where it
 * cannot any more, because it is about to change something, what is there now is looked at by the same
 * rules.
 *
 * From when a regular file is open and the way up to here is proved, nothing depends on paths any more.
 */
export function* openByIdentity(
  call: RootCall,
  pin: Pin,
  flags: number,
  form: HandleForm,
): Steps<Handle> {
  const way = wayOf(call);
  let seen = pin.stats;
  for (let looks = 1; looks <= maxLooks; looks++) {
    const handle = yield* openAndCompare(call, pin.path, flags, form, function* (stats) {
      if (sameIdentity(stats, seen) !== true) return false;
      yield* way.proveSoFar();
      if (stats.isFile()) way.forget();
      return true;
    });
    if (handle !== undefined) return handle;
    if (!call.changing) break;
    seen = yield* lstat(pin.path);
    if (seen.isFile() !== pin.stats.isFile() || !isFileOrDirectory({ ...pin, stats: seen })) break;
    call.checkObject(seen, "write");
  }
  throw way.beginAgain();
}

/** By an open handle, if there can be one. */
export function* chmodByIdentity(call: RootCall, pin: Pin, mode: number): Steps<void> {
  const done = yield* throughHandle(call, pin, (handle) => fchmod(handle, mode));
  // chmod(2) follows what is there by then.
  if (!done) yield* byPath(call, pin, () => chmod(pin.path, mode));
}

/** By an open handle, if there can be one. */
export function* utimesByIdentity(
  call: RootCall,
  pin: Pin,
  atime: number,
  mtime: number,
): Steps<void> {
  const done = yield* throughHandle(call, pin, (handle) => futimes(handle, atime, mtime));
  if (!done) yield* byPath(call, pin, () => lutimes(pin.path, atime, mtime));
}

/** `false` if it cannot be opened, or not be changed like that: then the call by path says why. */
function* throughHandle(
  call: RootCall,
  pin: Pin,
  change: (handle: Handle) => Steps<void>,
): Steps<boolean> {
  if (!isFileOrDirectory(pin)) return false;
  const opened = yield* attempt(openByIdentity(call, pin, openFlags.readOnly, "handle"));
  if (!opened.ok) {
    if (wayOf(call).again || errorCode(opened.error) === "ENOENT") throw opened.error;
    return false;
  }
  let changedIt: Attempt<void>;
  try {
    changedIt = yield* attempt(change(opened.value));
  } finally {
    yield* call.operation.cleanUp(closeFlushed(opened.value));
  }
  return changedIt.ok;
}

/**
 * Makes a call that would follow a link, while the entry is known to be none: it cannot be exchanged
 * without the directory that it is in saying so.
 */
function* byPath(call: RootCall, pin: Pin, change: () => Steps<void>): Steps<void> {
  const names = namesOf(pin.place);
  const way = wayOf(call);
  if (!(yield* way.reach(names.slice(0, -1)))) throw changed();
  const holder = yield* way.settleAbove(names);
  if (sameIdentity(yield* lstat(pin.path), pin.stats) !== true) throw way.beginAgain();
  yield* change();
  if (yield* way.isUntouched(holder)) return;
  way.astray = true;
  throw changed();
}
