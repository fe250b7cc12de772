import { constants, isAscii, isUtf8 } from "node:buffer";
import { Refusal } from "@holdfast/fs/steps";
import { parseJson } from "../../text/parse-json.ts";
import { findExtent, isOpening, skipSpace } from "./json-extent.ts";
import { LineBuffer } from "./line-buffer.ts";
import { LineRecovery, type Piece } from "./recover-line.ts";
import type { DroppedBytes, LogRecord, LogReport } from "../options.ts";

/** What a scan makes of a log. */
export interface ScanSettings {
  readonly policy: "strict" | "recover" | "skip";
  readonly start: number;
  readonly maxRecordBytes: number;
  /** Told of what is left out. */
  readonly onDropped: ((dropped: DroppedBytes) => void) | undefined;
}

/** A log can have any number of bad lines; its report must not. */
const maxListed = 10_000;

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * From bytes to records. Whoever reads the file puts them in; this does no I/O, and holds what has come and
 * has not been taken.
 */
export class LogScanner {
  readonly report: Writable<Omit<LogReport, "dropped">> & { readonly dropped: DroppedBytes[] } = {
    records: 0,
    recovered: 0,
    dropped: [],
    droppedBytes: 0,
    tornTailBytes: 0,
  };
  /** Whether a line that is no JSON may be shown in errors. */
  mayQuote = false;
  /** Whether records are not lines by themselves: several in one, or one that its line end is missing. */
  hasLooseRecords = false;
  readonly buffer: LineBuffer;
  /** Where the record is that was taken last. */
  private valueStart = 0;
  private valueEnd = 0;
  private readonly policy: ScanSettings["policy"];
  private readonly maxRecordBytes: number;
  private readonly onDropped: ScanSettings["onDropped"];
  private line = 0;
  private isAtStart: boolean;
  /** The lines in the buffer have been looked at up to here: whether they are UTF-8, or even ASCII. */
  private seenTo = 0;
  private isText = false;
  private isPlain = false;
  private recovery: LineRecovery | undefined;
  /** Where the line that is searched ends, and its line end begins. */
  private recoveryEnd = 0;
  private recoveryLimit = 0;
  /** Where the line began that is too long. */
  private longLine: number | undefined;

  constructor({ policy, start, maxRecordBytes, onDropped }: ScanSettings) {
    this.policy = policy;
    // A longer text than that is none for JavaScript.
    this.maxRecordBytes = Math.min(maxRecordBytes, constants.MAX_STRING_LENGTH);
    this.buffer = new LineBuffer(start, this.maxRecordBytes);
    this.onDropped = onDropped;
    this.isAtStart = start === 0;
  }

  /** Room for the next bytes of the file, from `buffer.position` on. */
  room(): Uint8Array {
    this.seenTo = 0;
    return this.buffer.room();
  }

  /** The bytes of the record that was taken last, without LF: until there is room for more. */
  valueBytes(): Uint8Array {
    return this.buffer.bytes.subarray(this.valueStart, this.valueEnd);
  }

  /** The next record; `undefined` if there is none in what has come. */
  take(): LogRecord | undefined {
    for (;;) {
      if (this.recovery !== undefined) {
        const record = this.takeRecovered(this.recovery);
        if (record !== undefined) return record;
      } else if (this.longLine !== undefined) {
        if (!this.endLongLine(this.longLine)) return undefined;
      } else {
        const { buffer } = this;
        if (this.isAtStart && !this.skipMark()) return undefined;
        if (buffer.linesEnd <= buffer.at) return this.takeTail();
        const record = this.takeLine();
        if (record !== undefined) return record;
      }
    }
  }

  private takeLine(): LogRecord | undefined {
    const { buffer } = this;
    const { bytes, at } = buffer;
    const end = buffer.endOfLine();
    this.line++;
    buffer.at = end;
    if (end - at <= 2 && skipSpace(bytes, at, end) === end) return undefined;
    if (end - at > this.maxRecordBytes) {
      this.dropLong(buffer.offsetOf(at), end - at);
      return undefined;
    }
    if (end > this.seenTo) this.lookAhead(at);
    const text = this.textOf(at, end - 1);
    if (text !== undefined) {
      let value: unknown;
      try {
        value = JSON.parse(text);
      } catch {
        this.takeApart(at, end - 1, end);
        return undefined;
      }
      this.valueStart = at;
      this.valueEnd = end - 1;
      this.report.records++;
      return { value, offset: buffer.offsetOf(at), length: end - at, line: this.line };
    }
    this.takeApart(at, end - 1, end);
    return undefined;
  }

  /** Looks at all lines in the buffer at once. */
  private lookAhead(at: number): void {
    const { bytes, linesEnd } = this.buffer;
    const lines = bytes.subarray(at, linesEnd);
    this.isPlain = isAscii(lines);
    this.isText = this.isPlain || isUtf8(lines);
    this.seenTo = linesEnd;
  }

  private textOf(start: number, end: number): string | undefined {
    const { bytes } = this.buffer;
    if (this.isPlain) return bytes.toString("latin1", start, end);
    if (this.isText || isUtf8(bytes.subarray(start, end)))
      return bytes.toString("utf8", start, end);
    return undefined;
  }

  /** A line that is no JSON, from `start` to `limit`, with its line end to `end`. */
  private takeApart(start: number, limit: number, end: number): void {
    const { bytes } = this.buffer;
    const first = skipSpace(bytes, start, limit);
    if (first === limit) return;
    if (this.policy === "strict") throw this.syntaxError(start, limit);
    if (this.policy === "skip") {
      const reason = isOpening(bytes[first])
        ? findExtent(bytes, first, limit).fault
        : isUtf8(bytes.subarray(start, limit))
          ? "syntax"
          : "encoding";
      return this.drop(start, end, reason);
    }
    this.recovery = new LineRecovery(bytes, start, limit, true);
    this.recoveryLimit = limit;
    this.recoveryEnd = end;
  }

