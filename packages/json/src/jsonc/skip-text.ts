/**
 * Where the parts of a text end, for texts that were parsed before, and so are right: nothing is checked, and
 * nothing is made of what is skipped.
 */

/** Behind a string that begins here. */
export function skipString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x22) return at + 1;
    if (code === 0x5c) at++;
  }
  return text.length;
}

/** Behind a comment that begins here, and before its line end; `undefined` if it has no end, or is none. */
export function skipComment(text: string, start: number): number | undefined {
  const second = text.charCodeAt(start + 1);
  if (second === 0x2a) {
    const end = text.indexOf("*/", start + 2);
    return end === -1 ? undefined : end + 2;
  }
  if (second !== 0x2f) return undefined;
  let at = start + 2;
  while (at < text.length && !isLineEnd(text.charCodeAt(at))) at++;
  return at;
}

/** The next key, value or end of an object or array: behind spaces, comments, commas and colons. */
export function skipGap(text: string, start: number): number {
  for (let at = start; ;) {
    const code = text.charCodeAt(at);
    if (code === 0x2f) at = skipComment(text, at)!;
    else if (isSpace(code) || code === 0x2c || code === 0x3a) at++;
    else return at;
  }
}

/** Behind a value that begins here. Without recursion: it may be deep. */
export function skipValue(text: string, start: number): number {
  const first = text.charCodeAt(start);
  if (first === 0x22) return skipString(text, start);
  if (first !== 0x7b && first !== 0x5b) return skipScalar(text, start);
  let depth = 0;
  for (let at = start; ;) {
    const code = text.charCodeAt(at);
    if (code === 0x22) at = skipString(text, at);
    else if (code === 0x2f) at = skipComment(text, at)!;
    else {
      at++;
      if (code === 0x7b || code === 0x5b) depth++;
      else if ((code === 0x7d || code === 0x5d) && --depth === 0) return at;
    }
  }
}

function skipScalar(text: string, start: number): number {
  let at = start;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    // A comma, a slash, a bracket.
    if (code === 0x2c || code === 0x2f || code === 0x5d || code === 0x7d || isSpace(code)) break;
  }
  return at;
}

const isLineEnd = (code: number): boolean => code === 0x0a || code === 0x0d;
const isSpace = (code: number): boolean => code === 0x20 || code === 0x09 || isLineEnd(code);

/** A comma or a comment. */
export interface GapToken {
  readonly kind: "," | "line" | "block";
  readonly start: number;
  readonly end: number;
}

/** What stands between two members. */
export function tokensIn(text: string, from: number, to: number): GapToken[] {
  const tokens: GapToken[] = [];
  for (let at = from; at < to;) {
    const code = text.charCodeAt(at);
    const start = at;
    if (code === 0x2f) {
      at = skipComment(text, at)!;
      const kind = text.charCodeAt(start + 1) === 0x2f ? "line" : "block";
      tokens.push({ kind, start, end: at });
    } else {
      at++;
      if (code === 0x2c) tokens.push({ kind: ",", start, end: at });
    }
  }
  return tokens;
}
