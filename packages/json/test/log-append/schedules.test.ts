/** Processes that append to one log, with their calls in every order. */

/* oxlint-disable vitest/no-conditional-expect -- the checks run once for each order */

import { expect, it, vi } from "vitest";
import {
  exploreSchedules,
  type NodeFileSystem,
  type Scenario,
  type ScheduleOptions,
} from "@holdfast/testing";
import type * as opening from "../../src/log/open-json-log.ts";

vi.setConfig({ testTimeout: 120_000 });

type Opening = typeof opening;

/** Another process: a copy of the packages that shares no queue and no lock with the others. */
async function anotherProcess(): Promise<Opening> {
  vi.resetModules();
  return await import("../../src/log/open-json-log.ts");
}

const processes = [await anotherProcess(), await anotherProcess()] as const;
const path = "/d/log";
const neighbour = '{"there":"before"}\n';

async function prove(scenarios: readonly Scenario[], options: ScheduleOptions = {}): Promise<void> {
  const report = await exploreSchedules(scenarios, { seed: 1, maxSchedules: 150, ...options });
  const told = report.failures
    .slice(0, 3)
    .map(({ message, where, calls, state, replay }) =>
      [message, where, ...calls, ...state, replay].join("\n"),
    );
  expect(told).toEqual([]);
  expect(report.cases).toBeGreaterThan(20);
}

const linesIn = (fs: NodeFileSystem): string[] =>
  String(fs.readFileSync(path, "utf8"))
    .split("\n")
    .filter((line) => line !== "");

function appending(one: Opening, values: readonly unknown[], before: string): Scenario {
  return {
    setup: (fs) => {
      fs.mkdirSync("/d", { recursive: true });
      fs.writeFileSync(path, before);
    },
    run: async (fs) => {
      const log = await one.openJsonLog(path, { fileSystem: fs, durability: "none" });
      for (const value of values) await log.append(value);
      await log.close();
    },
    check: (fs, { end }) => {
      expect(end).toBe("done");
      const found = linesIn(fs);
      for (const value of values) expect(found).toContain(JSON.stringify(value));
      expect(found.filter((line) => line === neighbour.trim())).toHaveLength(1);
      expect((fs.readdirSync("/d") as string[]).filter((name) => name.includes(".lock"))).toEqual(
        [],
      );
    },
  };
}

it("are two: they share nothing", () => {
  expect(processes[0].openJsonLog).not.toBe(processes[1].openJsonLog);
});

it("two that append: every record is there, whole, and what was there before", async () => {
  const scenarios = processes.map((one, index) => {
    const scenario = appending(one, [`of ${index}`], neighbour);
    return {
      ...scenario,
      check: (fs: NodeFileSystem, seen: Parameters<Scenario["check"]>[1]) => {
        for (const line of linesIn(fs)) JSON.parse(line);
        return scenario.check(fs, seen);
      },
    };
  });
  await prove(scenarios);
});

it("one that heals a torn end, and one that opens it to append: nothing whole is lost", async () => {
  const torn = '{"torn":"abc';
  const scenarios = processes.map((one, index) => {
    const scenario = appending(one, [`of ${index}`], neighbour + torn);
    return {
      ...scenario,
      check: (fs: NodeFileSystem, seen: Parameters<Scenario["check"]>[1]) => {
        for (const line of linesIn(fs)) if (line !== torn) JSON.parse(line);
        return scenario.check(fs, seen);
      },
    };
  });
  await prove(scenarios);
});

it("one that completes a whole end, and one that appends: it is there once", async () => {
  const scenarios = processes.map((one, index) => {
    const scenario = appending(one, [`of ${index}`], neighbour + '{"whole":1}');
    return {
      ...scenario,
      check: (fs: NodeFileSystem, seen: Parameters<Scenario["check"]>[1]) => {
        expect(linesIn(fs).filter((line) => line === '{"whole":1}')).toHaveLength(1);
        return scenario.check(fs, seen);
      },
    };
  });
  await prove(scenarios);
});
