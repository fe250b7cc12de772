/** When a file was changed, as far as a program can tell after a power loss. */

import { describe, expect, test } from "vitest";
import type { NodeFileSystem } from "../../src/calls/node-file-system.ts";
import { exploreCrashes } from "../../src/crash/explore-crashes.ts";
import type { ModelName } from "../../src/crash/models.ts";
import { flush, timelineOf, treesAt } from "./legal-trees.ts";

const models: readonly ModelName[] = ["posix", "ext4", "xfs", "btrfs"];

const oldFile = (fs: NodeFileSystem): void => {
  fs.writeFileSync("/o", "one");
  fs.utimesSync("/o", 1000, 1000);
};

const write = (fs: NodeFileSystem): void => {
  const fd = fs.openSync("/o", "r+");
  fs.writeSync(fd, "two");
  fs.closeSync(fd);
};

describe.each(models)("%s", (model) => {
  test("a write that was flushed has set the time", () => {
    const timeline = timelineOf((fs) => {
      write(fs);
      flush(fs, "/o");
    }, oldFile);
    expect(treesAt(timeline, model)).toEqual(["o=two"]);
  });

  test("and so has a truncation", () => {
    const timeline = timelineOf((fs) => {
      fs.truncateSync("/o", 1);
      flush(fs, "/o");
    }, oldFile);
    expect(treesAt(timeline, model)).toEqual(["o=o"]);
  });

  test("one that was lost has not", () => {
    expect(treesAt(timelineOf(write, oldFile), model)).toEqual([
      ...["o=tne", "o=two", "o=twe", "o@1000=one"].sort(),
    ]);
  });

  test("a time that was set later stays, or that of the write does", () => {
    const timeline = timelineOf((fs) => {
      write(fs);
      flush(fs, "/o");
      fs.utimesSync("/o", 2000, 2000);
    }, oldFile);
    expect(treesAt(timeline, model)).toEqual(["o=two", "o@2000=two"]);
  });

  test("a write after a time was set takes it", () => {
    const timeline = timelineOf((fs) => {
      fs.utimesSync("/o", 2000, 2000);
      write(fs);
      flush(fs, "/o");
    }, oldFile);
    expect(treesAt(timeline, model)).toEqual(["o=two"]);
  });
});

test("what a program saw is what it finds, to the microsecond", async () => {
  const times = (fs: NodeFileSystem): readonly number[] => {
    const { mtimeMs, birthtimeMs } = fs.statSync("/o");
    return [mtimeMs, birthtimeMs];
  };
  const report = await exploreCrashes<readonly number[]>(
    {
      setup: oldFile,
      run: (fs, ack) => {
        write(fs);
        fs.truncateSync("/o", 2);
        flush(fs, "/o");
        ack(times(fs));
      },
      check: (fs, { acks: [acknowledged = times(fs)] }) => {
        expect(times(fs)).toEqual(acknowledged);
      },
    },
    { models },
  );
  expect(report).toMatchObject({ failed: 0, exhaustive: true });
});

test.each(["sync", "async"] as const)("%s: whichever call wrote it", async (face) => {
  const seen = new Set<boolean>();
  await exploreCrashes<number>(
    {
      setup: oldFile,
      run: async (fs, ack) => {
        if (face === "sync") fs.writeFileSync("/o", "");
        else await fs.promises.writeFile("/o", "");
        flush(fs, "/o");
        ack(fs.statSync("/o").mtimeMs);
      },
      check: (fs, { acks }) => {
        if (acks.length > 0) seen.add(fs.statSync("/o").mtimeMs === acks[0]);
      },
    },
    { models: ["ext4"] },
  );
  expect([...seen]).toEqual([true]);
});
