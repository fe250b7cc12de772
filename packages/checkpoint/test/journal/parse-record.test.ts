/** Records are what their type says, or they are none: a journal may have been edited by anybody. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lineOf, parseLine } from "../../src/journal/line.ts";
import { parseRecord } from "../../src/journal/parse-record.ts";
import type { JournalEntry } from "../../src/journal/records.ts";
import { journals } from "../history/any-history.ts";

const sha256 = "0".repeat(64);
const file = { kind: "file", sha256, size: 1, mode: 0o644 };
const look = { type: "look", path: "/w/a", cause: "touch", turn: "1", state: file };
const wrote = { type: "wrote", path: "/w/a", state: { kind: "absent" } };
const snapshot = { type: "snapshot", id: "s1", turn: "", kind: "turn", at: 0 };
const entry = { path: "/w/a", from: file, to: { kind: "absent" } };
const begin = {
  type: "begin",
  restore: "r",
  snapshot: "s",
  before: "b",
  entries: [entry],
  skipped: [],
  at: 1,
};
const end = {
  type: "end",
  restore: "r",
  outcome: "finished",
  written: [{ path: "/w/a", state: file }],
};
const session = { type: "session", format: 1, session: "", at: 1 };
const pin = { type: "pin", id: "s1", pinned: true };

it.each([look, wrote, snapshot, begin, end, session, pin, { type: "gap" }])(
  "%j is one",
  (record) => {
    expect(parseRecord(record)).toEqual(record);
  },
);

it.each([
  { kind: "absent" },
  file,
  { kind: "symlink", target: "../x" },
  { kind: "dir", mode: 0 },
  { kind: "skipped", reason: "too-many-paths" },
  { kind: "failed", code: "EACCES" },
])("%j is the state of a path", (state) => {
  expect(parseRecord({ ...look, state })).toEqual({ ...look, state });
});

describe("none is", () => {
  it.each([
    null,
    undefined,
    1,
    "look",
    [],
    [look],
    {},
    { type: 1 },
    { type: "note" },
    { type: "toString" },
    { type: "__proto__" },
    { ...look, type: "hasOwnProperty" },
  ])("%j", (record) => {
    expect(parseRecord(record)).toBeUndefined();
  });

  it.each([
    "a",
    "./a",
    "w/a",
    "",
    "../a",
    "/w/../etc/passwd",
    "/w/./a",
    "/w/a/..",
    "/w/a\0b",
    1,
    null,
    ["/w/a"],
  ])("a path %j", (path) => {
    expect(parseRecord({ ...look, path })).toBeUndefined();
    expect(parseRecord({ ...look, missing: path })).toBeUndefined();
    expect(parseRecord({ ...wrote, path })).toBeUndefined();
    expect(parseRecord({ ...begin, entries: [entry, { ...entry, path }] })).toBeUndefined();
    expect(parseRecord({ ...begin, entries: [{ ...entry, created: path }] })).toBeUndefined();
    expect(parseRecord({ ...begin, skipped: [{ path, reason: "x" }] })).toBeUndefined();
    expect(parseRecord({ ...end, written: [{ path, state: file }] })).toBeUndefined();
  });

  it.each([
    null,
    undefined,
    "absent",
    [],
    {},
    { kind: "gone" },
    ...[
      "",
      "0".repeat(63),
      "0".repeat(65),
      `../${"0".repeat(61)}`,
      "A".repeat(64),
      "g".repeat(64),
      1,
    ].map((sha) => ({ ...file, sha256: sha })),
    ...[-1, 1.5, "1", null, 2 ** 53].map((size) => ({ ...file, size })),
    ...[-1, 0o10000, "644", null, 1.5].map((mode) => ({ ...file, mode })),
    ...["", "a\0b", 1, null].map((target) => ({ kind: "symlink", target })),
    { kind: "dir" },
    { kind: "dir", mode: -1 },
    ...["none", "toString", 1, null].map((reason) => ({ kind: "skipped", reason })),
    ...["", 1, null].map((code) => ({ kind: "failed", code })),
  ])("a state %j", (state) => {
    expect(parseRecord({ ...look, state })).toBeUndefined();
    expect(parseRecord({ ...wrote, state })).toBeUndefined();
    expect(parseRecord({ ...begin, entries: [{ ...entry, from: state }] })).toBeUndefined();
    expect(parseRecord({ ...begin, entries: [{ ...entry, to: state }] })).toBeUndefined();
    expect(parseRecord({ ...end, written: [{ path: "/w/a", state }] })).toBeUndefined();
  });

  it.each(["", "..", "a/b", "a b", "x".repeat(129), 1, null, undefined])("an id %j", (id) => {
    expect(parseRecord({ ...snapshot, id })).toBeUndefined();
    expect(parseRecord({ ...begin, restore: id })).toBeUndefined();
    expect(parseRecord({ ...begin, snapshot: id })).toBeUndefined();
    expect(parseRecord({ ...begin, before: id })).toBeUndefined();
    expect(parseRecord({ ...end, restore: id })).toBeUndefined();
    expect(parseRecord({ ...pin, id })).toBeUndefined();
  });

  it.each([
    { ...look, cause: "edit" },
    { ...look, turn: 1 },
    { ...look, key: "" },
    { ...look, key: 1 },
    { ...look, signature: 1 },
    { ...snapshot, turn: 1 },
    { ...snapshot, label: 1 },
    { ...snapshot, kind: "x" },
    { ...snapshot, at: -1 },
    { ...snapshot, at: "1" },
    { ...begin, entries: {} },
    { ...begin, entries: [1] },
    { ...begin, skipped: null },
    { ...begin, at: null },
    { ...end, outcome: "done" },
    { ...end, written: "x" },
    { ...pin, pinned: 1 },
    { ...session, format: 0 },
    { ...session, format: 2 },
    { ...session, format: "1" },
    { ...session, session: 1 },
    { ...session, at: NaN },
  ])("%j", (record) => {
    expect(parseRecord(record)).toBeUndefined();
  });
});

it("any record goes through a line, and through JSON, unchanged", () => {
  fc.assert(
    fc.property(journals, fc.nat(), (entries, start) => {
      let prev = start;
      for (const record of entries) {
        const line = lineOf(prev, record);
        const read = parseLine(JSON.parse(JSON.stringify(line)));
        expect(read).toEqual(line);
        expect(read!.record).toEqual(JSON.parse(JSON.stringify(record)) as JournalEntry);
        expect([read!.prev, read!.seq]).toEqual([prev, prev + 1]);
        prev = line.seq;
      }
    }),
    { numRuns: 300 },
  );
});

it("a line of which anything was changed is none", () => {
  const line = lineOf(3, look as JournalEntry);
  for (const changed of [
    { ...line, prev: 2 },
    { ...line, seq: 5 },
    { ...line, prev: 4, seq: 5 },
    { ...line, prev: "3" },
    { ...line, sum: "0".repeat(16) },
    { ...line, sum: undefined },
    { ...line, record: { ...look, turn: "2" } },
    { ...line, record: { ...look, more: 1 } },
  ]) {
    expect(parseLine(JSON.parse(JSON.stringify(changed)))).toBeUndefined();
  }
});
