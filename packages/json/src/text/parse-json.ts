import type { Refusal } from "@holdfast/fs/steps";
import type { ParseOptions } from "../document/options.ts";
import { decodeText } from "./decode-text.ts";
import type { TextFault } from "./describe-unexpected.ts";
import { scanJson } from "./scan-json.ts";
import { startOfText, syntaxRefusal } from "./syntax-refusal.ts";

/**
 * The value of a JSON text in UTF-8, with or without a byte order mark.
 *
 * An integer beyond 2 ** 53 - 1 is what `bigint` says if it is written as one: `1e20` and `1.0` are numbers
 * always.
 *
 * @param quote whether errors may show the line
 * @throws `Refusal` (`ERR_JSON_SYNTAX`) with `line`, `column`, `offset` and `excerpt`
 */
export function parseJson(
  bytes: Uint8Array,
  options: Pick<ParseOptions, "duplicateKeys" | "bigint">,
  quote: boolean,
): unknown {
  const text = decodeText(bytes, quote);
  const { duplicateKeys = "last", bigint = "number" } = options;
  // Only a number of 16 digits can be too large for a number.
  const isPlain = duplicateKeys === "last" && (bigint === "number" || !/\d{16}/.test(text));
  if (isPlain) {
    try {
      return JSON.parse(text);
    } catch {
      const found = scanJson(text, { build: false, duplicateKeys, bigint, quote });
      if ("fault" in found) throw faultRefusal(bytes, text, found.fault, quote);
      // Nothing is wrong with the text: it is too deep for this engine, which is not Node's.
    }
  }
  const found = scanJson(text, { build: true, duplicateKeys, bigint, quote });
  if ("fault" in found) throw faultRefusal(bytes, text, found.fault, quote);
  return found.value;
}

function faultRefusal(bytes: Uint8Array, text: string, fault: TextFault, quote: boolean): Refusal {
  const offsetOf = (index: number): number =>
    startOfText(bytes) + Buffer.byteLength(text.slice(0, index));
  const { index, began, problem, hint } = fault;
  const at = { offset: offsetOf(index), began: began === undefined ? began : offsetOf(began) };
  return syntaxRefusal(bytes, { ...at, problem, hint }, quote);
}
