import realFs from "node:fs";
import { describe, expect, it, vi } from "vitest";
import {
  invalidCombination,
  invalidRange,
  invalidType,
  requireCalls,
} from "../../src/errors/misuse.ts";
import type { FileSystem } from "../../src/index.ts";
import type { CallName } from "../../src/steps/step.ts";

describe("an error of the caller", () => {
  it("is the type that Node would throw, with our code", () => {
    const type = invalidType("op", "mode", "an integer", "x");
    expect(type).toBeInstanceOf(TypeError);
    expect(type.message).toBe('op: "mode" must be an integer; got "x" (ERR_INVALID_ARG)');
    const range = invalidRange("op", "mode", "at most 0o7777", 99_999);
    expect(range).toBeInstanceOf(RangeError);
    expect(range.message).toBe(
      'op: "mode" must be at most 0o7777; got number 99999 (ERR_INVALID_ARG)',
    );
    const both = invalidCombination("op", "not both");
    expect(both).toBeInstanceOf(TypeError);
    expect(both.message).toBe("op: not both (ERR_INVALID_ARG)");
    for (const error of [type, range, both]) expect(error.code).toBe("ERR_INVALID_ARG");
  });

  class Named {}
  it.each<[unknown, string]>([
    [undefined, "undefined"],
    [null, "null"],
    ["", '""'],
    ["a\nb", '"a\\nb"'],
    ["x".repeat(40), `"${"x".repeat(40)}"`],
    ["x".repeat(41), "a long string"],
    [Number.NaN, "number NaN"],
    [-0.5, "number -0.5"],
    [12n, "bigint 12"],
    [true, "boolean true"],
    [Symbol("s"), "symbol Symbol(s)"],
    [() => "source", "a function"],
    [["a secret"], "an array"],
    [{ a: "secret" }, "an object (Object)"],
    [new Named(), "an object (Named)"],
    [Object.create(null), "an object (bare)"],
    [Buffer.from("secret"), "an object (Buffer)"],
  ])("describes %s without giving contents away", (value, description) => {
    expect(invalidType("op", "x", "else", value).message).toBe(
      `op: "x" must be else; got ${description} (ERR_INVALID_ARG)`,
    );
  });
});

const onHandle = [
  "close",
  "closeFlushed",
  "read",
  "write",
  "fstat",
  "fchmod",
  "fchown",
  "futimes",
  "ftruncate",
  "fsync",
  "fdatasync",
] as const;
const onPath = [
  "open",
  "writeFile",
  "rename",
  "link",
  "unlink",
  "symlink",
  "readlink",
  "mkdir",
  "rmdir",
  "readdir",
  "lstat",
  "stat",
  "access",
  "copyFile",
  "lutimes",
] as const;
const everyName: readonly CallName[] = [...onHandle, ...onPath];

describe("a file system that lacks a method", () => {
  it("is complete if it is Node's own, in any form, or the default", () => {
    for (const half of ["sync", "async"] as const) {
      for (const fileSystem of [undefined, realFs, { ...realFs }]) {
        expect(() => requireCalls("op", fileSystem, half, everyName)).not.toThrow();
      }
    }
    expect(() =>
      requireCalls("op", { promises: realFs.promises }, "async", everyName),
    ).not.toThrow();
    expect(() => requireCalls("op", {}, "sync", [])).not.toThrow();
  });

  it.each(everyName)("is refused by name in the synchronous half: %s", (name) => {
    const method = `${name === "closeFlushed" ? "close" : name}Sync`;
    const without = { ...realFs, [method]: undefined } as unknown as FileSystem;
    expect(() => requireCalls("op", without, "sync", [name])).toThrow(
      `op: "fileSystem.${method}" is needed and is not a function (ERR_INVALID_ARG)`,
    );
    expect(() => requireCalls("op", without, "async", [name])).not.toThrow();
  });

  it.each(onPath)("is refused by name in the asynchronous half: %s", (name) => {
    const promises = { ...realFs.promises, [name]: undefined };
    const without = { promises } as unknown as FileSystem;
    expect(() => requireCalls("op", without, "async", [name])).toThrow(
      `op: "fileSystem.promises.${name}" is needed and is not a function (ERR_INVALID_ARG)`,
    );
  });

  it.each(onHandle)("need not have what is a method of the handle: %s", (name) => {
    const open = realFs.promises.open;
    expect(() => requireCalls("op", { promises: { open } }, "async", [name])).not.toThrow();
    expect(() => requireCalls("op", { promises: {} }, "async", [name])).toThrow(
      '"fileSystem.promises.open" is needed',
    );
  });

  it("is refused without a call being made", () => {
    const open = vi.fn<() => never>();
    expect(() => requireCalls("op", { promises: { open } }, "async", ["open", "rename"])).toThrow(
      "rename",
    );
    expect(open).not.toHaveBeenCalled();
  });

  it("is refused if it has no such half, or a half of nonsense", () => {
    for (const fileSystem of [
      {},
      { promises: undefined },
      { promises: null },
      { promises: 7 },
      { promises: { rename: "x" } },
    ]) {
      expect(() =>
        requireCalls("op", fileSystem as unknown as FileSystem, "async", ["rename"]),
      ).toThrow('"fileSystem.promises.rename" is needed');
    }
  });

  it("is refused if it is no object", () => {
    for (const value of [null, 7, "fs", true, Symbol("fs")]) {
      expect(() => requireCalls("op", value as never, "sync", [])).toThrow(
        'op: "fileSystem" must be an object like node:fs; got',
      );
    }
  });

  it("is refused if it names a platform that the table does not have", () => {
    for (const platform of ["win64", "", "toString", "__proto__", 3]) {
      expect(() => requireCalls("op", { platform } as never, "sync", [])).toThrow(
        '"fileSystem.platform" must be one of linux, darwin, other, win32; got',
      );
    }
    expect(() => requireCalls("op", { platform: "win32" }, "sync", [])).not.toThrow();
  });
});
