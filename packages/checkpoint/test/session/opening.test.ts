/** Opening a store and a session: what is made, what is refused, who has it. */

import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { needs } from "../../../atomic/test/support/needs.ts";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";
import { sessionFolder } from "../../src/session/session-folder.ts";
import { close, note, open, snapshotRecord, touch } from "./opened.ts";

const modeOf = (path: string): number => lstatSync(path).mode & 0o7777;

describe("a store that is new", () => {
  it.runIf(needs("posix"))("is for its owner alone, whatever the umask says", async () => {
    const store = join(tempDir(), "store");
    const before = process.umask(0o277);
    try {
      await close(await open(store));
    } finally {
      process.umask(before);
    }
    expect(modeOf(store)).toBe(0o700);
    expect(modeOf(join(store, "format.json"))).toBe(0o600);
    expect(modeOf(join(store, "sessions"))).toBe(0o700);
    expect(modeOf(join(store, "sessions", "one"))).toBe(0o700);
    expect(modeOf(join(store, "sessions", "one", "journal.jsonl"))).toBe(0o600);
  });

  it.runIf(needs("posix"))("lies in directories that are as others are", async () => {
    const dir = tempDir();
    await close(await open(join(dir, "a", "b", "store")));
    expect(modeOf(join(dir, "a"))).toBe(0o777 & ~process.umask());
    expect(modeOf(join(dir, "a", "b"))).toBe(0o777 & ~process.umask());
  });

  it("says its format, and nothing is there that is not needed", async () => {
    const store = join(tempDir(), "store");
    const session = await open(store);
    expect(session.folder).toBe(join(store, "sessions", "one"));
    await close(session);
    expect(JSON.parse(readFileSync(join(store, "format.json"), "utf8"))).toEqual({ format: 1 });
    expect(readdirSync(store).toSorted()).toEqual(["format.json", "sessions"]);
    expect(existsSync(join(session.folder, "journal.jsonl"))).toBe(true);
    expect(existsSync(join(session.folder, "session.lock"))).toBe(false);
  });

  it("can be opened by several at once", async () => {
    const store = join(tempDir(), "store");
    const names = ["a", "b", "c", "d"];
    const sessions = await Promise.all(names.map((session) => open(store, { session })));
    await Promise.all(sessions.map((session) => close(session)));
    expect(readdirSync(join(store, "sessions")).toSorted()).toEqual(names);
  });
});

describe("a store that is there", () => {
  it.runIf(needs("posix"))("keeps the permissions that it has", async () => {
    const store = tempDir();
    chmodSync(store, 0o750);
    await close(await open(store));
    expect(modeOf(store)).toBe(0o750);
  });

  it("of a newer format is refused, and nothing is made in it", async () => {
    const store = tempDir();
    writeFileSync(join(store, "format.json"), '{"format":2}');
    await expect(open(store)).rejects.toMatchObject({ code: "ERR_JSON_VERSION", effect: "none" });
    expect(readdirSync(store)).toEqual(["format.json"]);
  });

  it.each(["{}", "null", '{"format":"1"}', '{"format":0}', '{"format":1.5}', "[1]"])(
    "whose format is %s is damaged",
    async (text) => {
      const store = tempDir();
      writeFileSync(join(store, "format.json"), text);
      await expect(open(store)).rejects.toMatchObject({ code: "ERR_CHECKPOINT_DAMAGED" });
      expect(readdirSync(store)).toEqual(["format.json"]);
    },
  );

  it("that is a file is refused", async () => {
    const store = join(tempDir(), "file");
    writeFileSync(store, "");
    await expect(open(store)).rejects.toMatchObject({ code: "ENOTDIR" });
  });
});

describe.runIf(needs("posix"))("links", () => {
  it("may lead to the store, and are followed once", async () => {
    const dir = tempDir();
    mkdirSync(join(dir, "real"));
    symlinkSync("real", join(dir, "link"));
    const session = await open(join(dir, "link", "store"));
    expect(session.request.store).toBe(join(dir, "real", "store"));
    rmSync(join(dir, "link"));
    mkdirSync(join(dir, "other"));
    symlinkSync("other", join(dir, "link"));
    await note(session, snapshotRecord("s1"));
    await close(session);
    expect(readdirSync(join(dir, "other"))).toEqual([]);
  });

  it.each(["sessions", "sessions/one", "format.json", "sessions/one/journal.jsonl"])(
    "are refused as %s",
    async (inside) => {
      const dir = tempDir();
      const store = join(dir, "store");
      await close(await open(store));
      const moved = join(dir, "elsewhere");
      renameSync(join(store, inside), moved);
      symlinkSync(moved, join(store, inside));
      const before = lstatSync(moved).isDirectory()
        ? readdirSync(moved)
        : readFileSync(moved, "utf8");
      await expect(open(store)).rejects.toMatchObject({ code: "ERR_SYMLINK" });
      const after = lstatSync(moved).isDirectory()
        ? readdirSync(moved)
        : readFileSync(moved, "utf8");
      expect(after).toEqual(before);
    },
  );
});

