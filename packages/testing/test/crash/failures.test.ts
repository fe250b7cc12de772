/** What a person is shown, word for word. */

import assert from "node:assert/strict";
import { describe, expect, test } from "vitest";
import type { NodeFileSystem } from "../../src/calls/node-file-system.ts";
import { exploreCrashes } from "../../src/crash/explore-crashes.ts";
import { powerLossModels } from "../../src/crash/models.ts";
import type { ModelName } from "../../src/crash/models.ts";
import { replayCrash } from "../../src/crash/replay-crash.ts";
import type { Scenario } from "../../src/scenario/scenario.ts";
import { flush } from "./legal-trees.ts";

const unflushed: Scenario<string> = {
  setup: (fs) => fs.writeFileSync("/a", "old"),
  run: (fs, ack) => {
    fs.writeFileSync("/a.tmp", "new one");
    fs.renameSync("/a.tmp", "/a");
    flush(fs, "/");
    ack("saved");
    fs.chmodSync("/a", 0o600);
    fs.writeFileSync("/other", "");
  },
  check: (fs, { acks }) => {
    const content = fs.readFileSync("/a", "utf8");
    if (content === "old" && acks.length === 0) return;
    if (content !== "new one")
      throw new Error(`/a is ${JSON.stringify(content)}\nexpected new one`);
  },
};

const wholeWrites = {
  ...powerLossModels.btrfs,
  name: "whole-writes",
  writes: ["nothing", "all"],
} as const;

