import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import {
  HoldfastError,
  isHoldfastError,
  quotePath,
  type HoldfastErrorFields,
} from "../../src/errors/holdfast-error.ts";
import type * as firstCopy from "../../src/errors/holdfast-error.ts";
import * as publicEntry from "../../src/index.ts";
import * as stepsEntry from "../../src/steps.ts";

const make = (fields: Partial<HoldfastErrorFields> = {}): HoldfastError =>
  new HoldfastError({ code: "ENOSPC", op: "replaceFileAtomic", effect: "none", ...fields });

describe("the fields", () => {
  it("are all there", () => {
    const cause = new Error("from below");
    const fields = {
      code: "EACCES",
      op: "movePathWithCopyFallback",
      path: "/a",
      dest: "/b",
      effect: "partial",
      leftovers: ["/a.tmp"],
      syscall: "rename",
      errno: -13,
      suppressed: [new Error("close")],
      hint: "Look at the directory.",
    } as const;
    const error = make({ ...fields, cause });
    expect(error).toBeInstanceOf(Error);
    expect({ ...error }).toEqual({ ...fields, kind: "system" });
    expect(error.cause).toBe(cause);
    expect(error.name).toBe("HoldfastError");
    expect(error.stack).toContain("holdfast-error.test");
  });

  it("have defaults that can be used without a check", () => {
    expect({ ...make() }).toEqual({
      code: "ENOSPC",
      kind: "system",
      op: "replaceFileAtomic",
      path: undefined,
      dest: undefined,
      effect: "none",
      leftovers: [],
      syscall: undefined,
      errno: undefined,
      suppressed: [],
      hint: undefined,
    });
    expect(Object.hasOwn(make(), "cause")).toBe(false);
    expect(Object.hasOwn(make({ cause: undefined }), "cause")).toBe(true);
  });

  it("say who said no", () => {
    expect(make({ code: "ENOSPC" }).kind).toBe("system");
    expect(make({ code: "ERR_SYMLINK" }).kind).toBe("refused");
    expect(make({ code: "ERR_CHANGED" }).kind).toBe("state");
    expect(make({ code: "ESOMETHINGNEW" }).kind).toBe("system");
    // Names that every object has are not codes.
    expect(make({ code: "constructor" }).kind).toBe("system");
  });

  it("do not include the name or the brand", () => {
    expect(Object.keys(make())).not.toContain("name");
    expect(inspect(make())).not.toContain("Symbol");
  });

  it("name an abort as everybody does", () => {
    expect(make({ code: "ABORT_ERR" }).name).toBe("AbortError");
    expect(make({ code: "ABORT_ERR" })).toBeInstanceOf(HoldfastError);
  });
});

