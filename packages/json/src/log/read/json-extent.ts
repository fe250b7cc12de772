/** How far an object or array reaches that begins at some place of a line. */
export interface JsonExtent {
  readonly start: number;
  /** Whether it is whole. */
  readonly whole: boolean;
  /** The place just behind it; if it is not whole, of the first byte that cannot belong to it. */
  readonly end: number;
  /** Why it is not whole. `"torn"`: the line ends before it does. */
  readonly fault: "torn" | "syntax" | "encoding";
  /** Whether there is a string in it. */
  readonly hasString: boolean;
  /** Where that object or array in it begins that ends where the torn line does; -1 if there is none. */
  readonly lastInner: number;
}

/**
 * Deeper nesting is taken for a fault: `JSON.stringify` has no stack to write it, and a line of a million
 * brackets shall not take a million entries.
 */
const maxDepth = 10_000;

export const isOpening = (byte: number | undefined): boolean => byte === 0x7b || byte === 0x5b;

/** The first place that is not white space. */
export function skipSpace(bytes: Uint8Array, from: number, limit: number): number {
  let at = from;
  while (at < limit && isSpace(bytes[at]!)) at++;
  return at;
}

const isSpace = (byte: number): boolean =>
  byte === 0x20 || byte === 0x0d || byte === 0x09 || byte === 0x0a;

/**
 * Finds where the object or array that begins at `start` ends, or fails, by the grammar of JSON
 * (RFC 8259) and of UTF-8 (RFC 3629). One pass, by bytes: what is torn need not be text.
 */
export function findExtent(bytes: Uint8Array, start: number, limit: number): JsonExtent {
  return new ExtentScan(bytes, start, limit).run();
}

/** What may come next. */
type Next = "value" | "value-or-end" | "key" | "key-or-end" | "colon" | "comma-or-end";

class ExtentScan {
  private readonly bytes: Uint8Array;
  private readonly start: number;
  private readonly limit: number;
  private at: number;
  /** Where those that are open began. */
  private readonly open: number[] = [];
  private next: Next = "value";
  private fault: "torn" | "syntax" | "encoding" = "syntax";
  private hasString = false;
  /** What was closed last, if nothing came after it. */
  private closed = -1;

  constructor(bytes: Uint8Array, start: number, limit: number) {
    this.bytes = bytes;
    this.start = start;
    this.limit = limit;
    this.at = start;
  }

  run(): JsonExtent {
    let whole = false;
    do {
      this.at = skipSpace(this.bytes, this.at, this.limit);
      if (this.at >= this.limit) {
        this.fault = "torn";
        break;
      }
      if (!this.token(this.bytes[this.at]!)) break;
      whole = this.open.length === 0;
    } while (!whole);
    const { start, at: end, fault, hasString } = this;
    const lastInner = !whole && fault === "torn" ? this.closed : -1;
    return { start, whole, end, fault, hasString, lastInner };
  }

  /** Takes what begins here; `false` if it cannot be here, or has a fault. */
  private token(byte: number): boolean {
    const { next } = this;
    if (byte === 0x7d || byte === 0x5d) return this.close(byte);
    this.closed = -1;
    switch (next) {
      case "colon":
        if (byte !== 0x3a) return false;
        this.at++;
        this.next = "value";
        return true;
      case "comma-or-end":
        if (byte !== 0x2c) return false;
        this.at++;
        this.next = this.bytes[this.open.at(-1)!] === 0x7b ? "key" : "value";
        return true;
      case "key":
      case "key-or-end":
        if (byte !== 0x22) return false;
        this.next = "colon";
        return this.string();
      default:
        return this.value(byte);
    }
  }

  private value(byte: number): boolean {
    if (isOpening(byte)) {
      if (this.open.length === maxDepth) return false;
      this.open.push(this.at++);
      this.next = byte === 0x7b ? "key-or-end" : "value-or-end";
      return true;
    }
    this.next = "comma-or-end";
    switch (byte) {
      case 0x22:
        return this.string();
      case 0x74:
        return this.word("true");
      case 0x66:
        return this.word("false");
      case 0x6e:
        return this.word("null");
      default:
        return this.number();
    }
  }

