import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { TreeEntry } from "../../src/tree/tree-entry.ts";
import { formatTree, parseTree } from "../../src/tree/tree-language.ts";
import { treeEntries } from "./tree-arbitrary.ts";

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));

describe("the form", () => {
  const cases: readonly (readonly [string, TreeEntry])[] = [
    ["src/", { type: "directory", path: "src", mode: 0o755 }],
    ["dir/ 0700", { type: "directory", path: "dir", mode: 0o700 }],
    ["shared/ 02775", { type: "directory", path: "shared", mode: 0o2775 }],
    ["a.txt = hello", { type: "file", path: "a.txt", mode: 0o644, content: bytes("hello") }],
    ["run.sh 0755 = #!/bin/sh", file("run.sh", "#!/bin/sh", 0o755)],
    ["a b.txt = two words", file("a b.txt", "two words")],
    ["eq = a = b => c", file("eq", "a = b => c")],
    ['json = {"a": [1]}', file("json", '{"a": [1]}')],
    ['empty = ""', file("empty", "")],
    [String.raw`lines = "1\n2\n"`, file("lines", "1\n2\n")],
    [String.raw`quoted = "\"x\""`, file("quoted", '"x"')],
    [String.raw`mark = "\ufeffx"`, file("mark", "\uFEFFx")],
    ['spaces = " x"', file("spaces", " x")],
    ['code = "base64:x"', file("code", "base64:x")],
    ["ö/ü = ä€😀", file("ö/ü", "ä€😀")],
    ["bin = base64:/wAB", raw("bin", [255, 0, 1])],
    ["ctl = base64:AWE=", file("ctl", "\u0001a")],
    ["holes = zeros:3", file("holes", "\0\0\0")],
    [String.raw`"new\nline" = x`, file("new\nline", "x")],
    ['"a = b" = c', file("a = b", "c")],
    ['"x 0644" = c', file("x 0644", "c")],
    ['"x 0644/"', { type: "directory", path: "x 0644", mode: 0o755 }],
    ['" /" 0700', { type: "directory", path: " ", mode: 0o700 }],
    [String.raw`"raw\udcff" = c`, file("raw\uDCFF", "c")],
    ["link => ../x", { type: "symlink", path: "link", target: "../x" }],
    ['link => " x"', { type: "symlink", path: "link", target: " x" }],
    ["a/b => c/", { type: "symlink", path: "a/b", target: "c/" }],
    ["pipe (other)", { type: "other", path: "pipe" }],
    ['"pipe (other)" = x', file("pipe (other)", "x")],
  ];

  it.each(cases)("%s", (line, entry) => {
    expect(formatTree([entry])).toEqual([line]);
    expect(parseTree([line])).toEqual([entry]);
  });

  it("is sorted so that what is in a directory follows it", () => {
    const lines = ["a.b = 1", "a/", "a/z = 1", "a/b/c = 1", "a/b/", "\uFF5E = 1", "😀 = 1"];
    expect(formatTree(parseTree(lines))).toEqual([
      "a/",
      "a/b/",
      "a/b/c = 1",
      "a/z = 1",
      "a.b = 1",
      "\uFF5E = 1",
      "😀 = 1",
    ]);
  });

  it("reads more than it writes: real newlines, nothing after the sign", () => {
    expect(parseTree(["a = 1\n2\n", "b =", "c = "])).toEqual([
      file("a", "1\n2\n"),
      file("b", ""),
      file("c", ""),
    ]);
  });
});

describe("what is refused", () => {
  it.each([
    [["a.txt"]],
    [[""]],
    [["/"]],
    [["/a = x"]],
    [["a//b = x"]],
    [["../a = x"]],
    [["a/./b = x"]],
    [["a/.. = x"]],
    [["a\0b = x"]],
    [["a/ = x"]],
    [["a/ => x"]],
    [["a 0644"]],
    [["a 0644 => x"]],
    [["a =>"]],
    [['a => ""']],
    [['a = "x']],
    [['a = "x" y']],
    [['"a" b = x']],
    [['"a']],
    [["a = base64:="]],
    [["a = base64:A"]],
    [["a = zeros:x"]],
    [["a = zeros:"]],
    [['a = "\\ud800"']],
    [["a = x", "a = y"]],
    [["a = x", "a/b = y"]],
    [["a => x", "a/b/c = y"]],
    [[1]],
    ["a = x"],
  ])("%j", (lines) => {
    const parse = (): unknown => parseTree(lines as string[]);
    expect(parse).toThrow(TypeError);
    expect(parse).toThrow(/^parseTree: "lines" must be .*ERR_INVALID_ARG/s);
  });
});

describe("the round trip", () => {
  it("parse(format(entries)) gives the entries", () => {
    fc.assert(
      fc.property(treeEntries, (entries) => {
        const lines = formatTree(entries);
        expect(lines.every((line) => !line.includes("\n"))).toBe(true);
        const back = parseTree(lines);
        expect(back).toHaveLength(entries.length);
        expect(new Set(back)).toEqual(new Set(entries));
        expect(formatTree(back)).toEqual(lines);
      }),
      { numRuns: 500 },
    );
  });
});

function file(path: string, content: string, mode = 0o644): TreeEntry {
  return { type: "file", path, mode, content: bytes(content) };
}

function raw(path: string, content: readonly number[]): TreeEntry {
  return { type: "file", path, mode: 0o644, content: Uint8Array.from(content) };
}
