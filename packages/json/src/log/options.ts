import type { FileSystem, Offload } from "@holdfast/fs/steps";
import type { ValidateOption } from "../document/schema.ts";

/** Where a log is: a path, a `file:` URL, or a path in a root. */
export type LogTarget =
  | string
  | URL
  | { readonly root: { readonly promises: object }; readonly path: string };

/** When `append` resolves, and what has reached the device by then. */
export type LogDurability =
  /** Written; flushed by `flush()` and `close()`. Survives the end of the process, not of the power. */
  | "none"
  /**
   * Written; flushed at most `flushIntervalMs` later. Until that flush a process that has not closed the log does
   * not end by itself.
   */
  | "interval"
  /** Written; a flush of the batch follows at once. */
  | "batch"
  /** Flushed. All who wait at the same time share one flush. */
  | "each";

/** Options of `openJsonLog`. */
export interface JsonLogOptions {
  /** Default: `"each"`. */
  readonly durability?: LogDurability | undefined;
  /** For `"interval"`, in milliseconds. Default: 1,000. */
  readonly flushIntervalMs?: number | undefined;
  /** The largest record, in bytes with its newline; a larger one is `ERR_TOO_LARGE`. Default: 64 MiB. */
  readonly maxRecordBytes?: number | undefined;
  /**
   * Exact permission bits of a log that is created. Default: `0o666 & ~umask`; of one that is created anew, because
   * it was rotated or removed, those of the file that was open.
   */
  readonly mode?: number | undefined;
  /** Permission bits of directories that are created for it. Default: `0o777 & ~umask`. */
  readonly dirMode?: number | undefined;
  /** For opening alone. */
  readonly signal?: AbortSignal | undefined;
  readonly fileSystem?: FileSystem | undefined;
  readonly offload?: Offload | undefined;
}

/** What became of a record. */
export interface AppendReceipt {
  /** In bytes, with the newline. */
  readonly length: number;
  /** Whether it is on the device. */
  readonly durable: boolean;
}

/** A log that is open for appending. */
export interface JsonLog extends AsyncDisposable {
  /** As it was given. */
  readonly path: string;
  /**
   * What was done to the end of the log when it was opened: what somebody's crash had left there was
   * completed with its newline, or moved to `quarantine`.
   */
  readonly healed: LogHealing | undefined;
  /**
   * Appends a value as one line. The value is serialised before the call returns. Calls are written in
   * their order, as many as are waiting by one system call (of about 1 MiB, or one record), each record
   * whole: other processes that append to the same log cannot get between its bytes.
   *
   * @returns when what `durability` promises is so
   * @throws `HoldfastError`. Effect `"none"`: the record is not in the log (`ERR_JSON_UNSERIALIZABLE`,
   *   `ERR_TOO_LARGE`, `ERR_CLOSED`, `ERR_POISONED`, `ENOSPC`, … after which the log ends with its last
   *   whole record and goes on). `"complete"`: it is in the log, but could not be flushed. `"partial"`: a part
   *   of it stayed at the end, since others write there too, or a full disk has no room for the lock either;
   *   readers drop it, and the next append cuts it off if it can. `"unknown"`: the file system failed, and yet
   *   the log has grown, by this record or by somebody else's.
   */
  append(value: unknown): Promise<AppendReceipt>;
  /**
   * The same, in one go on this thread; before it, all that is waiting and not yet on its way. With
   * `"batch"` the flush follows when the event loop turns. An injected file system needs its synchronous
   * half; a root has none (`ERR_INVALID_ARG`).
   */
  appendSync(value: unknown): AppendReceipt;
  /**
   * Resolves when all that was appended before the call is on the device.
   *
   * @throws `HoldfastError`: what kept it from that; after a failed flush, `ERR_POISONED` at every later call
   */
  flush(): Promise<void>;
  /**
   * Writes and flushes what is waiting (except after a failed flush), and closes. Again: nothing.
   *
   * @throws `HoldfastError`, effect `"complete"`, after closing all the same: what was written could not be
   *   flushed (`ERR_POISONED` if that was earlier, and nobody was told), or the lock not given back
   */
  close(): Promise<void>;
}

