/** What may be there of one write: the page cache writes pages of the file, in any order. */

import { describe, expect, test } from "vitest";
import type { NodeFileSystem } from "../../src/calls/node-file-system.ts";
import { exploreCrashes } from "../../src/crash/explore-crashes.ts";
import { powerLossModels } from "../../src/crash/models.ts";
import type { ModelName } from "../../src/crash/models.ts";
import { diskAt } from "../../src/crash/crash-point.ts";
import { fatesOf } from "../../src/crash/fate.ts";
import { partsOf } from "../../src/crash/parts.ts";
import { replayCrash } from "../../src/crash/replay-crash.ts";
import type { Scenario } from "../../src/scenario/scenario.ts";
import { flush, timelineOf, treesAt } from "./legal-trees.ts";

const models: readonly ModelName[] = ["posix", "ext4", "xfs", "btrfs"];

const fronts = (offset: number, length: number): number[] =>
  partsOf(offset, length)
    .filter(({ from }) => from === 0)
    .map(({ to }) => to);
const tails = (offset: number, length: number): number[] =>
  partsOf(offset, length)
    .filter(({ to, from }) => to === length && from > 0)
    .map(({ from }) => from);

describe("the parts of a write", () => {
  test.each<[offset: number, length: number, number[]]>([
    [0, 0, []],
    [0, 1, []],
    [0, 2, [1]],
    [0, 3, [1, 2]],
    [7, 10, [5, 9]],
    [0, 4096, [2048, 4095]],
    [4096, 4096, [2048, 4095]],
  ])("in one page: %i, %i: half, and all but the last byte", (offset, length, ends) => {
    expect(fronts(offset, length)).toEqual(ends);
    expect(tails(offset, length)).toEqual([]);
  });

  test.each<[offset: number, length: number, number[], number[]]>([
    [4090, 23, [6, 11, 22], [6]],
    [4095, 2, [1], [1]],
    [4000, 4096, [96, 2048, 4095], [96]],
    [0, 4097, [4096], [4096]],
    [0, 10_000, [4096, 8192, 9999], [4096, 8192]],
    [0, 20_480, [4096, 12_288, 16_384, 20_479], [4096, 16_384]],
    [100, 20_480, [3996, 12_188, 20_380, 20_479], [3996, 20_380]],
  ])("over several: %i, %i: at pages of the file", (offset, length, ends, starts) => {
    expect(fronts(offset, length)).toEqual(ends);
    expect(tails(offset, length)).toEqual(starts);
  });
});

const log = (seen: (record: string) => void): Scenario => ({
  setup: (fs) => fs.writeFileSync("/wal", `${"-".repeat(4089)}\n`),
  run: (fs) => fs.appendFileSync("/wal", "17:abcdefghijklmnopqrs\n"),
  check: (fs) => {
    seen(fs.readFileSync("/wal", "utf8").slice(4090));
  },
});

test.each(models)("%s: a record is cut where a page of the file ends", async (model) => {
  const records = new Set<string>();
  const report = await exploreCrashes(
    log((record) => void records.add(record)),
    { models: [model] },
  );
  expect(report.exhaustive).toBe(true);
  expect([...records]).toEqual(
    expect.arrayContaining(["17:abc", `${"\0".repeat(6)}defghijklmnopqrs\n`]),
  );
});

/** A block in place, whose end says that all of it is there. */
const committing: Scenario = {
  setup: (fs) => fs.writeFileSync("/block", "o".repeat(12_288)),
  run: (fs) => {
    const fd = fs.openSync("/block", "r+");
    fs.writeSync(fd, `${"n".repeat(12_281)}COMMIT!`);
    fs.fsyncSync(fd);
    fs.closeSync(fd);
  },
  check: (fs) => {
    const block = fs.readFileSync("/block", "utf8");
    if (block.endsWith("COMMIT!") && block.includes("o")) throw new Error(block.slice(0, 1));
  },
};

test.each(models)("%s: the end of a write may be there without its beginning", async (model) => {
  const { failures } = await exploreCrashes(committing, { models: [model] });
  const found = failures.map(({ calls, replay }) => [calls[1], replay]);
  const written = `2  write /block 12288  reached the disk in part:`;
  expect(found).toEqual([
    [
      `${written} 8192 of 12288 bytes, without the first 4096`,
      `crashes:${model}:after=1:not=2t4096`,
    ],
    [
      `${written} 4096 of 12288 bytes, without the first 8192`,
      `crashes:${model}:after=1:not=2t8192`,
    ],
  ]);
  for (const failure of failures) {
    const [again] = (await replayCrash(committing, failure.replay)).failures;
    expect(again).toMatchObject({ calls: failure.calls, state: failure.state });
  }
});

