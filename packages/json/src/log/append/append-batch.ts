import {
  attempt,
  fstat,
  Refusal,
  writeAll,
  type Effect,
  type FileStats,
  type Operation,
  type Step,
  type Steps,
} from "@holdfast/fs/steps";
import { cutBack, type TornEnd } from "./cut-back.ts";
import { readBytes } from "./heal-tail.ts";
import { findAgain } from "./find-again.ts";
import { inItsHalf, type OpenedFile } from "./open-log-file.ts";
import type { OpenLog } from "./open-log.ts";

/** A line to be written. */
export interface Line {
  /** Without its newline. */
  readonly text: string;
  /** In UTF-8, with its newline. */
  readonly length: number;
}

/** What became of a batch. */
export interface BatchOutcome {
  /** So many of its records, from the first on, are in the log. */
  readonly whole: number;
  readonly failure: BatchFailure | undefined;
}

/** Why the others are not. */
interface BatchFailure {
  readonly error: unknown;
  /** What it means for the first of the others, and for the rest. */
  readonly first: Effect;
  readonly rest: Effect;
}

const newline = 0x0a;
/** How often a batch is written again whose file was removed meanwhile, or that was cut short. */
const maxTries = 10;
const maxShortWrites = 3;

/**
 * Writes a batch of whole records by one system call.
 *
 * @param take called at the last moment: what has not been taken by then can still be written by
 *   somebody else
 */
export function* appendBatch<L extends Line>(
  operation: Operation,
  log: OpenLog,
  take: () => readonly L[],
): Steps<BatchOutcome & { readonly lines: readonly L[] }> {
  let lines: readonly L[] | undefined;
  try {
    for (let tries = 1; ; tries++) {
      yield* findAgain(operation, log);
      const { opened } = log;
      if (log.torn !== undefined) yield* cutWhileAlone(operation, log, log.torn);
      const end = yield* lookAtEnd(opened, log.end);
      lines ??= take();
      if (lines.length === 0) return { lines, whole: 0, failure: undefined };
      const outcome = yield* writeLines(operation, log, opened, lines, end);
      if (!(yield* isNameless(opened))) return { lines, ...outcome };
      if (tries === maxTries) {
        throw new Refusal("ERR_CHANGED", { problem: "the log is removed again and again" });
      }
    }
  } catch (error) {
    return { lines: lines ?? take(), whole: 0, failure: { error, first: "none", rest: "none" } };
  }
}

/** Whether the file was removed: then what was written to it is nowhere. */
function* isNameless(opened: OpenedFile): Steps<boolean> {
  // Where links are not counted the number was 0 from the beginning.
  if (opened.stats.nlink === 0n) return false;
  const found = yield* attempt(lookAt(opened));
  return found.ok && found.value.nlink === 0n;
}

const lookAt = (opened: OpenedFile): Steps<FileStats> => inItsHalf(opened, fstat(opened.handle));

interface End {
  readonly size: bigint;
  /** Whether the next record needs a newline before it. */
  readonly isOpen: boolean;
}

/** @param known how long the log is if it ends with a newline of ours */
function* lookAtEnd(opened: OpenedFile, known?: bigint): Steps<End> {
  const { size } = yield* lookAt(opened);
  if (size === 0n || size === known) return { size, isOpen: false };
  if (!opened.readable) return { size, isOpen: true };
  const last = yield* inItsHalf(opened, readBytes(opened.handle, Number(size) - 1, 1));
  return { size, isOpen: last[0] !== newline };
}

function* writeLines(
  operation: Operation,
  log: OpenLog,
  opened: OpenedFile,
  lines: readonly Line[],
  first: End,
): Steps<BatchOutcome> {
  const progress: Progress = { whole: 0, torn: undefined };
  let end = first;
  for (let tries = 1; ; tries++) {
    const bytes = encode(lines, progress.whole, end.isOpen);
    const written = yield* attempt(writeOnce(opened, bytes));
    log.written++;
    log.end = undefined;
    if (!written.ok) return yield* refused(opened, written.error, progress, end);
    const landed = written.value;
    if (landed === bytes.byteLength) {
      const now = yield* attempt(lookAt(opened));
      if (now.ok && now.value.size === end.size + BigInt(landed)) log.end = now.value.size;
      log.torn = undefined;
      return { whole: lines.length, failure: undefined };
    }
    const from = progress.whole;
    const short = { lines, from, start: Number(end.size), lead: end.isOpen ? 1 : 0, progress };
    const finished = yield* finishWhileAlone(operation, log, opened, short, bytes, landed);
    if (finished !== undefined) return finished;
    leaveTorn(log, short, landed);
    if (tries === maxShortWrites) return failed(progress, noProgress());
    // The next write tells why, or succeeds.
    const next = yield* attempt(lookAtEnd(opened));
    if (!next.ok) return failed(progress, next.error);
    end = next.value;
  }
}

