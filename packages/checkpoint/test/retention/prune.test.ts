/** What is removed, and above all what is not. */

import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { needs } from "../../../atomic/test/support/needs.ts";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";
import type { BeginRecord } from "../../src/journal/records.ts";
import type { OpenSession } from "../../src/session/open-session.ts";
import { close, note, open, snapshotRecord, touch } from "../session/opened.ts";
import { day, hashesIn, hashesOf, makeOld, minute, objectOf, pruned, shaOf } from "./stores.ts";

const ids = (session: OpenSession): string[] => session.history.snapshots.map(({ id }) => id);

/** Snapshots `s0`, `s1`, …; after each, `/w/a` is edited: its pre-image is `<name> 0`, `<name> 1`, …. */
async function edited(
  session: OpenSession,
  count: number,
  more: { readonly name?: string; readonly at?: number } = {},
): Promise<void> {
  const { name = "content", at } = more;
  for (let turn = 0; turn < count; turn++) {
    await note(session, snapshotRecord(`s${turn}`, at === undefined ? {} : { at }));
    await touch(session, "/w/a", `${name} ${turn}`);
  }
}

/** A session that has ended, and was last changed so long ago. */
async function ended(
  store: string,
  session: string,
  { ageMs, pin = false, content = session }: { ageMs: number; pin?: boolean; content?: string },
): Promise<string> {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() - ageMs });
  let opened: OpenSession;
  try {
    opened = await open(store, { session });
    await edited(opened, 1, { name: content });
    if (pin) await note(opened, { type: "pin", id: "s0", pinned: true });
    await close(opened);
  } finally {
    vi.useRealTimers();
  }
  makeOld(opened.folder, ageMs);
  return opened.folder;
}

const begin = (restore: string): BeginRecord => ({
  type: "begin",
  restore,
  snapshot: "s0",
  before: "s1",
  entries: [],
  skipped: [],
  at: Date.now(),
});

describe("snapshots of this session", () => {
  it("beyond the number go, oldest first, and their bytes with them", async () => {
    const store = tempDir();
    const session = await open(store, { limits: { maxSnapshots: 2 } });
    await edited(session, 5);
    makeOld(join(store, "objects"), day);
    const report = await pruned(session);
    expect(report.removedSnapshots).toEqual(["s0", "s1", "s2"]);
    expect(report.removedObjects).toBe(3);
    expect(report.freedBytes).toBe(3 * "content 0".length);
    expect(report.storeBytes).toBe(2 * "content 0".length);
    expect(ids(session)).toEqual(["s3", "s4"]);
    expect(hashesIn(store)).toEqual(hashesOf("content 3", "content 4"));
    await note(session, snapshotRecord("s5"));
    await close(session);
    const again = await open(store);
    expect(ids(again)).toEqual(["s3", "s4", "s5"]);
    expect(again.history.targetsOf("s3")!.get("/w/a")!.state).toMatchObject({
      sha256: shaOf("content 3"),
    });
    expect(again.history.lostRecords).toBe(0);
    await close(again);
  });

  it("that are too old go; the newest stays, and so does what is pinned", async () => {
    const store = tempDir();
    const session = await open(store, { limits: { maxAgeMs: day } });
    await edited(session, 4, { at: Date.now() - 2 * day });
    await note(session, { type: "pin", id: "s1", pinned: true });
    makeOld(join(store, "objects"), day);
    const report = await pruned(session);
    expect(report.removedSnapshots).toEqual(["s0", "s2"]);
    expect(ids(session)).toEqual(["s1", "s3"]);
    // What follows a pinned one is what it was.
    expect(hashesIn(store)).toEqual(hashesOf("content 1", "content 3"));
    expect(session.history.isPinned("s1")).toBe(true);
    await close(session);
  });

  it("that a restore needs which was interrupted stay, and its trash too", async () => {
    const store = tempDir();
    const session = await open(store, { limits: { maxSnapshots: 1, maxAgeMs: day } });
    await edited(session, 4, { at: Date.now() - 2 * day });
    await note(session, begin("r1"));
    mkdirSync(join(store, "trash", "r1"), { recursive: true });
    writeFileSync(join(store, "trash", "r1", "0-a"), "removed");
    makeOld(store, 2 * day);
    const report = await pruned(session);
    expect(report.removedSnapshots).toEqual(["s2"]);
    expect(session.history.interrupted).toMatchObject({ restore: "r1" });
    expect(existsSync(join(store, "trash", "r1", "0-a"))).toBe(true);
    await close(session);
  });

  it("within the limits stay, and the journal is not written", async () => {
    const store = tempDir();
    const session = await open(store);
    await edited(session, 3);
    const file = join(session.folder, "journal.jsonl");
    const before = statSync(file);
    const report = await pruned(session);
    expect(report).toMatchObject({
      removedSnapshots: [],
      removedSessions: [],
      removedObjects: 0,
      freedBytes: 0,
    });
    expect(report.storeBytes).toBe(3 * "content 0".length);
    expect(statSync(file)).toMatchObject({
      ino: before.ino,
      size: before.size,
      mtimeMs: before.mtimeMs,
    });
    await close(session);
  });
});

