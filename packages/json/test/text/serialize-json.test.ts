import fc from "fast-check";
import { expect, test } from "vitest";
import { serializeJson, serializeRecord } from "../../src/text/serialize-json.ts";
import { isPlain } from "../../src/text/is-plain.ts";
import { JsonWriter } from "../../src/text/json-writer.ts";
import { values } from "./json-like.ts";
import { refusalOf } from "./refusal-of.ts";

const serialize = (value: unknown, options: Parameters<typeof serializeJson>[1] = {}): string =>
  Buffer.from(serializeJson(value, options)).toString();

class Point {
  readonly x: number;
  readonly inner: unknown;
  constructor(x: number, inner: unknown) {
    this.x = x;
    this.inner = inner;
  }
  get sum(): number {
    return this.x;
  }
}

/** Values that JSON.stringify makes something else of, but nothing that it leaves out in silence. */
const richValues: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    values,
    fc.date({ noInvalidDate: false }),
    fc.string().map((text) => Object(text) as unknown),
    fc.integer().map((number) => Object(number) as unknown),
    fc.boolean().map((boolean) => Object(boolean) as unknown),
    fc.constant(Buffer.from("ab")),
    fc.constant(new URL("file:///a")),
    tie("value").map((inner) => new Point(1, inner)),
    tie("value").map((inner) => ({ toJSON: (key: unknown) => [key, typeof key, inner] })),
    tie("value").map((inner) => ({
      a: undefined,
      get b() {
        return inner;
      },
      [Symbol("s")]: 1,
    })),
    tie("value").map((inner) => Object.assign(Object.create({ inherited: inner }), { own: inner })),
    tie("value").map((inner) => new Proxy([inner, inner], {})),
    tie("value").map((inner) => Object.assign(Object.create(null), { inner })),
    tie("value").map((inner) => [[inner], { toJSON: () => undefined }].slice(0, 1)),
    tie("value").map((inner) => ({ gone: { toJSON: () => undefined }, inner })),
    tie("value").map((inner) => Object.assign(() => 1, { toJSON: () => [inner] })),
    fc.array(tie("value"), { maxLength: 3 }),
  ),
})).value;

test(
  "where nothing is refused, the text is that of JSON.stringify, and a newline",
  { timeout: 120_000 },
  () => {
    fc.assert(
      fc.property(
        richValues,
        fc.constantFrom(undefined, 0, 1, 2, 10, "\t", "   "),
        (value, space) => {
          const expected = JSON.stringify(value, undefined, space ?? 2);
          expect(serialize(value, space === undefined ? {} : { space })).toBe(`${expected}\n`);
          expect(serializeRecord(value)).toBe(JSON.stringify(value));
        },
      ),
      { numRuns: 1500 },
    );
  },
);

test(
  "what is called plain, JSON.stringify writes as the careful writer does",
  { timeout: 120_000 },
  () => {
    const seen = { plain: 0, other: 0 };
    const anything = fc.anything({
      withBigInt: true,
      withBoxedValues: true,
      withDate: true,
      withMap: true,
      withNullPrototype: true,
      withObjectString: true,
      withSparseArray: true,
      withTypedArray: true,
    });
    fc.assert(
      fc.property(fc.oneof(anything, values), fc.constantFrom(undefined, "  "), (value, indent) => {
        const plain = isPlain(value);
        seen[plain ? "plain" : "other"]++;
        if (!plain) return;
        const careful = new JsonWriter(indent, false).write(value).toString();
        expect(JSON.stringify(value, undefined, indent)).toBe(careful);
      }),
      { numRuns: 2000 },
    );
    expect(seen.plain).toBeGreaterThan(200);
    expect(seen.other).toBeGreaterThan(200);
  },
);

test("what most documents are made of is plain", () => {
  const common = {
    a: undefined,
    list: [1, null],
    date: new Date(0),
    own: new Point(1, {}),
  };
  expect(isPlain(common)).toBe(true);
  expect(
    [{ toJSON: () => 1 }, [undefined], () => 1, 1n, Object(1), new Map(), new Error("x")].map(
      (each) => isPlain(each),
    ),
  ).toEqual(Array.from({ length: 7 }, () => false));
});

class Reading {
  toJSON(): unknown {
    return { celsius: Number.NaN };
  }
}

const cyclic: Record<string, unknown> = { list: [1] };
(cyclic["list"] as unknown[]).push({ back: cyclic });
const failure = new Error("not now");

