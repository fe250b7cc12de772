import { Buffer } from "node:buffer";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readAll, unaccounted } from "./reading.ts";

const torn = [
  { role: "user", text: "hello", n: 12, ok: true, none: null, f: -1.5e3 },
  { a: { b: 1 }, c: [1, 2, { d: "x" }], e: [] },
  { text: 'code { "a": [1, {}] } }{ "b" [{}][]', tags: ["}{", "{}", "\\", '"'] },
  { größe: "ä € 😀 \u2028", list: [["[", "]"], [[]]] },
  [{ a: 1 }, [2, "]"], { b: { c: {} } }],
];
const good = [
  { k: 2 },
  { "": "", n: { m: [] } },
  { text: '}{ {"x":1} 😀 \\', u: "\u2028" },
  [1, { a: [2] }, "x"],
  [["a"], {}],
  { "}": "]", ",": ":" },
];

/** One after another, the first of them cut. */
async function expectGood(
  record: unknown,
  cut: number,
  between: string,
  next: unknown,
): Promise<void> {
  const whole = Buffer.from(JSON.stringify(record));
  const before = Buffer.concat([Buffer.from('{"first":0}\n'), whole.subarray(0, cut)]);
  const behind = Buffer.from(`${JSON.stringify(next)}\n`);
  const content = Buffer.concat([before, Buffer.from(between), behind]);
  const log = await readAll(content);
  const at = before.length + between.length;
  const line = between === "" ? 2 : 3;
  const good = { value: next, offset: at, length: behind.length, line };
  const text = content.toString();
  expect({ text, found: log.records.at(-1) }).toEqual({ text, found: good });
  expect(log.report.tornTailBytes).toBe(0);
  const isEmptyLine = cut === 0 && between !== "";
  expect({ text, gaps: unaccounted(log, content.length) }).toEqual({
    text,
    gaps: isEmptyLine ? [[12, at]] : [],
  });
  // Behind a line end a torn line can end with what looks like a record, and nobody can tell.
  if (between !== "") return;
  const values = cut === whole.length ? [{ first: 0 }, record, next] : [{ first: 0 }, next];
  expect({ text, values: log.values }).toEqual({ text, values });
}

describe("L1: a record torn at every byte", () => {
  for (const [number, record] of torn.entries()) {
    for (const [other, next] of good.entries()) {
      test(`record ${number} before record ${other}`, async () => {
        const bytes = Buffer.byteLength(JSON.stringify(record));
        expect(bytes).toBeGreaterThan(20);
        for (let cut = 0; cut <= bytes; cut++) {
          for (const between of ["", "\n", "\r\n"]) await expectGood(record, cut, between, next);
        }
      });
    }
  }
});

describe("a record torn at every byte, with nothing behind it", () => {
  test.for(torn)("at the end of the log: %j", async (record) => {
    const whole = Buffer.from(JSON.stringify(record));
    for (let cut = 1; cut < whole.length; cut++) {
      const { values, report } = await readAll(
        Buffer.concat([Buffer.from("[0]\n"), whole.subarray(0, cut)]),
      );
      expect({ cut, values }).toEqual({ cut, values: [[0]] });
      expect(report).toMatchObject({ recovered: 0, dropped: [], tornTailBytes: cut });
    }
  });

  test.for(torn)("and ended later: only what ends there can look like one: %j", async (record) => {
    const whole = Buffer.from(JSON.stringify(record));
    for (let cut = 1; cut < whole.length; cut++) {
      const text = whole.subarray(0, cut);
      const { values } = await readAll(Buffer.concat([text, Buffer.from("\n[0]\n")]));
      const mayLookSo = /[}\]]$/.test(text.toString().trim());
      const invented = values.length - 1;
      expect({ cut, invented }).toEqual({ cut, invented: mayLookSo ? invented : 0 });
      expect(invented).toBeLessThan(2);
      expect(values.at(-1)).toEqual([0]);
    }
  });
});

const json = fc.jsonValue({ maxDepth: 4, stringUnit: "binary" });
const container = fc
  .oneof(fc.dictionary(fc.string({ unit: "grapheme" }), json), fc.array(json))
  .map((value): unknown => JSON.parse(JSON.stringify(value)));

test("L1: any record, torn anywhere, before any other", async () => {
  await fc.assert(
    fc.asyncProperty(container, container, fc.nat(), async (first, next, place) => {
      const whole = Buffer.from(JSON.stringify(first));
      const cut = place % whole.length;
      const behind = Buffer.from(`${JSON.stringify(next)}\n`);
      const content = Buffer.concat([whole.subarray(0, cut), behind]);
      const log = await readAll(content);
      const line = 1;
      expect(log.records).toEqual([{ value: next, offset: cut, length: behind.length, line }]);
      expect(log.report).toEqual({
        records: 1,
        recovered: cut === 0 ? 0 : 1,
        dropped: cut === 0 ? [] : [{ offset: 0, length: cut, reason: "torn" }],
        droppedBytes: cut,
        tornTailBytes: 0,
      });
    }),
    { numRuns: 800 },
  );
});