describe("a failure", () => {
  test("tells the calls, what became of each, and what was found", async () => {
    const { failures } = await exploreCrashes(unflushed, { models: ["ext4"] });
    const { error, ...told } = failures[0]!;
    expect(error).toBeInstanceOf(Error);
    expect(told).toMatchInlineSnapshot(`
      {
        "calls": [
          "1  open /a.tmp w        reached the disk",
          "2  write /a.tmp 7       lost",
          "3  close /a.tmp",
          "4  rename /a.tmp -> /a  reached the disk",
          "power lost",
        ],
        "message": "/a is """,
        "replay": "crashes:ext4:after=3:not=2",
        "size": 1,
        "state": [
          "found after the power loss:",
          "  a = """,
          "the check was told: acks = [], end = crash",
          "the check said:",
          "  /a is """,
          "  expected new one",
        ],
        "where": "power lost after call 4 (rename /a.tmp -> /a), model ext4",
      }
    `);
  });

  test("zeros, parts and acknowledgements in words", async () => {
    const { failures } = await exploreCrashes(unflushed, { models: ["ext4"] });
    const marks = failures.map(({ calls }) => calls.find((line) => line.startsWith("2")));
    expect(marks.slice(0, 4)).toMatchInlineSnapshot(`
      [
        "2  write /a.tmp 7       lost",
        "2  write /a.tmp 7       reached the disk as zeros",
        "2  write /a.tmp 7       reached the disk in part: 3 of 7 bytes",
        "2  write /a.tmp 7       reached the disk in part: 6 of 7 bytes",
      ]
    `);
    const acknowledged = failures.find(({ calls }) => calls.at(-2)?.includes("acknowledged"));
    expect(acknowledged?.calls).toMatchInlineSnapshot(`
      [
        "1  open /a.tmp w        durable since call 6",
        "2  write /a.tmp 7       lost",
        "3  close /a.tmp",
        "4  rename /a.tmp -> /a  durable since call 6",
        "5  open / r",
        "6  fsync /",
        "7  close /",
        "   acknowledged 'saved'",
        "power lost",
      ]
    `);
  });

  test("a rename between directories that came half", async () => {
    const { failures } = await exploreCrashes({
      setup: (fs) => {
        fs.mkdirSync("/x");
        fs.mkdirSync("/y");
        fs.writeFileSync("/x/a", "");
      },
      run: (fs) => fs.renameSync("/x/a", "/y/a"),
      check: (fs) => {
        const names = [...fs.readdirSync("/x"), ...fs.readdirSync("/y")];
        if (names.length !== 1) throw new Error(`${names.length} names`);
      },
    });
    expect(failures).toHaveLength(1);
    expect(failures[0]).toMatchObject({
      where: "power lost after call 1 (rename /x/a -> /y/a), model posix",
      calls: [
        "1  rename /x/a -> /y/a  the new name reached the disk, the old one is still there",
        "power lost",
      ],
      replay: "crashes:posix:after=1:not=1h",
    });
  });

  test("what is there after recovery, if that is something else", async () => {
    const { failures } = await exploreCrashes(
      {
        run: (fs) => fs.writeFileSync("/a", "x"),
        recover: (fs) => fs.rmSync("/a", { force: true }),
        check: (fs, { end }) => {
          if (end === "crash" && !fs.existsSync("/a")) throw new Error("gone");
        },
      },
      { models: [wholeWrites], again: false },
    );
    expect(failures.map(({ state }) => state)).toMatchInlineSnapshot(`
      [
        [
          "found after the power loss:",
          "  (nothing)",
          "the check was told: acks = [], end = crash",
          "the check said:",
          "  gone",
        ],
        [
          "found after the power loss:",
          "  a = """,
          "after recovery:",
          "  (nothing)",
          "the check was told: acks = [], end = crash",
          "the check said:",
          "  gone",
        ],
        [
          "found after the power loss:",
          "  a = x",
          "after recovery:",
          "  (nothing)",
          "the check was told: acks = [], end = crash",
          "the check said:",
          "  gone",
        ],
      ]
    `);
  });

  test("a run that no power loss cut off", async () => {
    const { failures } = await exploreCrashes<string>({
      run: (fs, ack) => {
        fs.writeFileSync("/a", "x");
        ack("x");
      },
      check: (_, { end }) => {
        if (end !== "crash") throw new Error("not right");
      },
    });
    const { error, ...told } = failures[0]!;
    expect(error).toBeInstanceOf(Error);
    expect(told).toMatchInlineSnapshot(`
      {
        "calls": [
          "1  open /a w",
          "2  write /a 1",
          "3  close /a",
        ],
        "message": "not right",
        "replay": "crashes:end",
        "size": 0,
        "state": [
          "found at the end:",
          "  a = x",
          "the check was told: acks = [ 'x' ], end = done",
          "the check said:",
          "  not right",
        ],
        "where": "the run ended, no power lost",
      }
    `);
  });

  test("an fsync that failed is in the calls", async () => {
    const { failures } = await exploreCrashes(
      {
        setup: (fs) => fs.writeFileSync("/a", "old"),
        run: (fs, ack) => {
          const fd = fs.openSync("/a", "r+");
          fs.writeSync(fd, "new", 0);
          try {
            fs.fsyncSync(fd);
          } catch {
            fs.fsyncSync(fd);
          }
          ack("new");
        },
        check: (fs, { acks }) => {
          if (acks.length > 0 && fs.readFileSync("/a", "utf8") !== "new") throw new Error("old");
        },
      },
      { models: ["btrfs"], faults: "fsync" },
    );
    expect(failures[0]).toMatchObject({
      where:
        "power lost after call 4 (fsync /a), acknowledged, model btrfs; fsync number 1 had failed",
      calls: [
        "1  open /a r+",
        "2  write /a 3     lost",
        "3  fsync /a: EIO",
        "4  fsync /a       said ok, flushed nothing",
        "   acknowledged 'new'",
        "power lost",
      ],
      replay: "crashes:btrfs:after=4:not=2:fault=1",
    });
  });

  test("what a second fsync is worth is in its line", async () => {
    type Lines = Record<string, readonly string[]>;
    const linesOf = async (model: ModelName, run: (fs: NodeFileSystem) => void): Promise<Lines> => {
      const scenario: Scenario = {
        setup: (fs) => fs.writeFileSync("/a", "old"),
        run: (fs, ack) => {
          run(fs);
          ack("done"); // a moment after the last flush
        },
        check: () => {
          throw new Error("as it must");
        },
      };
      const options = { models: [model], faults: "fsync", maxFailures: 1e6 } as const;
      const { failures } = await exploreCrashes(scenario, options);
      const told = failures.filter(({ replay }) => /^crashes:(?!end).*fault=1$/.test(replay));
      return Object.fromEntries(told.map(({ calls }) => [calls.length, calls]));
    };
    const again = (fs: NodeFileSystem, path: string, between?: (fd: number) => void): void => {
      const fd = fs.openSync(path, path === "/" ? "r" : "a");
      if (path !== "/") fs.writeSync(fd, "new");
      try {
        fs.fsyncSync(fd);
      } catch {
        between?.(fd);
        fs.fsyncSync(fd);
        fs.closeSync(fd);
      }
    };
    const lastOf = (lines: Lines): string | undefined => {
      const longest = lines[Math.max(...Object.keys(lines).map(Number))];
      return longest?.findLast((line) => /fsync \S+ *(?: {2}.*)?$/.test(line))?.trim();
    };
    for (const model of ["posix", "ext4", "xfs", "btrfs"] as const) {
      const lines = await linesOf(model, (fs) => again(fs, "/a"));
      expect(lastOf(lines)).toBe("4  fsync /a       said ok, flushed nothing");
      // A journal makes the name of a new file durable, and posix nothing.
      const ofNew = lastOf(await linesOf(model, (fs) => again(fs, "/b")));
      const worth = model === "posix" ? "nothing" : "no contents";
      expect(ofNew).toBe(`4  fsync /b       said ok, flushed ${worth}`);
    }
    const inRoot = await linesOf("posix", (fs) => {
      fs.mkdirSync("/d");
      again(fs, "/");
    });
    expect(lastOf(inRoot)).toBe("4  fsync /       said ok, flushed nothing");
    const mended = await linesOf("posix", (fs) => {
      again(fs, "/a", (fd) => fs.writeSync(fd, "new"));
    });
    expect(lastOf(mended)).toBe("5  fsync /a");
  });

  test("long contents are cut", async () => {
    const { failures } = await exploreCrashes({
      run: (fs) => fs.writeFileSync("/long", "x".repeat(1000)),
      recover: (fs) => fs.writeFileSync("/other", "y".repeat(1000)),
      check: () => {
        throw new Error("as it must");
      },
    });
    for (const { state } of failures) {
      for (const line of state) expect(line.length).toBeLessThan(120);
    }
    expect(failures.flatMap(({ state }) => state)).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^ {2}other = y{72}… \(\d+ characters more\)$/),
      ]),
    );
  });

  test("the simplest come first, and only so many are kept", async () => {
    const scenario: Scenario = {
      run: (fs) => {
        for (const name of ["a", "b", "c", "d", "e"]) fs.mkdirSync(`/${name}`);
      },
      check: (fs, { end }) => {
        if (end === "crash" && fs.existsSync("/e")) throw new Error(fs.readdirSync("/").join(""));
      },
    };
    const report = await exploreCrashes(scenario, { models: ["posix"], maxFailures: 6 });
    expect(report.failed).toBe(16);
    expect(report.failures.map(({ size, message }) => [size, message])).toEqual([
      [0, "abcde"],
      [1, expect.stringMatching(/^.{4}$/)],
      [1, expect.stringMatching(/^.{4}$/)],
      [1, expect.stringMatching(/^.{4}$/)],
      [1, expect.stringMatching(/^.{4}$/)],
      [2, expect.stringMatching(/^.{3}$/)],
    ]);
  });
});

