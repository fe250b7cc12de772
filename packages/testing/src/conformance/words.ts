/**
 * What stands in braces in the words of a script: `{a*256}` a name of 256 letters, `{0xff}` a byte
 * that is no UTF-8, `{nul}`, `{space}`, `{empty}`, `{fill:4095}` slashes that make the path that long.
 */

import type { Path } from "../calls/call.ts";

const braces = /\{([^{}]*)\}/g;

/** A word as text; a byte that is not UTF-8 as U+FFFD. */
export function textOf(word: string): string {
  return bytesOf(word).toString();
}

/** A word as bytes. */
export function bytesOf(word: string): Buffer {
  const parts: Buffer[] = [];
  let from = 0;
  for (const match of word.matchAll(braces)) {
    parts.push(Buffer.from(word.slice(from, match.index)), meaning(match[1]!));
    from = match.index + match[0].length;
  }
  parts.push(Buffer.from(word.slice(from)));
  return Buffer.concat(parts);
}

function meaning(inner: string): Buffer {
  if (inner === "nul") return Buffer.of(0);
  if (inner === "space") return Buffer.from(" ");
  if (inner === "empty") return Buffer.alloc(0);
  if (inner.startsWith("0x")) return Buffer.of(Number(inner));
  const [, unit, count] = /^(.+)\*(\d+)$/u.exec(inner) ?? [];
  if (unit === undefined) throw new TypeError(`a script says {${inner}}`);
  return Buffer.from(unit.repeat(Number(count)));
}

const fill = /\{fill:(\d+)\}/;

/** A word as a path below `dir`: a string, or bytes if a string would not do. */
export function pathOf(word: string, dir: string): Path {
  if (word === "{empty}") return "";
  const filled = fill.exec(word);
  const base = Buffer.from(`${dir}/`);
  let bytes = Buffer.concat([base, bytesOf(word.replace(fill, ""))]);
  if (filled !== null) {
    const slashes = "/".repeat(Number(filled[1]) - bytes.length);
    bytes = Buffer.concat([base, Buffer.from(slashes), bytes.subarray(base.length)]);
  }
  const text = bytes.toString();
  return Buffer.from(text).equals(bytes) ? text : bytes;
}

/** A name as an observation shows it: as a script would write it. */
export function shownName(name: string | Buffer): string {
  if (typeof name !== "string") {
    const text = name.toString();
    if (Buffer.from(text).equals(name)) return shownName(text);
    return name.toString("latin1").replaceAll(/[ \u0080-\u00ff]/g, (byte) => {
      if (byte === " ") return "{space}";
      return `{0x${byte.codePointAt(0)!.toString(16)}}`;
    });
  }
  return name
    .replaceAll(/(.)\1{19,}/gu, (run, unit: string) => `{${unit}*${run.length / unit.length}}`)
    .replaceAll(" ", "{space}");
}
