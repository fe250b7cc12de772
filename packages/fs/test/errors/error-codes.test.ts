import { constants } from "node:os";
import { describe, expect, it } from "vitest";
import { needs } from "../../../atomic/test/support/needs.ts";
import * as table from "../../src/errors/error-codes.ts";
import { HoldfastError } from "../../src/errors/holdfast-error.ts";

const { errorCodes, errorCode, errorCodeEntry } = table;
const entries = Object.entries(errorCodes);

describe("the code table", () => {
  it.each(entries)("%s says what it means", (code, entry) => {
    expect(Object.keys(entry).toSorted()).toEqual(["kind", "meaning", "retryable"]);
    expect(["system", "refused", "state"]).toContain(entry.kind);
    expect(typeof entry.retryable).toBe("boolean");
    // A clause that stands in a sentence: no capital, no full stop, one line.
    expect(entry.meaning).toMatch(/^[a-z][^\n]*[^.\s]$/);
    expect(errorCodeEntry(code)).toBe(entry);
  });

  const codesOf = (isSystem: boolean): string[] =>
    entries.filter(([, { kind }]) => (kind === "system") === isSystem).map(([code]) => code);

  it("keeps errno names and our own apart", () => {
    const system = codesOf(true);
    const own = codesOf(false);
    expect(system.filter((code) => !/^(E(?!RR_)[A-Z0-9]+|UNKNOWN)$/.test(code))).toEqual([]);
    expect(own.filter((code) => !/^(ERR_[A-Z_]+|ABORT_ERR)$/.test(code))).toEqual([]);
    expect(system.length).toBeGreaterThan(25);
    expect(own.length).toBeGreaterThan(10);
  });

  it.runIf(needs("linux"))("has no errno that does not exist", () => {
    const known = new Set([...Object.keys(constants.errno), "UNKNOWN"]);
    expect(codesOf(true).filter((code) => !known.has(code))).toEqual([]);
  });

  it("never calls a full disk a policy", () => {
    for (const code of ["ENOSPC", "EDQUOT", "EFBIG", "EROFS"] as const) {
      expect(errorCodes[code].kind).toBe("system");
    }
  });

  it("knows nothing of codes that are not in it, nor of what every object has", () => {
    for (const code of ["ENOTHING", "", "toString", "__proto__", "constructor"]) {
      expect(errorCodeEntry(code)).toBeUndefined();
    }
  });
});

describe("errorCode", () => {
  it("is the code, if it is a string", () => {
    expect(errorCode({ code: "EIO" })).toBe("EIO");
    expect(errorCode(new HoldfastError({ code: "EIO", op: "x", effect: "none" }))).toBe("EIO");
    for (const value of [undefined, null, 0, "EIO", {}, { code: 5 }, new Error("x")]) {
      expect(errorCode(value)).toBeUndefined();
    }
  });
});

const predicates: [string, (error: unknown) => boolean, string[]][] = [
  ["isNotFound", table.isNotFound, ["ENOENT"]],
  ["isAlreadyExists", table.isAlreadyExists, ["EEXIST"]],
  ["isCrossDevice", table.isCrossDevice, ["EXDEV"]],
  ["isPermissionDenied", table.isPermissionDenied, ["EACCES", "EPERM"]],
  ["isOutOfSpace", table.isOutOfSpace, ["EDQUOT", "ENOSPC"]],
  ["isReadOnly", table.isReadOnly, ["EROFS"]],
  ["isTooManyOpenFiles", table.isTooManyOpenFiles, ["EMFILE", "ENFILE"]],
  ["isUnsupported", table.isUnsupported, ["ENOSYS", "ENOTSUP", "EOPNOTSUPP"]],
];

describe.each(predicates)("%s", (_, predicate, codes) => {
  it("is true of its codes alone, on errors of any kind", () => {
    const hits = entries.map(([code]) => code).filter((code) => predicate({ code }));
    expect(hits).toEqual(codes);
    expect(predicate(new HoldfastError({ code: codes[0]!, op: "x", effect: "none" }))).toBe(true);
    for (const value of [undefined, null, codes[0], {}, { code: 1 }]) {
      expect(predicate(value)).toBe(false);
    }
  });
});
