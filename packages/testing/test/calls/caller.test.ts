import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { compileFunction } from "node:vm";
import { describe, expect, it } from "vitest";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";
import { callerOf } from "../../src/calls/caller.ts";

/** Asks from a function in a file of that name. */
function askFrom(filename: string, body = "return callerOf();", ask: unknown = callerOf): unknown {
  return (compileFunction(body, ["callerOf"], { filename }) as (ask: unknown) => unknown)(ask);
}

describe("callerOf", () => {
  it.each([
    ["/x/plain/t.cjs", "/x/plain/t.cjs"],
    ["/x/my (new) proj/t.cjs", "/x/my (new) proj/t.cjs"],
    ["/x/(a)/(b c)/t (1).cjs", "/x/(a)/(b c)/t (1).cjs"],
    ["/x/50%20off/t.cjs", "/x/50%20off/t.cjs"],
    ["file:///x/my%20(new)%20proj/t.mjs", "/x/my (new) proj/t.mjs"],
    ["file:///x/gr%C3%BC%C3%9Fe/t.mjs", "/x/grüße/t.mjs"],
    ["file:///x/t.mjs?v=1", "/x/t.mjs"],
    ["webpack://app/./src/my (new)/t.ts", "webpack://app/./src/my (new)/t.ts"],
    ["relative.js", "relative.js"],
  ])("of %s", (filename, file) => {
    expect(askFrom(filename)).toBe(`${file}:1:8`);
  });

  it.each([
    ["an anonymous function", "return (() => callerOf())();", 15],
    ["a method", "return { ask() { return callerOf(); } }.ask();", 25],
    ["a name that is a path", 'return { "/a (b": () => callerOf() }["/a (b"]();', 25],
    ["a constructor", "return new (class A { at = callerOf(); })().at;", 28],
    ["a callback", "return [1].map(() => callerOf())[0];", 22],
  ])("from %s", (_, body, column) => {
    expect(askFrom("/x/my (new) proj/t.cjs", body)).toBe(`/x/my (new) proj/t.cjs:1:${column}`);
    expect(askFrom("file:///x/my%20(new)/t.mjs", body)).toBe(`/x/my (new)/t.mjs:1:${column}`);
  });

  it("from an asynchronous function that has waited", async () => {
    const body = "return (async () => { await null; return callerOf(); })();";
    expect(await askFrom("/x/my (new) proj/t.cjs", body)).toBe("/x/my (new) proj/t.cjs:1:42");
  });

  it("from evaluated code: where it was evaluated", () => {
    const body = 'return eval("callerOf()");';
    expect(askFrom("/x/my (new) proj/t.cjs", body)).toBe("/x/my (new) proj/t.cjs:1:8");
  });

  it("passes over the package itself, wherever it lies, and its neighbours not", async () => {
    const original = fileURLToPath(new URL("../../src/calls/caller.ts", import.meta.url));
    const root = join(tempDir(), "my (new) 100% proj");
    mkdirSync(join(root, "src/calls"), { recursive: true });
    copyFileSync(original, join(root, "src/calls/caller.ts"));
    const { href } = pathToFileURL(join(root, "src/calls/caller.ts"));
    const copy = (await import(/* @vite-ignore */ href)) as { readonly callerOf: unknown };
    expect(copy.callerOf).not.toBe(callerOf);
    for (const name of ["src/t.cjs", "srcs/t.cjs"]) {
      const file = join(root, name);
      const through = (): unknown => askFrom(file, undefined, copy.callerOf);
      const expected = name.startsWith("src/") ? import.meta.filename : file;
      expect(String(through()).replace(/(:\d+)+$/, "")).toBe(expected);
      const asUrl = askFrom(pathToFileURL(file).href, undefined, copy.callerOf);
      expect(String(asUrl).replace(/(:\d+)+$/, "")).toBe(expected);
    }
  });
});
