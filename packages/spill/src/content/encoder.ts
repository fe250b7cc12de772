import { Buffer } from "node:buffer";
import { isHighSurrogate } from "./source.ts";

/** The bytes of pieces. A surrogate pair that is cut between two strings is one character all the same. */
export class Encoder {
  private held = "";
  /** Whether every piece so far was a string. */
  onlyStrings = true;

  /** The bytes of a piece; `undefined` if it is neither a string nor a view. */
  encode(piece: unknown): Uint8Array | undefined {
    if (typeof piece === "string") {
      const text = this.held + piece;
      const cut = text !== "" && isHighSurrogate(text.charCodeAt(text.length - 1));
      this.held = cut ? text.slice(-1) : "";
      return Buffer.from(cut ? text.slice(0, -1) : text);
    }
    if (!ArrayBuffer.isView(piece)) return undefined;
    this.onlyStrings = false;
    const bytes = new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength);
    return this.held === "" ? bytes : Buffer.concat([this.end(), bytes]);
  }

  /** What was held back: half a pair that nothing completes has no UTF-8 form but U+FFFD. */
  end(): Uint8Array {
    const rest = Buffer.from(this.held);
    this.held = "";
    return rest;
  }
}
