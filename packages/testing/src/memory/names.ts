/**
 * A name on Linux is bytes, in JavaScript it is a string. Inside the memory file system it is a
 * string in which each byte that is not part of valid UTF-8 stands as a lone surrogate, U+DC00 plus
 * the byte (the "surrogateescape" of Python's PEP 383): every sequence of bytes has exactly one such
 * string, and every string of Node's, once Node has encoded it, is one already.
 */

import { isUtf8 } from "node:buffer";

const anySurrogate = /[\uD800-\uDFFF]/;
// With the "u" flag a pair is one character, so that this finds lone ones only.
const loneSurrogate = /\p{Surrogate}/gu;
const beyondAscii = /[^\0-\x7F]/;

/** A string as Node passes it to the system: lone surrogates cannot be encoded, and become U+FFFD. */
export function nameFromString(text: string): string {
  return anySurrogate.test(text) ? text.replace(loneSurrogate, "\uFFFD") : text;
}

/** The string that stands for these bytes. */
export function nameFromBytes(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (isUtf8(buffer)) return buffer.toString("utf8");
  let name = "";
  for (let at = 0; at < buffer.length;) {
    const length = sequenceLength(buffer, at);
    if (length > 0) name += buffer.toString("utf8", at, at + length);
    else name += String.fromCharCode(0xdc00 + (buffer[at] as number));
    at += Math.max(length, 1);
  }
  return name;
}

/** How long the character is that starts here; 0 if none does. */
function sequenceLength(buffer: Buffer, at: number): number {
  const first = buffer[at] as number;
  if (first < 0x80) return 1;
  for (const length of first >= 0xf0 ? [4] : first >= 0xe0 ? [3] : first >= 0xc0 ? [2] : []) {
    if (at + length <= buffer.length && isUtf8(buffer.subarray(at, at + length))) return length;
  }
  return 0;
}

/** The bytes that a string stands for. */
export function bytesOfName(name: string): Buffer {
  if (!anySurrogate.test(name)) return Buffer.from(name, "utf8");
  const parts: Buffer[] = [];
  let from = 0;
  for (const { index } of name.matchAll(loneSurrogate)) {
    parts.push(Buffer.from(name.slice(from, index), "utf8"));
    parts.push(Buffer.of(name.charCodeAt(index) & 0xff));
    from = index + 1;
  }
  parts.push(Buffer.from(name.slice(from), "utf8"));
  return Buffer.concat(parts);
}

/** How many bytes a name takes on disk. */
export function nameLength(name: string): number {
  return beyondAscii.test(name) ? bytesOfName(name).length : name.length;
}

/** A name as a call returns it. */
export function encodeName(name: string, encoding: BufferEncoding | "buffer"): string | Buffer {
  if (encoding === "buffer") return bytesOfName(name);
  if (encoding === "utf8" || encoding === "utf-8") {
    return anySurrogate.test(name) ? bytesOfName(name).toString("utf8") : name;
  }
  return bytesOfName(name).toString(encoding);
}

/** The order of scandir(3) with alphasort(3), which libuv gives to `readdir`: by bytes. */
export function compareNames(one: string, other: string): number {
  // UTF-16 sorts surrogate pairs before U+E000, UTF-8 does not.
  if (beyondAscii.test(one) && beyondAscii.test(other)) {
    return Buffer.compare(bytesOfName(one), bytesOfName(other));
  }
  return one < other ? -1 : one > other ? 1 : 0;
}