describe("objects", () => {
  it("that nobody refers to go when they are old enough, with what was staged", async () => {
    const store = tempDir();
    const session = await open(store);
    await edited(session, 1);
    for (const content of ["old", "young"]) {
      const at = objectOf(store, content);
      mkdirSync(join(at, ".."), { recursive: true });
      writeFileSync(at, content);
    }
    const staged = join(store, "objects", "staged-01234567-89ab-cdef-0123-456789abcdef");
    writeFileSync(staged, "half");
    makeOld(join(store, "objects"), 11 * minute);
    const now = new Date();
    utimesSync(objectOf(store, "young"), now, now);
    const fresh = staged.replace("staged-0", "staged-1");
    writeFileSync(fresh, "on its way");
    const report = await pruned(session);
    expect(report).toMatchObject({ removedObjects: 1, freedBytes: 3, storeBytes: 9 + 5 });
    expect(hashesIn(store)).toEqual(hashesOf("content 0", "young"));
    expect(existsSync(staged)).toBe(false);
    expect(existsSync(fresh)).toBe(true);
    await close(session);
  });

  it("of other sessions stay, of those that are open and those that are not", async () => {
    const store = tempDir();
    await ended(store, "past", { ageMs: day });
    const live = await open(store, { session: "live" });
    await edited(live, 2, { name: "live" });
    const session = await open(store);
    await edited(session, 1);
    makeOld(join(store, "objects"), day);
    await pruned(session);
    expect(hashesIn(store)).toEqual(hashesOf("past 0", "live 0", "live 1", "content 0"));
    await close(session);
    await close(live);
  });

  it("of a journal that cannot be read are not touched, and that is said", async () => {
    const store = tempDir();
    const folder = await ended(store, "newer", { ageMs: day });
    const record = { type: "session", format: 2, session: "newer", at: 1 };
    writeFileSync(join(folder, "journal.jsonl"), `${JSON.stringify({ record })}\n`);
    const session = await open(store);
    makeOld(join(store, "objects"), day);
    await expect(pruned(session)).rejects.toMatchObject({ code: "ERR_JSON_VERSION" });
    expect(hashesIn(store)).toEqual(hashesOf("newer 0"));
    await close(session);
  });

  it("that a sweep had put aside when it was killed are put back, by whoever opens the store", async () => {
    const store = tempDir();
    const first = await open(store);
    await edited(first, 1);
    await close(first);
    mkdirSync(join(store, "aside"));
    const object = objectOf(store, "content 0");
    writeFileSync(join(store, "aside", shaOf("content 0")), readFileSync(object));
    rmSync(join(object, ".."), { recursive: true });
    const session = await open(store);
    expect(readFileSync(object, "utf8")).toBe("content 0");
    expect(readdirSync(join(store, "aside"))).toEqual([]);
    await close(session);
  });
});

