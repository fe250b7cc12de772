import { quotePath } from "@holdfast/fs/steps";
import {
  describeUnexpected,
  expectedEnd,
  expectedKey,
  expectedValue,
  seeJsonc,
  type Enclosing,
  type TextFault,
} from "./describe-unexpected.ts";
import { isRounded } from "./rounded-integers.ts";
import { shorten } from "./value-path.ts";

/** What a scan makes of a text. */
export interface ScanOptions {
  /** Whether to make the value, or only to look for a fault. */
  readonly build: boolean;
  readonly duplicateKeys: "last" | "refuse";
  /** `"refuse"`: an integer that would not be written back with the same digits is a fault. */
  readonly bigint: "number" | "string" | "bigint" | "refuse";
  /** Whether faults may name keys. */
  readonly quote: boolean;
}

/** More would take a time that is not proportional to their number. */
export const mostDigits = 10_000;

/**
 * The value of a JSON text, or the first fault in it. It takes what `JSON.parse` takes (RFC 8259), knows
 * where it is, and keeps its own stack: no depth is too deep for it.
 */
export function scanJson(
  text: string,
  options: ScanOptions,
): { readonly value: unknown } | { readonly fault: TextFault } {
  try {
    return { value: new Scanner(text, options).scan() };
  } catch (error) {
    if (error instanceof Stop) return { fault: error.fault };
    throw error;
  }
}

/** Ends a scan. Not an error: nobody needs its stack. */
class Stop {
  readonly fault: TextFault;
  constructor(fault: TextFault) {
    this.fault = fault;
  }
}

class Scanner {
  private readonly text: string;
  private readonly options: ScanOptions;
  private at = 0;
  /** Where the arrays and objects that are open began. */
  private readonly begins: number[] = [];
  /** The objects among them, and the key that each waits to fill. */
  private readonly objects: Record<string, unknown>[] = [];
  private readonly keys: string[] = [];
  /** The elements of the arrays among them, and where those of each begin: an array is made when it ends. */
  private readonly elements: unknown[] = [];
  private readonly firsts: number[] = [];
  /** The first integer that would be rounded. That is said only of a text that is JSON. */
  private rounded: TextFault | undefined;

  constructor(text: string, options: ScanOptions) {
    this.text = text;
    this.options = options;
  }

  scan(): unknown {
    for (;;) {
      let value = this.valueOrOpening();
      // An array or object was opened, and has something in it.
      if (value === opened) continue;
      while (this.begins.length > 0) {
        const isArray = this.isInArray();
        this.add(isArray, value);
        if (!this.closes(isArray)) break;
        value = this.close(isArray);
      }
      if (this.begins.length === 0) {
        this.end();
        if (this.rounded !== undefined) throw new Stop(this.rounded);
        return value;
      }
    }
  }

  private valueOrOpening(): unknown {
    this.skipSpace();
    const code = this.text.charCodeAt(this.at);
    if (code === 0x22) return this.string();
    if (code === 0x5b || code === 0x7b) return this.begin(code === 0x5b);
    if (isDigit(code) || code === 0x2d) return this.number();
    if (code === 0x74) return this.word("true", true);
    if (code === 0x66) return this.word("false", false);
    if (code === 0x6e) return this.word("null", null);
    return this.unexpected(expectedValue);
  }

  private isInArray(): boolean {
    return this.text.charCodeAt(this.begins.at(-1) as number) === 0x5b;
  }

  private begin(isArray: boolean): unknown {
    this.begins.push(this.at++);
    if (this.options.build) {
      if (isArray) this.firsts.push(this.elements.length);
      else {
        this.objects.push({});
        this.keys.push("");
      }
    }
    this.skipSpace();
    if (this.text.charCodeAt(this.at) === (isArray ? 0x5d : 0x7d)) {
      this.at++;
      return this.close(isArray);
    }
    if (!isArray) this.key();
    return opened;
  }

