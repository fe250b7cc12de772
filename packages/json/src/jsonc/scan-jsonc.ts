import { createRequire } from "node:module";
import type * as JsoncParser from "jsonc-parser";
import { Refusal } from "@holdfast/fs/steps";

/** What a text is made of; spaces and line ends are left out. */
export interface Token {
  readonly kind: "{" | "}" | "[" | "]" | "," | ":" | "string" | "scalar" | "line" | "block";
  readonly start: number;
  readonly end: number;
}

/** The kinds of tokens by the numbers of `jsonc-parser`, whose own enumeration is for types alone. */
const kinds = new Map<number, Token["kind"]>([
  ...(["{", "}", "[", "]", ",", ":"] as const).map((kind, index) => [index + 1, kind] as const),
  [10, "string"],
  [12, "line"],
  [13, "block"],
]);
const trivia = new Set([14, 15]);
const endOfText = 17;
const unfinishedComment = 1;

/** A comment that has no end. */
export class UnfinishedComment {
  readonly start: number;
  constructor(start: number) {
    this.start = start;
  }
}

let loaded: typeof JsoncParser | undefined;

/** Only where it is needed, and at once: synchronous calls cannot wait for an `import()`. */
function jsoncParser(): typeof JsoncParser {
  try {
    loaded ??= createRequire(import.meta.url)("jsonc-parser") as typeof JsoncParser;
    return loaded;
  } catch (cause) {
    if ((cause as { code?: unknown }).code !== "MODULE_NOT_FOUND") throw cause;
    throw new Refusal("ERR_UNSUPPORTED", {
      problem: 'JSON with comments needs the package "jsonc-parser", which is not installed',
      hint: "Install it beside this one: npm install jsonc-parser.",
      cause,
    });
  }
}

/** @throws `Refusal` (`ERR_UNSUPPORTED`) where it is not installed */
export function requireParser(): void {
  jsoncParser();
}

/** Takes a text apart, whether it is right or not. */
export function scanJsonc(text: string): Token[] {
  const scanner = jsoncParser().createScanner(text);
  const tokens: Token[] = [];
  for (;;) {
    const number: number = scanner.scan();
    if (number === endOfText) return tokens;
    if (trivia.has(number)) continue;
    const start = scanner.getTokenOffset();
    const kind = kinds.get(number) ?? "scalar";
    if (kind === "block" && (scanner.getTokenError() as number) === unfinishedComment) {
      throw new UnfinishedComment(start);
    }
    tokens.push({ kind, start, end: start + scanner.getTokenLength() });
  }
}

export const isComment = ({ kind }: Token): boolean => kind === "line" || kind === "block";
