import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bytesOfName, compareNames, nameFromBytes, nameLength } from "../../src/memory/names.ts";
import { machine, names } from "./machine.ts";

const anyBytes = fc.oneof(
  fc.uint8Array({ maxLength: 8 }),
  fc.string({ unit: "binary" }).map((text) => new Uint8Array(Buffer.from(text))),
  // Almost UTF-8: characters with a byte missing or changed.
  fc
    .tuple(fc.string({ unit: "binary", minLength: 1, maxLength: 4 }), fc.nat(), fc.nat(255))
    .map(([text, at, byte]) => {
      const bytes = Buffer.from(text);
      bytes[at % bytes.length] = byte;
      return new Uint8Array(bytes);
    }),
);

describe("names that are bytes", () => {
  it("come back as they were", () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const name = nameFromBytes(bytes);
        expect(new Uint8Array(bytesOfName(name))).toEqual(bytes);
        expect(nameLength(name)).toBe(bytes.length);
      }),
      { numRuns: 1000 },
    );
  });

  it("are sorted as bytes", () => {
    fc.assert(
      fc.property(anyBytes, anyBytes, (one, other) => {
        const order = compareNames(nameFromBytes(one), nameFromBytes(other));
        expect(Math.sign(order)).toBe(Buffer.compare(one, other));
      }),
      { numRuns: 1000 },
    );
  });

  it("go in as buffers, and out with the encoding that is asked for", () => {
    const { call, backend } = machine();
    const raw = Buffer.from([0x61, 0xff, 0xc3]);
    call("mkdir", raw, 0o777);
    call("symlink", raw, "link", null);
    expect(call("readdir", "/", names)).toEqual(["a\uFFFD\uFFFD", "link"]);
    expect(call("readdir", "/", { encoding: "buffer", withFileTypes: false })).toEqual([
      raw,
      Buffer.from("link"),
    ]);
    expect(call("readlink", "link", { encoding: "buffer" })).toEqual(raw);
    expect(call("readlink", "link", { encoding: "hex" })).toBe("61ffc3");
    expect(call("realpath", "link", { encoding: "buffer" })).toEqual(
      Buffer.from("2f61ffc3", "hex"),
    );
    expect(backend.tree()).toEqual([
      String.raw`"a\udcff\udcc3/"`,
      String.raw`link => "a\udcff\udcc3"`,
    ]);
  });

  it("are what Node makes of strings that cannot be encoded", () => {
    const { call } = machine();
    call("mkdir", "x\uD800", 0o777);
    expect(call("readdir", "/", names)).toEqual(["x\uFFFD"]);
    expect(call("lstat", Buffer.from("x\uFFFD"), { bigint: false }).isDirectory()).toBe(true);
  });
});
