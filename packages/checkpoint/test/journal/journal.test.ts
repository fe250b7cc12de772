/** A journal on disk: what was appended is read again, and what is missing or wrong is noticed. */

import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";
import { needs } from "../../../atomic/test/support/needs.ts";
import { lineOf } from "../../src/journal/line.ts";
import { openJournal, readJournal, type Journal } from "../../src/journal/journal.ts";
import type { JournalEntry, JournalRecord, LookRecord } from "../../src/journal/records.ts";
import { drive } from "../session/opened.ts";

const settings = { fileSystem: undefined, offload: undefined };

const look = (name: string): LookRecord => ({
  type: "look",
  path: `/w/${name}`,
  cause: "touch",
  turn: "1",
  state: { kind: "absent" },
});
const gap: JournalEntry = { type: "gap" };

const opened = (file: string): Promise<Journal> =>
  drive((operation) => openJournal(operation, file, settings));
const read = (file: string): Promise<readonly JournalEntry[]> =>
  drive((operation) => readJournal(operation, file, settings));
const append = (journal: Journal, ...records: JournalRecord[]): Promise<void> =>
  drive(() => journal.append(records, () => {}));
const close = (journal: Journal): Promise<void> => drive(() => journal.close());

/** A journal with some records, closed. */
async function journalOf(file: string, ...records: JournalRecord[]): Promise<string[]> {
  const journal = await opened(file);
  await append(journal, ...records);
  await close(journal);
  return linesIn(file);
}

const linesIn = (file: string): string[] => readFileSync(file, "utf8").split("\n").slice(0, -1);
const write = (file: string, lines: readonly string[]): void =>
  writeFileSync(file, lines.map((line) => `${line}\n`).join(""));

const four = ["a", "b", "c", "d"].map((name) => look(name));

describe("what was appended", () => {
  it("is read again, in order, by whoever opens it and by others", async () => {
    const file = join(tempDir(), "journal.jsonl");
    const journal = await opened(file);
    expect(journal.entries).toEqual([]);
    const told: JournalRecord[] = [];
    await Promise.all(
      four.map((record) => drive(() => journal.append([record], (each) => told.push(each)))),
    );
    expect(told).toEqual(four);
    expect(await read(file)).toEqual(four);
    expect(journal.bytes).toBe(statSync(file).size);
    await close(journal);
    const again = await opened(file);
    expect(again.entries).toEqual(four);
    expect(again.bytes).toBe(statSync(file).size);
    await append(again, look("e"));
    await close(again);
    expect(await read(file)).toEqual([...four, look("e")]);
  });

  it("is what JSON makes of it: names without a value are none", async () => {
    const file = join(tempDir(), "journal.jsonl");
    await journalOf(file, { ...look("a"), key: undefined, signature: undefined });
    expect(await read(file)).toEqual([look("a")]);
  });

  it.runIf(needs("posix"))("is for its owner alone, whatever the umask says", async () => {
    const file = join(tempDir(), "journal.jsonl");
    const before = process.umask(0o377);
    try {
      await close(await opened(file));
    } finally {
      process.umask(before);
    }
    expect(statSync(file).mode & 0o7777).toBe(0o600);
  });

  it("is nothing where there is no journal", async () => {
    expect(await read(join(tempDir(), "journal.jsonl"))).toEqual([]);
  });
});

