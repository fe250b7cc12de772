import { Refusal } from "@holdfast/fs/steps";
import { startOfText, syntaxRefusal } from "./syntax-refusal.ts";

/**
 * The text of a file in UTF-8, without its byte order mark.
 *
 * @param quote whether errors may show the line
 * @throws `Refusal` (`ERR_JSON_SYNTAX`) at the first byte that is no UTF-8; `ERR_TOO_LARGE` if no string
 *   is that long
 */
export function decodeText(bytes: Uint8Array, quote: boolean): string {
  const text = bytes.subarray(startOfText(bytes));
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(text);
  } catch (cause) {
    const offset = firstInvalidByte(bytes);
    if (offset === undefined) {
      throw new Refusal("ERR_TOO_LARGE", { problem: "it is longer than a string can be", cause });
    }
    throw syntaxRefusal(bytes, { offset, ...describe(bytes, offset) }, quote);
  }
}

function describe(bytes: Uint8Array, offset: number): { problem: string; hint?: string } {
  const mark = bytes[0] === 0xff && bytes[1] === 0xfe ? "FF FE" : "FE FF";
  if (
    offset === 0 &&
    ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff))
  ) {
    return {
      problem: `it is in UTF-16 (it begins with ${mark}), and JSON is in UTF-8`,
      hint: "Save it as UTF-8.",
    };
  }
  if (offset + lengthOf(bytes[offset]) > bytes.length) {
    return { problem: "the text ends in the middle of a UTF-8 character" };
  }
  return {
    problem: "this is not UTF-8",
    hint: "It may be in another encoding, such as Latin-1: save it as UTF-8.",
  };
}

/** The length of a character by its first byte. */
function lengthOf(first = 0): number {
  if (first >= 0xf0 && first <= 0xf4) return 4;
  if (first >= 0xe0 && first < 0xf0) return 3;
  return first >= 0xc2 && first < 0xe0 ? 2 : 1;
}

/** Where the first character begins that is none: RFC 3629, section 4. */
export function firstInvalidByte(bytes: Uint8Array): number | undefined {
  let at = 0;
  while (at < bytes.length) {
    const first = bytes[at] as number;
    if (first < 0x80) {
      at++;
      continue;
    }
    const length = lengthOf(first);
    if (length === 1) return at;
    const second = bytes[at + 1] ?? 0;
    // No longer form than needed, no surrogates, nothing above U+10FFFF.
    const least = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
    const most = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
    if (second < least || second > most) return at;
    for (let next = at + 2; next < at + length; next++) {
      if (((bytes[next] ?? 0) & 0xc0) !== 0x80) return at;
    }
    at += length;
  }
  return undefined;
}
