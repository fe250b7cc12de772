import { expect, test } from "vitest";
import { parseJson } from "../../src/text/parse-json.ts";
import { refusalOf } from "./refusal-of.ts";

const parse = (text: string | Uint8Array, quote = true): unknown =>
  parseJson(typeof text === "string" ? Buffer.from(text) : text, {}, quote);

/** Texts with a fault, where it is (line, column, and so many characters before it), and what is said of it. */
const faults: readonly (readonly [text: string, place: string, problem: string, hint?: RegExp])[] =
  [
    ["", "1:1:0", "the file is empty"],
    [" \n\t\r\n ", "1:1:0", "the file is empty but for white space"],
    ['{\n  "a": 1\n  "b": 2\n}', "3:3:13", "expected a comma or the end of the object"],
    ["[1 2]", "1:4:3", "expected a comma or the end of the array"],
    ['{"a": 1, }', "1:8:7", "a trailing comma, which JSON does not have", /readJsonc/],
    ["[1,\n]", "1:3:2", "a trailing comma, which JSON does not have", /readJsonc/],
    ["{'a': 1}", "1:2:1", "a single quote where JSON wants double quotes"],
    ["['a']", "1:2:1", "a single quote where JSON wants double quotes"],
    ["[`a`]", "1:2:1", "a backtick where JSON wants double quotes"],
    ["[“a”]", "1:2:1", "a typographic quote where JSON wants double quotes"],
    ['{"a": 1, // one\n"b": 2}', "1:10:9", "comments are not JSON", /readJsonc/],
    ["/* head */ {}", "1:1:0", "comments are not JSON", /readJsonc/],
    ["{} // end", "1:4:3", "comments are not JSON", /readJsonc/],
    ["# comment\n{}", "1:1:0", "comments are not JSON"],
    ["{a: 1}", "1:2:1", "expected a key in double quotes"],
    ["{1: 1}", "1:2:1", "expected a key in double quotes"],
    ["{,}", "1:2:1", "a comma without a property before it"],
    ['{"a" 1}', "1:6:5", "expected a colon after the key"],
    ['{"a"= 1}', "1:5:4", "expected a colon after the key"],
    ['{"a":}', "1:6:5", "expected a value"],
    ["[,]", "1:2:1", "expected a value"],
    ["[1,,2]", "1:4:3", "expected a value"],
    ["[NaN]", "1:2:1", "NaN is not JSON"],
    ["[-Infinity]", "1:3:2", "Infinity is not JSON"],
    ["[Infinity]", "1:2:1", "Infinity is not JSON"],
    ["[undefined]", "1:2:1", "undefined is not JSON", /null/],
    ["[None]", "1:2:1", "None is not JSON"],
    ["[True]", "1:2:1", "JSON writes true in small letters"],
    ["[FALSE]", "1:2:1", "JSON writes false in small letters"],
    ["[Null]", "1:2:1", "JSON writes null in small letters"],
    ["[hello]", "1:2:1", "expected a value"],
    ["[nullish]", "1:6:5", "expected a comma or the end of the array"],
    ["[+1]", "1:2:1", "a number may not begin with a plus sign"],
    ["[.5]", "1:2:1", "a number needs a digit before its decimal point"],
    ["[1.]", "1:4:3", "expected a digit after the decimal point"],
    ["[1e]", "1:4:3", "expected a digit in the exponent"],
    ["[1e+]", "1:5:4", "expected a digit in the exponent"],
    ["[-]", "1:3:2", "expected a digit after the minus sign"],
    ["[-a]", "1:3:2", "expected a digit after the minus sign"],
    ["[012]", "1:2:1", "a number may not begin with a zero before other digits"],
    ["[-012]", "1:3:2", "a number may not begin with a zero before other digits"],
    ["[0x1F]", "1:3:2", "expected a comma or the end of the array"],
    ["tru", "1:4:3", "the text ends in the middle of a word"],
    ["[1, nul", "1:8:7", "the text ends in the middle of a word"],
    ["[1 nul", "1:4:3", "expected a comma or the end of the array"],
    ["{tru", "1:2:1", "expected a key in double quotes"],
    ["-", "1:2:1", "the text ends in the middle of a number"],
    ["1.", "1:3:2", "the text ends in the middle of a number"],
    ["1e", "1:3:2", "the text ends in the middle of a number"],
    ['\n\n"abc', "3:5:6", "the text ends in the middle of a string, which began in column 1"],
    ['{\n"a": "x\\', "2:9:10", "the text ends in the middle of a string, which began in column 6"],
    ['"\\u12', "1:6:5", "the text ends in the middle of a string, which began in column 1"],
    ['{\n"a": [\n1,\n', "3:3:11", "the text ends in the middle of an array, which began in line 2"],
    ['{"a": 1', "1:8:7", "the text ends in the middle of an object, which began in column 1"],
    ["[", "1:2:1", "the text ends in the middle of an array, which began in column 1"],
    ['{"a', "1:4:3", "the text ends in the middle of a string, which began in column 2"],
    ['"a\nb"', "1:3:2", "a line break in a string, which began in column 1", /"\\n"/],
    ['["a\tb"]', "1:4:3", "a tab in a string", /"\\t"/],
    ['["a\u0001b"]', "1:4:3", "a control character in a string", /"\\u0001"/],
    ['["a\0b"]', "1:4:3", "a NUL character in a string", /"\\u0000"/],
    ['["\\x"]', "1:3:2", "JSON does not have this escape", /backslash/],
    ['["\\u12G4"]', "1:3:2", 'expected four hexadecimal digits after "\\u"'],
    ["{} {}", "1:4:3", "expected the end: the value is complete", /readJsonLog/],
    ["1 2", "1:3:2", "expected the end: the value is complete"],
    ["{}}", "1:3:2", "expected the end: the value is complete"],
    ['{"a": 1]', "1:8:7", 'a "]" does not end an object, which began in column 1'],
    ["[\n1}", "2:2:3", 'a "}" does not end an array, which began in line 1'],
    ["[\ufeff1]", "1:2:1", "a byte order mark in the middle of the text"],
    ["\ufeff\ufeff1", "1:1:0", "a byte order mark in the middle of the text"],
    ["[\u00a01]", "1:2:1", "a space that is none to JSON"],
    ["[1\u2028]", "1:3:2", "a space that is none to JSON"],
    ["\0\0\0\0", "1:1:0", "a NUL character", /crash/],
    ["{\n<<<<<<< HEAD\n}", "2:1:2", "the marker of a merge conflict"],
    ["<html>", "1:1:0", "expected a value"],
  ];

