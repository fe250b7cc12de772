import nodeFs from "node:fs";
import { describe, expect, it } from "vitest";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";
import type { NodeFileSystem } from "../../src/calls/node-file-system.ts";
import { oldOrNew } from "../../src/checks/files.ts";
import { exploreCrashes } from "../../src/crash/explore-crashes.ts";
import { createMemoryFileSystem } from "../../src/memory/create-memory-file-system.ts";
import type { Scenario } from "../../src/scenario/scenario.ts";
import "../../src/vitest.ts";

/** Overwrites in place, which no power loss forgives. */
const careless: Scenario = {
  name: "careless",
  setup: (fs) => fs.writeFileSync("/state", "old"),
  run: (fs) => fs.writeFileSync("/state", "new"),
  check: oldOrNew("/state", ["old", "new"]),
};

function save(fs: NodeFileSystem): void {
  const staged = fs.openSync("/state.tmp", "wx");
  try {
    try {
      fs.writeFileSync(staged, "new", { flush: true });
    } finally {
      fs.closeSync(staged);
    }
    fs.renameSync("/state.tmp", "/state");
  } catch (error) {
    fs.rmSync("/state.tmp", { force: true });
    throw error;
  }
  const directory = fs.openSync("/", "r");
  try {
    fs.fsyncSync(directory);
  } finally {
    fs.closeSync(directory);
  }
}

const careful: Scenario = { ...careless, name: "careful", run: save };

/** The message of an assertion that does not hold. */
async function messageOf(work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("nothing was thrown");
}

describe("toHaveTree", () => {
  const memory = createMemoryFileSystem({ tree: ["src/a = 1", "b = 2"] });
  const { fs } = memory;

  it("holds for file systems and for what has one", () => {
    expect(fs).toHaveTree(["b = 2", "src/a = 1"]);
    expect(memory).toHaveTree(["src/", "src/a = 1", "b = 2"]);
    expect(fs).toHaveTree(["a = 1"], "/src");
    expect(fs).not.toHaveTree([]);
    const dir = tempDir();
    nodeFs.writeFileSync(`${dir}/x`, "y");
    expect(nodeFs).toHaveTree(["x = y"], dir);
  });

  it("shows the difference", async () => {
    expect(await messageOf(() => expect(fs).toHaveTree(["b = 3", "src/a = 1"]))).toBe(
      "/ has another tree (- expected, + found):\n- b = 3\n+ b = 2",
    );
    expect(await messageOf(() => expect(fs).not.toHaveTree(["b = 2", "src/a = 1"]))).toBe(
      "expected another tree than:\n  b = 2\n  src/\n  src/a = 1",
    );
  });

  it("needs a file system", async () => {
    for (const nothing of [undefined, 7, { promises: {} }]) {
      expect(await messageOf(() => expect(nothing).toHaveTree([]))).toMatch("ERR_INVALID_ARG");
    }
  });
});

describe("toHaveNoStagedFiles", () => {
  const { fs } = createMemoryFileSystem({ tree: ["ok/state = ", "left/.state.4711.tmp = "] });

  it("finds them", async () => {
    expect(fs).toHaveNoStagedFiles();
    expect(fs).toHaveNoStagedFiles("/ok");
    expect(fs).not.toHaveNoStagedFiles("/ok", /state/);
    expect(await messageOf(() => expect(fs).toHaveNoStagedFiles("/left"))).toBe(
      "left behind in /left: .state.4711.tmp",
    );
    expect(await messageOf(() => expect(fs).not.toHaveNoStagedFiles("/ok"))).toMatch("none");
  });
});

describe("toBeCrashConsistent", () => {
  it("holds for the whole recipe alone", async () => {
    await expect(careful).toBeCrashConsistent();
    await expect(careless).not.toBeCrashConsistent({ models: ["ext4"] });
  });

  it("tells of the failures", async () => {
    const message = await messageOf(() => expect(careless).toBeCrashConsistent());
    expect(message).toMatch(/^Power losses of "careless": \d+ of \d+ cases failed/);
    expect(message).toMatch('1) /state: found nothing (0 bytes); expected one of "old", "new"');
    expect(message).toMatch("replay with: replay(scenario, ");
  });

  it("refuses a part of the cases, unless that is accepted; it is no failure either", async () => {
    const part = { maxStates: 2, seed: 1, models: ["posix"] } as const;
    const always: Scenario = { ...careful, check: () => undefined };
    expect(await messageOf(() => expect(always).toBeCrashConsistent(part))).toMatch(
      /^Not exhaustive: 2 cases were run, .*; seed 1\./,
    );
    await expect(always).toBeCrashConsistent({ ...part, sampled: "accept" });
    expect(await messageOf(() => expect(always).not.toBeCrashConsistent(part))).toMatch(
      "Not exhaustive",
    );
  });
});

describe("toSurviveFaults", () => {
  it("holds for a program that tidies up alone", async () => {
    await expect(careful).toSurviveFaults({ ...once, leftovers: "allow" });
    const message = await messageOf(() => expect(careless).toSurviveFaults(once));
    expect(message).toMatch(/^Faults of "careless": \d+ of \d+ cases failed/);
    await expect(careless).not.toSurviveFaults(once);
  });

  const once = { persist: false, shortIO: false } as const;
});

describe("toHavePassed", () => {
  it("judges a report", async () => {
    const good = await exploreCrashes(careful);
    const bad = await exploreCrashes(careless);
    expect(good).toHavePassed();
    expect(bad).not.toHavePassed();
    expect(await messageOf(() => expect(bad).toHavePassed())).toMatch("cases failed");
    expect(await messageOf(() => expect(good).not.toHavePassed())).toMatch("found none");
    expect(await messageOf(() => expect(7).toHavePassed())).toMatch("ERR_INVALID_ARG");
  });
});
