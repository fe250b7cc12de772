import { Buffer } from "node:buffer";
import { describe, expect, test } from "vitest";
import { readAll, unaccounted } from "./reading.ts";

/** What is read of a log of one line, and of the same line between two good ones. */
async function inLine(line: string | Uint8Array): Promise<unknown[]> {
  const bytes = Buffer.from(line);
  const before = Buffer.from('{"before":1}\n');
  const alone = await readAll(Buffer.concat([bytes, Buffer.from("\n")]));
  const content = Buffer.concat([before, bytes, Buffer.from('\n{"after":1}\n')]);
  const between = await readAll(content);
  expect(between.values.slice(1, -1)).toEqual(alone.values);
  expect(between.values.at(0)).toEqual({ before: 1 });
  expect(between.values.at(-1)).toEqual({ after: 1 });
  expect(unaccounted(between, content.length)).toEqual([]);
  for (const { value, offset, length } of between.records) {
    const raw = content.subarray(offset, offset + length).toString();
    expect(JSON.parse(raw)).toEqual(value);
  }
  return alone.values;
}

describe("L5: what is in one line", () => {
  const cases: [string, string, unknown[]][] = [
    ["one", '{"a":1}', [{ a: 1 }]],
    ["with space around", ' {"a":1} \t', [{ a: 1 }]],
    ["two glued", '{"a":1}{"b":2}', [{ a: 1 }, { b: 2 }]],
    ["three glued", '{"a":1}{"b":2}{"c":3}', [{ a: 1 }, { b: 2 }, { c: 3 }]],
    ["glued with a space", ' {"a":1}  {"b":2} ', [{ a: 1 }, { b: 2 }]],
    ["arrays glued", "[1][2][[3]]{}[]", [[1], [2], [[3]], {}, []]],
    ["}{ in a string", '{"a":"}{"}', [{ a: "}{" }]],
    ["}{ in a string, glued", '{"a":"}{"}{"b":"}{}{"}', [{ a: "}{" }, { b: "}{}{" }]],
    ["JSON in a string", '{"a":"{\\"x\\":[1]}{}"}{"b":2}', [{ a: '{"x":[1]}{}' }, { b: 2 }]],
    ["escaped quotes", '{"a\\"}{":"\\\\"}{"b":"\\""}', [{ 'a"}{': "\\" }, { b: '"' }]],
    ["bare scalars", "12", [12]],
    ["a bare string", '"x"', ["x"]],
    ["null", "null", [null]],
    ["U+2028 in a string", '{"a":"x\u2028y\u2029"}', [{ a: "x\u2028y\u2029" }]],
    ["U+2028 in a string, glued", '{"a":"\u2028"}{"b":2}', [{ a: "\u2028" }, { b: 2 }]],
    ["__proto__ stays a key", '{"__proto__":1}{"b":2}', [JSON.parse('{"__proto__":1}'), { b: 2 }]],
    ["torn, then one", '{"a":{"b":1},"c{"k":2}', [{ k: 2 }]],
    ["torn, then two", '{"a":"x{"b":1}{"k":2}', [{ b: 1 }, { k: 2 }]],
    ["torn twice, then one", '{"a":"x{"b":["y{"k":2}', [{ k: 2 }]],
    ["one, then torn", '{"a":1}{"b":[1,2', [{ a: 1 }]],
    ["torn, one, torn", '{"z":"x{"a":1}{"b":[1,2', [{ a: 1 }]],
    ["torn behind an inner object", '{"a":{"b":1}{"k":2}', [{ k: 2 }]],
    ["torn with inner objects, alone", '{"a":{"b":1},"c":[{"d":2},3', []],
    ["torn in a string with brackets", '{"a":"see [1] and {} or [2', []],
    ["a bracket too many", '{"a":1}}', [{ a: 1 }]],
    ["a bracket too many, then one", '{"a":1}}{"b":2}', [{ a: 1 }, { b: 2 }]],
    ["a bracket too few", '{"a":[1}', []],
    ["a bracket too few, then one", '{"a":[1}{"b":{"c":2}}', [{ b: { c: 2 } }]],
    ["a comma too many", '{"a":{"b":1},,"c":{"d":1}}', []],
    ["a comma between", '{"a":1},{"b":2}', [{ a: 1 }, { b: 2 }]],
    ["a member behind damage, torn", 'x"b":{"c":1}{"d":2', []],
    ["the beginning is missing", '"b":{"c":1},"d":2}{"e":3}', [{ e: 3 }]],
    ["the end of a longer one", 'x":{"c":1}}', []],
    ["NUL bytes before", '\0\0\0\0{"a":1}', [{ a: 1 }]],
    ["a mark in the middle", '\ufeff{"a":1}', [{ a: 1 }]],
    ["text", "hello [world] {}x", []],
    ["text before", 'warning: {"a":1}', [{ a: 1 }]],
    ["a tab in a string", '{"a":"\t"}{"b":1}', [{ b: 1 }]],
    ["a number with a zero before", '{"a":01}', []],
    ["a number cut off", '{"a":1.}{"b":1e}{"c":-}{"d":2}', [{ d: 2 }]],
    ["single quotes", "{'a':1}", []],
    ["a comment", '{"a":1} // x', [{ a: 1 }]],
    ["scalars glued to objects", '1{"a":1}2', []],
    ["words cut off", '{"a":tru{"b":nul{"c":fals{"k":2}', [{ k: 2 }]],
    ["what is given up", '{"a":{"b":1}{"c":2}', [{ c: 2 }]],
    ["what cannot be told", '{"a":{"b":1}', [{ b: 1 }]],
  ];
  test.for(cases)("%s", async ([, line, values]) => {
    expect(await inLine(line)).toEqual(values);
  });
});

