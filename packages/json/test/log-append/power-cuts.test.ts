/** Power cuts while records are appended, in every state that the models of four file systems allow. */

/* oxlint-disable vitest/no-conditional-expect -- what must be there depends on what was acknowledged */

import { describe, expect, it, vi } from "vitest";
import {
  exploreCrashes,
  type CrashOptions,
  type NodeFileSystem,
  type Scenario,
} from "@holdfast/testing";
import { openJsonLog } from "../../src/log/open-json-log.ts";
import type { JsonLogOptions, LogDurability } from "../../src/log/options.ts";

vi.setConfig({ testTimeout: 600_000 });

const path = "/d/log";
const neighbours = '{"there":"before"}\n[1,2]\n';

async function prove<Ack>(scenario: Scenario<Ack>, options: CrashOptions = {}): Promise<void> {
  const report = await exploreCrashes(scenario, { maxStates: 100_000, ...options });
  const told = report.failures
    .slice(0, 3)
    .map(({ message, where, calls, state }) => [message, where, ...calls, ...state].join("\n"));
  expect(told).toEqual([]);
  expect(report.limits).toEqual([]);
  expect(report.cases).toBeGreaterThan(5);
}

function textIn(fs: NodeFileSystem): string | undefined {
  return fs.existsSync(path) ? String(fs.readFileSync(path, "utf8")) : undefined;
}

/** What is whole in a log, where only its end may be torn. */
function recordsIn(text: string): string[] {
  return text
    .split("\n")
    .slice(0, -1)
    .filter((line) => line !== "");
}

const withLog = (fs: NodeFileSystem): void => {
  fs.mkdirSync("/d");
  fs.writeFileSync(path, neighbours);
};
const withoutLog = (): void => {};

/** The boot that the holders were of is over; here it is the same process that asks, and it lives. */
function forgetLocks(fs: NodeFileSystem): void {
  for (const name of fs.readdirSync("/d") as string[]) {
    if (name.includes(".lock")) fs.rmSync(`/d/${name}`, { recursive: true });
  }
}

/** Each record that was flushed is there; those before it are what they were. */
function durableAndIntact(before: string): Scenario<string>["check"] {
  return (fs, { acks }) => {
    const text = textIn(fs);
    if (text === undefined) {
      expect([before, acks]).toEqual(["", []]);
      return;
    }
    expect(text.slice(0, before.length)).toBe(before);
    const records = text.slice(before.length).split("\n");
    for (const ack of acks) expect(records).toContain(ack);
  };
}

const open = (fs: NodeFileSystem, durability: LogDurability, more: JsonLogOptions = {}) =>
  openJsonLog(path, { durability, fileSystem: fs, ...more });

describe.each(["each", "batch", "interval", "none"] as const)(
  "a power cut with %s",
  (durability) => {
    for (const [what, setup, before] of [
      ["an existing log", withLog, neighbours],
      ["a new log in a new directory", withoutLog, ""],
    ] as const) {
      it(`leaves what was flushed, and neighbours as they were: ${what}`, async () => {
        await prove<string>({
          setup,
          run: async (fs, ack) => {
            const log = await open(fs, durability, { flushIntervalMs: 2 ** 31 - 1 });
            const append = async (value: string): Promise<void> => {
              const { durable } = await log.append(value);
              if (durable) ack(JSON.stringify(value));
            };
            await append("one");
            await Promise.all([append("two"), append("three")]);
            await log.flush();
            for (const value of ["one", "two", "three"]) ack(JSON.stringify(value));
            await append("four");
            await log.close();
            ack('"four"');
          },
          check: durableAndIntact(before),
        });
      });
    }
  },
);

it("in the middle of a record: opening it again heals it, and nothing is lost", async () => {
  await prove<string>(
    {
      setup: withLog,
      run: async (fs, ack) => {
        const log = await open(fs, "each");
        await log.append({ long: "x".repeat(30) });
        ack("long");
        await log.close();
      },
      recover: async (fs) => {
        forgetLocks(fs);
        const log = await open(fs, "each");
        await log.append("again");
        await log.close();
      },
      check: (fs, { acks }) => {
        const text = textIn(fs)!;
        expect(text.slice(0, neighbours.length)).toBe(neighbours);
        const records = recordsIn(text.slice(neighbours.length));
        if (acks.includes("long")) expect(records.some((record) => record.length > 30)).toBe(true);
        // What was torn is not between them: it was moved away.
        for (const record of records) JSON.parse(record);
      },
    },
    // A second cut at every point of the recovery takes minutes.
    { again: process.env["HOLDFAST_LOG_CUT_TWICE"] !== undefined },
  );
});

it("between moving a torn end away and cutting it off keeps its bytes", async () => {
  const torn = '{"torn":"abc';
  await prove<string>({
    setup: (fs) => {
      withLog(fs);
      fs.appendFileSync(path, torn);
    },
    run: async (fs, ack) => {
      const log = await open(fs, "each");
      ack("healed");
      await log.append("next");
      ack("next");
      await log.close();
    },
    check: (fs, { acks }) => {
      const text = textIn(fs)!;
      expect(text.slice(0, neighbours.length)).toBe(neighbours);
      const rest = text.slice(neighbours.length);
      const moved = (fs.readdirSync("/d") as string[])
        .filter((name) => name.startsWith("log.torn-"))
        .some((name) => String(fs.readFileSync(`/d/${name}`, "utf8")) === torn);
      expect(moved || rest.startsWith(torn)).toBe(true);
      if (acks.includes("healed")) expect(moved).toBe(true);
      if (acks.includes("next")) expect(recordsIn(rest)).toContain('"next"');
    },
  });
});

it("after a rotation, and after its directory was removed: what was acknowledged then is there", async () => {
  await prove<string>({
    setup: withLog,
    run: async (fs, ack) => {
      const log = await open(fs, "each");
      await log.append("one");
      fs.renameSync(path, "/d/log.1");
      await log.append("two");
      ack('"two"');
      await log.close();
    },
    check: (fs, { acks }) => {
      if (acks.length > 0) expect(recordsIn(textIn(fs)!)).toContain('"two"');
    },
  });
  await prove<string>({
    setup: withLog,
    run: async (fs, ack) => {
      const log = await open(fs, "each");
      fs.rmSync("/d", { recursive: true });
      await log.append("two");
      ack('"two"');
      await log.close();
    },
    check: (fs, { acks }) => {
      if (acks.length > 0) expect(recordsIn(textIn(fs)!)).toContain('"two"');
    },
  });
});

it("after a flush that failed: nobody is told that it is on the device", async () => {
  await prove<string>(
    {
      setup: withLog,
      run: async (fs, ack) => {
        const log = await open(fs, "each");
        for (const value of ["one", "two"]) {
          await log.append(value).then(() => ack(JSON.stringify(value)));
        }
        await log.close();
      },
      check: durableAndIntact(neighbours),
    },
    { faults: "fsync" },
  );
});
