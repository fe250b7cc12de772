import {
  attempt,
  close,
  directoryOf,
  errorCode,
  fchmod,
  fstat,
  fsync,
  open,
  openFlags,
  permissionBits,
  read,
  Refusal,
  unlink,
  writeAll,
  type Handle,
  type Operation,
  type Steps,
} from "@holdfast/fs/steps";
import { syncDirectoryAt } from "@holdfast/atomic/steps";
import { keptName } from "../kept-name.ts";
import { cutBack, type TornEnd } from "./cut-back.ts";
import type { OpenedFile } from "./open-log-file.ts";
import type { LogHealing } from "../options.ts";

const newline = 0x0a;
const pieceBytes = 1024 * 1024;

/**
 * Gives an end without newline its newline if it is a whole record, and moves it away otherwise. Only for
 * whoever holds the lock of the log alone: somebody else's record may be on its way.
 *
 * @param maxRecordBytes more than that is not read as a record
 */
export function* healTail(
  operation: Operation,
  path: string,
  { handle, readable, stats }: OpenedFile,
  maxRecordBytes: number,
): Steps<LogHealing | undefined> {
  const to = Number(stats.size);
  if (!readable || to === 0) return undefined;
  const from = yield* afterLastNewline(handle, to);
  if (from === to) return undefined;
  const length = to - from;
  const tail = { handle, from, to };
  if (length <= maxRecordBytes && isWhole(yield* readBytes(handle, from, length))) {
    yield* complete(operation, tail);
    return { offset: from, length, outcome: "completed", quarantine: undefined };
  }
  const moved = yield* attempt(moveAway(operation, path, tail, stats));
  if (moved.ok) {
    return { offset: from, length, outcome: "quarantined", quarantine: moved.value };
  }
  // A directory without write permission, a log that may only grow: the next record begins on a line of its own.
  const code = errorCode(moved.error);
  if ((code !== "EACCES" && code !== "EPERM") || operation.effect === "unknown") throw moved.error;
  return undefined;
}

interface Tail extends TornEnd {
  readonly handle: Handle;
}

function* afterLastNewline(handle: Handle, size: number): Steps<number> {
  for (let end = size; end > 0;) {
    // The last byte alone at first: mostly it is a newline.
    const length = end === size ? 1 : Math.min(pieceBytes, end);
    const piece = yield* readBytes(handle, end - length, length);
    const at = piece.lastIndexOf(newline);
    if (at !== -1) return end - length + at + 1;
    end -= length;
  }
  return 0;
}

/** Reads so many bytes; fewer where the file ends before. */
export function* readBytes(handle: Handle, from: number, length: number): Steps<Uint8Array> {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const count = yield* read(handle, bytes.subarray(done), from + done);
    if (count === 0) break;
    done += count;
  }
  return bytes.subarray(0, done);
}

/**
 * Whether it is a record as it was meant. Of a number it cannot be said: `12` may be what is left of `123`.
 * Every other value says itself where it ends.
 */
function isWhole(bytes: Uint8Array): boolean {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return typeof JSON.parse(text) !== "number";
  } catch {
    return false;
  }
}

function* complete(operation: Operation, { handle, to }: Tail): Steps<void> {
  const written = yield* attempt(writeAll(handle, Uint8Array.of(newline)));
  if (!written.ok) {
    const now = yield* attempt(fstat(handle));
    if (!now.ok || now.value.size !== BigInt(to)) operation.effect = "unknown";
    throw written.error;
  }
  operation.effect = "partial";
  yield* fsync(handle);
}

/** Copies the tail to a file of its own, and only when that is on the device cuts it off. */
function* moveAway(
  operation: Operation,
  path: string,
  tail: Tail,
  stats: OpenedFile["stats"],
): Steps<string> {
  const quarantine = keptName(path, "torn");
  const mode = permissionBits(stats) & 0o777;
  const copy = yield* open(
    quarantine,
    openFlags.writeOnly | openFlags.create | openFlags.exclusive | openFlags.noFollow,
    0o600,
  );
  let kept = false;
  try {
    try {
      // What nobody may read in the log nobody may read beside it.
      if (operation.platform.modes && mode !== 0o600) yield* fchmod(copy, mode);
      yield* copyTail(tail, copy);
      yield* fsync(copy);
    } finally {
      yield* operation.cleanUp(close(copy));
    }
    yield* syncDirectoryAt(operation, directoryOf(path));
    kept = true;
    yield* cutOff(operation, path, tail, stats);
  } catch (error) {
    const removed = kept && operation.effect !== "none" ? false : yield* remove();
    if (!removed) operation.leftovers.push(quarantine);
    throw error;
  }
  return quarantine;

  function* remove(): Steps<boolean> {
    return yield* operation.cleanUp(unlink(quarantine));
  }
}

function* copyTail({ handle, from, to }: Tail, copy: Handle): Steps<void> {
  for (let at = from; at < to;) {
    const piece = yield* readBytes(handle, at, Math.min(pieceBytes, to - at));
    if (piece.byteLength === 0) throw changed();
    yield* writeAll(copy, piece);
    at += piece.byteLength;
  }
}

function* cutOff(
  operation: Operation,
  path: string,
  tail: Tail,
  stats: OpenedFile["stats"],
): Steps<void> {
  const before = operation.effect;
  operation.effect = "unknown";
  const cut = yield* attempt(cutBack(operation, path, stats, tail));
  const now = yield* attempt(fstat(tail.handle));
  if (now.ok && now.value.size === BigInt(tail.to)) operation.effect = before;
  if (!cut.ok) throw cut.error;
  if (!cut.value) throw changed();
  operation.effect = "partial";
  yield* fsync(tail.handle);
}

const changed = (): Refusal =>
  new Refusal("ERR_CHANGED", {
    problem: "somebody who does not ask for its lock changed the log while its end was healed",
  });
