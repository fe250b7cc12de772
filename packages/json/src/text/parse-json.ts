import { Refusal } from "@holdfast/fs/steps";
import type { ParseOptions } from "../document/options.ts";
import { decodeText } from "./decode-text.ts";
import { seeJsonc, seeLog, type TextFault } from "./describe-unexpected.ts";
import { mayRound } from "./rounded-integers.ts";
import { scanJson } from "./scan-json.ts";
import { placeOfOffset, startOfText, syntaxRefusal } from "./syntax-refusal.ts";
import { showValuePath } from "./value-path.ts";

/** How a text is read. */
export interface ParseTextOptions extends Pick<ParseOptions, "duplicateKeys"> {
  /**
   * `"refuse"` is for what is written back: an integer that would come back with other digits is
   * `ERR_JSON_INVALID`.
   */
  readonly bigint?: ParseOptions["bigint"] | "refuse";
  /** A line of a log: hints at other ways to read a document are left out. */
  readonly isRecord?: boolean | undefined;
}

/**
 * The value of a JSON text in UTF-8, with or without a byte order mark.
 *
 * An integer beyond 2 ** 53 - 1 is what `bigint` says if it is written as one: `1e20` and `1.0` are numbers
 * always.
 *
 * @param quote whether errors may show the line
 * @throws `Refusal`: `ERR_JSON_SYNTAX` with `line`, `column`, `offset` and `excerpt`; `ERR_JSON_INVALID` with
 *   `line`, `column`, `offset` and `issues` for an integer that would be rounded
 */
export function parseJson(bytes: Uint8Array, options: ParseTextOptions, quote: boolean): unknown {
  const text = decodeText(bytes, quote);
  const { duplicateKeys = "last", bigint = "number" } = options;
  const isPlain = duplicateKeys === "last" && !hasLarge(text, bigint);
  const refusal = (fault: TextFault): Refusal =>
    faultRefusal(bytes, text, options.isRecord === true ? withoutReaders(fault) : fault, quote);
  if (isPlain) {
    try {
      return JSON.parse(text);
    } catch {
      const found = scanJson(text, { build: false, duplicateKeys, bigint, quote });
      if ("fault" in found) throw refusal(found.fault);
      // Nothing is wrong with the text: it is too deep for this engine, which is not Node's.
    }
  }
  const found = scanJson(text, { build: true, duplicateKeys, bigint, quote });
  if ("fault" in found) throw refusal(found.fault);
  return found.value;
}

/** Whether there may be an integer that is not for `JSON.parse`: one of 16 digits at least. */
function hasLarge(text: string, bigint: ParseTextOptions["bigint"]): boolean {
  if (bigint === "number") return false;
  return bigint === "refuse" ? mayRound(text) : /\d{16}/.test(text);
}

function withoutReaders(fault: TextFault): TextFault {
  return fault.hint === seeLog || fault.hint === seeJsonc ? { ...fault, hint: undefined } : fault;
}

function faultRefusal(bytes: Uint8Array, text: string, fault: TextFault, quote: boolean): Refusal {
  const offsetOf = (index: number): number =>
    startOfText(bytes) + Buffer.byteLength(text.slice(0, index));
  const { index, began, problem, hint, rounds } = fault;
  if (rounds !== undefined) return roundedRefusal(bytes, offsetOf(index), rounds, quote);
  const at = { offset: offsetOf(index), began: began === undefined ? began : offsetOf(began) };
  return syntaxRefusal(bytes, { ...at, problem, hint }, quote);
}

function roundedRefusal(
  bytes: Uint8Array,
  offset: number,
  path: readonly PropertyKey[],
  quote: boolean,
): Refusal {
  const { line, column } = placeOfOffset(bytes, offset);
  const message = "an integer that a number cannot hold exactly";
  const what = quote ? `${showValuePath(path)} is ${message}` : message;
  return new Refusal("ERR_JSON_INVALID", {
    problem: `line ${line}, column ${column}: ${what}, and would be written with other digits`,
    hint: 'With bigint: "bigint" such integers are BigInts, and every digit is kept; with bigint: "number" they are rounded.',
    more: { line, column, offset, issues: [{ path, message }] },
  });
}
