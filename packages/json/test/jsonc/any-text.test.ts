/** Any document, any edits: the value is what it should be, and no comment is lost. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { scanJsonc } from "../../src/jsonc/scan-jsonc.ts";
import { editText, editTree } from "../../src/jsonc/edit-text.ts";
import { parseJsonc } from "../../src/jsonc/parse-jsonc.ts";
import { TextTree } from "../../src/jsonc/text-tree.ts";
import type { JsoncEdit } from "../../src/jsonc.ts";

const parse = (text: string): unknown => parseJsonc(Buffer.from(text), {}, true);

const key = fc.constantFrom("a", "b", "c", "__proto__", 'é"');
const scalar = fc.oneof(
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.constantFrom("", "x", "{", "//", "/*", ",", "]", "\\"),
);
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    scalar,
    fc.array(tie("value"), { maxLength: 3 }),
    fc
      .uniqueArray(fc.tuple(key, tie("value")), { maxLength: 3, selector: ([name]) => name })
      .map((entries) => Object.fromEntries(entries)),
  ),
}));

/** What may stand between two tokens. */
const gap = fc.constantFrom(
  "",
  "",
  "",
  " ",
  "\n",
  "\n  ",
  "\t",
  "/* c */",
  "// l\n",
  "\n// é\n  ",
  "\r\n",
);

/** A text of a value, with something between any two tokens. */
function textOf(of: unknown, next: () => string, trailing: () => boolean): string {
  const inside = (parts: readonly string[]): string =>
    next() +
    parts.join(`${next()},${next()}`) +
    (parts.length > 0 && trailing() ? `${next()},` : "") +
    next();
  if (Array.isArray(of)) return `[${inside(of.map((one) => textOf(one, next, trailing)))}]`;
  if (typeof of !== "object" || of === null) return JSON.stringify(of);
  const members = Object.entries(of).map(
    ([name, one]) => JSON.stringify(name) + next() + ":" + next() + textOf(one, next, trailing),
  );
  return `{${inside(members)}}`;
}

const edit: fc.Arbitrary<JsoncEdit> = fc.record({
  path: fc.array(fc.oneof(key, fc.integer({ min: -1, max: 3 })), { minLength: 1, maxLength: 3 }),
  value: fc.option(value, { nil: undefined }),
});

/** The same edit of a value; `undefined` if there is no place for it. */
function model(
  of: unknown,
  { path, value: to }: JsoncEdit,
  depth = 0,
): { value: unknown } | undefined {
  if (depth === path.length) return { value: to };
  const name = path[depth]!;
  const missing = (): { value: unknown } | undefined => {
    if (to === undefined) return { value: absent };
    const empty = path.slice(depth + 1)[0];
    if (depth === path.length - 1) return { value: to };
    return model(typeof empty === "number" ? [] : {}, { path, value: to }, depth + 1);
  };
  if (Array.isArray(of) && typeof name === "number") {
    const index = name === -1 ? of.length : name;
    if (index > of.length) return to === undefined ? { value: of } : undefined;
    if (index < of.length && depth === path.length - 1 && to === undefined) {
      return { value: of.toSpliced(index, 1) };
    }
    const inner = index < of.length ? model(of[index], { path, value: to }, depth + 1) : missing();
    if (inner === undefined) return undefined;
    return {
      value: inner.value === absent ? of : Object.assign([...of], { [index]: inner.value }),
    };
  }
  if (typeof of === "object" && of !== null && !Array.isArray(of) && typeof name === "string") {
    const has = Object.hasOwn(of, name);
    if (has && depth === path.length - 1 && to === undefined) {
      return { value: Object.fromEntries(Object.entries(of).filter(([other]) => other !== name)) };
    }
    const inner = has
      ? model(Object.getOwnPropertyDescriptor(of, name)!.value, { path, value: to }, depth + 1)
      : missing();
    if (inner === undefined) return undefined;
    if (inner.value === absent) return { value: of };
    const entries = Object.entries(of).filter(([other]) => other !== name);
    return { value: Object.fromEntries([...entries, [name, inner.value]]) };
  }
  return to === undefined ? { value: of } : undefined;
}
const absent = Symbol("absent");

const commentsIn = (text: string): string[] =>
  scanJsonc(text)
    .filter(({ kind }) => kind === "line" || kind === "block")
    .map(({ start, end }) => text.slice(start, end));