for (const [text, place, problem, hint] of faults) {
  test(`the fault in ${JSON.stringify(text)} is at ${place}: ${problem}`, () => {
    const refused = refusalOf(() => parse(text));
    const [line, column, characters] = place.split(":").map(Number);
    const mark = text.startsWith("\ufeff") ? 1 : 0;
    expect(refused).toMatchObject({
      code: "ERR_JSON_SYNTAX",
      line,
      column,
      offset: Buffer.byteLength(text.slice(0, mark + (characters as number))),
      problem: `line ${line}, column ${column}: ${problem}`,
    });
    expect(refused.hint ?? "").toMatch(hint ?? /^/);
    expect(() => JSON.parse(text.replace(/^\ufeff/, ""))).toThrow(SyntaxError);
  });
}

test("lines end in LF, CR LF or CR; columns are characters, offsets bytes", () => {
  const text = '\ufeff{\r\n"ä": "😀",\r"b": "漢字" x\n}';
  const refused = refusalOf(() => parse(text));
  expect(refused).toMatchObject({ line: 3, column: 11 });
  expect(refused.offset).toBe(Buffer.byteLength(text.slice(0, text.indexOf("x"))));
  expect(refused.excerpt).toBe('"b": "漢字" x\n            ^');
});

test("the excerpt is the line with a caret below the place", () => {
  const excerptOf = (text: string): string[] =>
    refusalOf(() => parse(text)).excerpt?.split("\n") ?? [];
  expect(excerptOf('{\n  "a": 1\n  "b": 2\n}')).toEqual(['  "b": 2', "  ^"]);
  // Tabs are as wide below as above.
  expect(excerptOf('{\n\t"a"\t: x\n}')).toEqual(['\t"a"\t: x', "\t   \t  ^"]);
  expect(excerptOf('["\u001b[31m"]')).toEqual(['["\\u001b[31m"]', "  ^"]);
  expect(excerptOf("[\u202e1]")).toEqual(["[\\u202e1]", " ^"]);
  // An accent of its own takes no column.
  expect(excerptOf('["e\u0301", x]')).toEqual(['["e\u0301", x]', "      ^"]);
});

