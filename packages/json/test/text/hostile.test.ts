import { expect, test } from "vitest";
import { parseJson } from "../../src/text/parse-json.ts";
import { serializeJson, serializeRecord } from "../../src/text/serialize-json.ts";
import { refusalOf, type Refused } from "./refusal-of.ts";

/** In mebibytes: more on demand. */
const size = Number(process.env["HOLDFAST_HOSTILE_MIB"] ?? 0.5);
const mebibyte = 1024 * 1024;

type Mode = Parameters<typeof parseJson>[1];
const modes: readonly Mode[] = [{}, { duplicateKeys: "refuse", bigint: "bigint" }];

/** Texts of about so many bytes that are hard on a reader. */
const hostile: readonly (readonly [name: string, make: (bytes: number) => string])[] = [
  ["arrays in arrays, closed", (n) => "[".repeat(n / 2) + "]".repeat(n / 2)],
  ["arrays in arrays, open", (n) => "[".repeat(n)],
  ["arrays in arrays, closed by the wrong bracket", (n) => `${"[".repeat(n)}}`],
  ["objects in objects, closed", (n) => `${'{"a":'.repeat(n / 6)}1${"}".repeat(n / 6)}`],
  ["objects in objects, open", (n) => '{"a":'.repeat(n / 5)],
  ["one number", (n) => "7".repeat(n)],
  ["one fraction", (n) => `0.${"7".repeat(n)}`],
  ["one exponent", (n) => `1e${"7".repeat(n)}`],
  ["one number, cut", (n) => `${"7".repeat(n)}.`],
  ["numbers of 10,000 digits", (n) => `[${`${"7".repeat(10_000)},`.repeat(n / 10_001)}1]`],
  ["one string", (n) => `"${"a".repeat(n)}"`],
  ["one string, open", (n) => `"${"a".repeat(n)}`],
  ["one string of escapes", (n) => `"${"\\u0041".repeat(n / 6)}"`],
  ["one string of escapes, cut", (n) => `"${"\\\\".repeat(n / 2)}\\`],
  ["strings of escapes", (n) => `[${'"\\n",'.repeat(n / 5)}1]`],
  ["one key many times", (n) => `{${'"a":1,'.repeat(n / 6)}"a":2}`],
  ["many keys", (n) => `{${Array.from({ length: n / 12 }, (_, i) => `"k${i}":1`).join()}}`],
  [
    "many keys that are numbers",
    (n) => `{${Array.from({ length: n / 12 }, (_, i) => `"${i * 7919}":1`).join()}}`,
  ],
  ["__proto__ in __proto__", (n) => `${'{"__proto__":'.repeat(n / 14)}1${"}".repeat(n / 14)}`],
  ["empty arrays", (n) => `[${"[],".repeat(n / 3)}[]]`],
  ["white space", (n) => " \n".repeat(n / 2)],
  ["white space before the end", (n) => `[1${" ".repeat(n)}`],
  ["white space before a fault", (n) => `[1${" \n".repeat(n / 2)}x`],
  ["lines, and a fault in the last", (n) => `[${"1,\r\n".repeat(n / 4)}x]`],
  ["one line, and a fault at its end", (n) => `[${"1,".repeat(n / 2)}x]`],
  ["one line, and a fault at its beginning", (n) => `[x${"1,".repeat(n / 2)}]`],
  ["nothing but faults", (n) => "}]'".repeat(n / 3)],
  ["comments", (n) => "/*".repeat(n / 2)],
  ["quotes", (n) => '"'.repeat(n)],
  ["backslashes", (n) => "\\".repeat(n)],
  ["NUL characters", (n) => "\0".repeat(n)],
  ["wide characters", (n) => `["${"漢".repeat(n / 3)}" x]`],
];

function read(bytes: Uint8Array, mode: Mode): "value" | Refused {
  try {
    parseJson(bytes, mode, true);
    return "value";
  } catch (error) {
    return refusalOf(() => {
      throw error;
    });
  }
}

/** Has a text read; returns what came of it. */
function outcome(bytes: Uint8Array, mode: Mode): "value" | "refused" {
  const refused = read(bytes, mode);
  if (refused === "value") return "value";
  const { code, offset = Infinity, problem, excerpt = "none" } = refused;
  const isShort = problem.length < 300 && excerpt.length < 500;
  if (code === "ERR_JSON_SYNTAX" && offset <= bytes.length && isShort) return "refused";
  throw new Error(`not what an error should be: ${JSON.stringify(refused)}`);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

test.each(hostile)("a hostile text is a value or an error: %s", { timeout: 120_000 }, (_, make) => {
  const text = make(size * mebibyte);
  const bytes = Buffer.from(text);
  const expected = isJson(text) ? "value" : "refused";
  expect(outcome(bytes, {})).toBe(expected);
  // Only this may refuse what is JSON: a key twice, or a number of too many digits.
  expect(["refused", expected]).toContain(outcome(bytes, modes[1] as Mode));
});

test.each(hostile)("the work is in proportion to the text: %s", { timeout: 120_000 }, (_, make) => {
  const work = (bytes: number): number => {
    const text = Buffer.from(make(bytes));
    const before = process.cpuUsage();
    for (const mode of modes) outcome(text, mode);
    const { user, system } = process.cpuUsage(before);
    return user + system;
  };
  work(mebibyte / 16);
  const small = Math.min(work(mebibyte / 16), work(mebibyte / 16));
  const large = work(mebibyte);
  // Of the time of the processor, not of the clock; 16 times as much would be right, and 256 a square.
  expect(large).toBeLessThan(Math.max(16 * small * 8, 2_000_000));
});

test("J1: 100,000 levels are read, in every mode", () => {
  const text = `${'[{"a":'.repeat(50_000)}0${"}]".repeat(50_000)}`;
  for (const mode of modes) {
    let value = parseJson(Buffer.from(text), mode, true);
    let depth = 0;
    while (typeof value === "object" && value !== null) {
      value = Array.isArray(value) ? value[0] : (value as { a: unknown }).a;
      depth++;
    }
    expect(depth).toBe(100_000);
  }
});

test("values that would be hard on a writer", { timeout: 120_000 }, () => {
  const wide = Array.from({ length: 50_000 }, (_, index) => ({ [`key ${index}`]: [index] }));
  const expected = JSON.stringify(wide);
  expect(serializeRecord(wide) === expected).toBe(true);
  const sorted = serializeJson(wide, { sortKeys: true, space: 0 });
  expect(Buffer.from(sorted).equals(Buffer.from(`${expected}\n`))).toBe(true);
  // Each level is in the next one twice: 2 ** 60 of them.
  let twice: unknown = [];
  for (let level = 0; level < 60; level++) twice = [twice, twice];
  const late = { a: wide, self: undefined as unknown };
  late.self = late;
  expect(refusalOf(() => serializeRecord(late)).valuePath).toEqual(["self"]);
  // Only its first fault is looked for, and everything before it is small.
  expect(refusalOf(() => serializeRecord([1n, twice])).valuePath).toEqual([0]);
});
