import fc from "fast-check";
import { expect, it } from "vitest";
import { compareLines } from "../../src/diff/compare-lines.ts";
import { run } from "../objects/run.ts";

const compare = (from: string, to: string): Promise<unknown> =>
  run(() => compareLines(Buffer.from(from), Buffer.from(to)));

/** By the table that every textbook has. */
function longestCommon(a: readonly string[], b: readonly string[]): number {
  let row = Array.from({ length: b.length + 1 }, () => 0);
  for (const line of a) {
    const next = [0];
    for (const [index, other] of b.entries()) {
      next.push(line === other ? row[index]! + 1 : Math.max(row[index + 1]!, next[index]!));
    }
    row = next;
  }
  return row[b.length]!;
}

const linesOf = (text: string): string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? [];

const text = fc
  .array(fc.constantFrom("a\n", "b\n", "c\n", "\n", "d\r\n"), { maxLength: 40 })
  .chain((lines) => fc.constantFrom("", "a", "z").map((end) => lines.join("") + end));

it("counts what a shortest script adds and removes", async () => {
  await fc.assert(
    fc.asyncProperty(text, text, async (from, to) => {
      const [a, b] = [linesOf(from), linesOf(to)];
      const common = longestCommon(a, b);
      expect(await compare(from, to)).toEqual({
        added: b.length - common,
        removed: a.length - common,
      });
    }),
    { numRuns: 500 },
  );
});

it.each([
  ["", "", 0, 0],
  ["", "a\nb", 2, 0],
  ["a\nb\n", "", 0, 2],
  ["a\n", "a", 1, 1],
  ["a\r\n", "a\n", 1, 1],
  ["a\nb\nc\n", "a\nx\nc\n", 1, 1],
  ["é\n", "e\n", 1, 1],
])("%j -> %j: %i added, %i removed", async (from, to, added, removed) => {
  expect(await compare(from, to)).toEqual({ added, removed });
});

it("a large file that was written anew is counted at once: no line is in both", async () => {
  const from = Array.from({ length: 50_000 }, (_, n) => `old ${n}\n`).join("");
  const to = Array.from({ length: 40_000 }, (_, n) => `new ${n}\n`).join("");
  expect(await compare(from, to)).toEqual({ added: 40_000, removed: 50_000 });
});

it("gives up where too many lines have moved, and lets others run meanwhile", async () => {
  const lines = Array.from({ length: 20_000 }, (_, n) => `${n}\n`);
  let turns = 0;
  const timer = setInterval(() => turns++, 0);
  try {
    expect(await compare(lines.join(""), lines.toReversed().join(""))).toBeUndefined();
    expect(turns).toBeGreaterThan(3);
  } finally {
    clearInterval(timer);
  }
});
