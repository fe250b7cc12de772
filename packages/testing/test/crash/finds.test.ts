/** The bugs that power losses bring to light: each is found, and its corrected version passes. */

import { describe, expect, test } from "vitest";
import type { NodeFileSystem } from "../../src/calls/node-file-system.ts";
import { exploreCrashes } from "../../src/crash/explore-crashes.ts";
import type { CrashOptions } from "../../src/crash/options.ts";
import type { Report } from "../../src/scenario/report.ts";
import type { Scenario, Seen } from "../../src/scenario/scenario.ts";
import { flush } from "./legal-trees.ts";
import { writeNew } from "./recipes.ts";

type Write = (fs: NodeFileSystem) => void;

/** One file that is to be old or new, and new once that was acknowledged. */
const replacing = (write: Write): Scenario<string> => ({
  setup: (fs) => fs.writeFileSync("/a", "old"),
  run: (fs, ack) => {
    write(fs);
    ack("new");
  },
  check: (fs, { acks }) => {
    expect(acks.includes("new") ? ["new"] : ["old", "new"]).toContain(
      fs.existsSync("/a") ? fs.readFileSync("/a", "utf8") : undefined,
    );
  },
});

const rename: Write = (fs) => fs.renameSync("/tmp", "/a");
const flushRoot: Write = (fs) => flush(fs, "/");
const stage: Write = (fs) => writeNew(fs, "/tmp", "new", "fsyncSync");
const stageOnly: Write = (fs) => writeNew(fs, "/tmp", "new");

const steps = (...all: readonly Write[]): Scenario<string> =>
  replacing((fs) => {
    for (const step of all) step(fs);
  });

const correct = steps(stage, rename, flushRoot);

/** A log of lines, read up to the first that is not whole. */
const log = (isWhole: (line: string) => boolean): Scenario<number> => ({
  setup: (fs) => fs.writeFileSync("/log", ""),
  run: (fs, ack) => {
    const fd = fs.openSync("/log", "a");
    for (const number of [10, 20]) {
      fs.writeSync(fd, `${number} ${number}\n`);
      fs.fdatasyncSync(fd);
      ack(number);
    }
    fs.closeSync(fd);
  },
  check: (fs, { acks }) => {
    const lines = fs.readFileSync("/log", "utf8").split("\n");
    const read: number[] = [];
    for (const line of lines) {
      if (!isWhole(line)) break;
      read.push(Number.parseInt(line, 10));
    }
    expect([acks, [...acks, acks.length === 0 ? 10 : 20]]).toContainEqual(read);
  },
});

const removing = (after: Write): Scenario<string> => ({
  setup: (fs) => fs.writeFileSync("/a", ""),
  run: (fs, ack) => {
    fs.unlinkSync("/a");
    after(fs);
    ack("removed");
  },
  check: (fs, { acks }) => expect(acks.includes("removed") && fs.existsSync("/a")).toBe(false),
});

const inNewDirectory = (after: Write): Scenario<string> => ({
  run: (fs, ack) => {
    fs.mkdirSync("/x/y", { recursive: true });
    writeNew(fs, "/x/y/a", "new", "fsyncSync");
    flush(fs, "/x/y");
    after(fs);
    ack("written");
  },
  check: (fs, { acks }) => expect(acks.includes("written") && !fs.existsSync("/x/y/a")).toBe(false),
});

const retrying = (retry: (fs: NodeFileSystem, fd: number) => void): Scenario<string> => ({
  setup: (fs) => fs.writeFileSync("/a", "old"),
  run: (fs, ack) => {
    const fd = fs.openSync("/a", "r+");
    fs.writeSync(fd, "new", 0);
    try {
      fs.fsyncSync(fd);
    } catch {
      retry(fs, fd);
    }
    ack("new");
  },
  check: (fs, { acks }) => {
    if (acks.includes("new")) expect(fs.readFileSync("/a", "utf8")).toBe("new");
  },
});

/** A counter that is moved into a total: `recover` finishes what a note says. */
const applying = (recover: Write): Scenario<string> => ({
  setup: (fs) => fs.writeFileSync("/total", "100"),
  run: (fs, ack) => {
    writeNew(fs, "/note.tmp", "5", "fsyncSync");
    fs.renameSync("/note.tmp", "/note");
    flush(fs, "/");
    ack("+5");
    recover(fs);
  },
  recover,
  check: (fs, { acks }) => {
    const total = fs.readFileSync("/total", "utf8");
    expect(acks.length === 0 ? ["100", "105"] : ["105"]).toContain(total);
  },
});

const replaceTotal = (fs: NodeFileSystem, total: string): void => {
  fs.rmSync("/total.tmp", { force: true });
  writeNew(fs, "/total.tmp", total, "fsyncSync");
  fs.renameSync("/total.tmp", "/total");
  flush(fs, "/");
};

const addNote: Write = (fs) => {
  if (!fs.existsSync("/note")) return;
  replaceTotal(fs, String(Number(fs.readFileSync("/total", "utf8")) + 5));
  fs.unlinkSync("/note");
  flush(fs, "/");
};

