import type { Line } from "./append-batch.ts";
import type { AppendReceipt } from "../options.ts";

/** A record that waits to be written, and who waits for it. */
export interface WaitingLine extends Line {
  /** The public function that was called. */
  readonly op: string;
  readonly resolve: (receipt: AppendReceipt) => void;
  readonly reject: (error: unknown) => void;
}

/** Somebody who waits until all that was appended before is on the device. */
export interface WaitingFlush {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** More in one call keeps others waiting who append to the same log, and is no faster. */
const largestBatch = 1024 * 1024;

/** What was given to a log and is not on its way yet. */
export class AppendQueue {
  private lines: WaitingLine[] = [];
  private flushes: WaitingFlush[] = [];
  /** Whether a flush is due that nobody waits for. */
  flushIsDue = false;

  get length(): number {
    return this.lines.length;
  }

  get isIdle(): boolean {
    return this.lines.length === 0 && this.flushes.length === 0 && !this.flushIsDue;
  }

  append(line: WaitingLine): void {
    this.lines.push(line);
  }

  flush(flush: WaitingFlush): void {
    this.flushes.push(flush);
  }

  /** The first lines, at most so many, and together not larger than a batch unless the first one is. */
  takeBatch(atMost: number): WaitingLine[] {
    let count = 0;
    let bytes = 0;
    while (count < this.lines.length && count < atMost) {
      bytes += this.lines[count]!.length;
      if (count > 0 && bytes > largestBatch) break;
      count++;
    }
    return this.lines.splice(0, count);
  }

  takeFlushes(): WaitingFlush[] {
    return this.flushes.splice(0);
  }
}