const sorted = (of: unknown): string => JSON.stringify(ordered(of));
function ordered(of: unknown): unknown {
  if (Array.isArray(of)) return of.map(ordered);
  if (typeof of !== "object" || of === null) return of;
  return Object.entries(of)
    .map(([name, one]) => [name, ordered(one)] as const)
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function same(found: unknown, wanted: unknown, told: string): void {
  if (found !== wanted) throw new Error(`${told}: ${String(found)}, not ${String(wanted)}`);
}

function faultIn<T>(property: fc.IProperty<T>, parameters: fc.Parameters<T>): string | undefined {
  return fc.defaultReportMessage(fc.check(property, parameters) as fc.RunDetails<T>);
}

/** All that a tree knows, once everything in it was looked at. */
function placesIn(tree: TextTree, node = tree.root): string {
  const { keys, starts, values, ends } = tree.membersOf(node);
  const inner = values.map((_, index) => placesIn(tree, tree.valueOf(node, index)));
  return JSON.stringify([node.start, node.end, keys, starts, values, ends, inner]);
}

const refused = (text: string, one: JsoncEdit): boolean => throws(() => editText(text, one));

function throws(call: () => void): boolean {
  try {
    call();
    return false;
  } catch {
    return true;
  }
}

describe("any text", () => {
  it("is read as what it says", () => {
    const found = faultIn(
      fc.property(
        value,
        fc.infiniteStream(gap),
        fc.infiniteStream(fc.boolean()),
        (of, gaps, commas) => {
          const text = textOf(
            of,
            () => gaps.next().value,
            () => commas.next().value,
          );
          same(sorted(parse(text)), sorted(of), text);
        },
      ),
      { numRuns: 500 },
    );
    expect(found).toBeUndefined();
  });

  it("has the value after any edit that it should have", () => {
    const found = faultIn(
      fc.property(
        value,
        fc.infiniteStream(gap),
        fc.infiniteStream(fc.boolean()),
        fc.array(edit, { minLength: 1, maxLength: 4 }),
        (of, gaps, commas, edits) => {
          let text = textOf(
            of,
            () => gaps.next().value,
            () => commas.next().value,
          );
          let now: unknown = of;
          for (const one of edits) {
            if (one.value === undefined && one.path.at(-1) === -1) continue;
            const wanted = model(now, one);
            const before = text;
            if (wanted === undefined) {
              same(refused(text, one), true, text);
              continue;
            }
            text = editText(text, one);
            const told = `${JSON.stringify(before)} ${JSON.stringify(one)} ${JSON.stringify(text)}`;
            same(sorted(parse(text)), sorted(wanted.value), told);
            now = wanted.value;
            if (one.value !== undefined && !one.path.includes(-1)) {
              same(editText(text, one), text, told); // again it is no change
            }
          }
        },
      ),
      { numRuns: 1_500 },
    );
    expect(found).toBeUndefined();
  });

  it("is by many edits at once what it is by one after the other", () => {
    const found = faultIn(
      fc.property(
        value,
        fc.infiniteStream(gap),
        fc.infiniteStream(fc.boolean()),
        fc.array(edit, { minLength: 2, maxLength: 12 }),
        (of, gaps, commas, edits) => {
          let text = textOf(
            of,
            () => gaps.next().value,
            () => commas.next().value,
          );
          const tree = new TextTree(text);
          for (const one of edits) {
            if (one.value === undefined && one.path.at(-1) === -1) continue;
            const told = `${JSON.stringify(text)} ${JSON.stringify(one)}`;
            const isRefused = refused(text, one);
            if (!isRefused) text = editText(text, one);
            const isRefusedToo = throws(() => editTree(tree, one));
            same(isRefusedToo, isRefused, told);
            same(tree.text, text, told);
          }
          same(placesIn(tree), placesIn(new TextTree(text)), text);
        },
      ),
      { numRuns: 3_000 },
    );
    expect(found).toBeUndefined();
  });

  it("loses no comment but those in what is replaced or removed", () => {
    const member = fc.tuple(fc.constantFrom("a", "b", "c"), scalar);
    const flat = fc.uniqueArray(member, { minLength: 1, selector: ([name]) => name });
    const one = fc.record({
      path: fc.tuple(fc.constantFrom("a", "b", "c", "d")),
      value: fc.option(scalar, { nil: undefined }),
    });
    const found = faultIn(
      fc.property(
        flat,
        fc.infiniteStream(gap),
        fc.infiniteStream(fc.boolean()),
        one,
        (members, gaps, commas, change) => {
          const text = textOf(
            Object.fromEntries(members),
            () => gaps.next().value,
            () => commas.next().value,
          );
          const isRemoved = change.value === undefined;
          const after = editText(text, change);
          const [before, now] = [commentsIn(text), commentsIn(after)];
          // Those between a key and its value go with them.
          const kept = isRemoved ? before.filter((one) => now.includes(one)) : before;
          same(
            now.every((one) => kept.includes(one)),
            true,
            text,
          );
          same(now.length === before.length || isRemoved, true, text);
        },
      ),
      { numRuns: 1_000 },
    );
    expect(found).toBeUndefined();
  });
});
