/** The forms of `read` and `write`, brought into one. */

import { invalidArgument, invalidValue, outOfRange, toInteger } from "./arguments.ts";
import type { Position } from "./call.ts";

/** The bytes that one `read` or `write` moves. */
export interface Transfer {
  readonly buffer: Uint8Array;
  readonly offset: number;
  readonly length: number;
  readonly position: Position;
  /** What the program gave, or would have given: it gets it back. */
  readonly given: unknown;
}

interface TransferOptions {
  readonly buffer?: unknown;
  readonly offset?: unknown;
  readonly length?: unknown;
  readonly position?: unknown;
}

/** `(buffer, offset, length, position)`, `(buffer, { offset, length, position })`, `({ buffer, … })`. */
export function toReading(args: readonly unknown[]): Transfer {
  const [first] = args;
  if (ArrayBuffer.isView(first)) return checked(transferOf(first, args, readPosition));
  if (first === undefined || (typeof first === "object" && first !== null)) {
    const options: TransferOptions = first ?? {};
    const buffer = options.buffer ?? Buffer.alloc(16_384); // Node's default
    if (ArrayBuffer.isView(buffer)) {
      return checked(transferOf(buffer, [buffer, options], readPosition));
    }
  }
  throw invalidArgument("buffer", "a Buffer, a typed array or a DataView", first);
}

function checked(transfer: Transfer): Transfer {
  if (transfer.buffer.byteLength === 0 && transfer.length > 0) {
    throw invalidValue("buffer", transfer.given, "is empty and cannot be written");
  }
  return inRange(transfer);
}

/** The same, and of text `(text, position, encoding)`. */
export function toWriting(args: readonly unknown[]): Transfer {
  const [first] = args;
  if (ArrayBuffer.isView(first)) return inRange(transferOf(first, args, writePosition));
  if (typeof first !== "string") {
    throw invalidArgument("buffer", "a string, a Buffer, a typed array or a DataView", first);
  }
  const encoding = Buffer.isEncoding(args[2] as string) ? (args[2] as BufferEncoding) : "utf8";
  if (encoding === "hex" && first.length % 2 !== 0) {
    throw invalidValue("encoding", encoding, `is invalid for data of length ${first.length}`);
  }
  const buffer = Buffer.from(first, encoding);
  const position = writePosition(args[1]);
  return { buffer, offset: 0, length: buffer.length, position, given: first };
}

/** What `readv` and `writev` take. */
export function toVector(buffers: unknown): readonly Uint8Array[] {
  if (!Array.isArray(buffers) || !buffers.every((one) => ArrayBuffer.isView(one))) {
    throw invalidArgument("buffers", "an array of typed arrays or DataViews", buffers);
  }
  return buffers.map((one) => new Uint8Array(one.buffer, one.byteOffset, one.byteLength));
}

export const toVectorPosition = (position: unknown): number | null =>
  typeof position === "number" ? position : null;

function transferOf(
  given: ArrayBufferView,
  [, second, third, fourth]: readonly unknown[],
  toPosition: (position: unknown) => Position,
): Transfer {
  const buffer = new Uint8Array(given.buffer, given.byteOffset, given.byteLength);
  const options: TransferOptions =
    typeof second === "object" && second !== null
      ? second
      : { offset: second, length: third, position: fourth };
  const offset = toInteger(options.offset ?? 0, "offset", 0, Number.MAX_SAFE_INTEGER);
  const length = options.length ?? buffer.byteLength - offset;
  return {
    buffer,
    offset,
    length: typeof length === "number" ? Math.trunc(length) : buffer.byteLength - offset,
    position: toPosition(options.position),
    given,
  };
}

function inRange(transfer: Transfer): Transfer {
  const { buffer, offset, length } = transfer;
  const room = buffer.byteLength - offset;
  if (room < 0) throw outOfRange("offset", `<= ${buffer.byteLength}`, offset);
  if (length < 0 || length > room) throw outOfRange("length", `>= 0 && <= ${room}`, length);
  return transfer;
}

function readPosition(position: unknown): Position {
  if (position === undefined || position === null) return null;
  if (typeof position === "bigint") return position < 0n ? null : position;
  const number = toInteger(position, "position", -1, Number.MAX_SAFE_INTEGER);
  return number < 0 ? null : number;
}

/** Node takes what is no position for "where the last one ended". */
const writePosition = (position: unknown): Position =>
  typeof position === "number" && position >= 0 ? position : null;