/** What was done to a log that ended without a newline. */
export interface LogHealing {
  /** In bytes. */
  readonly offset: number;
  readonly length: number;
  /**
   * `"completed"`: it is a whole record and got its newline: any JSON value but a number, of which nobody
   * knows whether all its digits are there. `"quarantined"`: it was moved away.
   */
  readonly outcome: "completed" | "quarantined";
  /** The file that it was moved to. */
  readonly quarantine: string | undefined;
}

/** Options of `readJsonLog`. */
export interface ReadJsonLogOptions<Value = unknown> {
  /**
   * What becomes of a line that is no JSON: `"recover"` finds what records are in it; `"skip"` leaves the
   * line out; `"strict"` is `ERR_JSON_SYNTAX`. Default: `"recover"`.
   */
  readonly policy?: "strict" | "recover" | "skip" | undefined;
  /**
   * A function, or a Standard Schema, that checks each value; what it returns is yielded. A value that fails is
   * `ERR_JSON_INVALID`, whatever the policy. If only its owner may read the log, the message of that error says
   * where it fails, and what the schema says of it is in `issues` alone.
   */
  readonly validate?: ValidateOption<Value> | undefined;
  /** Told of each stretch that was left out, in order. What it throws ends the iteration, as it is. */
  readonly onDropped?: ((dropped: DroppedBytes) => void) | undefined;
  /** Where to begin, in bytes: the `offset` of a record, or `offset + length` of the last one read. Default: 0. */
  readonly start?: number | undefined;
  /**
   * The longest line, in bytes with its end; a longer one is dropped (`"strict"`: `ERR_TOO_LARGE`), and never
   * held in memory. At least 1. Default: 64 MiB.
   */
  readonly maxRecordBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly fileSystem?: FileSystem | undefined;
  readonly offload?: Offload | undefined;
}

/** A record of a log. */
export interface LogRecord<Value = unknown> {
  readonly value: Value;
  /** Where its line begins in the file, in bytes; of one that was recovered, where it begins itself. */
  readonly offset: number;
  /**
   * In bytes, with the line end; of one that is not the last of its line, to the next. The records, what was
   * dropped, the torn tail, empty lines and a byte order mark are together all there is.
   */
  readonly length: number;
  /** From 1; counted from where reading began. Several records that were recovered from one line have its number. */
  readonly line: number;
}

/** Bytes that are in no record. */
export interface DroppedBytes {
  readonly offset: number;
  readonly length: number;
  /** `"torn"`: the beginning of a record that ends in the middle. */
  readonly reason: "torn" | "syntax" | "encoding" | "too-long";
}

/** What `readJsonLog` returns. */
export interface JsonLogReader<Value = unknown>
  extends AsyncIterableIterator<LogRecord<Value>>, AsyncDisposable {
  /** What was read so far; final when the iteration has ended. */
  readonly report: LogReport;
}

/** What is in a log. */
export interface LogReport {
  /** Records, those that were recovered included. */
  readonly records: number;
  /** Records that were found in lines that are no JSON. */
  readonly recovered: number;
  /** The stretches that were left out, with the line end if they reach to it: the first 10,000. */
  readonly dropped: readonly DroppedBytes[];
  /** How long all of them are together. */
  readonly droppedBytes: number;
  /**
   * Bytes after the last newline that are no whole record: the rest of a crash, or a record that is on its
   * way. An object or an array there is a record.
   */
  readonly tornTailBytes: number;
}

/** What `inspectJsonLog` returns. */
export interface LogInspection extends LogReport {
  readonly bytes: number;
  /** Whether somebody has the log open for appending. */
  readonly writers: number;
}

/** Options of `inspectJsonLog` and `repairJsonLog`. */
export interface RepairJsonLogOptions {
  readonly maxRecordBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly fileSystem?: FileSystem | undefined;
}

/** What `repairJsonLog` did. */
export interface LogRepair extends LogReport {
  /** Whether the log was rewritten; one without fault is left alone. */
  readonly repaired: boolean;
  /** The file in which the log is as it was before. */
  readonly original: string | undefined;
}
