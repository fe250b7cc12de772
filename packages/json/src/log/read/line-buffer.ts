import { Buffer } from "node:buffer";

const lineFeed = 0x0a;

/** Read at a time. Larger ones are not faster, and stay in memory for longer. */
const chunkBytes = 256 * 1024;

/**
 * Bytes of a file on their way to being lines. Filled at one end, taken at the other; it holds no more
 * than one chunk or one line of the longest length.
 */
export class LineBuffer {
  bytes: Buffer = Buffer.allocUnsafeSlow(chunkBytes);
  /** The next line begins here. */
  at = 0;
  /** Behind the last line end. */
  linesEnd = 0;
  /** Behind the last byte. */
  end = 0;
  /** Whether the file has come to its end. */
  isEnded = false;
  /** The place of `bytes[0]` in the file. */
  private base: number;
  private readonly maxLineBytes: number;

  constructor(start: number, maxLineBytes: number) {
    this.base = start;
    this.maxLineBytes = maxLineBytes;
  }

  /** The place in the file of a byte in the buffer. */
  offsetOf(index: number): number {
    return this.base + index;
  }

  /** Where the file is to be read next. */
  get position(): number {
    return this.base + this.end;
  }

  /** Whether what has come of a line is too long, and its end has not come yet. */
  get isOverfull(): boolean {
    return this.end - this.at >= Math.max(this.maxLineBytes, 1);
  }

  /** Room for the next bytes. All lines have been taken. */
  room(): Uint8Array {
    const rest = this.end - this.at;
    const wanted = this.capacityFor(rest);
    const target = wanted === this.bytes.length ? this.bytes : Buffer.allocUnsafeSlow(wanted);
    if (this.at > 0 || target !== this.bytes) {
      this.bytes.copy(target, 0, this.at, this.end);
      this.bytes = target;
      this.base += this.at;
      this.at = 0;
      this.linesEnd = 0;
      this.end = rest;
    }
    return this.bytes.subarray(this.end);
  }

  private capacityFor(rest: number): number {
    if (rest * 2 <= chunkBytes) return chunkBytes;
    if (rest * 2 <= this.bytes.length) return this.bytes.length;
    return Math.max(chunkBytes, Math.min(this.bytes.length * 2, this.maxLineBytes));
  }

  /** So many bytes came; none at the end of the file. */
  filled(length: number): void {
    if (length === 0) this.isEnded = true;
    const last = this.bytes.subarray(this.end, this.end + length).lastIndexOf(lineFeed);
    if (last >= 0) this.linesEnd = this.end + last + 1;
    this.end += length;
  }

  /** The place behind the end of the line that begins at `at`. Only while there is a whole line. */
  endOfLine(): number {
    return this.bytes.indexOf(lineFeed, this.at) + 1;
  }

  /** Forgets what there is of a line, as far as it has come. Returns whether its end was among it. */
  skipLine(): boolean {
    const isWhole = this.linesEnd > this.at;
    this.at = isWhole ? this.endOfLine() : this.end;
    return isWhole;
  }
}
