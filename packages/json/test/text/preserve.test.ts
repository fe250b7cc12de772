import { expect, test } from "vitest";
import { serializeJson } from "../../src/text/serialize-json.ts";

const value = { b: { c: [1, 2] }, a: "x\r\ny\n" };
const preserve = (before: string | undefined, changed: unknown = value): string =>
  Buffer.from(
    serializeJson(
      changed,
      { space: "preserve" },
      before === undefined ? undefined : Buffer.from(before),
    ),
  ).toString();

test.each([
  ["2 spaces", "  ", "\n", "\n"],
  ["4 spaces, CR LF", "    ", "\r\n", "\r\n"],
  ["a tab", "\t", "\n", "\n"],
  ["no final newline", "  ", "\n", ""],
  ["CR LF, no final newline", "\t", "\r\n", ""],
  ["one space", " ", "\n", "\n"],
  ["more than JSON.stringify can", " ".repeat(12), "\n", "\n"],
  ["lines without indentation", "", "\n", "\n"],
])("what was written is written again as it was: %s", (_, indent, lineEnd, final) => {
  // JSON.stringify indents by ten characters at most, and not at all by none.
  const lines = JSON.stringify(value, undefined, 1)
    .split("\n")
    .map((line) => line.replace(/^ */, (spaces) => indent.repeat(spaces.length)));
  const before = lines.join(lineEnd) + final;
  expect(preserve(before)).toBe(before);
  expect(preserve(`\ufeff${before}`)).toBe(before);
});

test("one line stays one line", () => {
  const line = JSON.stringify(value);
  expect(preserve(line)).toBe(line);
  expect(preserve(`${line}\n`)).toBe(`${line}\n`);
  expect(preserve(`${line}\r\n`)).toBe(`${line}\r\n`);
  expect(preserve('{ "a": 1 }', { a: 2 })).toBe('{"a":2}');
  expect(preserve("[1, 2]\n", { a: 2 })).toBe('{"a":2}\n');
});

test("where there is nothing to go by, it is as new: two spaces", () => {
  const asNew = `${JSON.stringify(value, undefined, 2)}\n`;
  for (const before of [
    undefined,
    "",
    "\n",
    "  ",
    "{}\n",
    "[]\n",
    "{ }\n",
    "1\n",
    '"text"\n',
    "null\n",
  ]) {
    expect(preserve(before)).toBe(asNew);
  }
  expect(preserve("{}")).toBe(asNew.trimEnd());
  expect(preserve("{\r\n}\r\n")).toBe(asNew.replaceAll("\n", "\r\n"));
});

test("what was there need not be JSON", () => {
  for (const before of ["\xff\xfe{\0", "{,\n\t", "\n\n\n  x", "]", "\r\r"]) {
    expect(JSON.parse(preserve(before))).toEqual(value);
  }
});

test("the first indented line counts, not spaces in a string or at the end", () => {
  expect(preserve('{"a":    "\t\t",\n   "b": 1}', { a: 1 })).toBe('{\n   "a": 1\n}');
  expect(preserve('\n\n{\n\t"a": 1\n}\n   \n', { a: 1 })).toBe('{\n\t"a": 1\n}\n');
});
