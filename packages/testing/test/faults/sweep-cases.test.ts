/** That a sweep runs every case there is, and no other. */

import { describe, expect, it } from "vitest";
import type { NodeFileSystem } from "../../src/calls/node-file-system.ts";
import { sweepFaults } from "../../src/faults/sweep/sweep-faults.ts";
import type { FaultMode } from "../../src/faults/sweep/fault-point.ts";
import type { SweepFaultsOptions } from "../../src/faults/sweep/sweep-options.ts";
import type { Report } from "../../src/scenario/report.ts";
import type { Scenario, Seen } from "../../src/scenario/scenario.ts";
import { careful, carefulPromises, ignoring, saving } from "./saves.ts";

const two = (): readonly string[] => ["EIO", "ENOSPC"];
const one = (): readonly string[] => ["EIO"];

/** The cases that a sweep runs, by failing them all. */
async function casesOf(
  run: Scenario["run"],
  options: SweepFaultsOptions = {},
): Promise<{ replays: string[]; report: Report }> {
  let runs = 0;
  const scenario = saving(run, {
    check: () => {
      // The run without a fault has to be right, both times.
      if (++runs > 2) throw new Error("seen");
    },
  });
  const report = await sweepFaults(scenario, { maxFailures: 10_000, ...options });
  return { replays: report.failures.map(({ replay }) => replay.slice("faults:".length)), report };
}

const each = (mode: FaultMode, indexes: readonly number[], errnos: readonly string[]): string[] =>
  indexes.flatMap((index) => errnos.map((errno) => `${mode}:${index}:${errno}`));

describe("the cases of a right save", () => {
  // open, write, fsync, close, rename
  const calls = [1, 2, 3, 4, 5];
  const before = each("once-before", calls, two());
  const after = each("once-after", [1, 2, 5], two()); // the others have no effect to see
  const persistent = each("persistent", calls, two());
  const deadStop = each("dead-stop", calls, ["EIO"]);
  const short = ["short:2:0", "short:2:1"]; // half of three bytes is one
  const whole = [...before, ...after, ...persistent, ...deadStop, ...short];

  it("are all of them, in all modes", async () => {
    const { replays, report } = await casesOf(careful, { errnos: two });
    expect([...replays].sort()).toEqual([...whole].sort());
    expect(report).toMatchObject({ cases: 1 + 10 + 6 + 10 + 5 + 2, failed: 33, exhaustive: true });
    expect(report).toMatchObject({ explorer: "faults", share: 1, limits: [] });
  });

  it("are the same with promises", async () => {
    const { replays } = await casesOf(carefulPromises, { errnos: two });
    expect([...replays].sort()).toEqual([...whole].sort());
  });

  it.each([
    [{ persist: false }, [...before, ...after, ...short]],
    [{ shortIO: false }, [...before, ...after, ...persistent, ...deadStop]],
    [{ persist: false, shortIO: false }, [...before, ...after]],
    [{ modes: ["dead-stop"] }, deadStop],
    [{ modes: ["short", "once-after"] }, [...after, ...short]],
  ] as const)("with %o", async (options, expected) => {
    const { replays, report } = await casesOf(careful, { errnos: two, ...options });
    expect([...replays].sort()).toEqual([...expected].sort());
    expect(report.cases).toBe(1 + expected.length);
  });

  it("by themselves have the errnos that each call can give in that state", async () => {
    const { replays } = await casesOf(careful, { modes: ["once-before", "once-after"] });
    const errnos = (mode: FaultMode, index: number): string[] =>
      replays
        .filter((replay) => replay.startsWith(`${mode}:${index}:`))
        .map((replay) => replay.split(":")[2]!)
        .sort();
    expect(errnos("once-before", 2)).toEqual(["EDQUOT", "EFBIG", "EIO", "ENOSPC", "EPERM"]);
    expect(errnos("once-before", 3)).toEqual(["EDQUOT", "EINVAL", "EIO", "ENOSPC", "EROFS"]);
    // Not ENOENT, EEXIST, …: what they say would not be true.
    expect(errnos("once-before", 5).join(" ")).toBe(
      "EACCES EBUSY EDQUOT EIO EMLINK ENAMETOOLONG ENOMEM ENOSPC EPERM EROFS EXDEV",
    );
    // It is true once the call took effect: an NFS client that asks twice meets it.
    expect(errnos("once-after", 5)).toEqual(["EDQUOT", "EIO", "ENOENT", "ENOSPC"]);
    expect(errnos("once-after", 1)).toEqual(["EDQUOT", "EEXIST", "EIO", "ENOSPC"]);
  });

  it("follow the platform", async () => {
    const memory = { platform: "win32" } as const;
    const { replays } = await casesOf(careful, { memory, modes: ["once-before"] });
    expect(replays).toContain("once-before:5:EBUSY");
    expect(replays.filter((replay) => replay.endsWith("EDQUOT"))).toEqual([]);
  });
});

