import { describe, expect, it } from "vitest";
import { diffTrees } from "../../src/tree/diff-trees.ts";

describe("diffTrees", () => {
  it("is empty for the same tree, however it is written", () => {
    expect(diffTrees(["a/", "a/b = x", "c = y"], ['"c" = "y"', "a/b = x"])).toEqual([]);
  });

  it("says what is missing and what is there instead, path by path", () => {
    const found = ["a = 1", "b/ 0700", "c/d = 1", "z => a"];
    const expected = ["a = 2", "b/", "e = 1", "z = 1"];
    expect(diffTrees(found, expected)).toEqual([
      "- a = 2",
      "+ a = 1",
      "- b/",
      "+ b/ 0700",
      "+ c/",
      "+ c/d = 1",
      "- e = 1",
      "- z = 1",
      "+ z => a",
    ]);
  });

  it("cuts long lines around what is different", () => {
    const long = "x".repeat(1000);
    expect(diffTrees([`a = ${long}1${long}`], [`a = ${long}2${long}`])).toEqual([
      `- (984 characters)…${"x".repeat(20)}2${"x".repeat(179)}…(821 characters)`,
      `+ (984 characters)…${"x".repeat(20)}1${"x".repeat(179)}…(821 characters)`,
    ]);
    expect(diffTrees([], [`a = ${long}`])).toEqual([`- a = ${"x".repeat(196)}…(804 characters)`]);
  });

  it("refuses what is no tree", () => {
    expect(() => diffTrees(["a"], [])).toThrow(/^diffTrees: "lines" must be/);
  });
});
