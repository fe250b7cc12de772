import { Operation, readSignal, runAsync, type Steps } from "@holdfast/fs/steps";
import { countWriters } from "./repair/count-writers.ts";
import { logFileOf, type LogFile } from "./log-file.ts";
import { openLogInput, readerNeeds } from "./read/log-input.ts";
import { LogScanner, type ScanSettings } from "./read/log-scanner.ts";
import type { LogInspection, LogTarget, RepairJsonLogOptions } from "./options.ts";
import { readMaxRecordBytes, refuseUnknownOfRepair } from "./read-json-log.ts";

/**
 * Reads a whole log and says what is in it, and what is wrong with it. Changes nothing.
 *
 * @throws `HoldfastError` as `readJsonLog` with `policy: "recover"`
 */
export async function inspectJsonLog(
  target: LogTarget,
  options: RepairJsonLogOptions = {},
): Promise<LogInspection> {
  const op = "inspectJsonLog";
  refuseUnknownOfRepair(op, options);
  const file = logFileOf(op, target, "async", options.fileSystem, readerNeeds);
  const settings: ScanSettings = {
    policy: "recover",
    start: 0,
    maxRecordBytes: readMaxRecordBytes(op, options.maxRecordBytes),
    onDropped: undefined,
  };
  const { shown: path, fileSystem } = file;
  const signal = readSignal(op, options.signal);
  const operation = new Operation({ op, path, fileSystem, signal });
  return await runAsync(inspect(operation, file, settings), operation);
}

function* inspect(
  operation: Operation,
  file: LogFile,
  settings: ScanSettings,
): Steps<LogInspection> {
  const input = yield* openLogInput(operation, file.path, new LogScanner(settings));
  try {
    while ((yield* input.next()) !== undefined);
  } finally {
    yield* input.close();
  }
  const { report, buffer } = input.scanner;
  const writers = yield* countWriters(operation, file.path);
  return { ...report, bytes: buffer.position, writers };
}
