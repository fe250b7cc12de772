import {
  attempt,
  close,
  closeFlushed,
  commitPoint,
  errorCode,
  fstat,
  fsync,
  open,
  openFlags,
  Refusal,
  sameIdentity,
  sleep,
  writeAll,
  type FileStats,
  type Handle,
  type Steps,
} from "@holdfast/fs/steps";
import { nextPiece, type Content } from "@holdfast/atomic/steps";
import { namesOf, type RootCall } from "../call/root-call.ts";
import type { ParsedPath } from "../path/parse-path.ts";
import { isBeingCreated, notAFile } from "../walk/find-file.ts";
import type { Pin, Place } from "../walk/strategy.ts";
import { parse } from "../walk/walker.ts";
import { inTurn, readData } from "./content-argument.ts";
import { findParent, followToWrite } from "./find-parent.ts";
import { holdForFlush } from "./hold-for-flush.ts";
import { lookAt, nameAt } from "./make-change.ts";
import { readPermissions } from "./permission-mode.ts";

export function* appendFile(
  call: RootCall,
  path: unknown,
  data: unknown,
  options?: unknown,
): Steps<void> {
  const parsed = parse(call, path);
  const { mode } = (typeof options === "object" && options !== null ? options : {}) as {
    mode?: unknown;
  };
  const permissions = mode === undefined ? 0o666 : readPermissions(call.method, "mode", mode);
  const content = readData(call, data, options);
  yield* inTurn(call, parsed, content, () => append(call, parsed, content, permissions));
}

/** A file that is open for appending, and what to flush when it was written. */
interface Opened {
  readonly handle: Handle;
  readonly place: Place;
  readonly created: boolean;
  /** Flushes the directory of a file that was created. */
  readonly flush: () => Steps<void>;
}

function* append(call: RootCall, path: ParsedPath, content: Content, mode: number): Steps<void> {
  const { operation } = call;
  const { durable } = call.policy;
  const opened = yield* openForAppending(call, path, mode);
  const { handle, place } = opened;
  let closed = false;
  try {
    const before = yield* fstat(handle);
    call.confirm = function* () {
      const now = yield* lookAt(place);
      return now !== undefined && sameIdentity(now, before) !== false;
    };
    if (!opened.created) yield* call.mayChange(namesOf(place));
    yield* write(call, opened, before, content);
    if (durable) yield* fsync(handle);
    yield* opened.flush();
    closed = true;
    // What was not flushed may be reported as lost only now.
    yield* durable ? closeFlushed(handle) : close(handle);
  } finally {
    if (!closed) yield* operation.cleanUp(durable ? closeFlushed(handle) : close(handle));
  }
}

function* write(
  call: RootCall,
  { handle, created }: Opened,
  before: FileStats,
  content: Content,
): Steps<void> {
  const { operation } = call;
  if (content.kind === "bytes") yield* commitPoint();
  let given = 0;
  try {
    for (;;) {
      const piece = content.kind === "bytes" ? content.bytes : yield* nextPiece(content.source);
      if (piece === undefined) break;
      given += piece.byteLength;
      yield* writeAll(handle, piece);
      call.bytes = given;
      if (given > 0) operation.effect = "partial";
      if (content.kind === "bytes") break;
    }
  } catch (error) {
    yield* operation.cleanUp(judge());
    throw error;
  }
  operation.effect = "complete";
  yield* commitPoint();

  function* judge(): Steps<void> {
    operation.effect = "unknown";
    const { size } = yield* fstat(handle);
    if (size === before.size) operation.effect = created ? "partial" : "none";
    // A piece that was not the last one, or an answer that got lost.
    else if (content.kind === "bytes" && size === before.size + BigInt(given)) {
      operation.effect = "complete";
    } else operation.effect = "partial";
  }
}

/** How often a place is looked at again that others keep changing, or where a file is being created. */
const maxLooks = 100;

function* openForAppending(call: RootCall, path: ParsedPath, mode: number): Steps<Opened> {
  let place: Place = { directory: yield* findParent(call, path), name: path.last };
  for (let looks = 1; ; looks++) {
    call.mayRead(namesOf(place));
    const found = yield* attempt(call.core.strategy.pin(call, place));
    if (!found.ok) {
      if (errorCode(found.error) !== "ENOENT") throw found.error;
      const created = yield* attempt(createEmpty(call, place, mode));
      if (created.ok) return created.value;
      if (errorCode(created.error) !== "EEXIST" || looks >= maxLooks) throw created.error;
      continue;
    }
    const pin = found.value;
    const { stats } = pin;
    if (stats.isSymbolicLink()) {
      yield* call.release(pin);
      place = yield* followToWrite(call, place);
    } else if (mayBeRefusedForAMoment(call, stats) && looks < maxLooks) {
      yield* call.release(pin);
      yield* sleep(2);
    } else {
      return yield* openExisting(call, pin);
    }
  }
}

function mayBeRefusedForAMoment(call: RootCall, stats: FileStats): boolean {
  return call.policy.hardlinks !== "allow" && stats.isFile() && isBeingCreated(stats);
}

function* openExisting(call: RootCall, pin: Pin): Steps<Opened> {
  const { place, stats } = pin;
  if (stats.isDirectory()) throw new Refusal("EISDIR");
  if (!stats.isFile()) throw notAFile();
  call.checkObject(stats, "write");
  const flags = openFlags.writeOnly | openFlags.append;
  const handle = yield* call.core.strategy.openPinned(call, pin, flags);
  return { handle, place, created: false, flush: function* () {} };
}

function* createEmpty(call: RootCall, place: Place, mode: number): Steps<Opened> {
  const flush = yield* holdForFlush(call, place.directory);
  const flags = openFlags.writeOnly | openFlags.append | openFlags.create | openFlags.exclusive;
  yield* call.mayChange(namesOf(place));
  const handle = yield* open(nameAt(place), flags | openFlags.noFollow, mode);
  call.operation.effect = "partial"; // it is there, and empty
  return { handle, place, created: true, flush };
}
