import fc from "fast-check";
import { isDeepStrictEqual } from "node:util";
import { expect, test } from "vitest";
import { parseJson } from "../../src/text/parse-json.ts";
import { serializeJson } from "../../src/text/serialize-json.ts";
import { spacedTexts, values } from "./json-like.ts";
import { refusalOf, type Refused } from "./refusal-of.ts";

type Options = Parameters<typeof parseJson>[1];
const parse = (text: string, options: Options = {}): unknown =>
  parseJson(Buffer.from(text), options, true);

/** What a mode makes of a text that `JSON.stringify` has written: each number as `String` writes it. */
function expectedOf(text: string, { bigint }: Options): unknown {
  return JSON.parse(text, (_, value: unknown) => {
    if (typeof value !== "number" || !Number.isInteger(value) || Number.isSafeInteger(value)) {
      return value;
    }
    const isInteger = /^-?\d+$/.test(String(value));
    if (isInteger && bigint === "bigint") return BigInt(String(value));
    return isInteger && bigint === "string" ? String(value) : value;
  });
}

const modes: readonly Options[] = [
  {},
  { duplicateKeys: "refuse" },
  { bigint: "bigint" },
  { bigint: "string", duplicateKeys: "refuse" },
];

test(
  "J1: what was written is read back, whatever it is and however it is laid out",
  { timeout: 120_000 },
  () => {
    const layouts = fc.record(
      { space: fc.constantFrom(0, 2, "\t", "preserve"), sortKeys: fc.boolean() },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(values, layouts, fc.boolean(), (value, layout, marked) => {
        const written = serializeJson(value, layout);
        const bytes = marked ? Buffer.concat([Buffer.from("\ufeff"), written]) : written;
        for (const mode of modes) {
          const expected = expectedOf(JSON.stringify(value), mode);
          expect(isDeepStrictEqual(parseJson(bytes, mode, true), expected)).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  },
);

test(
  "a document that ends too soon is an error with a place in the text, or a number",
  { timeout: 120_000 },
  () => {
    fc.assert(
      fc.property(spacedTexts, (text) => {
        const bytes = Buffer.from(text.trimEnd());
        for (let end = 0; end < bytes.length; end++) proveCut(bytes.subarray(0, end));
      }),
      { numRuns: 100 },
    );
  },
);

function proveCut(cut: Uint8Array): void {
  const lines = Buffer.from(cut)
    .toString("latin1")
    .split(/\r\n|\n|\r/);
  const { isNumber, refused } = attempted(cut);
  expect(isNumber || /ends in the middle|is empty/.test(refused?.problem ?? "")).toBe(true);
  expect(refused?.offset ?? 0).toBeLessThanOrEqual(cut.length);
  expect(refused?.line ?? 1).toBeGreaterThanOrEqual(1);
  expect(refused?.line ?? 1).toBeLessThanOrEqual(lines.length);
}

function attempted(cut: Uint8Array): { isNumber: boolean; refused?: Refused } {
  try {
    return { isNumber: typeof parseJson(cut, {}, true) === "number" };
  } catch {
    return { isNumber: false, refused: refusalOf(() => parseJson(cut, {}, true)) };
  }
}

test.each(modes.slice(1))("read with %j, all is as JSON.parse makes it", (mode) => {
  fc.assert(
    fc.property(spacedTexts, (text) => {
      const expected = expectedOf(text, mode);
      expect(isDeepStrictEqual(parse(text, mode), expected)).toBe(true);
    }),
    { numRuns: 300 },
  );
});

test("a key that is there twice: the last counts, or it is refused where it is", () => {
  const text = '{"a": {"b": 1, "c": 2,\n  "b": 3}, "b": 4}';
  expect(parse(text)).toEqual({ a: { b: 3, c: 2 }, b: 4 });
  expect(refusalOf(() => parse(text, { duplicateKeys: "refuse" }))).toMatchObject({
    code: "ERR_JSON_SYNTAX",
    line: 2,
    column: 3,
    problem: 'line 2, column 3: the key "b" is in this object a second time',
  });
  // The same name in another spelling is the same key.
  expect(refusalOf(() => parse('{"a": 1, "\\u0061": 2}', { duplicateKeys: "refuse" })).offset).toBe(
    9,
  );
  expect(() =>
    parse('{"toString": 1, "constructor": 2}', { duplicateKeys: "refuse" }),
  ).not.toThrow();
});

test("integers beyond 2 ** 53 - 1 are kept, if asked for", () => {
  const text =
    '{"id": 9007199254740993, "min": -9007199254740992, "safe": 9007199254740991, "exp": 1e20,' +
    ' "point": 9007199254740993.0, "zero": -0, "text": "9007199254740993", "list": [12345678901234567890]}';
  const rest = { safe: 2 ** 53 - 1, exp: 1e20, point: 2 ** 53, zero: -0, text: "9007199254740993" };
  expect(parse(text, { bigint: "bigint" })).toStrictEqual({
    ...rest,
    id: 9007199254740993n,
    min: -9007199254740992n,
    list: [12345678901234567890n],
  });
  expect(parse(text, { bigint: "string" })).toStrictEqual({
    ...rest,
    id: "9007199254740993",
    min: "-9007199254740992",
    list: ["12345678901234567890"],
  });
  expect(parse(text)).toStrictEqual(JSON.parse(text));
  expect(parse("9007199254740992", { bigint: "bigint" })).toBe(2n ** 53n);
  expect(parse("-0", { bigint: "bigint" })).toBe(-0);
});

test("integers are kept digit by digit", () => {
  fc.assert(
    fc.property(fc.bigInt(), (number) => {
      const isSafe = Number.isSafeInteger(Number(number));
      expect(parse(`[${number}]`, { bigint: "bigint" })).toStrictEqual([
        isSafe ? Number(number) : number,
      ]);
      expect(parse(`[${number}]`, { bigint: "string" })).toStrictEqual([
        isSafe ? Number(number) : String(number),
      ]);
    }),
  );
});

test("a number of more than 10,000 digits is not kept, but refused", () => {
  const digits = "7".repeat(10_000);
  for (const bigint of ["string", "bigint"] as const) {
    expect(String(parse(digits, { bigint }))).toBe(digits);
    expect(refusalOf(() => parse(`[\n ${digits}7]`, { bigint }))).toMatchObject({
      line: 2,
      column: 2,
      problem: "line 2, column 2: a number of more than 10,000 digits",
    });
    expect(refusalOf(() => parse(`-${digits}7`, { bigint }))).toMatchObject({ offset: 0 });
    expect(String(parse(`-${digits}`, { bigint }))).toBe(`-${digits}`);
  }
  expect(parse(`${digits}7`)).toBe(Infinity);
});

test("strings that are cut out of a text do not keep it in memory, and are what they were", () => {
  const strings = [
    "",
    "a",
    "twelve chars",
    "thirteen chars",
    'with "quotes"',
    "é漢😀",
    "\\",
    "\ud800",
  ];
  const text = JSON.stringify(Object.fromEntries(strings.map((each) => [each, each])));
  expect(parse(text, { duplicateKeys: "refuse" })).toStrictEqual(JSON.parse(text));
});

test("bytes are read from where they begin in their buffer", () => {
  const shared = new Uint8Array(Buffer.from("xx\ufeff[1]xx")).subarray(2, 8);
  expect(parseJson(shared, {}, true)).toEqual([1]);
});
