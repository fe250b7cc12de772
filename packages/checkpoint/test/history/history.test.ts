/** What a history answers, by example. */

import { expect, it } from "vitest";
import { MemoryHistory } from "../../src/history/memory-history.ts";
import type { JournalEntry, LookRecord } from "../../src/journal/records.ts";
import type { PathState } from "../../src/state.ts";

const file = (digit: string): PathState => ({
  kind: "file",
  sha256: digit.repeat(64),
  size: 1,
  mode: 0o644,
});
const absent: PathState = { kind: "absent" };
const failed: PathState = { kind: "failed", code: "EACCES" };
const damaged: PathState = { kind: "failed", code: "ERR_CHECKPOINT_DAMAGED" };

const touch = (path: string, state: PathState, more: Partial<LookRecord> = {}): LookRecord => ({
  type: "look",
  path,
  cause: "touch",
  turn: "1",
  state,
  ...more,
});
const seen = (path: string, state: PathState, more: Partial<LookRecord> = {}): LookRecord => ({
  type: "look",
  path,
  cause: "snapshot",
  state,
  ...more,
});
const snapshot = (id: string): JournalEntry => ({
  type: "snapshot",
  id,
  turn: "1",
  kind: "turn",
  at: 1,
});
const gap: JournalEntry = { type: "gap" };

/** A touch says after which snapshot it was. */
function historyOf(...entries: JournalEntry[]): MemoryHistory {
  const history = new MemoryHistory();
  for (const entry of entries) {
    const after = history.snapshots.at(-1)?.id;
    const isTouch = entry.type === "look" && entry.cause === "touch";
    history.apply(
      isTouch && after !== undefined && !("after" in entry) ? { ...entry, after } : entry,
    );
  }
  return history;
}

const stateAt = (history: MemoryHistory, id: string, path = "/a"): PathState | undefined =>
  history.targetsOf(id)!.get(path)?.state;

it("a path is what it was before our first edit after the snapshot; without one, what it was when it was last seen", () => {
  const history = historyOf(
    snapshot("s0"),
    touch("/a", file("1")),
    seen("/a", file("2")),
    snapshot("s1"),
    touch("/a", file("3"), { turn: "2" }),
    touch("/a", file("4"), { turn: "3" }),
    seen("/a", file("5")),
    snapshot("s2"),
  );
  expect(["s0", "s1", "s2"].map((id) => stateAt(history, id))).toEqual([
    file("1"),
    file("3"),
    file("5"),
  ]);
  expect(["s0", "s1", "s2"].map((id) => history.touchedAfter(id))).toEqual([1, 1, 0]);
});

it("a file that we made later is absent at earlier snapshots, with the directory that was missing", () => {
  const history = historyOf(
    snapshot("s0"),
    touch("/d/a", absent, { missing: "/d" }),
    snapshot("s1"),
  );
  expect([...history.targetsOf("s0")!.values()]).toEqual([
    { path: "/d/a", key: "/d/a", state: absent, missing: "/d" },
  ]);
});

it("a pre-image that could not be kept is mended by a later look, if nothing has happened in between", () => {
  const first = touch("/a", failed, { signature: "x" });
  const again = touch("/a", file("1"), { signature: "x" });
  expect(stateAt(historyOf(snapshot("s"), first, again), "s")).toEqual(file("1"));
  expect(
    stateAt(historyOf(snapshot("s"), first, touch("/a", file("1"), { signature: "y" })), "s"),
  ).toEqual(failed);
  const wrote: JournalEntry = { type: "wrote", path: "/a", state: file("1") };
  expect(stateAt(historyOf(snapshot("s"), first, wrote, again), "s")).toEqual(failed);
  // Nothing is known of either: that they are equal says nothing.
  expect(
    stateAt(historyOf(snapshot("s"), touch("/a", failed), touch("/a", file("1"))), "s"),
  ).toEqual(failed);
});

it("what a lost record may have said otherwise is damaged, and nothing else", () => {
  const before = historyOf(seen("/a", file("1")), gap, snapshot("s"));
  expect(stateAt(before, "s")).toEqual(damaged);
  const after = historyOf(seen("/a", file("1")), snapshot("s"), gap);
  expect(stateAt(after, "s")).toEqual(damaged);
  const between = historyOf(snapshot("s"), gap, touch("/a", file("1")));
  expect(stateAt(between, "s")).toEqual(damaged);
  const elsewhere = historyOf(gap, snapshot("s"), touch("/a", file("1")), gap);
  expect(stateAt(elsewhere, "s")).toEqual(file("1"));
  const unknown = historyOf(snapshot("s"), gap, { type: "wrote", path: "/a", state: file("1") });
  expect(stateAt(unknown, "s")).toEqual(damaged);
  expect(elsewhere.lostRecords).toBe(2);
});

it("a look whose bytes are gone is no pre-image, and proves nothing", () => {
  const look = touch("/a", file("1"), { signature: "x", after: "s" });
  const history = historyOf(snapshot("s"), look);
  expect(history.preImage("/a", "1")).toEqual(look);
  history.doubt(look);
  expect(history.preImage("/a", "1")).toBeUndefined();
  expect(history.lastLook("/a")).toEqual({ ...look, signature: undefined });
  expect(stateAt(history, "s")).toEqual(file("1"));
  // Kept again it is trusted again.
  history.apply(look);
  expect(history.preImage("/a", "1")).toEqual(look);
});

it("the newest part of a journal is what the last call can have written", () => {
  const records = [
    snapshot("s0"),
    touch("/a", absent, { after: "s0" }),
    snapshot("s1"),
    touch("/b", absent, { after: "s1" }),
    snapshot("s2"),
  ];
  expect(historyOf(...records).lastNoted()).toEqual(records.slice(2));
  expect(historyOf(...records.slice(0, 2)).lastNoted()).toEqual(records.slice(0, 2));
});
