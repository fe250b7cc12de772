import {
  attempt,
  errorCode,
  mkdir,
  permissionBits,
  Refusal,
  sameIdentity,
  type FileStats,
  type Steps,
} from "@holdfast/fs/steps";
import { openForSync, syncDirectory } from "@holdfast/atomic/steps";
import { namesOf, type RootCall } from "../call/root-call.ts";
import { denied, isAbove } from "../call/rules.ts";
import { holdForFlush } from "../methods/hold-for-flush.ts";
import { lookAt, nameAt } from "../methods/make-change.ts";
import type { CopyTreeOptions } from "../options.ts";
import { shownName } from "../path/names.ts";
import { listEntries, type Met } from "../walk/list-entries.ts";
import type { Directory, Pin, Place } from "../walk/strategy.ts";
import { findObject, parse } from "../walk/walker.ts";
import { copyEntry } from "./copy-entry.ts";
import { CopyRun } from "./copy-run.ts";
import { findTarget, insideSource, refuseKinds, type CopyTarget } from "./copy-target.ts";
import { Descent } from "./descent.ts";

/**
 * As plain `cp` with `verbatimSymlinks`, with errnos for Node's own codes. Each file appears as a
 * whole; a directory that is made is the caller's alone until all that is in it is there. A link is
 * replaced by a link, unless `force` is `false`. FIFOs, sockets and devices are `ERR_NOT_FILE`. A tree with
 * a place in it that is closed to reading is `ERR_DENIED`, before anything is copied where there is no
 * `filter`.
 */
export function* cp(
  call: RootCall,
  source: unknown,
  destination: unknown,
  options?: unknown,
): Steps<void> {
  const run = new CopyRun(call, (options ?? {}) as CopyTreeOptions);
  const from = parse(call, source, "source");
  const to = parse(call, destination, "destination");
  const shown: Shown = [shownGiven(source), shownGiven(destination)];
  if (!run.accepts(...shown)) return;
  const pin = yield* findObject(call, from, "nofollow");
  const names = namesOf(pin.place);
  call.mayRead(names);
  call.forgetLinks();
  const made = (): void => run.note();
  const target = yield* findTarget(call, to, pin, made);
  if (!pin.stats.isDirectory()) {
    run.single = true;
    return yield* copyEntry(run, pin, target.place, target.existing, true);
  }
  if (!run.recursive) {
    throw new Refusal("EISDIR", { hint: "A directory is copied with recursive: true." });
  }
  const { denyRead, fold } = call.core.rules;
  if (run.filter === undefined && isAbove(names, denyRead, fold)) throw denied("read", names);
  yield* copyTree(run, pin, target, shown);
}

/** Source and destination, in the words of the caller. */
type Shown = readonly [source: string, destination: string];

function shownGiven(path: unknown): string {
  const text = typeof path === "string" ? path : shownName(Buffer.from(path as Uint8Array));
  return text.replace(/(?<=.)\/+$/, "");
}

/** A directory that is being copied. */
interface Level {
  readonly entries: readonly Met[];
  next: number;
  /** The permission bits of one that was made, for when it is complete. */
  readonly mode: number | undefined;
  readonly shown: Shown;
}

/** No recursion: a tree may be deeper than the stack. */
function* copyTree(run: CopyRun, pin: Pin, target: CopyTarget, shown: Shown): Steps<void> {
  const { call } = run;
  const { place } = target;
  const flush = yield* holdForFlush(call, place.directory);
  const sourceTop = yield* open(call, pin.place);
  if (target.existing === undefined) yield* makeDirectory(run, place);
  const targetTop = yield* open(call, place);
  const own = yield* call.core.strategy.pin(call, { directory: targetTop, name: "." });
  yield* call.release(own, pin);
  const source = new Descent(call, sourceTop);
  const copy = new Descent(call, targetTop);
  const levels = [yield* begin(run, source, pin.stats, target.existing, shown)];
  for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
    const met = level.entries[level.next++];
    if (met === undefined) {
      yield* finish(run, copy.directory, level);
      levels.pop();
      const back = levels.length === 0 || ((yield* source.leave()) && (yield* copy.leave()));
      if (!back) throw movedAway();
      continue;
    }
    const { name } = met;
    const inside: Shown = [join(level.shown[0], name), join(level.shown[1], name)];
    if (run.filter !== undefined && !run.accepts(...inside)) continue;
    const from = { directory: source.directory, name };
    const to = { directory: copy.directory, name };
    call.mayRead(namesOf(from));
    const entry = yield* call.core.strategy.pin(call, from);
    const existing = yield* lookAt(to);
    if (existing !== undefined) refuseKinds(entry.stats, existing);
    if (!entry.stats.isDirectory()) {
      yield* copyEntry(run, entry, to, existing, false);
      continue;
    }
    yield* call.release(entry);
    // Somebody may have moved it there, or mounted it.
    if (sameIdentity(entry.stats, own.stats) === true) throw insideSource();
    if ((yield* source.enter(name)) !== undefined) throw movedAway();
    if (existing === undefined) yield* makeDirectory(run, to);
    if ((yield* copy.enter(name)) !== undefined) throw movedAway();
    levels.push(yield* begin(run, source, entry.stats, existing, inside));
  }
  yield* flush();
}

const join = (path: string, name: Met["name"]): string => `${path}/${shownName(name)}`;

const movedAway = (): Refusal =>
  new Refusal("ERR_CHANGED", { problem: "somebody has moved a directory of the tree" });

function* open(call: RootCall, { directory, name }: Place): Steps<Directory> {
  if (name === ".") return directory;
  const found = yield* call.core.strategy.enter(call, directory, name);
  if ("target" in found) throw movedAway();
  return found;
}

function* begin(
  run: CopyRun,
  source: Descent,
  stats: FileStats,
  existing: FileStats | undefined,
  shown: Shown,
): Steps<Level> {
  const entries = yield* listEntries(source.directory, "");
  run.budget.meet(source.depth, entries.length);
  const mode = existing === undefined ? permissionBits(stats) : undefined;
  return { entries, next: 0, mode, shown };
}

/** What somebody else makes meanwhile is as good. */
function* makeDirectory(run: CopyRun, place: Place): Steps<void> {
  yield* run.call.mayChange(namesOf(place));
  const path = nameAt(place);
  yield* run.change(
    (function* () {
      // Also where the copy is to be read-only it has to be filled first.
      const made = yield* attempt(mkdir(path, 0o700));
      if (made.ok || errorCode(made.error) === "EEXIST") return;
      const found = yield* attempt(lookAt(place));
      // One that says that it failed may have been made.
      if (!found.ok || found.value !== undefined) run.call.operation.effect = "unknown";
      throw made.error;
    })(),
  );
}

/** All is in it: flushes it, and gives it its mode. */
function* finish(run: CopyRun, directory: Directory, { mode }: Level): Steps<void> {
  const { call } = run;
  const { operation, policy } = call;
  // First of all: its mode may say that it cannot be read.
  const handle = policy.durable ? yield* openForSync(operation, directory.path) : undefined;
  if (handle !== undefined) call.hold(handle);
  if (mode !== undefined) {
    const { strategy } = call.core;
    yield* strategy.settle(call, directory.names); // asked about when it was made
    const pin = yield* strategy.pin(call, { directory, name: "." });
    yield* strategy.chmodPinned(call, pin, mode);
    yield* call.release(pin);
  }
  if (handle !== undefined) yield* syncDirectory(operation, directory.path, handle);
  yield* call.release({ handle });
}
