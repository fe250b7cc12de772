import type { ParseOptions } from "../document/options.ts";
import { decodeText } from "../text/decode-text.ts";
import { parseJson } from "../text/parse-json.ts";
import { startOfText, syntaxRefusal } from "../text/syntax-refusal.ts";
import { Refusal } from "@holdfast/fs/steps";
import { plainText } from "./plain-text.ts";
import {
  isComment,
  requireParser,
  scanJsonc,
  UnfinishedComment,
  type Token,
} from "./scan-jsonc.ts";

/**
 * The value of a JSON text with comments and trailing commas.
 *
 * @param quote whether errors may show the line
 * @throws `Refusal` (`ERR_JSON_SYNTAX`) as `parseJson`
 */
export function parseJsonc(
  bytes: Uint8Array,
  options: Pick<ParseOptions, "duplicateKeys">,
  quote: boolean,
): unknown {
  return parseText(decodeText(bytes, quote), () => bytes, options, quote);
}

/**
 * The value of a text that has been decoded.
 *
 * @param encoded its bytes, for errors
 */
export function parseText(
  text: string,
  encoded: () => Uint8Array,
  options: Pick<ParseOptions, "duplicateKeys">,
  quote: boolean,
): unknown {
  const { duplicateKeys } = options;
  requireParser();
  if (duplicateKeys !== "refuse") {
    try {
      const plain = plainText(text);
      if (plain !== undefined) return JSON.parse(plain);
    } catch {
      // The tokens tell what is wrong; or it is too deep for this engine.
    }
  }
  const bytes = encoded();
  const tokens = tokensOf(bytes, text, quote);
  const plain = Buffer.concat([
    bytes.subarray(0, startOfText(bytes)),
    Buffer.from(blank(text, tokens)),
  ]);
  try {
    return parseJson(plain, { duplicateKeys }, quote);
  } catch (error) {
    const isEmpty = tokens.length > 0 && tokens.every(isComment);
    throw inComments(error, bytes, quote, isEmpty ? "there is nothing but comments" : undefined);
  }
}

/**
 * The text with spaces in the place of comments and trailing commas: as many as these have bytes, so that
 * every place has the same offset.
 */
function blank(text: string, tokens: readonly Token[]): string {
  const pieces: string[] = [];
  let done = 0;
  const cut = ({ start, end }: Token): void => {
    pieces.push(text.slice(done, start), spaces(text.slice(start, end)));
    done = end;
  };
  const meaningful = tokens.filter((token) => !isComment(token));
  const trailing = new Set(meaningful.filter((_, index) => isTrailingComma(meaningful, index)));
  for (const token of tokens) if (isComment(token) || trailing.has(token)) cut(token);
  pieces.push(text.slice(done));
  return pieces.join("");
}

/** Behind a value, and before the end of an object or an array: `[,]` is none. */
function isTrailingComma(tokens: readonly Token[], index: number): boolean {
  const before = tokens[index - 1]?.kind;
  const after = tokens[index + 1]?.kind;
  if (tokens[index]?.kind !== "," || (after !== "}" && after !== "]")) return false;
  return before === "string" || before === "scalar" || before === "}" || before === "]";
}

const spaces = (comment: string): string =>
  comment.replace(/[^\r\n]/gu, (character) => " ".repeat(Buffer.byteLength(character)));

function tokensOf(bytes: Uint8Array, text: string, quote: boolean): Token[] {
  try {
    return scanJsonc(text);
  } catch (error) {
    if (!(error instanceof UnfinishedComment)) throw error;
    const offset = startOfText(bytes) + Buffer.byteLength(text.slice(0, error.start));
    throw syntaxRefusal(bytes, { offset, problem: "this comment does not end" }, quote);
  }
}

/** The same error, with the line as it stands in the file. */
function inComments(error: unknown, bytes: Uint8Array, quote: boolean, said?: string): unknown {
  if (!(error instanceof Refusal) || error.code !== "ERR_JSON_SYNTAX") return error;
  const { problem = "", hint, more } = error.details;
  const { offset } = more as { readonly offset: number };
  const fault = said ?? problem.replace(/^line \d+, column \d+: /, "");
  return syntaxRefusal(bytes, { offset, problem: fault, hint }, quote);
}
