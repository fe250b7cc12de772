import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import type { CallSettings } from "../settings/settings.ts";
import { TailRing } from "./tail-ring.ts";
import { Utf8Check } from "./utf8-check.ts";

const newline = 0x0a;

/** What is known of an output from what has passed: in constant memory, however long it is. */
export class Meter {
  bytes = 0;
  private readonly settings: CallSettings;
  private readonly hash = createHash("sha256");
  private readonly utf8 = new Utf8Check();
  private readonly headPieces: Buffer[] = [];
  private headLength = 0;
  private readonly tail: TailRing;
  private chars = 0;
  private newlines = 0;
  private last = newline;
  private exceeded = false;

  constructor(settings: CallSettings) {
    this.settings = settings;
    // Three more bytes, for a sequence that is cut.
    this.tail = new TailRing(settings.tailBytes === 0 ? 0 : settings.tailBytes + 3);
  }

  add(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.hash.update(bytes);
    this.utf8.add(bytes);
    // One byte more, to tell whether the output goes on: then it is cut at the end of a line.
    const missing =
      this.settings.headBytes === 0 ? 0 : this.settings.headBytes + 1 - this.headLength;
    if (missing > 0) {
      const piece = Buffer.from(bytes.subarray(0, missing));
      this.headPieces.push(piece);
      this.headLength += piece.length;
    }
    this.tail.add(bytes);
    this.bytes += bytes.length;
    if (!this.exceeded) this.count(bytes);
  }

  /** Whether it is too big. */
  get isTooBig(): boolean {
    return this.exceeded;
  }

  get isUtf8(): boolean {
    return this.utf8.isValid;
  }

  /** The first bytes, and the last. They overlap where the output is short. */
  ends(): { readonly head: Buffer; readonly tail: Buffer } {
    return { head: Buffer.concat(this.headPieces), tail: this.tail.bytes() };
  }

  /** Of all that has passed, in hex. */
  digest(): string {
    return this.hash.copy().digest("hex");
  }

  private count(bytes: Uint8Array): void {
    const { maxBytes, maxChars, maxLines, headroom } = this.settings;
    if (maxChars < Infinity) this.chars += charsIn(bytes);
    if (maxLines < Infinity) {
      for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, at + 1)) {
        this.newlines++;
      }
      this.last = bytes[bytes.length - 1]!;
    }
    const lines = this.newlines + (this.last === newline ? 0 : 1);
    this.exceeded = this.bytes > maxBytes - headroom || this.chars > maxChars || lines > maxLines;
  }
}

/** As `string.length` counts them: a sequence of four bytes is two. */
function charsIn(bytes: Uint8Array): number {
  let chars = 0;
  for (const byte of bytes) {
    if ((byte & 0xc0) !== 0x80) chars += byte >= 0xf0 ? 2 : 1;
  }
  return chars;
}