describe("bytes that are no UTF-8", () => {
  const invalid: [string, number[]][] = [
    ["a continuation alone", [0x80]],
    ["a form that is too long", [0xc0, 0xaf]],
    ["a longer form that is too long", [0xe0, 0x80, 0xaf]],
    ["a surrogate", [0xed, 0xa0, 0x80]],
    ["beyond Unicode", [0xf4, 0x90, 0x80, 0x80]],
    ["a byte that is none", [0xff]],
    ["a character cut off", [0xe2, 0x82]],
  ];
  test.for(invalid)("damage their line alone: %s", async ([, bytes]) => {
    const bad = Buffer.concat([Buffer.from('{"a":"'), Buffer.from(bytes), Buffer.from('"}')]);
    expect(await inLine(bad)).toEqual([]);
    const content = Buffer.concat([Buffer.from('{"ä":1}\n'), bad, Buffer.from('\n{"b":"ö"}\n')]);
    for (const policy of ["recover", "skip"] as const) {
      const { values, report } = await readAll(content, { policy });
      expect(values).toEqual([{ ä: 1 }, { b: "ö" }]);
      expect(report.dropped).toEqual([{ offset: 9, length: bad.length + 1, reason: "encoding" }]);
    }
    expect(await inLine(Buffer.concat([bad, Buffer.from('{"k":2}')]))).toEqual([{ k: 2 }]);
  });

  test("all that UTF-8 has is taken", async () => {
    const text = "\u0080\u07ff\u0800\ud7ff\ue000\uffff\u{10000}\u{10ffff}";
    expect(await inLine(`{"a":"${text}"}{"b":2}`)).toEqual([{ a: text }, { b: 2 }]);
  });
});

test("empty lines, CRLF and a byte order mark", async () => {
  const content = Buffer.from('\ufeff\r\n{"a":"ä"}\r\n\n \t\r\n{"b":2}\r\n\r\n{"c":3}{"d":4}\r\n');
  const { records, report } = await readAll(content);
  expect(records).toEqual([
    { value: { a: "ä" }, offset: 5, length: 12, line: 2 },
    { value: { b: 2 }, offset: 22, length: 9, line: 5 },
    { value: { c: 3 }, offset: 33, length: 7, line: 7 },
    { value: { d: 4 }, offset: 40, length: 9, line: 7 },
  ]);
  expect(report).toEqual({
    records: 4,
    recovered: 2,
    dropped: [],
    droppedBytes: 0,
    tornTailBytes: 0,
  });
});

describe("the end of a log", () => {
  const ends: [string, unknown[], number][] = [
    ["", [], 0],
    ["\n", [], 0],
    ["  ", [], 0],
    ["\ufeff", [], 0],
    ["\ufeff{}", [{}], 0],
    ['{"a":1}', [{ a: 1 }], 0],
    ['{"a":1} \r', [{ a: 1 }], 0],
    ["[1]", [[1]], 0],
    ["12", [], 2],
    ['"x"', [], 3],
    ["true", [], 4],
    ['{"a":', [], 5],
    ['{"a":{"b":1}', [], 12],
    ['{"a":[{"b":1}]', [], 14],
    ['{"a":"[1]', [], 9],
    ['{"a":1}{"b"', [{ a: 1 }], 4],
    ['{"a":1}{"b":2}', [{ a: 1 }, { b: 2 }], 0],
    ['{"a":"x{"b":2}', [{ b: 2 }], 0],
    ['{"a":"x{"b":2}{"c', [{ b: 2 }], 3],
    ['{"a":1}x', [{ a: 1 }], 1],
    ["xyz", [], 3],
  ];
  test.for(ends)("%j", async ([tail, values, tornTailBytes]) => {
    for (const before of tail.startsWith("\ufeff") ? [""] : ["", '{"first":"é"}\n']) {
      const content = Buffer.from(before + tail);
      const log = await readAll(content);
      expect(log.values).toEqual(before === "" ? values : [{ first: "é" }, ...values]);
      expect(log.report.tornTailBytes).toBe(tornTailBytes);
      const left = unaccounted(log, content.length).map(([start, end]) =>
        content.subarray(start, end).toString(),
      );
      expect(left.join("").replace("\ufeff", "").trim()).toBe("");
    }
  });

  test.for(ends)("%j is no error under any policy", async ([tail]) => {
    const isWhole = /^\ufeff?(\{"a":1\} ?\r?|\[1\]|\{\})$/.test(tail);
    for (const policy of ["strict", "skip"] as const) {
      const content = Buffer.from(`{"first":1}\n${tail.replace("\ufeff", "")}`);
      const { values, report } = await readAll(content, { policy });
      expect(values.length).toBe(isWhole ? 2 : 1);
      const torn = isWhole || tail.trim() === "" ? 0 : Buffer.byteLength(tail);
      expect(report.tornTailBytes).toBe(torn);
      expect(report.dropped).toEqual([]);
    }
  });
});
