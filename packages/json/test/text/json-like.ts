import fc from "fast-check";

/** Pieces of JSON, and of what is nearly JSON. */
const pieces = [
  ...'{}[],:"\\ \n\r\t\0\u0001\ufeff\u00a0\u2028é😀-+a',
  ...String.raw`true false null nul NaN undefined -Infinity 'a' // {} []`.split(" "),
  ...String.raw`0 -0 01 1 -1 1.5 1. .5 1e5 1E+5 1e-5 1e 1e999 9007199254740993`.split(" "),
  ...String.raw`"a" "__proto__" "constructor" "\u0041" "\u004" "\ud800" "\n" "\x"`.split(" "),
  ...String.raw`"0" "10" "a": "":`.split(" "),
];

/** Texts from such pieces: few are JSON. */
export const soup: fc.Arbitrary<string> = fc
  .array(fc.constantFrom(...pieces), { maxLength: 14 })
  .map((parts) => parts.join(""));

const space = fc.constantFrom("", "", "", " ", "\n", "\r\n", "\t");

const keys = fc.oneof(
  fc.constantFrom(
    "__proto__",
    "constructor",
    "toString",
    "0",
    "10",
    "9",
    "",
    "length",
    "\ud800",
    "a",
  ),
  fc.string({ unit: "binary", maxLength: 5 }),
);

/** Values of JSON, with keys that objects have a way with. */
export const values: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.constantFrom(null, true, false, 0, -0, 1e21, 5e-324, -1.5, 2 ** 53 - 1),
    fc.string({ unit: "binary", maxLength: 20 }),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.array(tie("value"), { maxLength: 5 }),
    fc
      .array(fc.tuple(keys, tie("value")), { maxLength: 5 })
      .map((entries) => Object.fromEntries(entries)),
  ),
})).value;

/** Texts of values, with white space between the tokens. */
export const spacedTexts: fc.Arbitrary<string> = fc
  .tuple(values, fc.infiniteStream(space))
  .map(([value, spaces]) =>
    (JSON.stringify(value) ?? "null")
      .split(/("(?:[^"\\]|\\.)*"|[[\]{},:])/)
      .map((token) => token + String(spaces.next().value))
      .join(""),
  );

/** Texts that differ from JSON in one place. */
export const damagedTexts: fc.Arbitrary<string> = fc
  .tuple(spacedTexts, fc.nat(), fc.nat({ max: 2 }), fc.constantFrom(...pieces))
  .map(([text, place, removed, added]) => {
    const at = place % (text.length + 1);
    return text.slice(0, at) + added + text.slice(at + removed);
  });