/** One write(2). `writeAll` would go on after a short one, where somebody else's record may be by then. */
function writeOnce(opened: OpenedFile, bytes: Uint8Array): Steps<number> {
  const steps = function* (): Steps<number> {
    return yield writeAll(opened.handle, bytes).next().value as Step;
  };
  return inItsHalf(opened, steps());
}

function encode(lines: readonly Line[], from: number, isOpen: boolean): Uint8Array {
  let length = isOpen ? 1 : 0;
  for (let index = from; index < lines.length; index++) length += lines[index]!.length;
  const bytes = Buffer.allocUnsafe(length);
  let at = isOpen ? bytes.writeUInt8(newline) : 0;
  for (let index = from; index < lines.length; index++) {
    at += bytes.write(lines[index]!.text, at);
    at = bytes.writeUInt8(newline, at);
  }
  return bytes;
}

/** The call failed: by write(2) it has written nothing then, but answers get lost on networks. */
function* refused(
  opened: OpenedFile,
  error: unknown,
  progress: Progress,
  { size }: End,
): Steps<BatchOutcome> {
  const now = yield* attempt(lookAt(opened));
  if (now.ok && now.value.size === size) return failed(progress, error);
  return { whole: progress.whole, failure: { error, first: "unknown", rest: "unknown" } };
}

/** The log is as it was, but for the records that are whole and a piece of the next one. */
function failed({ whole, torn }: Progress, error: unknown): BatchOutcome {
  const first = torn === whole ? "partial" : "none";
  return { whole, failure: { error, first, rest: "none" } };
}

const noProgress = (): Refusal =>
  new Refusal("ERR_NO_PROGRESS", {
    problem: "the file system writes only a part of what it is given, and does not say why",
  });

/** How far a batch has come. */
interface Progress {
  /** So many of its records, from the first on, are in the log. */
  whole: number;
  /**
   * The index of a record of which a piece was left in the log. Not the same as the torn end of the log: that may
   * be of an earlier batch.
   */
  torn: number | undefined;
}

/** A write that was cut short. */
interface ShortWrite {
  readonly progress: Progress;
  readonly lines: readonly Line[];
  /** The first line of it. */
  readonly from: number;
  /** Where it begins in the file, and how many bytes come before the first line. */
  readonly start: number;
  readonly lead: number;
}

/** How many lines are in the log, if so many bytes of the write are, and where the last of them ends. */
function wholeIn(short: ShortWrite, landed: number): { whole: number; boundary: number } {
  let whole = short.from;
  let length = short.lead;
  while (whole < short.lines.length && length + short.lines[whole]!.length <= landed) {
    length += short.lines[whole++]!.length;
  }
  return { whole, boundary: short.start + (landed < short.lead ? 0 : length) };
}

/** Remembers the piece of a record that stays. */
function leaveTorn(log: OpenLog, short: ShortWrite, landed: number): void {
  const { whole, boundary } = wholeIn(short, landed);
  const to = short.start + landed;
  short.progress.whole = whole;
  if (boundary < to) short.progress.torn = whole;
  const before = log.torn;
  const goesOn = before !== undefined && before.to === short.start && whole === short.from;
  const from = goesOn ? before.from : boundary;
  log.torn = from < to ? { from, to } : undefined;
}

/**
 * Writes the rest of a batch behind what was written of it, or cuts the log back to the last whole
 * record. `undefined` where others may write too: then neither is possible.
 */
function* finishWhileAlone(
  operation: Operation,
  log: OpenLog,
  opened: OpenedFile,
  short: ShortWrite,
  bytes: Uint8Array,
  landed: number,
): Steps<BatchOutcome | undefined> {
  let outcome: BatchOutcome | undefined;
  const finish = function* (): Steps<void> {
    const to = short.start + landed;
    if ((yield* lookAt(opened)).size !== BigInt(to)) return;
    const rest = bytes.subarray(landed);
    const written = yield* attempt(writeOnce(opened, rest));
    log.written++;
    const more = written.ok ? written.value : 0;
    if (more === rest.byteLength) {
      log.torn = undefined;
      outcome = { whole: short.lines.length, failure: undefined };
      return;
    }
    leaveTorn(log, short, landed + more);
    if (log.torn !== undefined) {
      const cut = yield* attempt(cutBack(operation, log.path, opened.stats, log.torn));
      if (cut.ok && cut.value) log.torn = short.progress.torn = undefined;
    }
    outcome = failed(short.progress, written.ok ? noProgress() : written.error);
  };
  // The lock may fail where the disk is full: then what is torn stays until there is space again.
  yield* attempt(log.lock.whileAlone(operation, finish()));
  return outcome;
}

/** Cuts off a piece of a record that had to stay. */
export function* cutWhileAlone(operation: Operation, log: OpenLog, torn: TornEnd): Steps<void> {
  const cut = function* (): Steps<void> {
    yield* cutBack(operation, log.path, log.opened.stats, torn);
  };
  yield* attempt(log.lock.whileAlone(operation, cut()));
  const { size } = yield* lookAt(log.opened);
  // Once somebody has written behind it, it stays for good.
  if (size !== BigInt(torn.to)) log.torn = undefined;
}
