import { Buffer } from "node:buffer";
import { describe, expect, test } from "vitest";
import { LineRecovery } from "../../src/log/read/recover-line.ts";
import { readAll, unaccounted } from "./reading.ts";

const hostile: [string, (length: number) => string][] = [
  ["brackets", (n) => "{".repeat(n)],
  ["square brackets", (n) => "[".repeat(n)],
  ["objects in objects", (n) => '{"a":'.repeat(n / 5)],
  ["arrays in objects", (n) => '{"a":['.repeat(n / 6)],
  ["ends and begins", (n) => "}{".repeat(n / 2)],
  ["begins and ends", (n) => "{}".repeat(n / 2)],
  ["brackets in a string", (n) => `{"a":"${"[".repeat(n)}`],
  ["brackets in a string that ends", (n) => `{"a":"${"[".repeat(n)}"x`],
  ["strings of brackets", (n) => `{"a":["${'[","'.repeat(n / 4)}`],
  ["keys of brackets", (n) => '{"[":{"a":"['.repeat(n / 12)],
  ["flips", (n) => '["[",["[",{"'.repeat(n / 12)],
  ["quotation marks", (n) => `[${'"'.repeat(n)}`],
  ["backslashes", (n) => `{"a":"${"\\".repeat(n)}`],
  ["backslashes and brackets", (n) => '{"\\"[{'.repeat(n / 7)],
  ["torn ones", (n) => '{"a":"x'.repeat(n / 7)],
  ["torn ones with arrays", (n) => '{"a":[1,{"b":[2,"c'.repeat(n / 18)],
  ["whole ones that are followed wrongly", (n) => '{"a":1},'.repeat(n / 8)],
  ["whole ones in strings", (n) => `{"a":"${'{"b":1} '.repeat(n / 8)}`],
  ["space", (n) => `{"a":1${" ".repeat(n)}x`],
  ["space between", (n) => `{"a":[${"[ ".repeat(n / 2)}`],
  ["values in values", (n) => `${"[".repeat(n / 2)}${"]".repeat(n / 2)}x`],
  ["bytes that are no UTF-8", (n) => "\u00ff{[".repeat(n / 3)],
  ["everything", (n) => '[{"a":"[{"b":["{"c\\":[[{}'.repeat(n / 25)],
];

/** Counts how often bytes are looked at, which no clock can. */
function counted(line: Uint8Array): { readonly bytes: Uint8Array; readonly looks: () => number } {
  let looks = 0;
  const bytes = new Proxy(line, {
    get(target, key) {
      looks++;
      return target[key as unknown as number];
    },
  });
  return { bytes, looks: () => looks };
}

function work(line: Uint8Array, isEnded: boolean): number {
  const { bytes, looks } = counted(line);
  const recovery = new LineRecovery(bytes, 0, line.length, isEnded);
  let at = 0;
  for (let piece = recovery.next(); piece !== undefined; piece = recovery.next()) {
    if (piece.start !== at || piece.end <= at) throw new Error(`a gap at ${at}`);
    at = piece.end;
  }
  expect(at).toBe(line.length);
  return looks();
}

describe("work in proportion to the length of a line", () => {
  test.for(hostile)("%s", ([, make]) => {
    for (const isEnded of [true, false]) {
      for (const length of [5000, 50_000]) {
        const line = Buffer.from(make(length), "latin1");
        expect(work(line, isEnded) / line.length).toBeLessThan(40);
      }
    }
  });
});

const mib = Number(process.env["HOLDFAST_HOSTILE_MIB"] ?? 0.25);

describe(`${mib} MiB in a line`, () => {
  test.for(hostile)("%s", { timeout: 120_000 }, async ([, make]) => {
    const line = Buffer.from(`${make(Math.floor(mib * 1024 * 1024))}\n{"after":1}\n`, "latin1");
    const log = await readAll(line);
    expect(log.values.at(-1)).toEqual({ after: 1 });
    expect(unaccounted(log, line.length)).toEqual([]);
  });
});

describe("the record behind a torn one that is hard to read", () => {
  const torn: [string, string][] = [
    ["brackets in its string", `{"a":"${"[".repeat(5000)}`],
    ["nested brackets in its string", `{"a":"${"[{},".repeat(5000)}`],
    ["objects in objects", '{"a":'.repeat(2000)],
    ["many members", `[${'{"a":[{}]},'.repeat(5000)}{"b`],
    ["JSON in its string", `{"a":"${'[{\\"b\\":[1]}] '.repeat(5000)}`],
  ];
  test.for(torn)("%s", async ([, text]) => {
    const good = { k: 2, text: "[{" };
    const log = await readAll(`${text}${JSON.stringify(good)}\n`);
    expect(log.values).toEqual([good]);
    expect(log.records[0]?.offset).toBe(text.length);
  });
});
