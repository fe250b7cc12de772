/** Words of a script as the arguments that `node:fs` takes. */

import { fsConstants } from "../calls/constants.ts";

/** `"r+"`, `"O_WRONLY|O_CREAT"` */
export function flagsOf(word: string): string | number {
  if (!word.startsWith("O_")) return word;
  return word.split("|").reduce((flags, name) => flags | constantOf(name), 0);
}

function constantOf(name: string): number {
  if (name === "O_PATH") return 0o10000000; // of Linux: Node has no constant for it
  const value = fsConstants[name];
  if (value === undefined) throw new TypeError(`a script says ${name}`);
  return value;
}

/** `"f"`, `"rw"`: what access(2) is asked. */
export function accessOf(word: string): number {
  const bits: Readonly<Record<string, number>> = { f: 0, r: 4, w: 2, x: 1 };
  return [...word].reduce((mode, letter) => mode | bits[letter]!, 0);
}

export const octal = (word: string | undefined): number | undefined =>
  word === undefined ? undefined : Number.parseInt(word, 8);

/** `"3"`, `"3n"` */
export function positionOf(word: string | undefined): number | bigint | null {
  if (word === undefined) return null;
  return word.endsWith("n") ? BigInt(word.slice(0, -1)) : Number(word);
}

/** `"1.5"` as seconds, `"date:1.5"` as the `Date` of them: Node takes numbers below 0 for "now". */
export function timeOf(word: string): number | Date {
  return word.startsWith("date:") ? new Date(Number(word.slice(5)) * 1000) : Number(word);
}
