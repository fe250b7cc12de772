/** A history against the plainest model of its contract, on journals of all kinds. */

import fc from "fast-check";
import { expect, it, vi } from "vitest";
import { createHistory, objectsOf, type History } from "../../src/history/history.ts";
import { parseRecord } from "../../src/journal/parse-record.ts";
import type { JournalEntry } from "../../src/journal/records.ts";
import { journals, names, turns } from "./any-history.ts";
import { NaiveHistory } from "./naive-history.ts";

vi.setConfig({ testTimeout: 240_000 });

const keys = names.map((name) => `/w/${name}`);

function historyOf(entries: readonly JournalEntry[]): History {
  const history = createHistory();
  for (const entry of entries) history.apply(entry);
  return history;
}

/** All that a history answers, of the snapshots that are asked for. */
function answersOf(history: History, ids: readonly string[]): unknown {
  return {
    snapshots: history.snapshots.map(({ id }) => id),
    keys: [...history.keys].toSorted(),
    interrupted: history.interrupted,
    pinned: ids.filter((id) => history.isPinned(id)),
    perSnapshot: ids.map((id) => ({
      id,
      touched: history.touchedAfter(id),
      targets: Object.fromEntries(
        [...history.targetsOf(id)!].map(([key, { state, missing }]) => [key, { state, missing }]),
      ),
    })),
    perPath: keys.map((key) => ({
      key,
      lastLook: history.lastLook(key),
      lastWritten: history.lastWritten(key),
      preImages: turns.map((turn) => history.preImage(key, turn)),
    })),
  };
}

function answersOfNaive(naive: NaiveHistory): unknown {
  const ids = naive.snapshots();
  return {
    snapshots: ids,
    keys: naive.keys().toSorted(),
    interrupted: naive.interrupted(),
    pinned: naive.pinned(),
    perSnapshot: ids.map((id) => ({
      id,
      touched: naive.touchedAfter(id),
      targets: naive.targetsOf(id),
    })),
    perPath: keys.map((key) => ({
      key,
      lastLook: naive.lastLook(key),
      lastWritten: naive.lastWritten(key),
      preImages: turns.map((turn) => naive.preImage(key, turn)),
    })),
  };
}

const settings = { numRuns: 6000, seed: 20_261_120 };

it("answers what the contract says", () => {
  let targets = 0;
  fc.assert(
    fc.property(journals, (entries) => {
      const history = historyOf(entries);
      const naive = new NaiveHistory(entries);
      const ids = naive.snapshots();
      expect(answersOf(history, ids)).toEqual(answersOfNaive(naive));
      expect([...history.objects()].toSorted()).toEqual(naive.objects());
      expect(objectsOf(entries)).toEqual(history.objects());
      for (const id of ids) {
        const found = [...history.targetsOf(id)!.values()];
        targets += found.length;
        expect(found.map(({ path }) => path)).toEqual(found.map(({ path }) => path).toSorted());
        for (const { key, path } of found) expect(path).toBe(history.pathOf(key));
        expect(history.snapshot(id)!.id).toBe(id);
      }
      expect(history.targetsOf("none")).toBeUndefined();
      expect(history.lostRecords).toBe(entries.filter(({ type }) => type === "gap").length);
    }),
    settings,
  );
  expect(targets).toBeGreaterThan(10_000);
});

it("answers the same without some snapshots, as if they had never been", () => {
  let dropped = 0;
  let removed = 0;
  fc.assert(
    fc.property(
      journals,
      fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }),
      (entries, fate) => {
        const history = historyOf(entries);
        const all = history.snapshots.map(({ id }) => id);
        const { interrupted } = history;
        const gone = new Set(
          all.filter(
            (id, index) =>
              fate[index] === true && id !== interrupted?.snapshot && id !== interrupted?.before,
          ),
        );
        removed += gone.size;
        const left = history.without(gone);
        dropped += entries.length - gone.size - left.length;
        const without = new NaiveHistory(
          entries.filter((entry) => entry.type !== "snapshot" || !gone.has(entry.id)),
        );
        // As it is read again.
        const again = left.map((entry) => parseRecord(JSON.parse(JSON.stringify(entry)))!);
        expect(again).not.toContain(undefined);
        const after = historyOf(again);
        const ids = all.filter((id) => !gone.has(id));
        expect(withoutUndefined(answersOf(after, ids))).toEqual(
          withoutUndefined(answersOfNaive(without)),
        );
        for (const key of keys) expect(after.pathOf(key)).toBe(history.pathOf(key));
        for (const entry of entries) {
          if (entry.type !== "begin" || gone.has(entry.snapshot) || gone.has(entry.before))
            continue;
          expect(withoutUndefined(after.restore(entry.restore))).toEqual(
            withoutUndefined(history.restore(entry.restore)),
          );
        }
        // Nothing is there that was not, and what is left is enough once more.
        for (const sha256 of after.objects()) expect(history.objects()).toContain(sha256);
        expect(withoutUndefined(after.without(new Set()))).toEqual(withoutUndefined(again));
      },
    ),
    settings,
  );
  expect(removed).toBeGreaterThan(5000);
  expect(dropped).toBeGreaterThan(5000);
});

const withoutUndefined = (value: unknown): unknown =>
  value === undefined ? undefined : JSON.parse(JSON.stringify(value));