describe("a store inside a root", () => {
  const refused = { name: "TypeError", code: "ERR_INVALID_ARG" };

  it("is refused before anything is made", async () => {
    const root = tempDir();
    await expect(open(join(root, "a", "store"), { roots: [root] })).rejects.toMatchObject(refused);
    await expect(open(root, { roots: [root] })).rejects.toMatchObject(refused);
    await expect(open(join(root, "x", "..", "s"), { roots: [`${root}/`] })).rejects.toMatchObject(
      refused,
    );
    expect(readdirSync(root)).toEqual([]);
  });

  it.runIf(needs("posix"))("is refused by whatever way it is reached", async () => {
    const dir = tempDir();
    const root = join(dir, "root");
    mkdirSync(join(root, "in"), { recursive: true });
    symlinkSync(join(root, "in"), join(dir, "way"));
    symlinkSync(root, join(dir, "alias"));
    for (const store of [join(dir, "way"), join(dir, "way", "store"), `${dir}/way/../s`]) {
      await expect(open(store, { roots: [join(dir, "alias")] })).rejects.toMatchObject(refused);
    }
    expect(readdirSync(join(root, "in"))).toEqual([]);
    // What looks as if it were inside, and is not.
    symlinkSync(dir, join(root, "out"));
    await close(await open(join(root, "out", "store"), { roots: [root] }));
    expect(existsSync(join(dir, "store", "format.json"))).toBe(true);
  });

  it("is taken if it is excluded", async () => {
    const root = tempDir();
    const store = join(root, ".state", "store");
    for (const exclude of [store, join(root, ".state")]) {
      await close(await open(store, { roots: [root], exclude: [exclude] }));
    }
    await expect(
      open(store, { roots: [root], exclude: [join(root, ".sta")] }),
    ).rejects.toMatchObject(refused);
  });

  it("may have a root that is missing", async () => {
    const dir = tempDir();
    await close(await open(join(dir, "store"), { roots: [join(dir, "unplugged")] }));
    await expect(
      open(join(dir, "unplugged", "store"), { roots: [join(dir, "unplugged")] }),
    ).rejects.toMatchObject(refused);
  });

  it("is not one beside a root whose name begins in the same way", async () => {
    const dir = tempDir();
    mkdirSync(join(dir, "root"));
    await close(await open(join(dir, "root-store"), { roots: [join(dir, "root")] }));
    expect(existsSync(join(dir, "root-store", "format.json"))).toBe(true);
  });
});

describe("the folder of a session", () => {
  const names = [
    "a",
    "A",
    "work",
    "Work",
    "WORK",
    "con",
    "CON",
    "com1",
    "a_b-c",
    "x".repeat(64),
    "x".repeat(65),
    "",
    ".",
    "..",
    "../up",
    "a/b",
    "a\\b",
    "a b",
    "é",
    "e\u0301",
    "\0",
    "~",
    "work~",
    "a".repeat(5000),
    ...names64("work"),
  ];
  function names64(name: string): string[] {
    return [sessionFolder(name), sessionFolder("Work"), sessionFolder("..")];
  }

  it("is one name, and no two sessions share it, on a disk that folds case either", () => {
    const all = [...new Set(names)];
    const folders = all.map((name) => sessionFolder(name));
    for (const folder of folders) expect(folder).toMatch(/^[A-Za-z0-9_~-]{1,81}$/);
    expect(new Set(folders.map((folder) => folder.toLowerCase())).size).toBe(all.length);
    for (const name of ["a", "work", "a_b-c", "x".repeat(64)])
      expect(sessionFolder(name)).toBe(name);
  });

  it("has what was noted, by whatever name the session goes", async () => {
    const store = tempDir();
    for (const [index, session] of ["..", "a/b", "Work", "work", ""].entries()) {
      const opened = await open(store, { session });
      await note(opened, snapshotRecord(`s${index}`));
      await close(opened);
    }
    for (const [index, session] of ["..", "a/b", "Work", "work", ""].entries()) {
      const opened = await open(store, { session });
      expect(opened.history.snapshots.map(({ id }) => id)).toEqual([`s${index}`]);
      await close(opened);
    }
    expect(readdirSync(join(store, "sessions"))).toHaveLength(5);
  });
});