  private close(isArray: boolean): unknown {
    this.begins.pop();
    if (!this.options.build) return null;
    if (!isArray) {
      this.keys.pop();
      return this.objects.pop();
    }
    const first = this.firsts.pop() as number;
    const array = this.elements.slice(first);
    this.elements.length = first;
    return array;
  }

  /** After a value: whether what it is in ends here. If not, another value is next. */
  private closes(isArray: boolean): boolean {
    const closing = isArray ? 0x5d : 0x7d;
    this.skipSpace();
    const code = this.text.charCodeAt(this.at);
    if (code === 0x2c) {
      const comma = this.at++;
      this.skipSpace();
      if (this.text.charCodeAt(this.at) === closing) {
        this.stop(comma, "a trailing comma, which JSON does not have", seeJsonc);
      }
      if (!isArray) this.key();
      return false;
    }
    if (code !== closing) {
      this.unexpected(`expected a comma or the end of the ${isArray ? "array" : "object"}`);
    }
    this.at++;
    return true;
  }

  private key(): void {
    if (this.text.charCodeAt(this.at) !== 0x22) this.unexpected(expectedKey);
    const begin = this.at;
    const key = this.string();
    if (this.options.build) {
      const object = this.objects.at(-1) as object;
      if (this.options.duplicateKeys === "refuse" && Object.hasOwn(object, key)) {
        const name = this.options.quote ? `the key ${quotePath(shorten(key))}` : "a key";
        this.stop(begin, `${name} is in this object a second time`);
      }
      this.keys[this.keys.length - 1] = key;
    }
    this.skipSpace();
    if (this.text.charCodeAt(this.at) !== 0x3a) this.unexpected("expected a colon after the key");
    this.at++;
  }

  private add(isArray: boolean, value: unknown): void {
    if (!this.options.build) return;
    if (isArray) {
      this.elements.push(value);
      return;
    }
    const object = this.objects.at(-1) as Record<string, unknown>;
    const key = this.keys.at(-1) as string;
    if (key === "__proto__") {
      // An assignment would change what the object inherits.
      const property = { value, enumerable: true, configurable: true, writable: true };
      Object.defineProperty(object, key, property);
    } else object[key] = value;
  }

  private end(): void {
    this.skipSpace();
    if (this.at < this.text.length) this.unexpected(expectedEnd);
  }

