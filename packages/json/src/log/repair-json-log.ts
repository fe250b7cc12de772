import {
  Operation,
  readSignal,
  Refusal,
  resolveLink,
  runAsync,
  unlink,
  type CallName,
  type Steps,
} from "@holdfast/fs/steps";
import { versionOf } from "@holdfast/atomic/steps";
import { holding, readLockRequest, type HeldLock } from "@holdfast/lock/steps";
import { keptName } from "./kept-name.ts";
import { logFileOf, type LogFile } from "./log-file.ts";
import { openLogInput, readerNeeds, type LogInput } from "./read/log-input.ts";
import { recordLines, wholeFile } from "./repair/log-content.ts";
import { LogScanner, type ScanSettings } from "./read/log-scanner.ts";
import { logWriter, type LogWriter } from "./repair/log-writer.ts";
import type { LogRepair, LogTarget, RepairJsonLogOptions } from "./options.ts";
import { readMaxRecordBytes, refuseUnknownOfRepair } from "./read-json-log.ts";

const repairNeeds: readonly CallName[] = [...readerNeeds, "lstat", "stat", "readlink", "unlink"];

/**
 * Rewrites a log so that each of its records is a line by itself, in their order, and nothing else is in
 * it. The records keep their very bytes, and CRLF if they have it. The log is replaced as a whole, durably,
 * and keeps its owner and permission bits; what it was before stays beside it, as `<name>.original-…`, which is
 * durable before anything is replaced. A log without fault is left alone; a last record without a newline is
 * one.
 *
 * It holds the lock of the log, alone: while somebody has it open for appending it refuses
 * (`ERR_IN_PROGRESS`), and who opens it meanwhile waits. Somebody who appends without asking for the lock
 * makes it fail with `ERR_CHANGED`, up to the moment of the replacement.
 *
 * @throws `HoldfastError`: as `readJsonLog`, and as `replaceFileAtomic`. With effect `"none"` the log is as it
 *   was, and there is no `<name>.original-…`, unless `leftovers` names it.
 */
export async function repairJsonLog(
  target: LogTarget,
  options: RepairJsonLogOptions = {},
): Promise<LogRepair> {
  const op = "repairJsonLog";
  refuseUnknownOfRepair(op, options);
  const file = logFileOf(op, target, "async", options.fileSystem, repairNeeds);
  const settings: ScanSettings = {
    policy: "recover",
    start: 0,
    maxRecordBytes: readMaxRecordBytes(op, options.maxRecordBytes),
    onDropped: undefined,
  };
  const { shown: path, fileSystem } = file;
  const signal = readSignal(op, options.signal);
  const operation = new Operation({ op, path, fileSystem, signal });
  const writer = logWriter(op, target, fileSystem, signal);
  return await runAsync(repairAlone(operation, file, settings, writer), operation);
}

function* repairAlone(
  operation: Operation,
  file: LogFile,
  settings: ScanSettings,
  writer: LogWriter,
): Steps<LogRepair> {
  const path = yield* resolveLink(file.path);
  const { fileSystem } = file;
  const lock = { timeoutMs: 0, purpose: "repairing a log", fileSystem };
  const request = readLockRequest(operation.op, file.shown, lock, "async", path);
  try {
    return yield* holding(operation, request, (held) =>
      repair(operation, path, settings, writer, held),
    );
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== "ERR_LOCK_TIMEOUT") throw error;
    throw new Refusal("ERR_IN_PROGRESS", {
      ...error.details,
      problem: "somebody has the log open for appending, or is repairing it",
      hint: "Close it there, and repair it then.",
    });
  }
}

function* repair(
  operation: Operation,
  path: string,
  settings: ScanSettings,
  writer: LogWriter,
  held: HeldLock,
): Steps<LogRepair> {
  const input = yield* openLogInput(operation, path, new LogScanner(settings));
  try {
    while ((yield* input.next()) !== undefined);
    const { report, hasLooseRecords } = input.scanner;
    const hasFault = report.droppedBytes > 0 || report.tornTailBytes > 0 || hasLooseRecords;
    if (!hasFault) return { ...report, repaired: false, original: undefined };
    const original = yield* keepOriginal(operation, path, input, writer);
    try {
      yield* held.check(operation);
      yield* writer.write(operation, path, recordLines(input, settings), {
        ifMatch: versionOf(input.stats),
      });
    } catch (error) {
      yield* giveUp(operation, original);
      throw error;
    }
    return { ...report, repaired: true, original };
  } finally {
    yield* input.close();
  }
}

/** Copies the log as it is to a file beside it. Not a link: where a rename is impossible it is written over. */
function* keepOriginal(
  operation: Operation,
  path: string,
  input: LogInput,
  writer: LogWriter,
): Steps<string> {
  const original = keptName(path, "original");
  try {
    yield* writer.write(operation, original, wholeFile(input), { exclusiveLike: input.stats });
  } catch (error) {
    // It may be there all the same; what is said of the log is another thing.
    const isThere = operation.effect !== "none";
    operation.effect = "none";
    if (isThere) yield* giveUp(operation, original);
    throw error;
  }
  operation.effect = "none";
  return original;
}

/** Nobody needs the copy if the log is as it was. */
function* giveUp(operation: Operation, original: string): Steps<void> {
  const isNeeded = operation.effect !== "none";
  if (isNeeded || !(yield* operation.cleanUp(unlink(original)))) operation.leftovers.push(original);
}
