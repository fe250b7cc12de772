/** Others at work while a store is swept: whatever they rely on is there, or they are told that it is not. */

/* oxlint-disable vitest/no-conditional-expect -- what must be there depends on what was told */

import * as realFs from "node:fs";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import type { FileSystem } from "@holdfast/fs/steps";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";
import type { LookRecord } from "../../src/journal/records.ts";
import { close, drive, note, open, snapshotRecord, touch } from "../session/opened.ts";
import { day, hashesIn, makeOld, objectOf, pruned, shaOf } from "./stores.ts";

type Promises = typeof realFs.promises;
type Called = keyof Pick<Promises, "link" | "unlink" | "readdir" | "rename" | "open">;

/** The real file system, with something done before the n-th call of a method on a path that contains a text. */
function interrupted(
  name: Called,
  part: string,
  act: () => Promise<void>,
): FileSystem & { acted: () => number } {
  let acted = 0;
  const call = async (...args: unknown[]): Promise<unknown> => {
    if (acted === 0 && String(args[0]).includes(part)) {
      acted++;
      await act();
    }
    return await (realFs.promises[name] as (...all: unknown[]) => Promise<unknown>)(...args);
  };
  const promises = { ...realFs.promises, [name]: call } as unknown as Promises;
  return { ...realFs, promises, acted: () => acted } as never;
}

const look = (content: string): LookRecord => ({
  type: "look",
  path: "/w/a",
  cause: "touch",
  turn: "t",
  state: { kind: "file", sha256: shaOf(content), size: content.length, mode: 0o644 },
});

/** An object that nobody refers to, from long ago. */
async function forgotten(store: string, content: string): Promise<void> {
  const session = await open(store, { session: "gone" });
  await touch(session, "/w/a", content);
  await close(session);
  rmSync(session.folder, { recursive: true });
  makeOld(join(store, "objects"), day);
}

// The moments of a sweep: before it takes the object, when it has a second name, before its name goes, before
// journals are read, before it is removed for good.
const moments = [
  ["link", "objects"],
  ["unlink", "objects"],
  ["unlink", "aside"],
] as const;

it.each(moments)(
  "somebody finds it there, and refers to it before the sweep calls %s in %s",
  async (name, part) => {
    const store = tempDir();
    await forgotten(store, "content");
    const other = await open(store, { session: "other" });
    await note(other, snapshotRecord("s1"));
    let told: unknown;
    const fileSystem = interrupted(name, `/${part}/`, async () => {
      told = await note(other, look("content")).catch((error: unknown) => error);
    });
    const session = await open(store, { fileSystem });
    await pruned(session);
    expect(fileSystem.acted()).toBe(1);
    // Noted is kept; or it was said that it is not, and nothing counts on it.
    const isThere = hashesIn(store).includes(shaOf("content"));
    if (told === undefined) {
      expect(isThere).toBe(true);
      expect(other.history.preImage("/w/a", "t")).toBeDefined();
    } else {
      expect(told).toMatchObject({ code: "ERR_CHANGED" });
      expect(other.history.preImage("/w/a", "t")).toBeUndefined();
    }
    await touch(other, "/w/a", "content");
    expect(hashesIn(store)).toContain(shaOf("content"));
    await close(session);
    await close(other);
  },
);

it.each(moments)(
  "somebody who slept between the two looks refers to it after the sweep calls %s in %s: noted before the object is looked for",
  async (name, part) => {
    const store = tempDir();
    await forgotten(store, "content");
    const other = await open(store, { session: "other" });
    const fileSystem = interrupted(name, `/${part}/`, async () => {
      // All that a killed process came to: the record is there, nobody has looked at the object.
      await close(other);
      const file = join(other.folder, "journal.jsonl");
      const { openJournal } = await import("../../src/journal/journal.ts");
      const settings = { fileSystem: undefined, offload: undefined };
      const journal = await drive((operation) => openJournal(operation, file, settings));
      await drive(() => journal.append([look("content")], () => {}));
      await drive(() => journal.close());
    });
    const session = await open(store, { fileSystem });
    await pruned(session);
    expect(fileSystem.acted()).toBe(1);
    await close(session);
    const again = await open(store, { session: "other" });
    // A pre-image that is counted on is there.
    const isKept = again.history.preImage("/w/a", "t") !== undefined;
    expect(isKept).toBe(hashesIn(store).includes(shaOf("content")));
    await close(again);
  },
);

it("an object that is kept again while it is swept is there afterwards", async () => {
  for (const [name, part] of moments) {
    const store = tempDir();
    await forgotten(store, "content");
    const other = await open(store, { session: "other" });
    const fileSystem = interrupted(name, `/${part}/`, async () => {
      await touch(other, "/w/a", "content");
    });
    const session = await open(store, { fileSystem });
    await pruned(session);
    expect(hashesIn(store)).toContain(shaOf("content"));
    expect(await realFs.promises.readFile(objectOf(store, "content"), "utf8")).toBe("content");
    expect(other.history.preImage("/w/a", "t")).toBeDefined();
    await close(session);
    await close(other);
  }
});

it("a session that is opened while it is removed is there, empty or whole", async () => {
  const store = tempDir();
  const past = await open(store, { session: "past" });
  await note(past, snapshotRecord("s1", { at: 1 }));
  await close(past);
  makeOld(past.folder, 40 * day);
  for (const name of ["unlink", "readdir"] as const) {
    let opening: ReturnType<typeof open> | undefined;
    const fileSystem = interrupted(name, join("sessions", "past"), async () => {
      opening = open(store, { session: "past", lockTimeoutMs: 60_000 });
      await new Promise((resolve) => setTimeout(resolve, 20));
    });
    const session = await open(store, { fileSystem, limits: { maxAgeMs: 0 } });
    await pruned(session);
    expect(fileSystem.acted()).toBe(1);
    const opened = await opening!;
    await note(opened, snapshotRecord("s2"));
    await close(opened);
    await close(session);
    const again = await open(store, { session: "past" });
    expect(again.history.snapshots.map(({ id }) => id)).toContain("s2");
    expect(again.history.lostRecords).toBe(0);
    await close(again);
    makeOld(past.folder, 40 * day);
  }
});

it("a session that is used again before its lock is had stays", async () => {
  const store = tempDir();
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() - 40 * day });
  try {
    const past = await open(store, { session: "past" });
    await close(past);
  } finally {
    vi.useRealTimers();
  }
  makeOld(join(store, "sessions", "past"), 40 * day);
  const fileSystem = interrupted("open", join("sessions", "past", "session.lock"), async () => {
    const past = await open(store, { session: "past" });
    await note(past, snapshotRecord("s1"));
    await close(past);
  });
  const session = await open(store, { fileSystem });
  expect((await pruned(session)).removedSessions).toEqual([]);
  expect(fileSystem.acted()).toBe(1);
  await close(session);
  const again = await open(store, { session: "past" });
  expect(again.history.snapshot("s1")).toBeDefined();
  await close(again);
});