/** The note says what the total will be, so that doing it twice is doing it once. */
const setTotal: Write = (fs) => {
  if (!fs.existsSync("/note")) return;
  replaceTotal(fs, "105");
  fs.unlinkSync("/note");
  flush(fs, "/");
};

const pair = (write: Write): Scenario<never> => ({
  setup: (fs) => {
    fs.writeFileSync("/key", "1");
    fs.writeFileSync("/value", "1");
    fs.writeFileSync("/both", "1 1");
  },
  run: write,
  check: (fs) => {
    expect(fs.readFileSync("/key", "utf8")).toBe(fs.readFileSync("/value", "utf8"));
    expect(["1 1", "2 2"]).toContain(fs.readFileSync("/both", "utf8"));
  },
});

const replaceOne = (fs: NodeFileSystem, path: string, content: string): void => {
  writeNew(fs, `${path}.tmp`, content, "fsyncSync");
  fs.renameSync(`${path}.tmp`, path);
  flush(fs, "/");
};

const doneBefore: Scenario<string> = {
  ...correct,
  run: (fs, ack) => {
    stage(fs);
    rename(fs);
    ack("new");
    flushRoot(fs);
  },
};

// oxlint-disable-next-line typescript/no-explicit-any -- scenarios of all kinds in one table
type AnyScenario = Scenario<any>;

const table: readonly [string, AnyScenario, AnyScenario, CrashOptions?][] = [
  ["no fsync before rename", steps(stageOnly, rename, flushRoot), correct],
  ["only the directory fsynced, before the rename", steps(stageOnly, flushRoot, rename), correct],
  ["no fsync of the directory", steps(stage, rename), correct],
  ["fsync after rename", steps(stageOnly, rename, (fs) => flush(fs, "/a"), flushRoot), correct],
  [
    "new ancestors not flushed",
    inNewDirectory(() => {}),
    inNewDirectory((fs) => {
      flush(fs, "/x");
      flush(fs, "/");
    }),
  ],
  [
    "old file renamed away first",
    steps(stage, (fs) => fs.renameSync("/a", "/a.bak"), rename, flushRoot),
    steps(stage, (fs) => fs.linkSync("/a", "/a.bak"), rename, flushRoot),
  ],
  [
    "truncate in place",
    replacing((fs) => {
      fs.writeFileSync("/a", "new");
      flush(fs, "/a");
    }),
    correct,
  ],
  ["a removal that comes back", removing(() => {}), removing(flushRoot)],
  [
    "an append whose bad tail is misread",
    log((line) => line !== ""),
    log((line) => /^(?<number>\d+) \k<number>$/.test(line)),
  ],
  [
    "fsync retried",
    retrying((fs, fd) => fs.fsyncSync(fd)),
    retrying((fs, fd) => {
      fs.writeSync(fd, "new", 0);
      fs.fsyncSync(fd);
    }),
    { faults: "fsync" },
  ],
  ['"done" said before it', doneBefore, correct],
  ["a recovery that is not idempotent", applying(addNote), applying(setTotal)],
  [
    "two files believed to change together",
    pair((fs) => {
      replaceOne(fs, "/key", "2");
      replaceOne(fs, "/value", "2");
    }),
    pair((fs) => replaceOne(fs, "/both", "2 2")),
  ],
];

describe.each(table)("%s", (_, wrong, right, options) => {
  test("is found", async () => {
    const report: Report = await exploreCrashes(wrong, { ...options, seed: 1 });
    expect(report.failed).toBeGreaterThan(0);
    expect(report.exhaustive).toBe(true);
  });

  test("is not found in the corrected version", async () => {
    const report: Report = await exploreCrashes(right, { ...options, seed: 1 });
    expect(report.failures.map(({ where, message }) => `${where}: ${message}`)).toEqual([]);
    expect(report.exhaustive).toBe(true);
    expect(report.cases).toBeGreaterThan(1);
  });
});

test("an fsync that is retried looks right as long as none fails", async () => {
  const retried = retrying((fs, fd) => fs.fsyncSync(fd));
  expect((await exploreCrashes(retried)).failed).toBe(0);
  expect((await exploreCrashes(retried, { faults: "fsync" })).failed).toBeGreaterThan(0);
});

test("a recovery that is not idempotent looks right as long as it is not cut off", async () => {
  expect((await exploreCrashes(applying(addNote), { again: true })).failed).toBeGreaterThan(0);
  const once: (seen: Seen<string>) => boolean = ({ end }) => end === "crash";
  const scenario = applying(addNote);
  const untouched: Scenario<string> = {
    ...scenario,
    // The run itself ends before it applies the note: only recoveries do it.
    run: (fs, ack) => {
      writeNew(fs, "/note", "5", "fsyncSync");
      flush(fs, "/");
      ack("+5");
    },
    check: (fs, seen) => (once(seen) ? scenario.check(fs, seen) : undefined),
  };
  expect((await exploreCrashes(untouched, { again: false })).failed).toBe(0);
  expect((await exploreCrashes(untouched)).failed).toBeGreaterThan(0);
});