  private close(byte: number): boolean {
    const begin = this.open.at(-1);
    if (begin === undefined) return false;
    const isObject = byte === 0x7d;
    const mayEnd =
      this.next === "comma-or-end" || this.next === (isObject ? "key-or-end" : "value-or-end");
    if (!mayEnd || (this.bytes[begin] === 0x7b) !== isObject) return false;
    this.open.pop();
    this.closed = begin;
    this.at++;
    this.next = "comma-or-end";
    return true;
  }

  private string(): boolean {
    const { bytes, limit } = this;
    this.hasString = true;
    let at = this.at + 1;
    for (; at < limit; at++) {
      const byte = bytes[at]!;
      if (byte === 0x22) {
        this.at = at + 1;
        return true;
      }
      if (byte === 0x5c) at = this.escape(at);
      else if (byte >= 0x80) at = this.character(at);
      else if (byte < 0x20) return this.stop(at, "syntax");
      if (at < 0) return false;
    }
    return this.stop(limit, "torn");
  }

  /** Returns the last byte of an escape, or -1. */
  private escape(at: number): number {
    const letter = this.bytes[at + 1];
    if (at + 1 >= this.limit) return this.fail(this.limit, "torn");
    if (letter !== 0x75) {
      return escapes.has(letter!) ? at + 1 : this.fail(at + 1, "syntax");
    }
    for (let digit = at + 2; digit < at + 6; digit++) {
      if (digit >= this.limit) return this.fail(this.limit, "torn");
      if (!isHexadecimal(this.bytes[digit]!)) return this.fail(digit, "syntax");
    }
    return at + 5;
  }

  /** Returns the last byte of a character of several bytes, or -1. */
  private character(at: number): number {
    const first = this.bytes[at]!;
    const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4) return this.fail(at, "encoding");
    for (let index = 1; index < length; index++) {
      if (at + index >= this.limit) return this.fail(this.limit, "torn");
      const byte = this.bytes[at + index]!;
      const [low, high] = index === 1 ? rangeAfter(first) : [0x80, 0xbf];
      if (byte < low || byte > high) return this.fail(at + index, "encoding");
    }
    return at + length - 1;
  }

  private word(word: string): boolean {
    for (let index = 0; index < word.length; index++) {
      const at = this.at + index;
      if (at >= this.limit) return this.stop(at, "torn");
      if (this.bytes[at] !== word.charCodeAt(index)) return this.stop(at, "syntax");
    }
    this.at += word.length;
    return true;
  }

  private number(): boolean {
    if (this.bytes[this.at] === 0x2d) this.at++;
    if (this.at < this.limit && this.bytes[this.at] === 0x30) this.at++;
    else if (!this.digits()) return false;
    if (this.at < this.limit && this.bytes[this.at] === 0x2e) {
      this.at++;
      if (!this.digits()) return false;
    }
    if (this.at < this.limit && (this.bytes[this.at]! | 0x20) === 0x65) {
      this.at++;
      const sign = this.bytes[this.at];
      if (this.at < this.limit && (sign === 0x2b || sign === 0x2d)) this.at++;
      if (!this.digits()) return false;
    }
    return true;
  }

  private digits(): boolean {
    const begin = this.at;
    while (this.at < this.limit && isDigit(this.bytes[this.at]!)) this.at++;
    if (this.at > begin) return true;
    return this.stop(this.at, this.at >= this.limit ? "torn" : "syntax");
  }

  private stop(at: number, fault: "torn" | "syntax" | "encoding"): false {
    this.at = at;
    this.fault = fault;
    return false;
  }

  private fail(at: number, fault: "torn" | "syntax" | "encoding"): -1 {
    this.stop(at, fault);
    return -1;
  }
}

/** What may follow the first byte of a character: no longer form than needed, no surrogates (RFC 3629). */
function rangeAfter(first: number): readonly [number, number] {
  if (first === 0xe0) return [0xa0, 0xbf];
  if (first === 0xed) return [0x80, 0x9f];
  if (first === 0xf0) return [0x90, 0xbf];
  if (first === 0xf4) return [0x80, 0x8f];
  return [0x80, 0xbf];
}

const escapes: ReadonlySet<number> = new Set([0x22, 0x5c, 0x2f, 0x62, 0x66, 0x6e, 0x72, 0x74]);

const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;

const isHexadecimal = (byte: number): boolean =>
  isDigit(byte) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66);
