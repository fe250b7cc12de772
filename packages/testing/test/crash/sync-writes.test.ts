/** Files opened with O_SYNC or O_DSYNC: each write is a flush, which can fail. */

import { describe, expect, test } from "vitest";
import type { NodeFileSystem } from "../../src/calls/node-file-system.ts";
import { fsConstants } from "../../src/calls/constants.ts";
import { exploreCrashes } from "../../src/crash/explore-crashes.ts";
import { replayCrash } from "../../src/crash/replay-crash.ts";
import type { Scenario } from "../../src/scenario/scenario.ts";
import { timelineOf, treesAt } from "./legal-trees.ts";

const flags = {
  O_SYNC: fsConstants["O_RDWR"]! | fsConstants["O_SYNC"]!,
  O_DSYNC: fsConstants["O_RDWR"]! | fsConstants["O_DSYNC"]!,
};

/** Writes three bytes at a time, and what it does if that fails. */
const saving = (
  flag: number,
  failed: (fs: NodeFileSystem, fd: number) => void,
): Scenario<string> => ({
  setup: (fs) => fs.writeFileSync("/a", "old"),
  run: (fs, ack) => {
    const fd = fs.openSync("/a", flag);
    try {
      fs.writeSync(fd, "new");
    } catch {
      failed(fs, fd);
    }
    ack("new");
    fs.closeSync(fd);
  },
  check: (fs, { acks }) => {
    const content = fs.readFileSync("/a", "utf8");
    if (acks.length > 0) expect(content).toBe("new");
  },
});

describe.each(["O_SYNC", "O_DSYNC"] as const)("%s", (name) => {
  test("a program that takes no notice of a write that failed is found", async () => {
    const careless = saving(flags[name], () => {});
    expect((await exploreCrashes(careless)).failed).toBe(0);
    const report = await exploreCrashes(careless, { models: ["ext4"], faults: "fsync" });
    expect(report.failures[0]).toMatchObject({
      where:
        "power lost after call 2 (write /a 3: EIO), acknowledged, model ext4; fsync number 1 had failed",
      replay: "crashes:ext4:after=3:not=2:fault=1",
    });
    const again = await replayCrash(careless, report.failures[0]!.replay);
    expect(again.failures[0]!.state).toEqual(report.failures[0]!.state);
  });

  test("one that only flushes again, too", async () => {
    const retrying = saving(flags[name], (fs, fd) => fs.fsyncSync(fd));
    expect((await exploreCrashes(retrying, { faults: "fsync" })).failed).toBeGreaterThan(0);
  });

  test("one that writes again passes: the position is where it was", async () => {
    const writing = saving(flags[name], (fs, fd) => fs.writeSync(fd, "new"));
    const report = await exploreCrashes(writing, { faults: "fsync" });
    expect(report).toMatchObject({ failed: 0, exhaustive: true });
  });
});

test("the position is that of the reads and writes before", () => {
  const timeline = timelineOf(
    (fs) => {
      const fd = fs.openSync("/a", "rs+");
      fs.writeSync(fd, "A");
      fs.readSync(fd, new Uint8Array(1));
      fs.readSync(fd, new Uint8Array(1), 0, 1, 5); // does not move it
      fs.writeSync(fd, "-", 9); // nor does this
      expect(() => fs.writeSync(fd, "??")).toThrow("EIO: i/o error, write");
      fs.writeSync(fd, "CD");
      fs.closeSync(fd);
    },
    (fs) => fs.writeFileSync("/a", "abcdefghij"),
    3,
  );
  expect(treesAt(timeline, "ext4")).toEqual(["a=AbCDefghi-"]);
});

test("what is appended with O_SYNC is appended once more", () => {
  const timeline = timelineOf(
    (fs) => {
      const fd = fs.openSync("/log", "as");
      expect(() => fs.writeSync(fd, "1\n")).toThrow("EIO: i/o error, write");
      fs.writeSync(fd, "1\n");
      fs.closeSync(fd);
    },
    (fs) => fs.writeFileSync("/log", ""),
    1,
  );
  const trees = treesAt(timeline, "ext4");
  expect(trees).toContain("log=1\n1\n");
  expect(trees).toContain("log=··1\n");
});

test("other files, and writes of nothing, are not flushed and do not fail", () => {
  timelineOf(
    (fs) => {
      const fd = fs.openSync("/a", "rs+");
      fs.writeFileSync("/b", "b");
      expect(fs.writeSync(fd, "")).toBe(0);
      expect(() => fs.writeSync(fd, "x")).toThrow("EIO");
    },
    (fs) => fs.writeFileSync("/a", "a"),
    1,
  );
});