describe("short reads", () => {
  const reading =
    (length: number): Scenario["run"] =>
    (fs) => {
      const fd = fs.openSync("/a", "r");
      try {
        fs.readSync(fd, Buffer.alloc(length));
      } finally {
        fs.closeSync(fd);
      }
    };
  const shortReads = async (content: string, length: number): Promise<string[]> => {
    let runs = 0;
    const report = await sweepFaults(
      {
        setup: (fs) => fs.writeFileSync("/a", content),
        run: reading(length),
        check: () => {
          if (++runs > 2) throw new Error("seen");
        },
      },
      { modes: ["short"] },
    );
    return report.failures.map(({ replay }) => replay);
  };

  it("are one byte and half of what there was to read, and never the end of the file", async () => {
    expect(await shortReads("0123456789", 64)).toEqual(["faults:short:2:1", "faults:short:2:5"]);
    expect(await shortReads("0123456789", 4)).toEqual(["faults:short:2:1", "faults:short:2:2"]);
    expect(await shortReads("x", 64)).toEqual([]);
    expect(await shortReads("", 64)).toEqual([]);
  });
});

describe("what a fault does", () => {
  /** What was made by calls that may each fail; then, in words, what the run met. */
  const making: Scenario["run"] = (fs) => {
    for (const name of ["x", "y"]) {
      ignoring(() => fs.mkdirSync(`/${name}`));
      ignoring(() => fs.symlinkSync("t", `/${name}-link`));
    }
  };
  const left = async (mode: FaultMode): Promise<string[]> => {
    const found: string[][] = [];
    await sweepFaults(
      { run: making, check: (fs) => void found.push(fs.readdirSync("/")) },
      { modes: [mode], errnos: one },
    );
    return found[2]!; // after two runs without a fault: that of the first call
  };

  it("is once, or for that kind of call, or for all from then on", async () => {
    const all = ["x", "x-link", "y", "y-link"];
    expect(await left("once-before")).toEqual(["x-link", "y", "y-link"]);
    expect(await left("once-after")).toEqual(all);
    expect(await left("persistent")).toEqual(["x-link", "y-link"]);
    expect(await left("dead-stop")).toEqual([]);
  });

  it("lasts where a call can have it: a full disk can still be read", async () => {
    const met: string[][] = [];
    const run: Scenario["run"] = (fs) => {
      const codes: string[] = [];
      for (const flags of ["w", "r", "w"]) {
        try {
          fs.closeSync(fs.openSync("/a", flags));
          codes.push("ok");
        } catch (error) {
          codes.push((error as NodeJS.ErrnoException).code!);
        }
      }
      met.push(codes);
    };
    const errnos = (name: string): readonly string[] => (name === "open" ? ["ENOSPC"] : []);
    const scenario: Scenario = { setup: (fs) => fs.writeFileSync("/a", ""), run, check: () => {} };
    await sweepFaults(scenario, { modes: ["persistent"], errnos });
    expect(met[2]).toEqual(["ENOSPC", "ok", "ENOSPC"]);
  });

  it("begins each time on a file system of its own, and recover and check have none", async () => {
    const seen: string[] = [];
    await sweepFaults(
      {
        setup: (fs) => fs.writeFileSync("/a", "1"),
        run: (fs) => fs.appendFileSync("/a", "2"),
        recover: (fs) => fs.appendFileSync("/a", "3"),
        check: (fs) => void seen.push(fs.readFileSync("/a", "utf8")),
      },
      { modes: ["dead-stop"] },
    );
    // Two runs without a fault; open, write, close, which comes too late; and the run that ends it.
    expect(seen).toEqual(["123", "123", "13", "13", "123", "123"]);
  });

  it("is told to check by what the run threw, with the acknowledgements and the leaks", async () => {
    const seen: Seen<unknown>[] = [];
    await sweepFaults(
      {
        setup: (fs) => fs.writeFileSync("/a", "1"),
        run: (fs, ack) => {
          ack("begun");
          const fd = fs.openSync("/a", "r");
          fs.closeSync(fd);
          ack("closed");
        },
        check: (_, one) => void seen.push(one),
      },
      { modes: ["once-before"], errnos: one },
    );
    expect(seen.map(({ acks }) => acks.length)).toEqual([2, 2, 1, 1, 2]);
    expect(seen.map(({ end }) => (end === "done" ? end : (end as Error).message))).toEqual([
      "done",
      "done",
      "EIO: i/o error, open '/a'",
      "EIO: i/o error, close",
      "done",
    ]);
    expect(seen.every(({ leaks }) => leaks.length === 0)).toBe(true);
  });
});

