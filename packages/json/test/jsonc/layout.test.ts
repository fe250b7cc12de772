/** J5: what an edit does to a text, and that it does nothing else to it. */

import { describe, expect, it } from "vitest";
import type { JsoncEdit } from "../../src/jsonc.ts";
import { edited } from "./forms.ts";

const set = (path: JsoncEdit["path"], value: unknown): JsoncEdit => ({ path, value });
const remove = (...path: JsoncEdit["path"]): JsoncEdit => ({ path, value: undefined });

const commented = `// head
{
  // about a
  "a": 1, // why a
  /* about b */ "b": { "x": [1, 2], "y": {} },

  "list": [
    "one", // first
    "two"
    // end of list
  ],
  "last": true // why last
  // "old": 1
}
// tail
`;

interface Case {
  readonly what: string;
  readonly from: string;
  readonly edits: readonly JsoncEdit[];
  readonly to: string;
}

const changed = (...pairs: readonly [string, string][]): string =>
  pairs.reduce((text, [from, to]) => {
    expect(text.split(from)).toHaveLength(2);
    return text.replace(from, to);
  }, commented);

const values: readonly Case[] = [
  {
    what: "a scalar",
    from: commented,
    edits: [set(["a"], 2)],
    to: changed(['"a": 1,', '"a": 2,']),
  },
  {
    what: "a scalar in an object on one line",
    from: commented,
    edits: [set(["b", "x", 1], "two")],
    to: changed(["[1, 2]", '[1, "two"]']),
  },
  {
    what: "an object on one line with another",
    from: commented,
    edits: [set(["b", "x"], { p: 1, q: [1, { r: "{," }] })],
    to: changed(["[1, 2]", '{"p": 1, "q": [1, {"r": "{,"}]}']),
  },
  {
    what: "a scalar by an object, which is laid out as the rest",
    from: commented,
    edits: [set(["a"], { p: [], q: { r: 1 } })],
    to: changed(['"a": 1,', '"a": {\n    "p": [],\n    "q": {\n      "r": 1\n    }\n  },']),
  },
  {
    what: "what is the same",
    from: commented,
    edits: [set(["list"], ["one", "two"])],
    to: commented,
  },
  {
    what: "the whole",
    from: commented,
    edits: [set([], [1])],
    to: "// head\n[\n  1\n]\n// tail\n",
  },
  { what: "the last of two", from: '{"a":1,"a":2}', edits: [set(["a"], 3)], to: '{"a":1,"a":3}' },
];

const insertions: readonly Case[] = [
  {
    what: "behind the last, and the comments there",
    from: commented,
    edits: [set(["new"], 1)],
    to: changed(
      ['"last": true //', '"last": true, //'],
      ['  // "old": 1\n', '  // "old": 1\n  "new": 1\n'],
    ),
  },
  {
    what: "an element",
    from: commented,
    edits: [set(["list", -1], "three")],
    to: changed(['"two"\n    // end of list', '"two",\n    // end of list\n    "three"']),
  },
  {
    what: "an element by its index",
    from: commented,
    edits: [set(["b", "x", 2], 3)],
    to: changed(["[1, 2]", "[1, 2, 3]"]),
  },
  {
    what: "into an empty object on one line",
    from: commented,
    edits: [set(["b", "y", "z", "deep"], 1)],
    to: changed(['"y": {}', '"y": {"z": {"deep": 1}}']),
  },
  {
    what: "nested, where nothing is yet",
    from: '{\n\t"a": 1\n}',
    edits: [set(["b", "c", 0, "d"], 1)],
    to: '{\n\t"a": 1,\n\t"b": {\n\t\t"c": [\n\t\t\t{\n\t\t\t\t"d": 1\n\t\t\t}\n\t\t]\n\t}\n}',
  },
  { what: "in one line", from: '{ "a": 1 }', edits: [set(["b"], 2)], to: '{ "a": 1, "b": 2 }' },
  {
    what: "in one line without spaces",
    from: '{"a":[1]}',
    edits: [set(["b"], { c: [1, 2] })],
    to: '{"a":[1],"b":{"c":[1,2]}}',
  },
  {
    what: "with the colon of the others",
    from: '{\n  "a" : 1\n}\n',
    edits: [set(["b"], 2)],
    to: '{\n  "a" : 1,\n  "b" : 2\n}\n',
  },
  {
    what: "behind a trailing comma",
    from: '{\n  "a": 1,\n}\n',
    edits: [set(["b"], 2)],
    to: '{\n  "a": 1,\n  "b": 2,\n}\n',
  },
  {
    what: "behind a trailing comma in one line",
    from: "[1, 2,]",
    edits: [set([-1], 3)],
    to: "[1, 2, 3,]",
  },
  {
    what: "behind a trailing comma and a comment",
    from: '{\n  "a": 1, // why\n}\n',
    edits: [set(["b"], 2)],
    to: '{\n  "a": 1, // why\n  "b": 2,\n}\n',
  },
  { what: "into an empty object", from: "{}\n", edits: [set(["a"], 1)], to: '{\n  "a": 1\n}\n' },
  { what: "into one with a line end", from: "{\n}", edits: [set(["a"], 1)], to: '{\n  "a": 1\n}' },
  {
    what: "into one with a comment",
    from: "{\n    // nothing yet\n}\n",
    edits: [set(["a"], 1)],
    to: '{\n    // nothing yet\n    "a": 1\n}\n',
  },
  {
    what: "into one with a comment on its line",
    from: "{ /* none */ }",
    edits: [set(["a"], 1)],
    to: '{ /* none */ "a": 1 }',
  },
  {
    what: "into one whose comment ends the line",
    from: "{ // none\n}",
    edits: [set(["a"], 1)],
    to: '{ // none\n  "a": 1\n}',
  },
  {
    what: "behind one line that ends in a comment",
    from: '{ "a": 1 // why\n}',
    edits: [set(["b"], 2)],
    to: '{ "a": 1, // why\n  "b": 2\n}',
  },
  {
    what: "into lines of several elements",
    from: "[\n  1, 2,\n  3, 4\n]",
    edits: [set([-1], 5)],
    to: "[\n  1, 2,\n  3, 4, 5\n]",
  },
  {
    what: "with four spaces",
    from: '{\n    "a": {}\n}',
    edits: [set(["a", "b"], 1)],
    to: '{\n    "a": {\n        "b": 1\n    }\n}',
  },
  {
    what: "with CRLF",
    from: '{\r\n  "a": 1\r\n}\r\n',
    edits: [set(["b"], [1])],
    to: '{\r\n  "a": 1,\r\n  "b": [\r\n    1\r\n  ]\r\n}\r\n',
  },
  {
    what: "behind a byte order mark",
    from: '\ufeff{\n  "a": 1\n}',
    edits: [set(["a"], 2)],
    to: '\ufeff{\n  "a": 2\n}',
  },
  {
    what: "a key that is odd",
    from: "{}",
    edits: [set(['a"\n\u2028'], 1)],
    to: '{\n  "a\\"\\n\u2028": 1\n}\n'.trimEnd(),
  },
  {
    what: "the key __proto__",
    from: '{"a":1}',
    edits: [set(["__proto__", "b"], 1)],
    to: '{"a":1,"__proto__":{"b":1}}',
  },
  {
    what: "several in order",
    from: "{}",
    edits: [set(["a"], []), set(["a", -1], 1), set(["a", -1], 2), set(["a", 0], 0)],
    to: '{\n  "a": [\n    0,\n    2\n  ]\n}',
  },
];

