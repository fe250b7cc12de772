/** A long history: ten thousand snapshots, each with a few edits, opened again and pruned. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";
import { lineOf } from "../../src/journal/line.ts";
import { openJournal } from "../../src/journal/journal.ts";
import type { JournalRecord } from "../../src/journal/records.ts";
import { createHistory } from "../../src/history/history.ts";
import { drive } from "../session/opened.ts";

vi.setConfig({ testTimeout: 120_000 });

const many = 10_000;
const settings = { fileSystem: undefined, offload: undefined };

function shaOf(number: number): string {
  return number.toString(16).padStart(64, "0");
}

const pathOf = (number: number): string => `/home/somebody/workspace/src/file-${number}.ts`;

/** What a path was before its first edit of a turn; without one, when it was last edited; or first, later. */
function contentAt(turn: number, path: number): string | undefined {
  const edit = (at: number, numbers: readonly number[]): string | undefined => {
    const number = at < 0 ? undefined : numbers.find((each) => each % 100 === path);
    return number === undefined ? undefined : shaOf(2 * at + (number % 2));
  };
  const own = edit(turn, [turn, turn + 1]);
  if (own !== undefined) return own;
  for (let at = turn - 1; at >= 0; at--) {
    const before = edit(at, [at + 1, at]);
    if (before !== undefined) return before;
  }
  for (let at = turn + 1; at < many; at++) {
    const later = edit(at, [at, at + 1]);
    if (later !== undefined) return later;
  }
  return undefined;
}

/** Each turn edits two of a hundred paths. */
function* records(): Generator<JournalRecord> {
  yield { type: "session", format: 1, session: "long", at: 1 };
  for (let turn = 0; turn < many; turn++) {
    yield { type: "snapshot", id: `s${turn}`, turn: `t${turn}`, kind: "turn", at: turn };
    for (const number of [turn, turn + 1]) {
      const path = pathOf(number % 100);
      const state = {
        kind: "file",
        sha256: shaOf(2 * turn + (number % 2)),
        size: 9,
        mode: 0o644,
      } as const;
      const after = `s${turn}`;
      const look = { type: "look", path, cause: "touch", turn: `t${turn}`, after, state } as const;
      yield { ...look, signature: `${turn}` };
    }
  }
}

it("is read, answered from and shortened", async () => {
  const file = join(tempDir(), "journal.jsonl");
  let seq = 0;
  const lines = [...records()].map((record) => JSON.stringify(lineOf(seq++, record)));
  writeFileSync(file, lines.map((line) => `${line}\n`).join(""));
  const journal = await drive((operation) => openJournal(operation, file, settings));
  const history = createHistory();
  for (const entry of journal.entries) history.apply(entry);
  expect(history.lostRecords).toBe(0);
  expect(history.snapshots).toHaveLength(many);
  expect(history.keys.size).toBe(100);
  for (const turn of [0, 1, 57, 4999, 9900]) {
    const targets = history.targetsOf(`s${turn}`)!;
    for (let path = 0; path < 100; path++) {
      const state = targets.get(pathOf(path))?.state;
      expect(state).toMatchObject({ sha256: contentAt(turn, path) });
    }
    expect(history.touchedAfter(`s${turn}`)).toBe(2);
  }
  const gone = new Set(history.snapshots.slice(0, -100).map(({ id }) => id));
  const left = history.without(gone);
  expect(left.length).toBeLessThan(500);
  await drive((operation) => journal.rewrite(operation, left));
  await drive(() => journal.close());
  const again = await drive((operation) => openJournal(operation, file, settings));
  const shorter = createHistory();
  for (const entry of again.entries) shorter.apply(entry);
  for (const { id } of shorter.snapshots) {
    expect(shorter.targetsOf(id)).toEqual(history.targetsOf(id));
    expect(shorter.touchedAfter(id)).toBe(history.touchedAfter(id));
  }
  expect(shorter.snapshots).toHaveLength(100);
  await drive(() => again.close());
});