describe("sessions that have ended", () => {
  it("go when they are too old, with their bytes; pinned and open ones stay, and those that were changed since", async () => {
    const store = tempDir();
    const old = 40 * day;
    await ended(store, "old", { ageMs: old });
    await ended(store, "Odd name", { ageMs: old });
    await ended(store, "pinned", { ageMs: old, pin: true });
    await ended(store, "young", { ageMs: day });
    const touchedFolder = await ended(store, "touched", { ageMs: old });
    const now = new Date();
    utimesSync(join(touchedFolder, "journal.jsonl"), now, now);
    await ended(store, "live", { ageMs: old });
    const live = await open(store, { session: "live" });
    makeOld(live.folder, old);
    const session = await open(store);
    // The time of the file is not all: a backup may have brought that back.
    makeOld(join(store, "objects"), day);
    const report = await pruned(session);
    expect(report.removedSessions.toSorted()).toEqual(["Odd name", "old"]);
    expect(readdirSync(join(store, "sessions")).toSorted()).toEqual([
      "live",
      "one",
      "pinned",
      "touched",
      "young",
    ]);
    expect(hashesIn(store)).toEqual(hashesOf("pinned 0", "young 0", "touched 0", "live 0"));
    await close(session);
    await close(live);
    const reopened = await open(store, { session: "live" });
    expect(ids(reopened)).toEqual(["s0"]);
    await close(reopened);
  });

  it("stay while what is in them says that they are young, whatever the time of the file says", async () => {
    const store = tempDir();
    const opened = await open(store, { session: "copied" });
    await edited(opened, 1);
    await close(opened);
    makeOld(opened.folder, 400 * day);
    const session = await open(store);
    expect((await pruned(session)).removedSessions).toEqual([]);
    await close(session);
  });

  it("stay with a restore that was interrupted", async () => {
    const store = tempDir();
    const opened = await open(store, { session: "cut off" });
    const at = Date.now() - 40 * day;
    await edited(opened, 2, { at });
    await note(opened, { ...begin("r1"), at });
    await close(opened);
    makeOld(opened.folder, 40 * day);
    const session = await open(store, { limits: { maxStoreBytes: 0 } });
    expect((await pruned(session)).removedSessions).toEqual([]);
    await close(session);
  });

  it("leave no folder behind, and folders without a journal go", async () => {
    const store = tempDir();
    const folder = await ended(store, "old", { ageMs: 40 * day });
    mkdirSync(join(folder, "journal.jsonl.lock.shared"));
    writeFileSync(join(folder, "journal.jsonl.torn-20200101T000000Z-00000000"), "torn");
    const empty = join(store, "sessions", "empty");
    mkdirSync(empty);
    const fresh = join(store, "sessions", "fresh");
    mkdirSync(fresh);
    const seconds = Date.now() / 1000 - 3600;
    utimesSync(empty, seconds, seconds);
    const session = await open(store);
    expect((await pruned(session)).removedSessions).toEqual(["old"]);
    expect(readdirSync(join(store, "sessions")).toSorted()).toEqual(["fresh", "one"]);
    await close(session);
  });

  it("are removed although files that are not ours keep their folder", async () => {
    const store = tempDir();
    const folder = await ended(store, "old", { ageMs: 40 * day });
    writeFileSync(join(folder, "notes.txt"), "mine");
    makeOld(folder, 40 * day);
    const session = await open(store);
    expect((await pruned(session)).removedSessions).toEqual(["old"]);
    expect(readdirSync(folder)).toEqual(["notes.txt"]);
    await close(session);
  });

  it.runIf(needs("posix"))("are never looked for behind a link", async () => {
    const dir = tempDir();
    const store = join(dir, "store");
    const elsewhere = join(dir, "elsewhere");
    await ended(elsewhere, "old", { ageMs: 40 * day });
    const session = await open(store);
    symlinkSync(join(elsewhere, "sessions", "old"), join(store, "sessions", "planted"));
    expect((await pruned(session)).removedSessions).toEqual([]);
    expect(existsSync(join(elsewhere, "sessions", "old", "journal.jsonl"))).toBe(true);
    await close(session);
  });
});