describe("a gap", () => {
  it.each([
    [
      "of a line that is missing",
      (l: string[]) => [l[0], l[2], l[3]],
      [four[0], gap, four[2], four[3]],
    ],
    ["of the first line", (l: string[]) => l.slice(1), [gap, four[1], four[2], four[3]]],
    ["of several lines is one", (l: string[]) => [l[0], l[3]], [four[0], gap, four[3]]],
    [
      "of a wrong sum",
      (l: string[]) => l.with(1, l[1]!.replace("/w/b", "/w/x")),
      [four[0], gap, four[2], four[3]],
    ],
    [
      "of a wrong sum at the end",
      (l: string[]) => l.with(3, l[3]!.replace("/w/d", "/w/x")),
      [...four.slice(0, 3), gap],
    ],
    [
      "of a line that is no JSON",
      (l: string[]) => l.with(2, "{{{"),
      [four[0], four[1], gap, four[3]],
    ],
    [
      "of a line that is no JSON at the end",
      (l: string[]) => l.with(3, "{{{"),
      [...four.slice(0, 3), gap],
    ],
    [
      "of a line that is JSON and no record",
      (l: string[]) => [l[0], "17", ...l.slice(1)],
      [four[0], gap, ...four.slice(1)],
    ],
    [
      "of lines in another order",
      (l: string[]) => [l[0], l[2], l[1], l[3]],
      [four[0], gap, four[2], gap, four[1], gap, four[3]],
    ],
    [
      "of a line that is there twice",
      (l: string[]) => [l[0], l[1], l[1], l[2], l[3]],
      [four[0], four[1], gap, four[1], four[2], four[3]],
    ],
  ] as const)("%s", async (_, damage, entries) => {
    const file = join(tempDir(), "journal.jsonl");
    write(file, damage(await journalOf(file, ...four)) as string[]);
    expect(await read(file)).toEqual(entries);
    const journal = await opened(file);
    expect(journal.entries).toEqual(entries);
    await append(journal, look("e"));
    await close(journal);
    // What is appended behind it is not taken for lost.
    expect((await read(file)).slice(entries.length)).toEqual([look("e")]);
  });

  it("is not an end that a crash has torn", async () => {
    const file = join(tempDir(), "journal.jsonl");
    const lines = await journalOf(file, ...four);
    write(file, lines.slice(0, 3));
    appendFileSync(file, lines[3]!.slice(0, -20));
    expect(await read(file)).toEqual(four.slice(0, 3));
    const journal = await opened(file);
    expect(journal.entries).toEqual(four.slice(0, 3));
    await append(journal, look("e"));
    await close(journal);
    expect(await read(file)).toEqual([...four.slice(0, 3), look("e")]);
  });

  it("is not a piece of a record behind which writing went on", async () => {
    const file = join(tempDir(), "journal.jsonl");
    const lines = await journalOf(file, ...four);
    write(file, lines.toSpliced(2, 0, lines[2]!.slice(0, 40)));
    expect(await read(file)).toEqual(four);
  });

  it("is not an end that is whole but for its newline", async () => {
    const file = join(tempDir(), "journal.jsonl");
    writeFileSync(file, (await journalOf(file, ...four)).join("\n"));
    expect(await read(file)).toEqual(four);
    await journalOf(file, look("e"));
    expect(await read(file)).toEqual([...four, look("e")]);
  });
});

describe("a journal of a newer format", () => {
  const newer = { type: "session", format: 2, session: "s", at: 1 } as const;
  it.each([
    ["with our lines", JSON.stringify(lineOf(0, newer)) + '\n{"torn'],
    ["with other lines", `{"record":${JSON.stringify(newer)},"more":1}\n{"x":2}`],
  ])("%s is refused, and left as it is", async (_, text) => {
    const dir = tempDir();
    const file = join(dir, "journal.jsonl");
    writeFileSync(file, text);
    await expect(opened(file)).rejects.toMatchObject({ code: "ERR_JSON_VERSION", effect: "none" });
    await expect(read(file)).rejects.toMatchObject({ code: "ERR_JSON_VERSION" });
    expect(readFileSync(file, "utf8")).toBe(text);
    expect(readdirSync(dir)).toEqual(["journal.jsonl"]);
  });
});

describe("rewritten", () => {
  it("is what it was told to be, with its gaps, and goes on", async () => {
    const file = join(tempDir(), "journal.jsonl");
    const journal = await opened(file);
    await append(journal, ...four);
    const entries = [four[0]!, gap, four[2]!];
    await drive((operation) => journal.rewrite(operation, entries));
    expect(await read(file)).toEqual(entries);
    await append(journal, look("e"));
    expect(journal.bytes).toBe(statSync(file).size);
    await close(journal);
    expect((await opened(file).then(async (again) => (await close(again), again))).entries).toEqual(
      [...entries, look("e")],
    );
    expect(statSync(file).mode & 0o077).toBe(needs("posix") ? 0 : statSync(file).mode & 0o077);
  });

  it("is empty if it was told to be", async () => {
    const file = join(tempDir(), "journal.jsonl");
    const journal = await opened(file);
    await append(journal, ...four);
    await drive((operation) => journal.rewrite(operation, []));
    await append(journal, four[1]!);
    await close(journal);
    expect(await read(file)).toEqual([four[1]]);
  });
});

describe.runIf(needs("posix"))("refused in its place is", () => {
  it("a planted link, whatever it leads to", async () => {
    const dir = tempDir();
    const file = join(dir, "journal.jsonl");
    symlinkSync(join(dir, "victim"), file);
    await expect(opened(file)).rejects.toMatchObject({ code: "ERR_SYMLINK" });
    writeFileSync(join(dir, "victim"), "precious");
    await expect(opened(file)).rejects.toMatchObject({ code: "ERR_SYMLINK" });
    await expect(read(file)).rejects.toMatchObject({ code: "ERR_SYMLINK" });
    expect(readFileSync(join(dir, "victim"), "utf8")).toBe("precious");
  });

  it("a directory", async () => {
    const file = join(tempDir(), "journal.jsonl");
    mkdirSync(file);
    await expect(opened(file)).rejects.toMatchObject({ code: "ERR_NOT_FILE" });
  });
});
