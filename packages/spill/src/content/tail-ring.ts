import { Buffer } from "node:buffer";

/** The last bytes of what passes. */
export class TailRing {
  private readonly capacity: number;
  private buffer: Buffer | undefined;
  private position = 0;
  private filled = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  add(bytes: Uint8Array): void {
    if (this.capacity === 0) return;
    const buffer = (this.buffer ??= Buffer.allocUnsafe(this.capacity));
    const last = bytes.length > this.capacity ? bytes.subarray(-this.capacity) : bytes;
    const atEnd = Math.min(last.length, this.capacity - this.position);
    buffer.set(last.subarray(0, atEnd), this.position);
    buffer.set(last.subarray(atEnd), 0);
    this.position = (this.position + last.length) % this.capacity;
    this.filled = Math.min(this.capacity, this.filled + last.length);
  }

  /** In order, oldest first. */
  bytes(): Buffer {
    if (this.buffer === undefined) return Buffer.alloc(0);
    if (this.filled < this.capacity) return this.buffer.subarray(0, this.filled);
    return Buffer.concat([
      this.buffer.subarray(this.position),
      this.buffer.subarray(0, this.position),
    ]);
  }
}
