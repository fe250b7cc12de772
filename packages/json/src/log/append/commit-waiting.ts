import { attempt, Operation, runSync, type Effect, type Steps } from "@holdfast/fs/steps";
import { appendBatch, type BatchOutcome } from "./append-batch.ts";
import type { AppendQueue, WaitingFlush, WaitingLine } from "./append-queue.ts";
import { flushLog, poisoned, type OpenLog } from "./open-log.ts";
import type { LogSettings } from "./read-settings.ts";

/**
 * Writes what is waiting, flushes it if that is promised, and tells everybody who waits how it ended.
 * What comes meanwhile is left for the next time.
 *
 * @param takeFlushes whether flushes that are due are made too. `appendSync` does not: something may be on
 *   its way that they are meant for too
 */
export function* commitWaiting(
  operation: Operation,
  log: OpenLog,
  queue: AppendQueue,
  takeFlushes: boolean,
): Steps<void> {
  const { durability } = log.settings;
  let left: number | undefined;
  let flushes: WaitingFlush[] = [];
  let failure: unknown;
  const unflushed: WaitingLine[] = [];
  const take = (): WaitingLine[] => {
    if (left === undefined) {
      left = queue.length;
      if (takeFlushes) flushes = queue.takeFlushes();
    }
    const lines = queue.takeBatch(left);
    left -= lines.length;
    return lines;
  };
  while (left === undefined || left > 0) {
    const batch = yield* writeBatch(operation, log, queue, take);
    failure ??= tellFailed(log, batch);
    for (const line of batch.lines.slice(0, batch.whole)) {
      if (durability === "each") unflushed.push(line);
      else line.resolve({ length: line.length, durable: false });
    }
    if (batch.lines.length === 0) break;
  }
  const due = takeFlushes && (queue.flushIsDue || durability === "batch");
  if (takeFlushes) queue.flushIsDue = false;
  if (!due && unflushed.length === 0 && flushes.length === 0) return;
  const flushed = yield* attempt(flushLog(log));
  if (!flushed.ok) return tellUnflushed(log, unflushed, flushes, flushed.error);
  for (const line of unflushed) line.resolve({ length: line.length, durable: true });
  for (const flush of flushes) {
    if (failure === undefined) flush.resolve();
    else flush.reject(publicError(log.settings, "flush", failure, "none"));
  }
}

type Batch = BatchOutcome & { readonly lines: readonly WaitingLine[] };

function* writeBatch(
  operation: Operation,
  log: OpenLog,
  queue: AppendQueue,
  take: () => WaitingLine[],
): Steps<Batch> {
  if (queue.length === 0) return { lines: take(), whole: 0, failure: undefined };
  if (log.poison === undefined) return yield* appendBatch(operation, log, take);
  const error = poisoned(log.poison.error);
  return { lines: take(), whole: 0, failure: { error, first: "none", rest: "none" } };
}

/** Tells those whose records are not in the log why. */
function tellFailed({ settings, poison }: OpenLog, { lines, whole, failure }: Batch): unknown {
  if (failure === undefined) return undefined;
  if (poison !== undefined) poison.told = true;
  for (const [index, line] of lines.slice(whole).entries()) {
    const effect = index === 0 ? failure.first : failure.rest;
    line.reject(publicError(settings, line.op, failure.error, effect));
  }
  return failure.error;
}

function tellUnflushed(
  { settings, poison }: OpenLog,
  lines: readonly WaitingLine[],
  flushes: readonly WaitingFlush[],
  error: unknown,
): void {
  for (const line of lines) line.reject(publicError(settings, line.op, error, "complete"));
  for (const flush of flushes) flush.reject(publicError(settings, "flush", error, "complete"));
  if (poison !== undefined) poison.told ||= lines.length + flushes.length > 0;
}

/** The error that the caller of one function gets for what went wrong in a batch. */
export function publicError(
  { file }: LogSettings,
  op: string,
  thrown: unknown,
  effect: Effect,
): unknown {
  const operation = new Operation({ op, path: file.shown });
  operation.effect = effect;
  try {
    // The edge of `runSync` makes it what it would be for a call by itself.
    return runSync(throwing(thrown), operation);
  } catch (error) {
    return error;
  }
}

// oxlint-disable-next-line require-yield -- it throws before
function* throwing(error: unknown): Steps<never> {
  throw error;
}
