/** Two processes at once, with their calls in every order. */

import { describe, expect, it, vi } from "vitest";
import {
  exploreSchedules,
  type NodeFileSystem,
  type Scenario,
  type ScheduleOptions,
} from "@holdfast/testing";
import type * as atomic from "../../src/index.ts";
import { isHoldfastError } from "../../src/index.ts";
import { stagedIn, textAt, treeAt } from "../crash/checks.ts";

vi.setConfig({ testTimeout: 120_000 });

type Atomic = typeof atomic;

/** Another process: a copy of the package that shares no queue with the others of this process. */
async function anotherProcess(): Promise<Atomic> {
  vi.resetModules();
  return await import("../../src/index.ts");
}

const a = await anotherProcess();
const b = await anotherProcess();

async function proveInEveryOrder(
  scenarios: readonly Scenario[],
  options: ScheduleOptions = {},
): Promise<void> {
  const report = await exploreSchedules(scenarios, { seed: 1, maxSchedules: 1500, ...options });
  const told = report.failures
    .slice(0, 3)
    .map(({ message, where, calls, state, replay }) =>
      [message, where, ...calls, ...state, replay].join("\n"),
    );
  expect(told).toEqual([]);
  expect(report.cases).toBeGreaterThan(20);
  // Calls that one of them makes at once come in their order, and no timer runs out in between: all
  // else was tried, unless there are too many orders to try them all.
  const inherent = /at the same time|the clock was moved only/;
  const left = report.limits.filter((limit) => !inherent.test(limit));
  expect(left).toHaveLength(options.maxSchedules === undefined ? 0 : 1);
}

const setup = (fs: NodeFileSystem): void => {
  fs.mkdirSync("/d");
  fs.writeFileSync("/d/file", "old");
};

const makeDirectory = (fs: NodeFileSystem): void => {
  fs.mkdirSync("/d", { recursive: true });
};

describe("two processes", () => {
  it("are two: they share no queue", () => {
    expect(a.replaceFileAtomic).not.toBe(b.replaceFileAtomic);
  });

  it("replace one file: both succeed, one of the two is there, and nothing else", async () => {
    const replacing = (one: Atomic, content: string): Scenario => ({
      setup,
      run: (fs) => one.replaceFileAtomic({ filePath: "/d/file", content, fileSystem: fs }),
      check: (fs, { end }) => {
        expect(end).toBe("done");
        expect(["content of a", "and of b"]).toContain(textAt(fs, "/d/file"));
        expect(stagedIn(fs, "/d")).toEqual([]);
      },
    });
    await proveInEveryOrder([replacing(a, "content of a"), replacing(b, "and of b")]);
  });

  it("replace one file while a third reads it: a whole content, always", async () => {
    const replacing = (one: Atomic, content: string): Scenario => ({
      setup,
      run: (fs) => one.replaceFileAtomic({ filePath: "/d/file", content, fileSystem: fs }),
      check: (_fs, { end }) => expect(end).toBe("done"),
    });
    const reading: Scenario<string> = {
      setup,
      run: async (fs, ack) => ack(await fs.promises.readFile("/d/file", "utf8")),
      check: (_fs, { end, acks }) => {
        expect(end).toBe("done");
        expect(["old", "content of a", "and of b"]).toContain(acks[0]);
      },
    };
    const scenarios = [replacing(a, "content of a"), replacing(b, "and of b"), reading];
    await proveInEveryOrder(scenarios);
  });

  it("create one file: exactly one wins, and the other is told that it exists", async () => {
    const creating = (one: Atomic, content: string): Scenario<string> => ({
      setup: makeDirectory,
      run: async (fs, ack) => {
        await one.createFileAtomic({ filePath: "/d/file", content, fileSystem: fs });
        ack(content);
      },
      check: (fs, { end, acks }) => {
        const text = textAt(fs, "/d/file");
        if (end === "done") expect(text).toBe(acks[0]);
        else {
          expect(isHoldfastError(end) && [end.code, end.effect]).toEqual(["EEXIST", "none"]);
          expect(text).not.toBe(content);
          expect(text).toBeDefined();
        }
        expect(stagedIn(fs, "/d")).toEqual([]);
      },
    });
    await proveInEveryOrder([creating(a, "content of a"), creating(b, "and of b")]);
  });

  it("replace what they have read: the second one is told that it changed", async () => {
    const updating = (one: Atomic, content: string): Scenario<string> => ({
      setup: makeDirectory,
      run: async (fs, ack) => {
        const ifMatch = { absent: true } as const;
        await one.replaceFileAtomic({ filePath: "/d/file", content, ifMatch, fileSystem: fs });
        ack(content);
      },
      check: (fs, { end, acks }) => {
        if (end === "done") expect(textAt(fs, "/d/file")).toBe(acks[0]);
        else
          expect(isHoldfastError(end) && [end.code, end.effect]).toEqual(["ERR_CHANGED", "none"]);
      },
    });
    await proveInEveryOrder([updating(a, "content of a"), updating(b, "and of b")]);
  });

  it("replace one directory: one of the two trees is there, whole, or the old one", async () => {
    const replacing = (one: Atomic, name: string): Scenario => ({
      setup: (fs) => {
        for (const dir of ["target", "staged-a", "staged-b"]) {
          fs.mkdirSync(`/d/${dir}`, { recursive: true });
          fs.writeFileSync(`/d/${dir}/file`, dir);
        }
      },
      run: (fs) =>
        one.replaceDirectoryAtomic({
          stagedDir: `/d/staged-${name}`,
          targetDir: "/d/target",
          fileSystem: fs,
        }),
      check: (fs, { end }) => {
        expect(["file=target", "file=staged-a", "file=staged-b"]).toContain(
          treeAt(fs, "/d/target"),
        );
        if (end === "done") expect(treeAt(fs, `/d/staged-${name}`)).toBe("missing");
        else {
          expect(isHoldfastError(end) && [end.code, end.effect]).toEqual([
            "ERR_IN_PROGRESS",
            "none",
          ]);
          expect(treeAt(fs, `/d/staged-${name}`)).toBe(`file=staged-${name}`);
        }
        expect(stagedIn(fs, "/d")).toEqual([]);
      },
    });
    await proveInEveryOrder([replacing(a, "a"), replacing(b, "b")], { maxSchedules: 400 });
  });
});
