/** Timers as steps: `timers: "events"`. */

import assert from "node:assert/strict";
import { setTimeout as sleep, setInterval as ticks } from "node:timers/promises";
import { describe, expect, it, vi } from "vitest";
import type { NodeFileSystem } from "../../src/calls/node-file-system.ts";
import { formatReport } from "../../src/scenario/format-report.ts";
import type { Report } from "../../src/scenario/report.ts";
import type { Scenario } from "../../src/scenario/scenario.ts";
import {
  exploreSchedules,
  replaySchedule,
  type ScheduleOptions,
} from "../../src/schedule/explore-schedules.ts";
import { waitForLock } from "./locks.ts";
import { changesBoth, lease, looksNowAndThen, patientLock } from "./pollers.ts";

vi.setConfig({ testTimeout: 60_000 });

const events = { timers: "events", seed: 1 } as const;

const messages = ({ failures }: Report): Set<string> =>
  new Set(failures.map(({ message }) => message));

const linesOf = ({ failures }: Report): string[] =>
  failures[0]!.calls.map((line) => line.replace(/^ *\d* +/, ""));

/** A scenario that notes, over all schedules, what its acknowledgements were. */
function noting(run: (fs: NodeFileSystem, ack: (note: unknown) => void) => unknown): {
  readonly scenario: Scenario;
  readonly notes: Set<string>;
} {
  const notes = new Set<string>();
  return {
    notes,
    scenario: {
      run,
      check(_fs, { acks, end }) {
        if (end instanceof Error) throw end;
        notes.add(JSON.stringify(acks));
      },
    },
  };
}

/** Makes calls that have nothing to do with anything. */
const looks = (times: number): Scenario => ({
  async run(fs) {
    for (let i = 0; i < times; i++) await fs.promises.stat("/");
  },
  check() {},
});

const sleeps = (ms: number): Scenario => ({
  async run(fs) {
    await sleep(ms);
    await fs.promises.stat("/");
  },
  check() {},
});

describe("what is found only where a timer runs out between two calls of another", () => {
  it.each([true, false])(
    "a lease that ends during work: two owners (reduce: %s)",
    async (reduce) => {
      const report = await exploreSchedules([lease, lease], {
        ...events,
        reduce,
        maxSchedules: 20_000,
      });
      expect(messages(report)).toEqual(new Set(["two owners"]));
      expect(report.exhaustive).toBe(true);
      const lines = linesOf(report);
      const at = lines.findIndex(
        (line) => line === "B -- its timer of 20 ms ran out (clock +20 ms)",
      );
      expect(lines.slice(0, at)).toContain("A mkdir /inside");
      expect(lines.slice(at)).toContain("B mkdir /inside: EEXIST");
      expect(report.failures[0]).toMatchObject({ size: 1 });
    },
  );

  it("… and nothing where timers run out only when nobody can make a call", async () => {
    const report = await exploreSchedules([lease, lease]);
    expect(report.failures).toEqual([]);
    expect(report.exhaustive).toBe(false);
  });

  it("a poller that looks at the wrong moment", async () => {
    const programs = [changesBoth, looksNowAndThen(2)];
    expect((await exploreSchedules(programs)).failures).toEqual([]);
    const report = await exploreSchedules(programs, { ...events, maxFailures: 1000 });
    expect(messages(report)).toEqual(new Set(["half of it"]));
    expect(report.exhaustive).toBe(true);
    for (const { calls } of report.failures) {
      const lines = calls.map((line) => line.replace(/^ *\d* +/, ""));
      const from = lines.indexOf("A symlink 1 -> /one");
      const until = lines.indexOf("A symlink 1 -> /two");
      const look = lines.findIndex((line) => line === "B readlink /two: ENOENT");
      expect(from).toBeLessThan(look);
      expect(look).toBeLessThan(until);
    }
  });

  it("a replay shows it again, with the options that the report names", async () => {
    const programs = [changesBoth, looksNowAndThen(2)];
    const options = { ...events, maxTimerFirings: 3 };
    const report = await exploreSchedules(programs, options);
    const [failure] = report.failures;
    expect(failure!.replay).toMatch(/^schedules:[AB\d]*b/);
    expect(failure!.where).toContain("a small letter is a timer that ran out");
    expect(formatReport(report)).toContain(
      `replay(scenarios, "${failure!.replay}", { timers, maxTimerFirings })`,
    );
    const again = await replaySchedule(programs, failure!.replay, options);
    expect(again.failures).toEqual([{ ...failure, error: expect.any(Error) }]);
    await expect(replaySchedule(programs, failure!.replay)).rejects.toThrow(
      'small letters only with timers: "events"',
    );
    const [, before] = /^(.*?)b/.exec(failure!.replay)!;
    await expect(replaySchedule(programs, `${before}a`, options)).rejects.toThrow(/A, b can go on/);
  });
});