describe("a session that is open", () => {
  it("is nobody else's, who is told whose it is", async () => {
    const store = tempDir();
    const first = await open(store);
    await expect(open(store)).rejects.toMatchObject({
      code: "ERR_LOCK_TIMEOUT",
      owners: [{ pid: process.pid, purpose: "checkpoint session" }],
      message: expect.stringContaining("this very process"),
    });
    await note(first, snapshotRecord("s1"));
    await close(first);
    const second = await open(store);
    expect(second.history.snapshot("s1")).toBeDefined();
    await close(second);
  });

  it("is waited for", async () => {
    const store = tempDir();
    const first = await open(store);
    const second = open(store, { lockTimeoutMs: 60_000 });
    await note(first, snapshotRecord("s1"));
    await close(first);
    const opened = await second;
    expect(opened.history.snapshot("s1")).toBeDefined();
    await close(opened);
  });

  it("is not written to once its lock is lost", async () => {
    const store = tempDir();
    const session = await open(store);
    rmSync(join(session.folder, "session.lock"));
    await expect(note(session, snapshotRecord("s1"))).rejects.toMatchObject({
      code: "ERR_LOCK_LOST",
    });
    expect(session.history.snapshot("s1")).toBeUndefined();
    expect(readFileSync(join(session.folder, "journal.jsonl"), "utf8")).not.toContain("s1");
    await close(session).catch(() => {});
  });

  it("is closed again and again, and leaves no lock", async () => {
    const session = await open(tempDir());
    await close(session);
    await close(session);
    expect(readdirSync(session.folder).filter((name) => name.endsWith(".lock"))).toEqual([]);
  });
});

describe("what was noted", () => {
  it("is there in the order in which it was, also of calls at once", async () => {
    const store = tempDir();
    const session = await open(store);
    const ids = Array.from({ length: 20 }, (_, index) => `s${index}`);
    await Promise.all(ids.map((id) => note(session, snapshotRecord(id))));
    const before = session.history.snapshots.map(({ id }) => id);
    expect(before.toSorted()).toEqual(ids.toSorted());
    await close(session);
    const again = await open(store);
    expect(again.history.snapshots.map(({ id }) => id)).toEqual(before);
    expect(again.history.lostRecords).toBe(0);
    await close(again);
  });

  it("of an object that is gone counts for nothing until it is there again", async () => {
    const store = tempDir();
    const session = await open(store);
    const record = await touch(session, "/w/a", "content");
    const { sha256 } = record.state as { sha256: string };
    expect(session.history.preImage("/w/a", "t")).toEqual(record);
    rmSync(join(store, "objects", sha256.slice(0, 2), sha256.slice(2)));
    const again = { ...record, turn: "u", signature: "x" };
    await expect(note(session, again)).rejects.toMatchObject({ code: "ERR_CHANGED" });
    expect(session.history.preImage("/w/a", "u")).toBeUndefined();
    expect(session.history.lastLook("/w/a")).toMatchObject({ signature: undefined });
    await close(session);
    // As after a crash between the journal and the look at the objects.
    const reopened = await open(store);
    expect(reopened.history.preImage("/w/a", "t")).toBeUndefined();
    expect(reopened.history.lastLook("/w/a")).toMatchObject({ signature: undefined });
    await touch(reopened, "/w/a", "content", { turn: "u" });
    expect(reopened.history.preImage("/w/a", "u")).toBeDefined();
    await close(reopened);
  });

  it("of an object that a sweep has put aside puts it back", async () => {
    const store = tempDir();
    const session = await open(store);
    const record = await touch(session, "/w/a", "content");
    const { sha256 } = record.state as { sha256: string };
    const object = join(store, "objects", sha256.slice(0, 2), sha256.slice(2));
    mkdirSync(join(store, "aside"));
    renameSync(object, join(store, "aside", sha256));
    await note(session, { ...record, turn: "u" });
    expect(readFileSync(object, "utf8")).toBe("content");
    expect(session.history.preImage("/w/a", "u")).toBeDefined();
    await close(session);
  });
});
