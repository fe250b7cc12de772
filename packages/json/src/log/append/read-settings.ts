import {
  readCount,
  readMode,
  readSignal,
  readWord,
  type CallName,
  type Offload,
} from "@holdfast/fs/steps";
import { refuseUnknown } from "../../document/check-options.ts";
import { logFileOf, type LogFile } from "../log-file.ts";
import type { JsonLogOptions, LogDurability, LogTarget } from "../options.ts";

/** Options of `openJsonLog`: checked, complete, and no longer the caller's object. */
export interface LogSettings {
  readonly file: LogFile;
  readonly durability: LogDurability;
  readonly flushIntervalMs: number;
  readonly maxRecordBytes: number;
  readonly mode: number | undefined;
  readonly dirMode: number | undefined;
  readonly signal: AbortSignal | undefined;
  readonly offload: Offload;
}

/** What a log calls while it is open. */
export const appenderNeeds: readonly CallName[] = [
  ...(["open", "close", "closeFlushed", "read", "write", "fstat", "fchmod", "ftruncate"] as const),
  ...(["fsync", "fdatasync", "unlink", "readlink", "mkdir", "lstat", "stat"] as const),
];

const known: readonly string[] = [
  ...(["durability", "flushIntervalMs", "maxRecordBytes", "mode", "dirMode"] as const),
  ...(["signal", "fileSystem", "offload"] as const),
];

/** Checks target and options before any I/O, and reads each of them once. */
export function readSettings(op: string, target: LogTarget, options: JsonLogOptions): LogSettings {
  // A misspelt "durability" would be a weaker promise than the one that was meant.
  refuseUnknown(op, options, known);
  return {
    durability: readWord(op, "durability", options.durability, [
      "each",
      "batch",
      "interval",
      "none",
    ]),
    flushIntervalMs: readCount(op, "flushIntervalMs", options.flushIntervalMs, 1000),
    maxRecordBytes: readCount(op, "maxRecordBytes", options.maxRecordBytes, 64 * 1024 * 1024),
    mode: readMode(op, "mode", options.mode),
    dirMode: readMode(op, "dirMode", options.dirMode),
    signal: readSignal(op, options.signal),
    offload: readWord(op, "offload", options.offload, ["calls", "flushes"]),
    file: logFileOf(op, target, "async", options.fileSystem, appenderNeeds),
  };
}
