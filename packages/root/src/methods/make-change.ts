import {
  attempt,
  commitPoint,
  errorCode,
  lstat,
  Refusal,
  sameIdentity,
  type Effect,
  type FileStats,
  type PathArgument,
  type Steps,
} from "@holdfast/fs/steps";
import type { RootCall } from "../call/root-call.ts";
import { joinName } from "../path/names.ts";
import type { Place } from "../walk/strategy.ts";

/**
 * Makes one change. One that fails has mostly not happened; but an answer can get lost on the way, as
 * on a network file system, so a look decides what the error says.
 *
 * @param look what the failed change came to; told its code
 */
export function* makeChange(
  call: RootCall,
  change: Steps<void>,
  look: (code: string | undefined) => Steps<Effect>,
): Steps<void> {
  yield* commitPoint();
  const tried = yield* attempt(change);
  if (tried.ok) {
    call.operation.effect = "complete";
    return;
  }
  // Whoever refused in the middle of it has said what came of it.
  if (tried.error instanceof Refusal) throw tried.error;
  const looked = yield* attempt(look(errorCode(tried.error)));
  call.operation.effect = looked.ok ? looked.value : effectUnseen(tried.error, looked.error);
  throw tried.error;
}

/** Said of a name before anything is done with it. */
const neverReached = new Set(["EACCES", "ELOOP", "ENAMETOOLONG", "ENOTDIR"]);

/** Where looking fails as the change did, the change did not get as far as the name. */
function effectUnseen(failed: unknown, looking: unknown): Effect {
  const code = errorCode(failed);
  const same = code !== undefined && code === errorCode(looking);
  return same && neverReached.has(code) ? "none" : "unknown";
}

/** The name itself, without the slash that the caller put after it. */
export function nameAt({ directory, name }: Place): PathArgument {
  return joinName(directory.path, name);
}

/** What has a name, as a name; `undefined` if nothing has. */
export function* lookAt(place: Place): Steps<FileStats | undefined> {
  const found = yield* attempt(lstat(nameAt(place)));
  if (found.ok) return found.value;
  if (errorCode(found.error) === "ENOENT") return undefined;
  throw found.error;
}

/** What came of giving a name to something new, where that failed: {@link makeChange}. */
export function lookMade(place: Place): (code: string | undefined) => Steps<Effect> {
  return function* (code) {
    if (code === "EEXIST") return "none";
    return (yield* lookAt(place)) === undefined ? "none" : "unknown";
  };
}

/** What came of taking a name away, where that failed. */
export function lookRemoved(place: Place): (code: string | undefined) => Steps<Effect> {
  return function* (code) {
    if (code === "ENOENT") return "none";
    return (yield* lookAt(place)) === undefined ? "unknown" : "none";
  };
}

/** Lets the containment `"identity"` ask whether a name still stands for what was just put there. */
export function* confirmMade(call: RootCall, place: Place): Steps<void> {
  if (call.core.strategy.containment !== "identity") return;
  const made = yield* attempt(lookAt(place));
  call.confirm = function* () {
    const now = yield* lookAt(place);
    if (!made.ok || made.value === undefined || now === undefined) return false;
    return sameIdentity(now, made.value) !== false;
  };
}
