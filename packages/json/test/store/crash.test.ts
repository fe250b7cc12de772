/** Power cuts at every moment, failing calls, two processes: in memory, every case of it. */

import { describe, expect, it, vi } from "vitest";
import {
  exploreSchedules,
  sweepFaults,
  type NodeFileSystem,
  type Scenario,
} from "@holdfast/testing";
import { prove } from "../../../atomic/test/crash/prove.ts";
import type * as json from "../../src/index.ts";
import {
  openJsonStore,
  openJsonStoreSync,
  type JsonStore,
  type JsonStoreOptions,
} from "../../src/index.ts";

import {
  checkEffect,
  checkMigrated,
  checkRecovered,
  countAt,
  migrated,
  old,
  path,
  type Count,
} from "./checks.ts";

vi.setConfig({ testTimeout: 240_000 });

const halves = [
  {
    half: "async",
    open: async (options: JsonStoreOptions<Count>): Promise<JsonStore<Count>> =>
      openJsonStore(options),
    update: async (store: JsonStore<Count>): Promise<Count> =>
      store.update((draft) => void draft.n++),
  },
  {
    half: "sync",
    open: async (options: JsonStoreOptions<Count>): Promise<JsonStore<Count>> =>
      openJsonStoreSync(options),
    update: async (store: JsonStore<Count>): Promise<Count> =>
      store.updateSync((draft) => void draft.n++),
  },
] as const;

const migrating = {
  path,
  version: 3,
  migrations: {
    2: (value: unknown): unknown => ({ n: (value as Count).n + 1 }),
    3: (value: unknown): unknown => ({ n: (value as Count).n * 10 }),
  },
} as const;

const setUp =
  (files: Record<string, string>) =>
  (fs: NodeFileSystem): void => {
    fs.mkdirSync("/d");
    for (const [name, text] of Object.entries(files)) fs.writeFileSync(name, text);
  };

describe.each(halves)("a power cut, $half", ({ open, update }) => {
  it("in a migration leaves the old document or the new one, and its backups", async () => {
    await prove({
      setup: setUp({ [path]: old, [`${path}.backup-1`]: '{"$version":1,"n":6}' }),
      run: async (fs, ack) => {
        await open({ ...migrating, backups: 2, fileSystem: fs });
        ack("migrated");
      },
      check: (fs, { acks }) => checkMigrated(fs, acks.length > 0),
    });
  });

  it("in an update leaves the old one or the new one, and loses no generation too early", async () => {
    const files = {
      [path]: '{"n":3}',
      [`${path}.backup-1`]: '{"n":2}',
      [`${path}.backup-2`]: '{"n":1}',
    };
    await prove({
      setup: setUp(files),
      run: async (fs, ack) => {
        const store = await open({ path, backups: 2, fileSystem: fs });
        ack((await update(store)).n);
      },
      check: (fs, seen) => {
        const n = countAt(fs, path);
        expect([3, 4]).toContain(n);
        expect(n === 3 && seen.acks.includes(4)).toBe(false);
        const kept = [path, `${path}.backup-1`, `${path}.backup-2`].map((at) => countAt(fs, at));
        // The oldest may go; the others are somewhere.
        expect(kept).toEqual(expect.arrayContaining([3, 2]));
      },
    });
  });

  it("in a recovery leaves the corrupt bytes somewhere", async () => {
    for (const onCorrupt of ["restore-backup", "quarantine"] as const) {
      await prove({
        setup: setUp({ [path]: "torn", [`${path}.backup-1`]: '{"n":2}' }),
        run: async (fs, ack) => {
          const options = { path, onCorrupt, defaults: { n: 0 }, backups: 1, fileSystem: fs };
          await open(options);
          ack("recovered");
        },
        check: (fs, { acks }) =>
          checkRecovered(fs, acks.length > 0, onCorrupt === "quarantine" ? 0 : 2),
      });
    }
  });
});

describe("a call that fails", () => {
  async function proveFaults(scenario: Scenario): Promise<void> {
    const report = await sweepFaults(scenario);
    const told = report.failures
      // What the lock leaves behind is looked at where it is tested.
      .filter(({ message }) => !/^left behind: \S+\.lock\S*$/m.test(message))
      .slice(0, 2)
      .map(({ message, where, calls, state, replay }) =>
        [message, where, ...calls, ...state, replay].join("\n"),
      );
    expect(told).toEqual([]);
    expect(report.limits).toEqual([]);
    expect(report.cases).toBeGreaterThan(50);
  }

  it("in a migration leaves what the error says", async () => {
    const { open } = halves[1]; // what fails is the same in both, and this one is faster
    await proveFaults({
      setup: setUp({ [path]: old }),
      run: async (fs) => void (await open({ ...migrating, backups: 1, fileSystem: fs })),
      check: (fs, { end }) => {
        const text = fs.readFileSync(path, "utf8");
        const isNew = text !== old;
        expect([old, migrated]).toContain(isNew ? JSON.stringify(JSON.parse(text)) : text);
        checkEffect(end, isNew);
      },
    });
  });

  it("in an update leaves what the error says, and every generation but the oldest", async () => {
    const { open, update } = halves[0];
    const files = {
      [path]: '{"n":3}',
      [`${path}.backup-1`]: '{"n":2}',
      [`${path}.backup-2`]: '{"n":1}',
    };
    await proveFaults({
      setup: setUp(files),
      run: async (fs) => {
        const store = await open({ path, backups: 2, fileSystem: fs });
        await update(store);
      },
      check: (fs, { end }) => {
        const n = countAt(fs, path);
        expect([3, 4]).toContain(n);
        checkEffect(end, n === 4);
        const kept = [path, `${path}.backup-1`, `${path}.backup-2`].map((at) => countAt(fs, at));
        expect(kept).toEqual(expect.arrayContaining([3, 2]));
      },
    });
  });
});

describe("two processes", () => {
  /** A copy of the package, and of the lock, that shares no queue with the others. */
  async function anotherProcess(): Promise<typeof json> {
    vi.resetModules();
    return await import("../../src/index.ts");
  }

  it("that open at once: one migrates, and both have the result", async () => {
    const processes = [await anotherProcess(), await anotherProcess()];
    const scenarios = processes.map((process, index): Scenario => ({
      setup: (fs) => {
        if (!fs.existsSync("/d")) setUp({ [path]: old })(fs);
      },
      run: async (fs) => {
        const second = (value: unknown): unknown => {
          fs.mkdirSync(`/made-${index}`);
          return migrating.migrations[2](value);
        };
        const migrations = { ...migrating.migrations, 2: second };
        const options = { ...migrating, migrations, fileSystem: fs };
        const store = await process.openJsonStore<Count>(options);
        expect(store.get()).toEqual({ n: 80 });
      },
      check: (fs) => {
        expect(fs.readdirSync("/").filter((file) => file.startsWith("made-"))).toHaveLength(1);
        expect(JSON.parse(fs.readFileSync(path, "utf8"))).toEqual({ $version: 3, n: 80 });
        expect(fs.readdirSync("/d")).toEqual(["s.json"]);
      },
    }));
    const report = await exploreSchedules(scenarios, { maxPreemptions: 1 });
    expect(report.failures.slice(0, 2).map(({ message, where }) => [message, where])).toEqual([]);
    expect(report.cases).toBeGreaterThan(20);
  });
});