/** What is refused: where, and what is said. */
const refusals: readonly (readonly [
  name: string,
  value: unknown,
  path: PropertyKey[],
  says: RegExp,
])[] = [
  ["undefined", undefined, [], /^value is undefined: it has no form in JSON$/],
  ["a function", () => 1, [], /^value is a function/],
  ["a symbol", Symbol("x"), [], /^value is a symbol/],
  ["NaN", Number.NaN, [], /^value is NaN/],
  ["a BigInt", 1n, [], /^value is a BigInt/],
  ["undefined in an array", { a: [1, undefined] }, ["a", 1], /^value\.a\[1\] is undefined/],
  // oxlint-disable-next-line no-sparse-arrays -- a hole is what is tested
  ["a hole", [1, , 2], [1], /^value\[1\] is undefined/],
  [
    "a function as a property",
    { a: { "b c": () => 1 } },
    ["a", "b c"],
    /^value\.a\["b c"\] is a function/,
  ],
  ["a function in an array", [() => 1], [0], /^value\[0\] is a function/],
  ["a symbol as a property", { a: Symbol("x") }, ["a"], /^value\.a is a symbol/],
  [
    "NaN deep inside",
    { users: [{}, {}, {}, { born: Number.NaN }] },
    ["users", 3, "born"],
    /^value\.users\[3\]\.born is NaN/,
  ],
  ["an infinity", [-Infinity], [0], /^value\[0\] is -Infinity/],
  ["NaN in an object", [Object(Number.NaN)], [0], /^value\[0\] is NaN/],
  ["a BigInt in an object", { a: Object(1n) }, ["a"], /^value\.a is a BigInt/],
  [
    "a cycle",
    { top: cyclic },
    ["top", "list", 1, "back"],
    /^value\.top\.list\[1\]\.back is value\.top again, in a circle/,
  ],
  ["a cycle to the top", cyclic, ["list", 1, "back"], /^value\.list\[1\]\.back is value again/],
  [
    "toJSON that returns a function",
    { a: { toJSON: () => () => 1 } },
    ["a"],
    /^value\.a is a function/,
  ],
  [
    "toJSON that returns NaN in an array",
    { a: { toJSON: () => [Number.NaN] } },
    ["a", 0],
    /^value\.a\[0\] is NaN/,
  ],
  ["toJSON of a class", [new Reading()], [0, "celsius"], /^value\[0\]\.celsius is NaN/],
  [
    "toJSON that returns undefined in an array",
    [{ toJSON: () => undefined }],
    [0],
    /^value\[0\] is undefined/,
  ],
  [
    "__proto__",
    JSON.parse('{"__proto__": {"a": 1}}', (key, value: unknown) => (key === "a" ? 1n : value)),
    ["__proto__", "a"],
    /^value\.__proto__\.a is a BigInt/,
  ],
];

test.each(refusals)("J1: refused: %s", (_, value, path, says) => {
  for (const options of [{}, { sortKeys: true }, { space: 0 }, { space: "preserve" }]) {
    const refused = refusalOf(() => serialize(value, options));
    expect(refused).toMatchObject({ code: "ERR_JSON_UNSERIALIZABLE", valuePath: path });
    expect(refused.problem).toMatch(says);
  }
  expect(refusalOf(() => serializeRecord(value)).valuePath).toEqual(path);
});

test("J1: what throws while it is asked is the cause", () => {
  const fails = (): never => {
    throw failure;
  };
  const throwing = [
    [{ a: { toJSON: fails } }, ["a"], "value.a has a toJSON that threw"],
    [
      {
        a: [
          {
            get b() {
              return fails();
            },
          },
        ],
      },
      ["a", 0, "b"],
      "value.a[0].b could not be read",
    ],
    [{ a: new Proxy({}, { ownKeys: fails }) }, ["a"], "value.a could not be read"],
    [
      {
        a: {
          get toJSON() {
            return fails();
          },
        },
      },
      ["a"],
      "value.a has a toJSON that threw",
    ],
  ] as const;
  for (const [value, valuePath, says] of throwing) {
    const refused = refusalOf(() => serialize(value));
    expect(refused).toMatchObject({ code: "ERR_JSON_UNSERIALIZABLE", valuePath, cause: failure });
    expect(refused.problem).toContain(says);
  }
});

test("a toJSON is called once, with its key, and on what it belongs to", () => {
  const calls: unknown[] = [];
  const toJSON = function (this: unknown, ...args: unknown[]): unknown {
    calls.push([...args, this]);
    return 1;
  };
  const [first, second] = [{ toJSON }, { toJSON }];
  for (const value of [{ list: [first], two: second }]) serialize(value);
  expect(calls).toEqual([
    ["0", first],
    ["two", second],
  ]);
  calls.length = 0;
  serializeRecord(first);
  expect(calls).toEqual([["", first]]);
});

