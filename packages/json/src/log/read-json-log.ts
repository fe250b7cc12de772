import {
  invalidRange,
  invalidType,
  Operation,
  readCount,
  readSignal,
  readWord,
} from "@holdfast/fs/steps";
import { refuseUnknown } from "../document/check-options.ts";
import { readValidate } from "../document/validate-value.ts";
import { logFileOf } from "./log-file.ts";
import { CallerError, readerNeeds } from "./read/log-input.ts";
import { LogReader } from "./read/log-reader.ts";
import { LogScanner, type ScanSettings } from "./read/log-scanner.ts";
import type {
  DroppedBytes,
  JsonLogReader,
  LogTarget,
  ReadJsonLogOptions,
  RepairJsonLogOptions,
} from "./options.ts";

/**
 * Reads a log, record by record, in constant memory. `break` closes the file.
 *
 * Lines end in LF or CRLF; empty ones are skipped. A line that is no JSON is, by default, searched for
 * records: two that were glued together (`}{`), and those behind one that is torn. What is then left is told to
 * `onDropped` and stands in `report`. A last line without a newline is a record if it is a whole object or
 * array, and otherwise `report.tornTailBytes`: not an error, under no policy.
 *
 * What was found in a line that is no JSON was written by somebody as a line, as far as that can be told:
 * an object inside a torn record is not. It cannot be told where the torn one ends with a whole object or
 * array, and the line with it: `{"a":{"b":1}`; that gives `{"b":1}`. Only objects and arrays are found, and of
 * a line that is made to be hard to read not all: the search takes a time in proportion to the line.
 *
 * It takes no lock: who reads a log that others append to sees each record whole, up to where the log
 * was when it came to the end. An iteration that is given up without `break`, `return()` or
 * `await using` leaves the file open.
 *
 * @throws `TypeError` or `RangeError` (`ERR_INVALID_ARG`), at once, for bad options
 * @throws `HoldfastError` from the first step, effect `"none"`: `ENOENT`; `EISDIR`, `ERR_NOT_FILE`; the errno
 *   of the file system; `ERR_JSON_SYNTAX` or `ERR_TOO_LARGE` with `policy: "strict"`; `ERR_JSON_INVALID`, with
 *   the fields `line` and `offset`; `ABORT_ERR`. The iteration has ended then, and the file is closed.
 *
 * @example
 * ```ts
 * for await (const { value } of readJsonLog("session.jsonl")) console.log(value);
 * ```
 */
export function readJsonLog<Value = unknown>(
  target: LogTarget,
  options: ReadJsonLogOptions<Value> = {},
): JsonLogReader<Value> {
  const op = "readJsonLog";
  // A misspelt "policy" would leave out what was to be an error.
  refuseUnknown(op, options, known);
  const file = logFileOf(op, target, "async", options.fileSystem, readerNeeds);
  const settings: ScanSettings = {
    policy: readWord(op, "policy", options.policy, ["recover", "strict", "skip"]),
    start: readStart(op, options.start),
    maxRecordBytes: readMaxRecordBytes(op, options.maxRecordBytes),
    onDropped: readOnDropped(op, options.onDropped),
  };
  const operation = new Operation({
    op,
    path: file.shown,
    fileSystem: file.fileSystem,
    signal: readSignal(op, options.signal),
    offload: readWord(op, "offload", options.offload, ["calls", "flushes"]),
  });
  const validate = readValidate(op, "validate", options.validate);
  return new LogReader(operation, file.path, new LogScanner(settings), validate);
}

const known: readonly (keyof ReadJsonLogOptions)[] = [
  ...(["policy", "validate", "onDropped", "start", "maxRecordBytes"] as const),
  ...(["signal", "fileSystem", "offload"] as const),
];

/** What `inspectJsonLog` and `repairJsonLog` are told. */
export function refuseUnknownOfRepair(op: string, options: RepairJsonLogOptions): void {
  refuseUnknown(op, options, ["maxRecordBytes", "signal", "fileSystem"]);
}

/** The longest line that is asked for. */
export function readMaxRecordBytes(op: string, value: unknown): number {
  const max = readCount(op, "maxRecordBytes", value, 64 * 1024 * 1024);
  if (max < 1) throw invalidRange(op, "maxRecordBytes", "an integer of at least 1", value);
  return max;
}

/** Logs grow beyond what a count may be. */
function readStart(op: string, value: unknown): number {
  if (value === undefined) return 0;
  if (typeof value !== "number") throw invalidType(op, "start", "a number", value);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw invalidRange(op, "start", "an integer of at least 0", value);
}

function readOnDropped(op: string, value: unknown): ScanSettings["onDropped"] {
  if (value === undefined) return undefined;
  if (typeof value !== "function") throw invalidType(op, "onDropped", "a function", value);
  return (dropped: DroppedBytes) => {
    try {
      value(dropped);
    } catch (error) {
      throw new CallerError(error);
    }
  };
}