  private skipSpace(): void {
    const { text } = this;
    for (;;) {
      const code = text.charCodeAt(this.at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.at++;
    }
  }

  private word(word: string, value: unknown): unknown {
    if (!this.text.startsWith(word, this.at)) this.unexpected(expectedValue);
    this.at += word.length;
    return value;
  }

  /** A string; empty if nothing is built. */
  private string(): string {
    const { text } = this;
    const begin = this.at;
    let hasEscapes = false;
    let at = begin + 1;
    for (;;) {
      const code = text.charCodeAt(at);
      if (code === 0x22) break;
      if (code === 0x5c) {
        hasEscapes = true;
        at = this.escape(begin, at);
      } else if (code >= 0x20) at++;
      else if (at < text.length) this.controlInString(begin, at, code);
      else this.endsInString(begin);
    }
    this.at = at + 1;
    if (!this.options.build) return "";
    // A longer slice would keep the whole text in memory for as long as it lives itself.
    return hasEscapes || at - begin > 12
      ? (JSON.parse(text.slice(begin, at + 1)) as string)
      : text.slice(begin + 1, at);
  }

  /** Returns where an escape ends. */
  private escape(begin: number, at: number): number {
    const { text } = this;
    const letter = text.charAt(at + 1);
    if (letter === "") this.endsInString(begin);
    if (letter !== "u") {
      if ('"\\/bfnrt'.includes(letter)) return at + 2;
      this.stop(at, "JSON does not have this escape", 'A backslash itself is written "\\\\".');
    }
    for (let digit = at + 2; digit < at + 6; digit++) {
      if (digit === text.length) this.endsInString(begin);
      if (!isHexadecimal(text.charCodeAt(digit))) {
        this.stop(at, 'expected four hexadecimal digits after "\\u"');
      }
    }
    return at + 6;
  }

  private controlInString(begin: number, at: number, code: number): never {
    if (code === 0x0a || code === 0x0d) {
      throw new Stop({
        index: at,
        problem: "a line break in a string",
        hint: 'Close the string, or write the line break as "\\n".',
        began: begin,
      });
    }
    const escaped = code === 0x09 ? "\\t" : `\\u${code.toString(16).padStart(4, "0")}`;
    const what = code === 0x09 ? "a tab" : code === 0 ? "a NUL character" : "a control character";
    return this.stop(at, `${what} in a string`, `It is written "${escaped}".`);
  }

  private endsInString(begin: number): never {
    throw new Stop({
      index: this.text.length,
      problem: "the text ends in the middle of a string",
      began: begin,
    });
  }

  private number(): unknown {
    const { text } = this;
    const begin = this.at;
    if (text.charCodeAt(this.at) === 0x2d) this.at++;
    const digits = this.at;
    if (text.charCodeAt(digits) === 0x30) {
      this.at++;
      if (isDigit(text.charCodeAt(this.at))) {
        this.stop(digits, "a number may not begin with a zero before other digits");
      }
    } else this.digits("a digit after the minus sign");
    let isInteger = true;
    if (text.charCodeAt(this.at) === 0x2e) {
      isInteger = false;
      this.at++;
      this.digits("a digit after the decimal point");
    }
    if ((text.charCodeAt(this.at) | 0x20) === 0x65) {
      isInteger = false;
      this.at++;
      const sign = text.charCodeAt(this.at);
      if (sign === 0x2b || sign === 0x2d) this.at++;
      this.digits("a digit in the exponent");
    }
    if (!this.options.build) return 0;
    return isInteger ? this.integer(begin, this.at) : Number(text.slice(begin, this.at));
  }

  private digits(expected: string): void {
    if (!isDigit(this.text.charCodeAt(this.at))) this.unexpected(`expected ${expected}`);
    do this.at++;
    while (isDigit(this.text.charCodeAt(this.at)));
  }

  private integer(begin: number, end: number): unknown {
    const { bigint } = this.options;
    const digits = this.text.slice(begin, end);
    const value = Number(digits);
    if (bigint === "number" || Number.isSafeInteger(value)) return value;
    if (bigint === "refuse") {
      if (isRounded(digits)) {
        this.rounded ??= { index: begin, problem: "", rounds: this.path() };
      }
      return value;
    }
    if (digits.length > mostDigits + (value < 0 ? 1 : 0)) {
      this.stop(begin, `a number of more than ${mostDigits.toLocaleString("en")} digits`);
    }
    // Parsed: a slice would keep the whole text in memory.
    return bigint === "bigint" ? BigInt(digits) : JSON.parse(`"${digits}"`);
  }

  private path(): PropertyKey[] {
    let [objects, arrays] = [0, 0];
    return this.begins.map((begin) => {
      if (this.text.charCodeAt(begin) !== 0x5b) return this.keys[objects++] as string;
      const first = this.firsts[arrays++] as number;
      return (this.firsts[arrays] ?? this.elements.length) - first;
    });
  }

  private unexpected(expected: string): never {
    const begin = this.begins.at(-1);
    const inside: Enclosing | undefined =
      begin === undefined ? undefined : { kind: this.isInArray() ? "array" : "object", begin };
    throw new Stop(describeUnexpected(this.text, this.at, expected, inside));
  }

  private stop(index: number, problem: string, hint?: string): never {
    throw new Stop({ index, problem, hint });
  }
}

/** In the place of a value: one that is open. */
const opened: unique symbol = Symbol("opened");

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39;

function isHexadecimal(code: number): boolean {
  const lower = code | 0x20;
  return isDigit(code) || (lower >= 0x61 && lower <= 0x66);
}