  private takeRecovered(recovery: LineRecovery): LogRecord | undefined {
    const { recoveryLimit } = this;
    const piece = recovery.next();
    if (piece === undefined) {
      this.recovery = undefined;
      return undefined;
    }
    const isLast = piece.end === recoveryLimit;
    const end = isLast ? this.recoveryEnd : piece.end;
    if (piece.value === undefined) {
      const isTail = isLast && this.recoveryEnd === recoveryLimit;
      if (isTail) this.report.tornTailBytes = end - piece.start;
      else this.drop(piece.start, end, piece.reason);
      return undefined;
    }
    this.report.recovered++;
    return this.recordOf(piece, piece.value, end);
  }

  private recordOf(
    { start }: Pick<Piece, "start">,
    value: { readonly start: number; readonly end: number },
    end: number,
  ): LogRecord {
    const { buffer, report, line } = this;
    this.hasLooseRecords = true;
    this.valueStart = value.start;
    this.valueEnd = value.end;
    report.records++;
    return {
      value: JSON.parse(buffer.bytes.toString("utf8", value.start, value.end)),
      offset: buffer.offsetOf(start),
      length: end - start,
      line,
    };
  }

  /** What is behind the last line end, once nothing more comes. */
  private takeTail(): LogRecord | undefined {
    const { buffer, report } = this;
    if (!buffer.isEnded) {
      if (!buffer.isOverfull) return undefined;
      this.longLine = buffer.offsetOf(buffer.at);
      // What has come of it is let go at once: there is no room for more.
      buffer.skipLine();
      return undefined;
    }
    const { at: start, end, bytes } = buffer;
    buffer.at = end;
    buffer.linesEnd = end;
    const first = skipSpace(bytes, start, end);
    if (first === end) return undefined;
    this.line++;
    const isWhole = isOpening(bytes[first]) && this.isWholeFrom(first, end);
    if (isWhole && end - start <= this.maxRecordBytes) {
      return this.recordOf({ start }, { start: first, end: this.valueEnd }, end);
    }
    if (this.policy === "recover" && end - start <= this.maxRecordBytes) {
      this.recovery = new LineRecovery(bytes, start, end, false);
      this.recoveryLimit = end;
      this.recoveryEnd = end;
      return this.take();
    }
    report.tornTailBytes = end - start;
    return undefined;
  }

  private isWholeFrom(first: number, end: number): boolean {
    const extent = findExtent(this.buffer.bytes, first, end);
    this.valueEnd = extent.end;
    return extent.whole && skipSpace(this.buffer.bytes, extent.end, end) === end;
  }

  /** Skips a byte order mark; `false` if it cannot be told yet whether there is one. */
  private skipMark(): boolean {
    const { buffer } = this;
    const { bytes, at, end } = buffer;
    if (end - at < 3 && !buffer.isEnded && buffer.linesEnd === 0) return false;
    this.isAtStart = false;
    if (end - at >= 3 && bytes[at] === 0xef && bytes[at + 1] === 0xbb && bytes[at + 2] === 0xbf) {
      buffer.at = at + 3;
    }
    return true;
  }

  /** Goes on skipping a line that is too long; `false` if its end has not come yet. */
  private endLongLine(start: number): boolean {
    const { buffer, report } = this;
    const isWhole = buffer.skipLine();
    if (!isWhole && !buffer.isEnded) return false;
    this.longLine = undefined;
    this.line++;
    const length = buffer.offsetOf(buffer.at) - start;
    if (isWhole) this.dropLong(start, length);
    else report.tornTailBytes = length;
    return isWhole;
  }

  private dropLong(offset: number, length: number): void {
    if (this.policy === "strict") {
      throw new Refusal("ERR_TOO_LARGE", {
        problem: `line ${this.line} is longer than the ${this.maxRecordBytes} bytes allowed`,
        hint: 'Raise "maxRecordBytes".',
      });
    }
    this.leaveOut({ offset, length, reason: "too-long" });
  }

  private drop(start: number, end: number, reason: DroppedBytes["reason"]): void {
    this.leaveOut({ offset: this.buffer.offsetOf(start), length: end - start, reason });
  }

  private leaveOut(dropped: DroppedBytes): void {
    const { report } = this;
    report.droppedBytes += dropped.length;
    if (report.dropped.length < maxListed) report.dropped.push(dropped);
    this.onDropped?.(dropped);
  }

  /** Why a line is no JSON, with its place in the log instead of the one in the line. */
  private syntaxError(start: number, limit: number): unknown {
    const offset = this.buffer.offsetOf(start);
    try {
      parseJson(this.buffer.bytes.subarray(start, limit), {}, this.mayQuote);
    } catch (error) {
      if (!(error instanceof Refusal)) return error;
      const { problem = "", more, hint } = error.details;
      const place = more as { readonly line: number; readonly offset: number };
      return new Refusal(error.code, {
        // Whoever is told of `readJsonLog` is calling it.
        ...(hint !== undefined && !hint.includes("readJsonLog") && { hint }),
        problem: problem.replace(/^line \d+/, `line ${this.line}`),
        more: { ...place, line: this.line, offset: offset + place.offset },
      });
    }
    return new Refusal("ERR_JSON_SYNTAX");
  }
}
