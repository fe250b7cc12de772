import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeText, firstInvalidByte } from "../../src/text/decode-text.ts";
import { refusalOf } from "./refusal-of.ts";

/** Characters of every length, whole and cut, and bytes that are in none. */
const bytes: fc.Arbitrary<Uint8Array> = fc
  .array(
    fc.oneof(
      fc.string({ unit: "binary", maxLength: 3 }).map((text) => Buffer.from(text)),
      fc.string({ unit: "binary", minLength: 1 }).map((text) => Buffer.from(text).subarray(0, -1)),
      fc.uint8Array({ maxLength: 2 }),
      fc
        .constantFrom(0xc0, 0xc1, 0xe0, 0xed, 0xf0, 0xf4, 0xf5, 0xff, 0x80, 0xbf)
        .chain((first) =>
          fc.uint8Array({ min: 0x70, max: 0xcf, maxLength: 3 }).map((rest) => [first, ...rest]),
        ),
    ),
    { maxLength: 6 },
  )
  .map((parts) => Buffer.concat(parts.map((part) => Buffer.from(part))));

/** What the engine says: where its first replacement is, if none was in the text. */
function firstReplaced(text: Uint8Array): number | undefined {
  const decoded = new TextDecoder("utf-8", { ignoreBOM: true }).decode(text);
  const at = decoded.indexOf("\ufffd");
  return at === -1 ? undefined : Buffer.byteLength(decoded.slice(0, at));
}

test("the first byte that is no UTF-8 is where the engine sees it", () => {
  const seen = { valid: 0, invalid: 0 };
  fc.assert(
    fc.property(bytes, (text) => {
      // A replacement character of the text's own would be taken for one of the engine's.
      fc.pre(!Buffer.from(text).includes("\ufffd"));
      const expected = firstReplaced(text);
      seen[expected === undefined ? "valid" : "invalid"]++;
      expect(firstInvalidByte(text)).toBe(expected);
    }),
    { numRuns: 3000 },
  );
  expect(seen.valid).toBeGreaterThan(50);
  expect(seen.invalid).toBeGreaterThan(500);
});

test("all pairs of bytes, by themselves and before others", () => {
  const wrong: string[] = [];
  for (let first = 0x78; first < 0x100; first++) {
    for (let second = 0x78; second < 0x100; second++) {
      for (const rest of [[], [0x80], [0x80, 0x80], [0x41, 0x80]]) {
        const text = Buffer.from([first, second, ...rest]);
        if (firstInvalidByte(text) !== firstReplaced(text)) wrong.push(text.toString("hex"));
      }
    }
  }
  expect(wrong).toEqual([]);
});

test("a byte order mark at the beginning is not text", () => {
  expect(decodeText(Buffer.from("\ufeffa\ufeff"), true)).toBe("a\ufeff");
  expect(decodeText(Buffer.from("\ufeff\ufeffa"), true)).toBe("\ufeffa");
  expect(decodeText(Buffer.from([0xef, 0xbb, 0xbf]), true)).toBe("");
  expect(refusalOf(() => decodeText(Buffer.from([0xef, 0xbb]), true))).toMatchObject({ offset: 0 });
});

test.runIf(process.env["HOLDFAST_HOSTILE_MIB"] !== undefined)(
  "what no string can hold is too large",
  { timeout: 120_000 },
  () => {
    const long = Buffer.alloc(0x2000_0000, "7");
    expect(refusalOf(() => decodeText(long, true))).toMatchObject({ code: "ERR_TOO_LARGE" });
  },
);
