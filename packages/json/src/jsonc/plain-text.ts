import { skipComment, skipString } from "./skip-text.ts";

/**
 * The text without comments and trailing commas. Of one that is wrong something that is no JSON either, or
 * `undefined`; what is wrong with it, and where, the tokens of the text tell.
 */
export function plainText(text: string): string | undefined {
  const cuts: (readonly [start: number, end: number])[] = [];
  let isBehindValue = false;
  /** A comma behind a value, and nothing but spaces and comments since. */
  let comma = -1;
  for (let at = 0; at < text.length;) {
    const code = text.charCodeAt(at);
    if (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) {
      at++;
    } else if (code === 0x2f) {
      const end = skipComment(text, at);
      if (end === undefined) return undefined;
      cuts.push([at, end]);
      at = end;
    } else if (code === 0x2c) {
      comma = isBehindValue ? at : -1;
      isBehindValue = false;
      at++;
    } else {
      const isEnd = code === 0x5d || code === 0x7d;
      if (isEnd && comma !== -1) cuts.push([comma, comma + 1]);
      comma = -1;
      // Anything but an opening bracket or a colon is a value, or a part of one.
      isBehindValue = code !== 0x5b && code !== 0x7b && code !== 0x3a;
      at = code === 0x22 ? skipString(text, at) : at + 1;
    }
  }
  return cuts.length === 0 ? text : without(text, cuts);
}

function without(text: string, cuts: (readonly [number, number])[]): string {
  const pieces: string[] = [];
  let done = 0;
  // The comments behind a comma were found before it was known to be one too many.
  for (const [start, end] of cuts.toSorted(([a], [b]) => a - b)) {
    pieces.push(text.slice(done, start));
    done = end;
  }
  pieces.push(text.slice(done));
  // What stands on both sides of a comment is not one token.
  return pieces.join(" ");
}
