/** Integers that a number cannot hold: an update that does not touch them must not change them. */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";
import { endOf, halves, twice, type Outcome } from "./support/twice.ts";

const updating = (
  before: string,
  // oxlint-disable-next-line typescript/no-explicit-any -- each test knows what is in its file
  fn: (value: any) => unknown,
  options: object = {},
): Promise<Outcome> =>
  twice(
    (json, dir) => json.updateJson(join(dir, "a.json"), fn, { space: 0, ...options }),
    (dir) => writeFileSync(join(dir, "a.json"), before),
  );

const touch = (value: object): object => ({ ...value, n: 1 });

describe("updateJson", () => {
  it.each([
    ['{"id":9007199254740993}', "value.id", 1, 7],
    ['{"id":-9007199254740993}', "value.id", 1, 7],
    ['{"a":[[0],{"b":[1,2]},\n 12345678901234567890]}', "value.a[2]", 2, 2],
    ['{"a":[[1,[9007199254740993]]]}', "value.a[0][1][0]", 1, 11],
    ['{"id":1000000000000000000000}', "value.id", 1, 7],
    [`{"id":${"9".repeat(400)}}`, "value.id", 1, 7],
  ])("refuses to round what it does not touch: %s", async (text, path, line, column) => {
    const { error, files } = await updating(text, touch);
    expect(error).toMatchObject({ code: "ERR_JSON_INVALID", effect: "none", line, column });
    expect(error?.message).toContain(`line ${line}, column ${column}: ${path} is an integer`);
    expect(error?.message).toContain('bigint: "bigint"');
    expect(error?.message).not.toMatch(/\d{16}/);
    expect(error?.["issues"]).toMatchObject([{ message: expect.any(String) }]);
    expect(files).toEqual({ "a.json": text });
  });

  it.each([
    '{"us":1700000000000000,"n":1}',
    '{"most":9007199254740991,"next":9007199254740992,"n":1}',
    '{"id":"12345678901234567890","n":1}',
    '{"id":"in a text: 12345678901234567890, \\": 12345678901234567890","n":1}',
    '{"f":0.12345678901234568,"n":1}',
    '{"twice":1152921504606847000,"n":1}',
  ])("takes what comes back as the same digits: %s", async (text) => {
    const { value, files } = await updating(text, touch);
    expect(value).toEqual(JSON.parse(text));
    expect(files["a.json"]).toBe(`${text}\n`);
  });

  it("does not concern itself with fractions and exponents", async () => {
    const { files } = await updating('{"a":12345678901234567.5,"b":12345678901234567e2}', touch);
    expect(files["a.json"]).toBe('{"a":12345678901234568,"b":1234567890123456800,"n":1}\n');
  });

  it("speaks of the first of several", async () => {
    const text = '{"a":9007199254740993,"b":9007199254740995}';
    expect((await updating(text, touch)).error).toMatchObject({ line: 1, column: 6 });
  });

  it("says of a text that is no JSON that it is none", async () => {
    const { error } = await updating('{"id":9007199254740993,}', touch);
    expect(error).toMatchObject({ code: "ERR_JSON_SYNTAX" });
  });

  it("keeps every digit as a BigInt", async () => {
    const text = '{"id":12345678901234567890,"list":[-9007199254740993,1]}';
    const kept = await updating(text, (value) => value, { bigint: "bigint" });
    expect(kept.value).toEqual({ id: 12345678901234567890n, list: [-9007199254740993n, 1] });
    expect(kept.files["a.json"]).toBe(`${text}\n`);
    const more = await updating(text, ({ id }) => ({ id: id + 1n, small: 3n, boxed: Object(4n) }), {
      bigint: "bigint",
    });
    expect(more.files["a.json"]).toBe('{"id":12345678901234567891,"small":3,"boxed":4}\n');
    const deep = await updating(text, (value) => value, { bigint: "bigint", sortKeys: true });
    expect(deep.files["a.json"]).toBe(`${text}\n`);
  });

  it("keeps them although somebody has given BigInts a toJSON", async () => {
    const prototype = BigInt.prototype as { toJSON?: unknown };
    prototype.toJSON = function toJSON(this: bigint) {
      return String(this);
    };
    try {
      const kept = await updating("[9007199254740993]", (v) => v, { bigint: "bigint" });
      expect(kept.files["a.json"]).toBe("[9007199254740993]\n");
    } finally {
      delete prototype.toJSON;
    }
  });

  it("writes no integer that could not be read again", async () => {
    const { error } = await updating("1", () => [10n ** 10_000n], { bigint: "bigint" });
    expect(error).toMatchObject({ code: "ERR_JSON_UNSERIALIZABLE", valuePath: [0] });
    const most = await updating("1", () => -(10n ** 9_999n), { bigint: "bigint" });
    expect(most.error).toBeUndefined();
  });

  it("rounds where it is told to", async () => {
    const { files } = await updating('{"id":9007199254740993}', touch, { bigint: "number" });
    expect(files["a.json"]).toBe('{"id":9007199254740992,"n":1}\n');
  });

  it("still refuses BigInts that were not asked for", async () => {
    for (const options of [{}, { bigint: "number" }]) {
      const { error } = await updating("1", () => 1n, options);
      expect(error).toMatchObject({ code: "ERR_JSON_UNSERIALIZABLE" });
    }
  });

  it("refuses to make strings of integers: they would be strings in the file", async () => {
    for (const json of halves) {
      const call = (): unknown =>
        json.updateJson(join(tempDir(), "a.json"), () => 1, { bigint: "string" });
      const { error } = await endOf(call);
      expect(error).toMatchObject({ code: "ERR_INVALID_ARG" });
      expect(error?.message).toContain("bigint");
    }
  });

  it("has a schema asked about the BigInts", async () => {
    const seen: unknown[] = [];
    const validate = (value: unknown): unknown => (seen.push(value), value);
    await updating("[9007199254740993]", (v) => v, { bigint: "bigint", validate });
    expect(seen).toEqual(Array.from({ length: 4 }, () => [9007199254740993n]));
  });

  it("writes numbers that are as large, and takes them the next time", async () => {
    const first = await updating("1", () => ({ big: 2 ** 60, more: 123456789012345680000 }));
    const again = await updating(first.files["a.json"]!, touch);
    expect(again.error).toBeUndefined();
  });
});

describe("a draft that is not returned", () => {
  it("is found with BigInts in it, and at any depth", async () => {
    const large = await updating('{"id":9007199254740993}', (v) => void (v.q = 2), {
      bigint: "bigint",
    });
    expect(large.error).toMatchObject({ code: "ERR_INVALID_ARG" });
    const depth = 20_000;
    const deep = `{"a":${"[".repeat(depth)}${"]".repeat(depth)}}`;
    for (const json of halves) {
      const path = join(tempDir(), "a.json");
      writeFileSync(path, deep);
      const changed = await endOf(() => json.updateJson(path, (value) => void (value.q = 2)));
      expect(changed.error).toMatchObject({ code: "ERR_INVALID_ARG" });
      const unchanged = await endOf(() => json.updateJson(path, () => undefined));
      expect(unchanged.error).toBeUndefined();
      expect(readFileSync(path, "utf8") === deep).toBe(true);
    }
  });
});
