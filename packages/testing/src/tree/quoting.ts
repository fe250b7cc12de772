/**
 * How texts and bytes stand in a line. A text stands as it is if it can be read back so; otherwise
 * as a JSON string in ASCII quotes, in which nothing is invisible.
 */

import { isUtf8 } from "node:buffer";
import { invalidType } from "@holdfast/fs/steps";

// Controls, formats (bidirectional marks, zero width), surrogates, separators other than the space,
// and U+FFFD, which mostly means that something was not shown.
const invisible = /[\p{C}\p{Zl}\p{Zp}\u00A0\u1680\u2000-\u200A\u202F\u205F\u3000\uFFFD]/u;
const allInvisible = new RegExp(invisible, "gu");
const encoded = /^(?:base64|zeros):/;
// What text files have; with any other control character in it, it is not text.
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const binary = /[\0-\x08\x0B\x0C\x0E-\x1F\x7F]/;

/** `hello`, or `"two\nlines"`. */
export function formatText(text: string): string {
  const bare =
    text !== "" && text.trim() === text && !text.startsWith('"') && !invisible.test(text);
  return bare ? text : quote(text);
}

/** A JSON string. */
export function quote(text: string): string {
  return JSON.stringify(text).replace(allInvisible, escapeAll);
}

function escapeAll(character: string): string {
  let escaped = "";
  for (let i = 0; i < character.length; i++) {
    escaped += `\\u${character.charCodeAt(i).toString(16).padStart(4, "0")}`;
  }
  return escaped;
}

/** The text, and how much of the line it took, if it was quoted. */
export function parseText(op: string, text: string): string {
  if (!text.startsWith('"')) return text;
  try {
    return JSON.parse(text) as string;
  } catch {
    throw invalidType(op, "lines", "lines with complete JSON strings after a quote", text);
  }
}

/** Bytes: as text if they are text, else `zeros:4096` or `base64:AAEC`. */
export function formatContent(content: Uint8Array): string {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  if (bytes.length > 0 && bytes.every((byte) => byte === 0)) return `zeros:${bytes.length}`;
  if (!isUtf8(bytes)) return `base64:${bytes.toString("base64")}`;
  const text = bytes.toString("utf8");
  if (binary.test(text)) return `base64:${bytes.toString("base64")}`;
  return encoded.test(text) ? quote(text) : formatText(text);
}

export function parseContent(op: string, text: string): Uint8Array {
  const [, kind, rest = ""] = /^(base64|zeros):(.*)$/s.exec(text) ?? [];
  if (kind === "zeros") {
    const length = Number(rest);
    if (/^\d{1,10}$/.test(rest)) return new Uint8Array(length);
    throw invalidType(op, "lines", "lines with a number of bytes after zeros:", text);
  }
  if (kind === "base64") {
    const bytes = Buffer.from(rest, "base64");
    if (bytes.toString("base64") === rest) return new Uint8Array(bytes);
    throw invalidType(op, "lines", "lines with standard base64 after base64:", text);
  }
  const plain = parseText(op, text);
  if (/\p{Surrogate}/u.test(plain)) {
    throw invalidType(op, "lines", "lines whose contents are Unicode, or base64:", text);
  }
  return new Uint8Array(Buffer.from(plain, "utf8"));
}