describe("a store that is too large", () => {
  it("loses the oldest snapshots of this session, as few as are enough", async () => {
    const store = tempDir();
    const session = await open(store, { limits: { maxStoreBytes: 30 } });
    await edited(session, 6);
    makeOld(join(store, "objects"), day);
    const report = await pruned(session);
    expect(report.removedSnapshots).toEqual(["s0", "s1", "s2"]);
    expect(report.storeBytes).toBe(27);
    expect(hashesIn(store)).toEqual(hashesOf("content 3", "content 4", "content 5"));
    await close(session);
  });

  it.each([
    { maxStoreBytes: 30, gone: ["older", "newer"] },
    { maxStoreBytes: 40, gone: ["older"] },
  ])(
    "loses whole sessions then, as few as are enough, oldest first; not what is pinned: $gone",
    async ({ maxStoreBytes, gone }) => {
      const store = tempDir();
      await ended(store, "older", { ageMs: 3 * day, content: "older-xx" });
      await ended(store, "newer", { ageMs: 2 * day, content: "newer-xx" });
      await ended(store, "pinned", { ageMs: 4 * day, content: "pinned-x", pin: true });
      const session = await open(store, { limits: { maxStoreBytes } });
      await edited(session, 2, { name: "this one" });
      await note(session, { type: "pin", id: "s0", pinned: true });
      makeOld(join(store, "objects"), day);
      // 10 bytes each: two of ours that must stay, three of others.
      const report = await pruned(session);
      expect(report.removedSnapshots).toEqual([]);
      expect(report.removedSessions).toEqual(gone);
      expect(report.storeBytes).toBe(maxStoreBytes);
      const left = ["older", "newer"].filter((name) => !gone.includes(name));
      expect(hashesIn(store)).toEqual(
        hashesOf("this one 0", "this one 1", "pinned-x 0", ...left.map((name) => `${name}-xx 0`)),
      );
      await close(session);
    },
  );

  it("counts once what several need", async () => {
    const store = tempDir();
    await ended(store, "other", { ageMs: 3 * day, content: "same" });
    const session = await open(store, { limits: { maxStoreBytes: 6 } });
    await edited(session, 1, { name: "same" });
    expect((await pruned(session)).removedSessions).toEqual([]);
    await close(session);
  });
});

describe("trash", () => {
  it("goes once nobody knows of the restore, or it is too old", async () => {
    const store = tempDir();
    const session = await open(store);
    await edited(session, 2);
    for (const restore of ["known", "ancient"]) {
      await note(session, begin(restore));
      await note(session, { type: "end", restore, outcome: "finished", written: [] });
    }
    for (const [restore, ageMs] of [
      ["known", day],
      ["ancient", 40 * day],
      ["forgotten", day],
      ["fresh", 0],
    ] as const) {
      const folder = join(store, "trash", restore);
      mkdirSync(join(folder, "0-dir"), { recursive: true });
      writeFileSync(join(folder, "0-dir", "file"), "12345");
      if (needs("posix")) symlinkSync("/etc", join(folder, "1-link"));
      if (ageMs === 0) continue;
      const seconds = (Date.now() - ageMs) / 1000;
      utimesSync(folder, seconds, seconds);
    }
    const report = await pruned(session);
    expect(readdirSync(join(store, "trash")).toSorted()).toEqual(["fresh", "known"]);
    expect(report.freedBytes).toBe(10);
    expect(existsSync("/etc")).toBe(true);
    await close(session);
  });
});

describe("what crashes have left", () => {
  it("goes: torn ends that were kept, staged files of journals", async () => {
    const store = tempDir();
    const session = await open(store);
    const torn = join(session.folder, "journal.jsonl.torn-20200101T000000Z-00000000");
    const fresh = join(session.folder, "journal.jsonl.torn-20200101T000000Z-00000001");
    writeFileSync(torn, "torn");
    writeFileSync(fresh, "torn");
    const seconds = Date.now() / 1000 - 3600;
    utimesSync(torn, seconds, seconds);
    await pruned(session);
    expect(existsSync(torn)).toBe(false);
    expect(existsSync(fresh)).toBe(true);
    await close(session);
  });
});

describe("two at once", () => {
  it("one of them removes what is of the whole store, the other its own snapshots", async () => {
    const store = tempDir();
    const one = await open(store, { limits: { maxSnapshots: 1 } });
    const two = await open(store, { session: "two", limits: { maxSnapshots: 1 } });
    await edited(one, 3, { name: "one" });
    await edited(two, 3, { name: "two" });
    makeOld(join(store, "objects"), day);
    const reports = await Promise.all([pruned(one), pruned(two)]);
    for (const report of reports) expect(report.removedSnapshots).toEqual(["s0", "s1"]);
    await pruned(one);
    expect(hashesIn(store)).toEqual(hashesOf("one 2", "two 2"));
    await close(one);
    await close(two);
  });
});