test("BigInts have a form if the program gave them one, as in JSON.stringify", () => {
  const prototype = BigInt.prototype as { toJSON?: unknown };
  prototype.toJSON = function (this: bigint) {
    return String(this);
  };
  try {
    expect(serialize({ a: 1n }, { space: 0 })).toBe('{"a":"1"}\n');
  } finally {
    delete prototype.toJSON;
  }
});

test("where there is JSON.rawJSON, its text is written as it is", () => {
  const { rawJSON } = JSON as { rawJSON?: (text: string) => unknown };
  // Without it the text is what any object with such a property would be.
  const raw = rawJSON?.("12345678901234567890") ?? { rawJSON: "12345678901234567890" };
  const expected = `${JSON.stringify({ raw })}\n`;
  expect(serialize({ raw }, { space: 0 })).toBe(expected);
  expect(serialize({ raw }, { space: 0, sortKeys: true })).toBe(expected);
});

test("what is in a value twice is no cycle", () => {
  const shared = { a: [1] };
  const value = { x: shared, y: [shared, shared.a], late: () => 1 };
  expect(refusalOf(() => serialize(value)).valuePath).toEqual(["late"]);
  expect(serialize({ x: shared, y: [shared, shared.a] }, { space: 0, sortKeys: true })).toBe(
    '{"x":{"a":[1]},"y":[{"a":[1]},[1]]}\n',
  );
});

test("keys in ascending order of code units, also in what toJSON returns", () => {
  const keys = ["b", "10", "9", "a", "é", "😀", "\uffff", "A", "", "__proto__"];
  const object = Object.fromEntries(keys.map((key) => [key, 1]));
  const text = serialize({ z: { toJSON: () => object }, list: [object] }, { sortKeys: true });
  const inOrder = [...text.matchAll(/^ {4,6}("[^"]*"): 1/gm)].map((match) => match[1]);
  const expected = keys.toSorted().map((key) => JSON.stringify(key));
  expect(inOrder).toEqual([...expected, ...expected]);
  expect(serialize(object, { sortKeys: true, space: 0 })).toBe(
    `{${expected.map((key) => `${key}:1`).join()}}\n`,
  );
  expect(text.indexOf('"list"')).toBeLessThan(text.indexOf('"z"'));
});

test("sorted or not, it is the same value", () => {
  fc.assert(
    fc.property(values, (value) => {
      const sorted = serialize(value, { sortKeys: true });
      expect(JSON.parse(sorted)).toEqual(JSON.parse(JSON.stringify(value)));
      expect(serialize(JSON.parse(sorted), { sortKeys: true })).toBe(sorted);
    }),
    { numRuns: 300 },
  );
});

test("lone surrogates are escapes; a record is one line whatever is in it", () => {
  expect(serialize("\ud800a\udc00")).toBe('"\\ud800a\\udc00"\n');
  const strings = fc.string({ unit: "binary" });
  fc.assert(
    fc.property(strings, (text) => {
      const record = serializeRecord({ [text]: [text] });
      expect(record).not.toMatch(/[\n\r]/);
      expect(JSON.parse(Buffer.from(record).toString())).toEqual({ [text]: [text] });
    }),
  );
});

test("J1: 100,000 levels are written", { timeout: 120_000 }, () => {
  let value: unknown = 1;
  for (let level = 0; level < 100_000; level++) value = level % 2 === 0 ? [value] : { a: value };
  const record = serializeRecord(value);
  expect(record.length).toBe(50_000 * 2 + 50_000 * 6 + 1);
  expect(serializeRecord(JSON.parse(record))).toBe(record);
});

test.runIf(process.env["HOLDFAST_HOSTILE_MIB"] !== undefined)(
  "indented, so deep a value is longer than a string, and refused",
  { timeout: 120_000 },
  () => {
    let value: unknown = 1;
    for (let level = 0; level < 100_000; level++) value = [value];
    expect(refusalOf(() => serialize(value))).toMatchObject({ code: "ERR_TOO_LARGE" });
  },
);

test("a toJSON that never ends is refused, not a full stack", { timeout: 120_000 }, () => {
  class Endless {
    toJSON(): unknown {
      return [new Endless()];
    }
  }
  const refused = refusalOf(() => serializeRecord(new Endless()));
  expect(refused).toMatchObject({ code: "ERR_JSON_UNSERIALIZABLE" });
  expect(refused.problem).toMatch(/is too deep/);
  expect(refused.problem.length).toBeLessThan(200);
});

test("the message of a long path is short, and the path whole", () => {
  let value: unknown = () => 1;
  for (let level = 0; level < 5000; level++) value = { ["key\u0007".repeat(30)]: value };
  const refused = refusalOf(() => serialize(value, { space: 0 }));
  expect(refused.valuePath).toHaveLength(5000);
  expect(refused.problem.length).toBeLessThan(1200);
  expect(refused.problem).not.toContain("\u0007");
});