describe("the message", () => {
  it.each<[Partial<HoldfastErrorFields>, string]>([
    [{}, "replaceFileAtomic: no space is left on the device; nothing was changed (ENOSPC)"],
    [
      { path: "/a" },
      'replaceFileAtomic "/a": no space is left on the device; nothing was changed (ENOSPC)',
    ],
    [
      { path: "/a", dest: "b", effect: "complete" },
      'replaceFileAtomic "/a" -> "b": no space is left on the device; the change is in place (ENOSPC)',
    ],
    [
      { path: "/a", problem: "the disk has had enough", effect: "partial" },
      'replaceFileAtomic "/a": the disk has had enough; the target is in between (ENOSPC)',
    ],
    [
      { effect: "unknown", code: "ENEW" },
      "replaceFileAtomic: the call failed; it is not known whether the target was changed (ENEW)",
    ],
    [
      { leftovers: ["/a.tmp", "/b.tmp"], hint: "Free some space." },
      "replaceFileAtomic: no space is left on the device; nothing was changed; " +
        'left behind: "/a.tmp", "/b.tmp" (ENOSPC). Free some space.',
    ],
  ])("of %j", (fields, message) => {
    expect(make(fields).message).toBe(message);
  });

  it("is one line of visible characters, whatever the paths hold", () => {
    const nasty =
      'a\nb\r\t\u0000\u001b[31m\u007f\u0085\u009b\u200e\u200f\u061c\u202a\u202e\u2028\u2029\u2066\u2069\ud800"\\';
    const error = make({ path: nasty, dest: nasty, leftovers: [nasty] });
    // oxlint-disable no-control-regex -- they are what must not be there
    expect(error.message).not.toMatch(
      /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/,
    );
    expect(() => encodeURIComponent(error.message)).not.toThrow(); // no half of a character
    // The field keeps what the caller gave.
    expect(error.path).toBe(nasty);
  });

  it("has an excerpt below it, which is a field too, as are others that one code alone has", () => {
    const error = make({ hint: "Look.", more: { excerpt: "a b\n  ^", line: 3 } });
    expect(error.message.split("\n").slice(1)).toEqual(["a b", "  ^"]);
    expect(error).toMatchObject({ excerpt: "a b\n  ^", line: 3 });
    expect(make({ more: { line: 3 } }).message).not.toContain("\n");
  });

  it("leaves every other character of a path as it is", () => {
    expect(quotePath("/ö/日本/😀 x'y")).toBe('"/ö/日本/😀 x\'y"');
  });

  it("escapes so that the path can be read back", () => {
    for (let code = 0; code < 0x3000; code++) {
      const path = `a${String.fromCharCode(code)}b`;
      expect(JSON.parse(quotePath(path))).toBe(path);
    }
  });

  it("is without file contents: nothing of the cause's own text gets in", () => {
    const cause = new Error("secret content");
    expect(make({ cause, suppressed: [cause] }).message).not.toContain("secret");
  });
});

describe("isHoldfastError", () => {
  it("knows ours, and nothing else", () => {
    expect(isHoldfastError(make())).toBe(true);
    const lookalike = Object.assign(new Error("x"), {
      name: "HoldfastError",
      code: "EIO",
      effect: "none",
    });
    for (const value of [
      lookalike,
      undefined,
      null,
      0,
      "",
      "HoldfastError",
      {},
      () => {},
      new Error("x"),
    ]) {
      expect(isHoldfastError(value)).toBe(false);
    }
  });

  it("knows those of another copy of the package, in both directions", async () => {
    // The query makes it a second module with a class of its own.
    const url = "../../src/errors/holdfast-error.ts?second-copy";
    const copy = (await import(/* @vite-ignore */ url)) as typeof firstCopy;
    expect(copy.HoldfastError).not.toBe(HoldfastError);
    const theirs = new copy.HoldfastError({ code: "EIO", op: "x", effect: "none" });
    expect(theirs).not.toBeInstanceOf(HoldfastError);
    expect(isHoldfastError(theirs)).toBe(true);
    expect(copy.isHoldfastError(make())).toBe(true);
  });

  it("knows those of subclasses", () => {
    class Special extends HoldfastError {}
    expect(isHoldfastError(new Special({ code: "EIO", op: "x", effect: "none" }))).toBe(true);
  });

  it("survives a proxy that refuses", () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    expect(isHoldfastError(proxy)).toBe(false);
    revoke();
    expect(() => isHoldfastError(proxy)).toThrow(TypeError);
  });
});

describe("the entries", () => {
  it("export what is documented, and nothing else", () => {
    expect(Object.keys(publicEntry).toSorted()).toEqual([
      "HoldfastError",
      "errorCodes",
      "isAlreadyExists",
      "isCrossDevice",
      "isHoldfastError",
      "isNotFound",
      "isOutOfSpace",
      "isPermissionDenied",
      "isReadOnly",
      "isTooManyOpenFiles",
      "isUnsupported",
    ]);
  });

  it("are of one piece: both give the same class", () => {
    expect(stepsEntry.HoldfastError).toBe(publicEntry.HoldfastError);
    const { runAsync, runSync, all, sleep, wait, Operation } = stepsEntry;
    for (const exported of [runAsync, runSync, all, sleep, wait, Operation]) {
      expect(typeof exported).toBe("function");
    }
  });
});