const removals: readonly Case[] = [
  {
    what: "with its comma and its line",
    from: '{\n  "a": 1,\n  "b": 2,\n  "c": 3\n}',
    edits: [remove("b")],
    to: '{\n  "a": 1,\n  "c": 3\n}',
  },
  {
    what: "the last, with the comma before it",
    from: '{\n  "a": 1,\n  "b": 2\n}',
    edits: [remove("b")],
    to: '{\n  "a": 1\n}',
  },
  {
    what: "the last, with a trailing comma",
    from: '{\n  "a": 1,\n  "b": 2,\n}',
    edits: [remove("b")],
    to: '{\n  "a": 1,\n}',
  },
  {
    what: "the first",
    from: '{\r\n  "a": 1,\r\n  "b": 2\r\n}',
    edits: [remove("a")],
    to: '{\r\n  "b": 2\r\n}',
  },
  { what: "the only one", from: '{\n  "a": 1\n}\n', edits: [remove("a")], to: "{}\n" },
  {
    what: "and leaves comments",
    from: '{\n  // about a\n  "a": 1, // why a\n  "b": 2\n}',
    edits: [remove("a")],
    to: '{\n  // about a\n  // why a\n  "b": 2\n}',
  },
  {
    what: "the last, behind a comment",
    from: '{\n  "a": 1, // why a\n  "b": 2\n}',
    edits: [remove("b")],
    to: '{\n  "a": 1 // why a\n}',
  },
  {
    what: "with a comment before its comma",
    from: '{"a": 1 /* x */, "b": 2}',
    edits: [remove("a")],
    to: '{/* x */ "b": 2}',
  },
  {
    what: "the only one, beside a comment",
    from: '{\n  // about a\n  "a": 1\n}',
    edits: [remove("a")],
    to: "{\n  // about a\n}",
  },
  {
    what: "in one line, first",
    from: '{ "a": 1, "b": 2 }',
    edits: [remove("a")],
    to: '{ "b": 2 }',
  },
  { what: "in one line, last", from: '{ "a": 1, "b": 2 }', edits: [remove("b")], to: '{ "a": 1 }' },
  { what: "in one line, in the middle", from: "[1,2,3]", edits: [remove(1)], to: "[1,3]" },
  { what: "in one line, the only one", from: "[ 1 ]", edits: [remove(0)], to: "[]" },
  {
    what: "a value of several lines",
    from: '{\n  "a": {\n    "x": 1\n  },\n  "b": 2\n}',
    edits: [remove("a")],
    to: '{\n  "b": 2\n}',
  },
  { what: "all of that name", from: '{"a":1,"b":2,"a":3}', edits: [remove("a")], to: '{"b":2}' },
  {
    what: "what is not there",
    from: commented,
    edits: [remove("none"), remove("a", "b"), remove("list", 9)],
    to: commented,
  },
  {
    what: "a comma that leads its line",
    from: '{\n    "a": 1\n  , "b": 2\n}',
    edits: [remove("b")],
    to: '{\n    "a": 1\n}',
  },
];

describe.each([
  ["a value that is changed", values],
  ["what is added", insertions],
  ["what is removed", removals],
] as const)("J5 %s", (_, cases) => {
  it.each(cases)("$what", async ({ from, edits, to }) => {
    expect(await edited(from, ...edits)).toBe(to);
  });
});

describe("J5 a document that is not there", () => {
  it("is made of the edits", async () => {
    expect(await edited(undefined, set(["a", "b"], 1), set(["c"], [true]))).toBe(
      '{\n  "a": {\n    "b": 1\n  },\n  "c": [\n    true\n  ]\n}\n',
    );
    expect(await edited(undefined, set([-1, "a"], 1))).toBe('[\n  {\n    "a": 1\n  }\n]\n');
    expect(await edited(undefined, set([], "x"))).toBe('"x"\n');
  });
});
