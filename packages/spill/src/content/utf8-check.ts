import { Buffer, isUtf8 } from "node:buffer";
import { incompleteEnd, lengthFrom } from "../preview/code-points.ts";

/** Whether bytes that come in pieces are valid UTF-8 as a whole. */
export class Utf8Check {
  private held: Buffer = Buffer.alloc(0);
  private broken = false;

  add(bytes: Uint8Array): void {
    if (this.broken || bytes.length === 0) return;
    let rest = bytes;
    if (this.held.length > 0) {
      // At most three bytes complete what was cut: the rest need not be copied.
      const joined = Buffer.concat([this.held, bytes.subarray(0, 3)]);
      const first = lengthFrom(this.held[0]!);
      if (joined.length < first) {
        this.held = joined;
        return;
      }
      this.broken = !isUtf8(joined.subarray(0, first));
      rest = bytes.subarray(first - this.held.length);
    }
    const end = incompleteEnd(rest, rest.length);
    this.held = Buffer.from(rest.subarray(end));
    this.broken ||= !isUtf8(rest.subarray(0, end));
  }

  /** Of all that was added. */
  get isValid(): boolean {
    return !this.broken && this.held.length === 0;
  }
}
