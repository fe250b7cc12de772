import { invalidRange, invalidType, openFlags } from "@holdfast/fs/steps";

const { readOnly, writeOnly, readWrite, create, exclusive, append, truncate, sync } = openFlags;

/** The letters that Node knows, in either order. */
const letters = /^(r|rs|sr|w|wx|xw|a|ax|xa|as|sa)(\+?)$/;

/** The flags of `open` as numbers for open(2): Node's words, or the number itself. */
export function readOpenFlags(op: string, flags: unknown): number {
  if (flags === undefined || flags === null) return readOnly;
  if (typeof flags === "number") {
    if (Number.isInteger(flags) && flags >= 0 && flags <= 0x7fffffff) return flags;
    throw invalidRange(op, "flags", "an integer of 31 bits", flags);
  }
  if (typeof flags !== "string") throw invalidType(op, "flags", "a string or a number", flags);
  const found = letters.exec(flags);
  if (found === null) throw invalidRange(op, "flags", "flags that Node knows", flags);
  const [, word = "", plus] = found;
  const has = (letter: string, bits: number): number => (word.includes(letter) ? bits : 0);
  const access = plus === "+" ? readWrite : word.includes("r") ? readOnly : writeOnly;
  const making = has("w", create | truncate) | has("a", create | append);
  return access | making | has("x", exclusive) | has("s", sync);
}

/** What flags allow or do. */
export interface Uses {
  readonly reads: boolean;
  /** Writing through the handle, or emptying the file at once. */
  readonly changes: boolean;
  readonly creates: boolean;
  readonly exclusive: boolean;
  readonly noFollow: boolean;
}

export function usesOf(flags: number): Uses {
  const access = flags & (writeOnly | readWrite);
  return {
    reads: access !== writeOnly,
    changes: access !== readOnly || (flags & truncate) !== 0,
    creates: (flags & create) !== 0,
    exclusive: (flags & create) !== 0 && (flags & exclusive) !== 0,
    noFollow: (flags & openFlags.noFollow) !== 0,
  };
}