test.each(["2t1", "2t4095", "2t0", "2t", "2tp4096", "2zt4096"])("%s is refused", async (not) => {
  await expect(replayCrash(committing, `crashes:ext4:after=1:not=${not}`)).rejects.toMatchObject({
    code: "ERR_INVALID_ARG",
  });
});

test.each(models)("%s: what an end without its beginning leaves bare may be old, too", (model) => {
  const writes = (fs: NodeFileSystem): void => {
    const fd = fs.openSync("/a", "r+");
    fs.writeSync(fd, "1", 0);
    fs.writeSync(fd, "2".repeat(5000), 0);
    fs.closeSync(fd);
  };
  const timeline = timelineOf(writes, (fs) => fs.writeFileSync("/a", "0".repeat(5000)));
  const runs = treesAt(timeline, model).map((tree) => tree.replaceAll(/(.)\1+/g, "$1+"));
  expect(runs).toEqual(expect.arrayContaining(["a=0+2+", "a=10+2+", "a=0+", "a=10+", "a=2+"]));
});

describe.each(models)("%s: zeros", (model) => {
  const only = { ...powerLossModels[model], writes: ["nothing", "zeros", "all"] as const };
  const overwrite = (text: string, at: number) => (fs: NodeFileSystem) => {
    const fd = fs.openSync("/flag", "r+");
    fs.writeSync(fd, text, at);
    fs.closeSync(fd);
  };
  const flag = (fs: NodeFileSystem): void => fs.writeFileSync("/flag", "0123");

  test("are not where there were bytes before", () => {
    expect(treesAt(timelineOf(overwrite("a", 0), flag), only)).toEqual(["flag=0123", "flag=a123"]);
  });

  test("are what a write adds to a file", () => {
    expect(treesAt(timelineOf(overwrite("abc", 2), flag), only)).toEqual([
      "flag=0123",
      "flag=0123·",
      "flag=01abc",
    ]);
  });

  test("may be there since a truncation that was not flushed, if that is there", () => {
    const timeline = timelineOf((fs) => {
      fs.truncateSync("/flag", 1);
      overwrite("ab", 0)(fs);
    }, flag);
    expect(treesAt(timeline, only)).toEqual(
      ["flag=0123", "flag=ab23", "flag=0", "flag=0·", "flag=ab"].sort(),
    );
  });

  test("fill what the writes before them have left, whatever that is", () => {
    const timeline = timelineOf((fs) => {
      fs.appendFileSync("/flag", "45");
      overwrite("xy", 4)(fs);
    }, flag);
    const writes = ["nothing", "zeros", "part", "all"] as const;
    const bytes = ["", "4", "45", "4·", "x", "x5", "xy", "x·", "··"];
    expect(treesAt(timeline, { ...only, writes })).toEqual(bytes.map((end) => `flag=0123${end}`));
  });

  test("are no fate of a write that lies inside the file for sure", () => {
    const timeline = timelineOf(
      (fs) => {
        fs.truncateSync("/flag", 8);
        overwrite("ab", 5)(fs);
        overwrite("cd", 7)(fs);
        overwrite("ef", 2)(fs);
        fs.chmodSync("/other", 0o600);
        flush(fs, "/other");
      },
      (fs) => {
        flag(fs);
        fs.writeFileSync("/other", "");
      },
    );
    const zeroable = (events: number): string[] =>
      diskAt(timeline, only, events)
        .pending.filter((one) => fatesOf(only, one).some(({ kind }) => kind === "zeros"))
        .map(({ change }) => change.label);
    // The third is inside, and so is the first once the new size is durable.
    const [first, second, third] = timeline.events.flatMap((event) =>
      event.kind === "change" && event.change.kind === "write" ? [event.change.label] : [],
    );
    expect(third).toBeDefined();
    expect(zeroable(timeline.events.length - 1)).toEqual([first, second]);
    const committed = model === "ext4" || model === "xfs";
    expect(zeroable(timeline.events.length)).toEqual(committed ? [second] : [first, second]);
  });

  test("are not in what was added and flushed", () => {
    const timeline = timelineOf((fs) => {
      fs.appendFileSync("/flag", "45");
      flush(fs, "/flag");
      overwrite("x", 4)(fs);
    }, flag);
    expect(treesAt(timeline, only)).toEqual(["flag=012345", "flag=0123x5"]);
  });
});