describe("who is right", () => {
  it("passes, and every case there is was run", async () => {
    for (const programs of [
      [patientLock(2), patientLock(2)],
      [patientLock(1), patientLock(1), looks(1)],
    ]) {
      const report = await exploreSchedules(programs, events);
      expect(report).toMatchObject({ failures: [], limits: [], exhaustive: true });
      expect(report.cases).toBeGreaterThan(10);
    }
  });

  it("passes within the bound where it may ask for ever, and the report names the bound", async () => {
    const cases: number[] = [];
    for (const maxTimerFirings of [0, 1, 2, undefined]) {
      const report = await exploreSchedules([waitForLock, waitForLock], {
        ...events,
        ...(maxTimerFirings !== undefined && { maxTimerFirings }),
      });
      expect(report.failures).toEqual([]);
      expect(report.exhaustive).toBe(false);
      expect(report.limits).toEqual([
        `maxTimerFirings = ${maxTimerFirings ?? 2}: from then on the timers of a run ran out only when nobody else could go on`,
      ]);
      cases.push(report.cases);
    }
    expect(cases).toEqual(cases.toSorted((a, b) => a - b));
    expect(cases[2]).toBe(cases[3]);
    expect(cases[1]).toBeLessThan(cases[2]!);
  });

  it("is cut off by no bound that it does not reach, and by none at all", async () => {
    for (const maxTimerFirings of [2, 3, Infinity]) {
      const report = await exploreSchedules([patientLock(2), looks(2)], {
        ...events,
        maxTimerFirings,
      });
      expect(report).toMatchObject({ limits: [], exhaustive: true });
    }
    const less = await exploreSchedules([patientLock(2), patientLock(2)], {
      ...events,
      maxTimerFirings: 1,
    });
    expect(less.limits).toEqual([expect.stringMatching(/^maxTimerFirings = 1: /)]);
  });

  it("… also where only one order was tried of the steps that came before", async () => {
    const looker: Scenario = { run: (fs) => fs.promises.stat("/"), check() {} };
    const late: Scenario = {
      async run(fs) {
        for (let i = 0; i < 2; i++) await sleep(10);
        await fs.promises.chmod("/", 0o700);
      },
      check() {},
    };
    // Nothing that the second one does before it is bound has anything to do with the first one.
    const bound = await exploreSchedules([looker, late], { ...events, maxTimerFirings: 1 });
    expect(bound).toMatchObject({ cases: 1, exhaustive: false });
    const free = await exploreSchedules([looker, late], { ...events, maxTimerFirings: 2 });
    expect(free).toMatchObject({ cases: 2, exhaustive: true });
  });

  it("of several bound ones the first one due goes on, and that is said", async () => {
    const { scenario, notes } = noting(async (fs, ack) => {
      await fs.promises.stat("/");
      for (let i = 0; i < 3; i++) await sleep(10);
      ack(performance.now());
    });
    const report = await exploreSchedules([scenario, sleeps(15)], {
      ...events,
      maxTimerFirings: 0,
    });
    expect(notes).toEqual(new Set(["[30]"]));
    expect(report.limits).toEqual([expect.stringMatching(/^maxTimerFirings = 0: /)]);
    const idle: Scenario = { run: () => sleep(10), check() {} };
    const both = await exploreSchedules([idle, idle], { ...events, maxTimerFirings: 0 });
    expect(both.limits).toEqual(report.limits);
  });
});