test.each([0, 10, 40, 47, 48, 49, 1000, 100_000])(
  "of a long line, what is near the place is shown: %i characters before it",
  (before) => {
    const text = `["${"é".repeat(before)}" x ${"y".repeat(100_000)}`;
    const refused = refusalOf(() => parse(text));
    const [line = "", caret = ""] = refused.excerpt?.split("\n") ?? [];
    expect(line.length).toBeLessThanOrEqual(84);
    expect(line.endsWith("…")).toBe(true);
    expect(line.startsWith("…")).toBe(before + 4 > 48);
    expect(line[caret.length - 1]).toBe("x");
    expect(refused.column).toBe(before + 5);
  },
);

test.each(["", "  \n \t\n", "\ufeff", "\r\n\n"])(
  "where there is nothing to show, no caret is shown: %j",
  (text) => {
    const refused = refusalOf(() => parse(text));
    expect(refused).toMatchObject({ line: 1, column: 1 });
    expect(refused.problem).toContain("the file is empty");
    expect(refused.excerpt).toBeUndefined();
  },
);

test("a line of a log has no hint at other ways to read it, and all other hints", () => {
  const hintOf = (text: string, isRecord: boolean): string | undefined =>
    refusalOf(() => parseJson(Buffer.from(text), { isRecord }, true)).hint;
  for (const text of ['{"a":1}{"b":2}', '{"a":1} // one', "[1,]"]) {
    expect(hintOf(text, false)).toMatch(/readJson/);
    expect(hintOf(text, true)).toBeUndefined();
  }
  expect(hintOf("[NaN]", true)).toBe(hintOf("[NaN]", false));
});

test("an integer that would be rounded is not quoted, and its place in the value only if it may be", () => {
  const text = Buffer.from('{"key":9007199254740993}');
  for (const quote of [true, false]) {
    const refused = refusalOf(() => parseJson(text, { bigint: "refuse" }, quote));
    expect(refused).toMatchObject({ code: "ERR_JSON_INVALID", line: 1, column: 8, offset: 7 });
    expect(refused.issues).toMatchObject([{ path: ["key"] }]);
    expect(refused.problem.includes("value.key")).toBe(quote);
    expect(refused.problem).not.toContain("9007");
  }
});

test("a private file is not quoted, not even a key", () => {
  const secret = Buffer.from('{"token": "hunter2",\n"token": hunter2}');
  for (const options of [{}, { duplicateKeys: "refuse" as const }]) {
    const refused = refusalOf(() => parseJson(secret, options, false));
    expect(refused.excerpt).toBeUndefined();
    expect(JSON.stringify(refused)).not.toMatch(/hunter|token/);
    expect(refused.line).toBe(2);
  }
});

test("what is not UTF-8 is a fault at its first byte", () => {
  const latin = Buffer.concat([
    Buffer.from('{\n"a": "caf'),
    Buffer.from([0xe9]),
    Buffer.from('"}'),
  ]);
  expect(refusalOf(() => parse(latin))).toMatchObject({
    code: "ERR_JSON_SYNTAX",
    line: 2,
    column: 10,
    offset: 11,
    problem: "line 2, column 10: this is not UTF-8",
    hint: expect.stringContaining("encoding"),
  });
  const cut = Buffer.from('["ab😀').subarray(0, -1);
  expect(refusalOf(() => parse(cut))).toMatchObject({
    offset: 4,
    problem: "line 1, column 5: the text ends in the middle of a UTF-8 character",
  });
  // Longer than needed, a surrogate, beyond Unicode, a continuation by itself.
  for (const bytes of [[0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0x80]]) {
    const text = Buffer.from([0x22, ...bytes, 0x22]);
    expect(refusalOf(() => parse(text))).toMatchObject({ offset: 1 });
  }
});

test("UTF-16 is recognised by its byte order mark", () => {
  for (const text of [
    Buffer.from('\ufeff{"a": 1}', "utf16le"),
    Buffer.from('\ufeff{"a": 1}', "utf16le").swap16(),
  ]) {
    expect(refusalOf(() => parse(text))).toMatchObject({
      code: "ERR_JSON_SYNTAX",
      line: 1,
      column: 1,
      offset: 0,
      problem: expect.stringContaining("UTF-16"),
      hint: "Save it as UTF-8.",
    });
  }
  const unmarked = Buffer.from("[1]", "utf16le");
  expect(refusalOf(() => parse(unmarked))).toMatchObject({
    offset: 1,
    hint: expect.stringMatching("UTF-16"),
  });
});