describe("a second fault", () => {
  // open, write, close; in the handling of a failed write: close, unlink.
  const run: Scenario["run"] = (fs) => {
    const fd = fs.openSync("/b", "wx");
    try {
      fs.writeSync(fd, "x");
    } catch (error) {
      ignoring(() => fs.closeSync(fd));
      ignoring(() => fs.unlinkSync("/b"));
      throw error;
    }
    fs.closeSync(fd);
  };

  it("comes at every call that follows a first one that happens once", async () => {
    const { replays, report } = await casesOf(run, { errnos: one, depth: 2, persist: false });
    // "once-after" at open, write; at unlink. Of one byte short is 0 only.
    const first = ["once-before:1", "once-before:2", "once-before:3", "once-after:1"].map(
      (at) => `${at}:EIO`,
    );
    first.push("once-after:2:EIO", "short:2:0");
    const handling = ["once-before:3", "once-before:4", "once-after:4"];
    const second = [
      // Both leave close and unlink to be done.
      ...handling.map((at) => `once-before:2:EIO+${at}:EIO`),
      ...handling.map((at) => `once-after:2:EIO+${at}:EIO`),
      // The run goes on, and closes.
      "short:2:0+once-before:3:EIO",
    ];
    expect([...replays].sort()).toEqual([...first, ...second].sort());
    expect(report).toMatchObject({ cases: 1 + 6 + 7, exhaustive: true });
    // The smallest first.
    expect(report.failures.map(({ size }) => size)).toEqual([
      ...Array<number>(6).fill(1),
      ...Array<number>(7).fill(2),
    ]);
  });

  it("can last", async () => {
    const { replays } = await casesOf(run, { errnos: one, depth: 2, shortIO: false });
    expect(replays.filter((replay) => replay.startsWith("once-before:2:EIO+")).sort()).toEqual(
      [
        ...each("once-before", [3, 4], one()),
        ...each("once-after", [4], one()),
        ...each("persistent", [3, 4], one()),
        ...each("dead-stop", [3, 4], one()),
      ]
        .map((at) => `once-before:2:EIO+${at}`)
        .sort(),
    );
    expect(replays.filter((replay) => /^(persistent|dead).*\+/.test(replay))).toEqual([]);
  });

  it("comes once for first faults that are handled in the same way", async () => {
    const { replays } = await casesOf(run, { errnos: two, depth: 2, modes: ["once-before"] });
    const firsts = new Set(replays.flatMap((replay) => replay.match(/^.*(?=\+)/) ?? []));
    expect([...firsts]).toEqual(["once-before:2:EIO"]);
    const perErrno: Scenario["run"] = (fs) => {
      try {
        fs.mkdirSync("/x");
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "EIO") fs.existsSync("/x");
        fs.existsSync("/y");
      }
    };
    const other = await casesOf(perErrno, { errnos: two, depth: 2, modes: ["once-before"] });
    const different = new Set(other.replays.flatMap((replay) => replay.match(/^.*(?=\+)/) ?? []));
    expect([...different]).toEqual(["once-before:1:EIO", "once-before:1:ENOSPC"]);
  });
});

describe("the budget", () => {
  it("ends a sweep honestly", async () => {
    const { report } = await casesOf(careful, { errnos: two, maxStates: 7 });
    expect(report).toMatchObject({ cases: 7, exhaustive: false, share: 7 / 34 });
    expect(report.limits).toEqual(["stopped after maxStates = 7 cases"]);
  });

  it("is not blamed if it was just enough", async () => {
    const { report } = await casesOf(careful, { errnos: two, maxStates: 34 });
    expect(report).toMatchObject({ cases: 34, exhaustive: true, limits: [] });
  });

  it("ends a second round too, of which the share is not known", async () => {
    const { report } = await casesOf(careful, { errnos: two, maxStates: 40, depth: 2 });
    expect(report).toMatchObject({ cases: 40, exhaustive: false, share: undefined });
  });
});

describe("a run that is different each time", () => {
  it("is not called exhaustive", async () => {
    let runs = 0;
    const run = (fs: NodeFileSystem): void => {
      if (++runs > 2) fs.existsSync("/x");
      fs.existsSync("/y");
    };
    const more = await sweepFaults({ run, check: () => {} }, { errnos: one });
    expect(more.limits).toEqual(["not every case could be had: the calls differ from run to run"]);
    runs = 0;
    const fewer = await sweepFaults(
      { run: (fs) => void (++runs > 2 || fs.existsSync("/y")), check: () => {} },
      { errnos: one },
    );
    expect(fewer).toMatchObject({ exhaustive: false, cases: 1 });
    runs = 0;
    const other = await sweepFaults(
      { run: (fs) => (++runs > 2 ? fs.existsSync("/y") : fs.mkdirSync("/y")), check: () => {} },
      { errnos: one },
    );
    expect(other).toMatchObject({ exhaustive: false, cases: 1 });
  });
});