test("the example of exploreCrashes, and that of replayCrash", async () => {
  const scenario: Scenario = {
    setup: (fs) => fs.writeFileSync("/state", "old"),
    run: (fs) => fs.writeFileSync("/state", "new"),
    check: (fs) => assert(["old", "new"].includes(fs.readFileSync("/state", "utf8"))),
  };
  const [failure] = (await exploreCrashes(scenario)).failures;
  expect(failure!.where).toBe(
    "power lost after call 1 (open /state w), model posix, also in ext4, xfs, btrfs",
  );
  const again = await replayCrash(scenario, failure!.replay);
  expect(again.failures[0]!.state).toEqual(failure!.state);
});

describe("replayCrash", () => {
  const everything: Scenario<number> = {
    setup: (fs) => {
      fs.mkdirSync("/d");
      fs.writeFileSync("/d/a", "old");
    },
    run: (fs, ack) => {
      fs.writeFileSync("/a", "first");
      try {
        flush(fs, "/a");
      } catch {
        flush(fs, "/a");
      }
      fs.renameSync("/d/a", "/b");
      fs.truncateSync("/b", 1);
      fs.chmodSync("/b", 0o600);
      ack(1);
      fs.appendFileSync("/a", "second");
      flush(fs, "/");
    },
    recover: (fs) => {
      if (fs.existsSync("/b")) fs.renameSync("/b", "/c");
      fs.writeFileSync("/recovered", "yes");
    },
    // Whatever is found is wrong: every case is a failure, and is replayed.
    check: (fs) => {
      const c = fs.existsSync("/c") ? fs.readFileSync("/c", "utf8") : "";
      const a = fs.existsSync("/a") ? fs.readFileSync("/a", "utf8") : "";
      throw new Error(`${fs.readdirSync("/").join()} ${a} ${c}`);
    },
  };

  test("shows every failure again", async () => {
    const models = ["posix", "btrfs"] as const;
    const options = { models, faults: "fsync", seed: 3, maxFailures: 1e6, maxStates: 400 } as const;
    const { failures } = await exploreCrashes(everything, options);
    expect(failures.length).toBeGreaterThan(300);
    expect(new Set(failures.map(({ replay }) => replay)).size).toBe(failures.length);
    const some = failures.filter((_, index) => index % 7 === 0);
    expect(some.some(({ replay }) => replay.includes(";"))).toBe(true);
    expect(some.some(({ replay }) => replay.includes("fault="))).toBe(true);
    for (const failure of some) {
      const report = await replayCrash(everything, failure.replay);
      const again = report.failures[0];
      const { message, calls, state, replay, size } = failure;
      expect(again).toMatchObject({ message, calls, state, replay, size });
      expect(report).toMatchObject({ cases: 1, exhaustive: false });
    }
  });

  test("shows that a bug is mended", async () => {
    const [failure] = (await exploreCrashes(unflushed)).failures;
    const mended = { ...unflushed, check: () => {} };
    expect((await replayCrash(mended, failure!.replay)).failed).toBe(0);
  });

  test("needs the model, if it is not a built-in one", async () => {
    const mine = {
      name: "mine",
      order: "any",
      fsync: "inode",
      writes: ["nothing", "all"],
    } as const;
    const [failure] = (await exploreCrashes(unflushed, { models: [mine] })).failures;
    expect(failure!.replay).toMatch(/^crashes:mine:/);
    await expect(replayCrash(unflushed, failure!.replay)).rejects.toThrow("one of the models");
    const report = await replayCrash(unflushed, failure!.replay, { models: [mine] });
    expect(report.failed).toBe(1);
  });

  test.each([
    "",
    "faults:1",
    "crashes:",
    "crashes:ext4",
    "crashes:ext4:after=",
    "crashes:ext4:after=-1",
    "crashes:ext4:after=2:not=",
    "crashes:ext4:after=2:not=1x",
    "crashes:ext4:after=2:not=1,1",
    "crashes:ext4:after=2:not=1,,2",
    "crashes:ext3:after=2",
    "crashes:ext4:after=999",
    "crashes:ext4:after=2:not=77",
    "crashes:ext4:after=2:not=1z",
    "crashes:ext4:after=2:not=2p6000",
    "crashes:whole-writes:after=2:not=2z",
    "crashes:ext4:after=5:not=3",
    "crashes:end;ext4:after=1",
    "crashes:end:fault=0",
    "crashes:end:fault=9",
    7,
  ])("%j is refused", async (replay) => {
    const models = ["posix", "ext4", "xfs", "btrfs", wholeWrites] as const;
    const replayed = replayCrash(unflushed, replay as string, { models });
    await expect(replayed).rejects.toMatchObject({ code: "ERR_INVALID_ARG" });
  });
});
