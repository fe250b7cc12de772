import { Refusal } from "@holdfast/fs/steps";
import { excerpt } from "./excerpt.ts";

/** Why a text is not JSON. */
export interface SyntaxFault {
  /** In bytes from the start. */
  readonly offset: number;
  /** As a clause: `expected a comma or the end of the object`. */
  readonly problem: string;
  readonly hint?: string | undefined;
  /** Where that began which should have ended, in bytes. */
  readonly began?: number | undefined;
}

/** A place in a text; both numbers from 1. */
export interface TextPlace {
  readonly line: number;
  /** In code points. */
  readonly column: number;
}

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
/** Bytes of a line on each side of a place that are looked at for the excerpt. */
const reach = 400;

/**
 * The error for a text that is not JSON.
 *
 * @param quote whether it may show the line
 */
export function syntaxRefusal(bytes: Uint8Array, fault: SyntaxFault, quote: boolean): Refusal {
  const { offset, hint } = fault;
  const { line, column } = placeOfOffset(bytes, offset);
  const excerpt = quote ? excerptAt(bytes, offset) : undefined;
  return new Refusal("ERR_JSON_SYNTAX", {
    problem: `line ${line}, column ${column}: ${fault.problem}${beginning(bytes, fault, line)}`,
    ...(hint !== undefined && { hint }),
    more: { line, column, offset, excerpt },
  });
}

function beginning(bytes: Uint8Array, { began }: SyntaxFault, line: number): string {
  if (began === undefined) return "";
  const place = placeOfOffset(bytes, began);
  return place.line === line
    ? `, which began in column ${place.column}`
    : `, which began in line ${place.line}`;
}

/** The line and column of an offset. LF, CR LF and CR alone end a line, as in editors. */
export function placeOfOffset(bytes: Uint8Array, offset: number): TextPlace {
  let line = 1;
  let start = startOfText(bytes);
  for (let at = start; at < offset; at++) {
    const byte = bytes[at];
    if (byte === lineFeed || (byte === carriageReturn && bytes[at + 1] !== lineFeed)) {
      line++;
      start = at + 1;
    }
  }
  let column = 1;
  for (let at = start; at < offset; at++) if (!isContinuation(bytes[at])) column++;
  return { line, column };
}

/** The line with a caret; nothing for a line of spaces, of which there would be the caret alone. */
function excerptAt(bytes: Uint8Array, offset: number): string | undefined {
  const first = Math.max(startOfText(bytes), offset - reach);
  let start = offset;
  while (start > first && !isLineEnd(bytes[start - 1])) start--;
  let end = offset;
  const last = Math.min(bytes.length, offset + reach);
  while (end < last && !isLineEnd(bytes[end])) end++;
  const cut = {
    left: start > startOfText(bytes) && !isLineEnd(bytes[start - 1]),
    right: end < bytes.length && !isLineEnd(bytes[end]),
  };
  if (lossy(bytes.subarray(start, end)).trim() === "") return undefined;
  // A character that is cut at an end is too far away to be shown.
  return excerpt(lossy(bytes.subarray(start, offset)), lossy(bytes.subarray(offset, end)), cut);
}

/** Behind a byte order mark. */
export function startOfText(bytes: Uint8Array): number {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
}

const lossy = (bytes: Uint8Array): string =>
  new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);

const isLineEnd = (byte: number | undefined): boolean =>
  byte === lineFeed || byte === carriageReturn;

const isContinuation = (byte: number | undefined): boolean =>
  byte !== undefined && (byte & 0xc0) === 0x80;
