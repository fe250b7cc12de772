import { read, Refusal, type Handle, type Steps } from "@holdfast/fs/steps";
import type { ByteSource } from "./object-store.ts";

/** As much as is in memory of a content at one time, or twice that; and what is hashed before it is written. */
export const pieceBytes: number = 256 * 1024;

/** A source that reads from a handle of the operation's own file system. */
export function handleSource(handle: Handle): ByteSource {
  return { read: (buffer) => read(handle, buffer) };
}

/** It may hold more than was expected. */
const smallestBuffer = 4096;

/** What was read of a source. */
export interface Piece {
  readonly bytes: Uint8Array;
  /** Whether nothing comes after it. */
  readonly isLast: boolean;
}

/** The pieces of a source, and how many bytes they were. @throws `ERR_TOO_LARGE` */
export class Pieces {
  private readonly source: ByteSource;
  private readonly maxBytes: number;
  total = 0;

  constructor(source: ByteSource, maxBytes: number) {
    this.source = source;
    this.maxBytes = maxBytes;
  }

  /** Fills a buffer, unless the end comes first. */
  *next(buffer: Uint8Array): Steps<Piece> {
    let filled = 0;
    while (filled < buffer.byteLength) {
      const length = yield* this.source.read(buffer.subarray(filled));
      if (length === 0) return { bytes: buffer.subarray(0, filled), isLast: true };
      filled += length;
      this.total += length;
      if (this.total > this.maxBytes) {
        throw new Refusal("ERR_TOO_LARGE", {
          problem: `the content is longer than the ${this.maxBytes} bytes allowed`,
        });
      }
    }
    return { bytes: buffer, isLast: false };
  }

  /** One byte more than is expected, so that the end is met in the first piece. */
  firstBuffer(): Uint8Array {
    const expected = Math.max(this.source.size ?? pieceBytes, smallestBuffer);
    return Buffer.allocUnsafe(Math.min(pieceBytes, expected + 1));
  }
}