describe("the timers of a run", () => {
  it("run out in the order in which they are due, with any number of its calls before", async () => {
    const { scenario, notes } = noting(async (fs, ack) => {
      let calls = 0;
      setTimeout(() => ack(`20 after ${calls}`), 20);
      setTimeout(() => ack(`10 after ${calls}`), 10);
      for (; calls < 2; calls++) await fs.promises.stat("/");
      await sleep(30);
    });
    const report = await exploreSchedules([scenario, looks(1)], { ...events, maxTimerFirings: 3 });
    const orders = [0, 1, 2].flatMap((i) =>
      [0, 1, 2]
        .filter((j) => j >= i)
        .map((j) => JSON.stringify([`10 after ${i}`, `20 after ${j}`])),
    );
    expect([...notes].toSorted()).toEqual(orders.toSorted());
    expect(report).toMatchObject({ cases: orders.length, failures: [], exhaustive: true });
  });

  it("can be cleared by every call before they run out, and never run out then", async () => {
    const { scenario, notes } = noting(async (fs, ack) => {
      let calls = 0;
      const timer = setTimeout(() => ack(`after ${calls}`), 10);
      for (; calls < 3; calls++) await fs.promises.stat("/");
      clearTimeout(timer);
      await sleep(100);
      ack("end");
    });
    const report = await exploreSchedules([scenario, looks(1)], events);
    expect([...notes].toSorted()).toEqual(
      ["after 0", "after 1", "after 2"]
        .map((note) => JSON.stringify([note, "end"]))
        .concat('["end"]'),
    );
    expect(report).toMatchObject({ cases: 4, exhaustive: true });
  });

  it("repeat: setInterval, and that of node:timers/promises", async () => {
    const { scenario, notes } = noting(async (fs, ack) => {
      let left = 2;
      await new Promise<void>((resolve) => {
        const timer = setInterval(() => {
          ack(performance.now());
          if (--left > 0) return;
          clearInterval(timer);
          resolve();
        }, 10);
      });
      await fs.promises.stat("/");
    });
    const report = await exploreSchedules([scenario, sleeps(1000)], events);
    expect(report).toMatchObject({ failures: [], exhaustive: true });
    // A late one counts from when it ran out.
    expect([...notes].toSorted()).toEqual(["[10,1000]", "[10,20]", "[1000,1010]"]);
    const generator = noting(async (fs, ack) => {
      let left = 2;
      for await (const _ of ticks(10)) {
        ack(performance.now());
        if (--left === 0) break;
      }
      await fs.promises.stat("/");
    });
    await exploreSchedules([generator.scenario, sleeps(1000)], events);
    expect([...generator.notes].toSorted()).toEqual([...notes].toSorted());
  });

  it("can be aborted before they run out, and after", async () => {
    const { scenario, notes } = noting(async (fs, ack) => {
      const controller = new AbortController();
      const slept = sleep(50, "slept", { signal: controller.signal }).catch(
        ({ name }: Error) => name,
      );
      await fs.promises.stat("/");
      controller.abort();
      ack(await slept);
    });
    const report = await exploreSchedules([scenario, looks(1)], events);
    expect(notes).toEqual(new Set(['["slept"]', '["AbortError"]']));
    expect(report).toMatchObject({ cases: 2, exhaustive: true });
  });

  it("are left behind when it ends: a heartbeat keeps no schedule from ending", async () => {
    const beats: Scenario = {
      async run(fs) {
        setInterval(() => void fs.promises.stat("/"), 10).unref();
        await fs.promises.stat("/");
        void fs.promises.stat("/").then(() => setInterval(() => {}, 1));
      },
      check: () => assert.fail("as it must"),
    };
    const options = { ...events, maxTimerFirings: Infinity, maxStates: 60, maxFailures: 60 };
    const report = await exploreSchedules([beats, sleeps(1000)], options);
    expect(report.failures.length).toBe(60);
    for (const { message, calls } of report.failures) {
      expect(message).toBe("as it must");
      const end = calls.findIndex((line) => line.endsWith("A -- done"));
      expect(calls.slice(end).filter((line) => / A -- its/.test(line))).toEqual([]);
    }
    const short = await exploreSchedules([beats, sleeps(1000)], { ...events, maxTimerFirings: 1 });
    expect(messages(short)).toEqual(new Set(["as it must"]));
  });

  it("are its own: named by its letter, with its delay, also where another moves the clock", async () => {
    const report = await exploreSchedules(
      [sleeps(10), { ...sleeps(1000), check: () => assert.fail("as it must") }],
      { ...events, reduce: false, maxFailures: 100 },
    );
    expect(report).toMatchObject({ cases: 6, exhaustive: true });
    const inOrder = [
      "A -- its timer of 10 ms ran out (clock +10 ms)",
      "B -- its timer of 1000 ms ran out (clock +990 ms)",
    ];
    const late = [
      "B -- its timer of 1000 ms ran out (clock +1000 ms)",
      "A -- its timer of 10 ms ran out (990 ms late)",
    ];
    for (const { calls, replay } of report.failures) {
      const told = calls.filter((line) => line.includes(" -- its ")).map((line) => line.trim());
      expect(told).toEqual(/a.*b/.test(replay) ? inOrder : late);
    }
  });
});

