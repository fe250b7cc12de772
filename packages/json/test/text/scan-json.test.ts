import fc from "fast-check";
import { isDeepStrictEqual } from "node:util";
import { expect, test } from "vitest";
import { scanJson } from "../../src/text/scan-json.ts";
import { damagedTexts, soup, spacedTexts } from "./json-like.ts";

const plain = { duplicateKeys: "last", bigint: "number", quote: true } as const;

/** What `JSON.parse` says of a text. */
function parsed(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

/** Has both read a text; returns whether it is JSON. Without `expect`, which is slow 100,000 times. */
function proveAgreement(text: string): boolean {
  const expected = parsed(text);
  const found = scanJson(text, { ...plain, build: true });
  const checked = scanJson(text, { ...plain, build: false });
  if ("fault" in found) {
    const { index, began = 0 } = found.fault;
    const isInside = index >= 0 && index <= text.length && began <= index;
    if (expected === undefined && isInside && isDeepStrictEqual(checked, found)) return false;
  } else if (
    expected !== undefined &&
    "value" in checked &&
    isDeepStrictEqual(found, expected) &&
    JSON.stringify(found.value) === JSON.stringify(expected.value)
  ) {
    return true;
  }
  throw new Error(`JSON.parse and the scanner do not agree on ${JSON.stringify(text)}`);
}

test(
  "the scanner takes what JSON.parse takes, and makes the same of it",
  { timeout: 120_000 },
  () => {
    const seen = { json: 0, faults: 0 };
    fc.assert(
      fc.property(fc.oneof(soup, damagedTexts, spacedTexts), (text) => {
        seen[proveAgreement(text) ? "json" : "faults"]++;
      }),
      { numRuns: 6000 },
    );
    expect(seen.json).toBeGreaterThan(500);
    expect(seen.faults).toBeGreaterThan(500);
  },
);

test("all texts of up to four of the characters of JSON", { timeout: 120_000 }, () => {
  const characters = [...'{}[],:"\\-.01e \n'];
  let json = 0;
  const extend = (text: string, left: number): void => {
    if (proveAgreement(text)) json++;
    if (left > 0) for (const character of characters) extend(text + character, left - 1);
  };
  extend("", 4);
  expect(json).toBeGreaterThan(400);
});

const range = (first: number, end: number): number[] =>
  Array.from({ length: end - first }, (_, index) => first + index);

test("every character at every kind of place", { timeout: 120_000 }, () => {
  const ranges = [...range(0, 0x300), ...range(0x1680, 0x1681), ...range(0x2000, 0x2070)];
  for (const code of [...ranges, 0x205f, 0x3000, 0xfeff, 0xffff]) {
    const character = String.fromCharCode(code);
    for (const text of [
      "[?1]",
      '["?"]',
      '["\\?"]',
      '["\\u00?0"]',
      "[1?]",
      "[-?]",
      "[1.0?]",
      "[t?ue]",
    ]) {
      proveAgreement(text.replace("?", () => character));
    }
  }
  expect(proveAgreement('["\\"", 1]')).toBe(true);
});

test("__proto__ is a property like any other", () => {
  for (const text of ['{"__proto__": {"polluted": 1}}', '{"a": {"__proto__": null, "b": 1}}']) {
    expect(proveAgreement(text)).toBe(true);
  }
  const found = scanJson('{"__proto__": {"polluted": 1}, "__proto__": 2}', {
    ...plain,
    build: true,
  });
  const { value } = found as { value: object };
  expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  expect(Object.getOwnPropertyDescriptor(value, "__proto__")?.value).toBe(2);
  const refused = scanJson('{"__proto__": 1, "__proto__": 2}', {
    ...plain,
    build: true,
    duplicateKeys: "refuse",
  });
  expect(refused).toMatchObject({ fault: { index: 17 } });
});
