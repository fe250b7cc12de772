/** Objects of which JSON.stringify writes `{}`, or less than they are, without a word. */

import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { serializeJson, serializeRecord } from "../../src/text/serialize-json.ts";
import { refusalOf } from "./refusal-of.ts";

class Quiet {
  readonly #secret = 1;
  get [Symbol.toStringTag](): string {
    return `Quiet${this.#secret}`;
  }
}

class Loud extends Map<string, number> {
  toJSON(): unknown {
    return Object.fromEntries(this);
  }
}

const failing = Object.assign(new RangeError("no"), { code: "EX" });

const lost: readonly (readonly [name: string, value: object, hint?: string])[] = [
  ["a Map", new Map([[1, 2]]), "Object.fromEntries"],
  ["a Set", new Set([1]), "[...set]"],
  ["a Map", Object.assign(new Map([[1, 2]]), { own: 1 }), "Object.fromEntries"],
  ["a WeakMap", new WeakMap()],
  ["a WeakSet", new WeakSet()],
  ["a WeakRef", new WeakRef({})],
  ["an Error", new Error("x"), "{ name, message, stack }"],
  ["an Error", failing, "{ name, message, stack }"],
  ["an Error", new DOMException("x"), "{ name, message, stack }"],
  ["an Error", runInNewContext("new Error('x')") as object, "{ name, message, stack }"],
  ["a Map", runInNewContext("new Map()") as object, "Object.fromEntries"],
  ["a RegExp", /x/g, "source"],
  ["a Promise", Promise.resolve(1), "await"],
  ["an ArrayBuffer", new ArrayBuffer(2), "Array.from"],
  ["a SharedArrayBuffer", new SharedArrayBuffer(2), "Array.from"],
  ["a DataView", new DataView(new ArrayBuffer(2)), "Array.from"],
  ["a Uint8Array", new Uint8Array([1, 2]), "Array.from"],
  ["a Float64Array", new Float64Array(1), "Array.from"],
  ["a Symbol", Object(Symbol("s")) as object],
  ["a URLSearchParams", new URLSearchParams("a=1")],
  ["a Headers", new Headers()],
  ["a Generator", (function* () {})()],
  ["a Map Iterator", new Map().entries()],
  ["a Quiet1", new Quiet()],
  ["a Map", new Proxy(new Map([[1, 2]]), {})],
];

for (const [kind, value, hint] of lost) {
  test(`${kind} is refused, wherever it is`, () => {
    const places: readonly (readonly [unknown, PropertyKey[]])[] = [
      [value, []],
      [{ a: { b: value } }, ["a", "b"]],
      [[1, value], [1]],
      [{ toJSON: () => value }, []],
    ];
    for (const [whole, valuePath] of places) {
      for (const write of [
        () => serializeJson(whole, {}),
        () => serializeJson(whole, { sortKeys: true, space: 0 }),
        () => serializeRecord(whole),
      ]) {
        const refused = refusalOf(write);
        expect(refused).toMatchObject({ code: "ERR_JSON_UNSERIALIZABLE", valuePath });
        expect(refused.problem).toContain(` is ${kind}`);
        if (hint !== undefined) expect(refused.hint).toContain(hint);
      }
    }
  });
}

class Point {
  readonly x = 1;
  readonly #y = 2;
  sum(): number {
    return this.x + this.#y;
  }
}
class Empty {}
class Tagged {
  readonly x = 1;
  get [Symbol.toStringTag](): string {
    return "Tagged";
  }
}

test("what says itself what is written of it is written, and what has something to write", () => {
  const kept: readonly unknown[] = [
    new Date(0),
    Buffer.from("ab"),
    new URL("file:///a"),
    new Loud([["a", 1]]),
    Object.assign(new Error("x"), { toJSON: () => "told" }),
    new Point(),
    new Empty(),
    new Tagged(),
    Object.create(null),
    Object.assign(Object.create(null) as object, { a: 1 }),
    { [Symbol.toStringTag]: "Mine" },
    runInNewContext("({ a: [1, { b: 2 }] })"),
  ];
  for (const value of kept) {
    expect(serializeRecord(value)).toBe(JSON.stringify(value));
    expect(serializeRecord({ a: [value] })).toBe(JSON.stringify({ a: [value] }));
    const sorted = serializeJson({ a: value }, { sortKeys: true, space: 0 });
    expect(JSON.parse(String(sorted))).toEqual(JSON.parse(JSON.stringify({ a: value })));
  }
});

test("a tag that throws is no reason to write something else", () => {
  const cause = new Error("not now");
  const value: object = Object.create({
    get [Symbol.toStringTag]() {
      throw cause;
    },
  }) as object;
  expect(refusalOf(() => serializeRecord({ a: value }))).toMatchObject({
    code: "ERR_JSON_UNSERIALIZABLE",
    valuePath: ["a"],
    cause,
  });
});