describe("the clock", () => {
  it("never goes back, on any of its faces: who is late is late", async () => {
    const watch = (ms: number): ReturnType<typeof noting> =>
      noting(async (fs, ack) => {
        const start = Date.now();
        const times: number[] = [];
        const look = async (): Promise<number> => {
          await fs.promises.chmod("/", 0o755);
          const ctime = Math.floor((await fs.promises.stat("/")).ctimeMs) - start;
          const now = Date.now() - start;
          assert.deepEqual([performance.now(), new Date().getTime() - start], [now, now]);
          times.push(ctime, now);
          return now;
        };
        const before = await look();
        await sleep(ms);
        ack((await look()) - before);
        assert.deepEqual(
          times,
          times.toSorted((a, b) => a - b),
        );
      });
    const [fast, slow] = [watch(10), watch(1000)];
    const report = await exploreSchedules([fast.scenario, slow.scenario], {
      ...events,
    });
    expect(report).toMatchObject({ failures: [], exhaustive: true });
    // Late because the other one woke first, or while it looked at the clock for the second time.
    expect([...fast.notes].toSorted()).toEqual(["[1000]", "[1010]", "[10]"]);
    expect([...slow.notes].toSorted()).toEqual(["[1000]", "[1010]"]);
  });
});

describe("interruptions", () => {
  const fails = { check: () => assert.fail("as it must") };
  const list = async (programs: Scenario[], options: ScheduleOptions): Promise<string[]> => {
    const report = await exploreSchedules(programs, { ...events, maxFailures: 1000, ...options });
    return report.failures.map(({ replay, size }) => `${replay.slice(10)} ${size}`).toSorted();
  };

  it("are those of a call that could have been made, by another run or by a timer of its own", async () => {
    const rests: Scenario = {
      async run(fs) {
        await fs.promises.truncate("/f", 1).catch(() => {});
        await sleep(10);
        await fs.promises.truncate("/f", 2).catch(() => {});
      },
      ...fails,
    };
    // Who sleeps has not been interrupted; who has woken has.
    expect(await list([rests, rests], { maxPreemptions: 0 })).toEqual([
      "ABaAbB 0",
      "ABbBaA 0",
      "AaABbB 0",
      "BAaAbB 0",
      "BAbBaA 0",
      "BbBAaA 0",
    ]);
    const beats: Scenario = {
      async run(fs) {
        const timer = setTimeout(() => {}, 10);
        await fs.promises.stat("/");
        clearTimeout(timer);
      },
      ...fails,
    };
    expect(await list([beats, looks(1)], {})).toEqual(["AB 0", "aAB 0"]);
    const called: Scenario = {
      async run(fs) {
        await fs.promises.stat("/");
        const timer = setTimeout(() => {}, 10);
        await fs.promises.stat("/");
        clearTimeout(timer);
      },
      ...fails,
    };
    expect(await list([called, looks(1)], {})).toEqual(["A2B 0", "AaAB 1"]);
  });
});

describe("that there is no end", () => {
  it("is a failure, of timers alone too, with every bound", async () => {
    const beats: Scenario = {
      run: () => new Promise(() => void setInterval(() => {}, 1000)),
      check: () => assert.fail("not checked"),
    };
    for (const maxTimerFirings of [2, Infinity]) {
      const report = await exploreSchedules([beats, looks(1)], {
        ...events,
        maxTimerFirings,
        maxCalls: 50,
        maxStates: 3,
      });
      expect(report.failures[0]?.message).toMatch(/^no end after \d+ calls/);
    }
  });

  it("is none of somebody whose timer was kept from running out", async () => {
    const asks: Scenario = {
      async run(fs) {
        while (
          !(await fs.promises.stat("/made").then(
            () => true,
            () => false,
          ))
        )
          await Promise.resolve();
      },
      check() {},
    };
    const makes: Scenario = {
      async run(fs) {
        await sleep(10);
        await fs.promises.mkdir("/made");
      },
      check() {},
    };
    const options = { ...events, maxTimerFirings: 0, maxCalls: 200 };
    const report = await exploreSchedules([asks, makes], options);
    expect(report.failures).toEqual([]);
    expect(report.limits).toContain("schedules without end in which B never came were cut off");
    // As long as it is free to, it comes.
    const free = await exploreSchedules([asks, makes], { ...events, maxStates: 20, maxCalls: 500 });
    expect(free.failures).toEqual([]);
    expect(free.cases).toBe(20);
  });

  it("what a timer throws is a failure here too", async () => {
    const throws: Scenario = {
      run: () =>
        new Promise(() => {
          setTimeout(() => {
            throw new Error("nobody catches this");
          }, 10);
        }),
      check() {},
    };
    for (const maxTimerFirings of [0, 1]) {
      const report = await exploreSchedules([throws, looks(1)], { ...events, maxTimerFirings });
      expect(messages(report)).toEqual(new Set(["nobody catches this"]));
    }
  });
});

it("options that make no sense are refused", async () => {
  const two = [looks(1), looks(1)];
  const wrong: [options: unknown, message: RegExp][] = [
    [{ timers: "event" }, /"timers" must be "virtual", "events" or "real"/],
    [{ timers: "events", maxTimerFirings: -1 }, /"maxTimerFirings" must be at least 0/],
    [{ timers: "events", maxTimerFirings: NaN }, /"maxTimerFirings" must be at least 0/],
    [{ maxTimerFirings: 1 }, /"maxTimerFirings" needs timers: "events"/],
    [{ timers: "real", maxTimerFirings: 1 }, /"maxTimerFirings" needs timers: "events"/],
    [{ maxTimerFiring: 1 }, /did you mean "maxTimerFirings"/],
  ];
  for (const [options, message] of wrong) {
    await expect(exploreSchedules(two, options as ScheduleOptions)).rejects.toMatchObject({
      code: "ERR_INVALID_ARG",
      message: expect.stringMatching(message),
    });
  }
  for (const replay of ["schedules:c", "schedules:Ac", "schedules:a:never=a"]) {
    await expect(replaySchedule(two, replay, events)).rejects.toMatchObject({
      code: "ERR_INVALID_ARG",
    });
  }
});
