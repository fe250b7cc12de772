import { promisify } from "node:util";
import * as timersPromises from "node:timers/promises";
import { setTimeout as importedTimeout } from "node:timers";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import type { NodeFileSystem } from "../../src/calls/node-file-system.ts";
import type { Scenario } from "../../src/scenario/scenario.ts";
import { exploreSchedules, replaySchedule } from "../../src/schedule/explore-schedules.ts";
import { VirtualClock } from "../../src/schedule/virtual-clock.ts";
import { installVirtualTime, withClock } from "../../src/schedule/virtual-time.ts";

const day = 86_400_000;

/** What a run takes note of. */
const scenario = (
  run: (fs: NodeFileSystem, ack: (note: unknown) => void) => unknown,
): {
  readonly scenario: Scenario;
  readonly notes: unknown[];
} => {
  const notes: unknown[] = [];
  return {
    notes,
    scenario: {
      async run(fs, ack) {
        await run(fs, ack);
        await fs.promises.stat("/"); // a run without a call would be a failure
      },
      check(_fs, { acks, end }) {
        if (end instanceof Error) throw end;
        notes.splice(0, Infinity, ...acks);
      },
    },
  };
};

const looks: Scenario = { run: (fs) => fs.promises.stat("/"), check() {} };

const waits: [name: string, wait: (ms: number) => Promise<unknown>][] = [
  ["setTimeout", (ms) => new Promise((resolve) => setTimeout(resolve, ms))],
  ["setTimeout of node:timers", (ms) => new Promise((resolve) => importedTimeout(resolve, ms))],
  ["setTimeout of node:timers/promises", (ms) => sleep(ms)],
  ["scheduler.wait", (ms) => timersPromises.scheduler.wait(ms)],
  ["promisify(setTimeout)", (ms) => promisify(setTimeout)(ms)],
  [
    "setInterval",
    (ms) =>
      new Promise<void>((resolve) => {
        let left = 4;
        const timer = setInterval(() => {
          if (--left > 0) return;
          clearInterval(timer);
          resolve();
        }, ms / 4);
      }),
  ],
  [
    "setInterval of node:timers/promises",
    async (ms) => {
      let left = 2;
      for await (const _ of timersPromises.setInterval(ms / 2)) if (--left === 0) return;
    },
  ],
];

test.each(waits)("%s: a day passes at once, on every clock of the run", async (_name, wait) => {
  const { scenario: waiting, notes } = scenario(async (_fs, ack) => {
    const before = [Date.now(), performance.now(), new Date().getTime()] as const;
    await wait(day);
    ack([Date.now() - before[0], performance.now() - before[1], new Date().getTime() - before[2]]);
  });
  const report = await exploreSchedules([waiting, looks]);
  expect(report.failures).toEqual([]);
  expect(notes).toEqual([[day, day, day]]);
});

test("who runs out first comes first; what was cleared never does", async () => {
  const { scenario: one, notes } = scenario(async (_fs, ack) => {
    const cleared = setTimeout(() => ack("cleared"), 5);
    setTimeout(() => ack("third"), 20);
    setTimeout(() => ack("first"), 10);
    setTimeout(() => ack("second"), 10);
    setImmediate(() => ack("at once"));
    clearImmediate(setImmediate(() => ack("cleared")));
    setTimeout((...args: unknown[]) => ack(args), 15, "with", "arguments");
    clearTimeout(cleared);
    await sleep(30);
    ack(await sleep(1, "value"));
  });
  const report = await exploreSchedules([one, looks]);
  expect(report.failures).toEqual([]);
  expect(notes).toEqual(["at once", "first", "second", ["with", "arguments"], "third", "value"]);
});

test("a wait that is aborted ends, before and while it waits", async () => {
  const { scenario: one, notes } = scenario(async (_fs, ack) => {
    const early = AbortSignal.abort();
    const late = new AbortController();
    setTimeout(() => late.abort(), 10);
    for (const signal of [early, late.signal]) {
      const from = Date.now();
      await sleep(day, undefined, { signal }).catch((error: Error) =>
        ack([error.name, Date.now() - from]),
      );
    }
  });
  await exploreSchedules([one, looks]);
  expect(notes).toEqual([
    ["AbortError", 0],
    ["AbortError", 10],
  ]);
});

test("the times of files are those of the clock", async () => {
  const { scenario: one, notes } = scenario(async (fs, ack) => {
    await fs.promises.writeFile("/a", "");
    await sleep(day);
    await fs.promises.writeFile("/b", "");
    const [a, b] = [await fs.promises.stat("/a"), await fs.promises.stat("/b")];
    ack(Math.round(b.mtimeMs - a.mtimeMs));
    ack(Date.now() - Math.trunc(b.mtimeMs));
  });
  await exploreSchedules([one, looks]);
  expect(notes).toEqual([day, 0]);
});

test("outside of the runs the timers are the real ones, and afterwards everywhere", async () => {
  const before = [
    setTimeout,
    setInterval,
    setImmediate,
    clearTimeout,
    Date,
    Date.now,
    Reflect.get(performance, "now"),
  ];
  const promises = timersPromises.setTimeout;
  let ticked = 0;
  const realTimer = setInterval(() => ticked++, 1);
  const busy: Scenario = {
    async setup() {
      await sleep(1); // nobody moves a clock here
    },
    async run(fs) {
      for (let i = 0; i < 20; i++) await fs.promises.stat("/");
    },
    async check() {
      const from = Date.now();
      await sleep(5);
      expect(Date.now() - from).toBeLessThan(day);
    },
  };
  const report = await exploreSchedules([busy, busy], { maxSchedules: 3 });
  clearInterval(realTimer);
  expect(report.failures).toEqual([]);
  expect(ticked).toBeGreaterThan(0);
  const after = [
    setTimeout,
    setInterval,
    setImmediate,
    clearTimeout,
    Date,
    Date.now,
    Reflect.get(performance, "now"),
  ];
  expect(after).toEqual(before);
  expect(after.every((one, i) => one === before[i])).toBe(true);
  expect(timersPromises.setTimeout).toBe(promises);
  expect(Object.hasOwn(performance, "now")).toBe(false);
});

test("who is not on a clock has real timers and the real time while others are", async () => {
  const restore = installVirtualTime();
  try {
    const clock = new VirtualClock(0);
    withClock(clock, () => void setTimeout(() => expect.unreachable("nobody moved the clock"), 1));
    const order: string[] = [];
    const note = (what: string) => (): void => void order.push(what);
    setImmediate(note("immediate"));
    clearTimeout(setTimeout(note("cleared"), 1));
    clearImmediate(setImmediate(note("cleared")));
    await new Promise<void>((resolve) => {
      const timer = setInterval(() => {
        clearInterval(timer);
        resolve();
      }, 2);
    });
    await new Promise((resolve) => setTimeout(resolve, 1));
    await promisify(setTimeout)(1);
    await promisify(setImmediate)();
    await timersPromises.setTimeout(1);
    expect(order).toEqual(["immediate"]);
    expect(new Date().getTime()).toBeGreaterThan(day);
    expect(Date.now()).toBeGreaterThan(day);
    expect([
      withClock(clock, () => Date.now()),
      withClock(clock, () => new Date().getTime()),
    ]).toEqual([0, 0]);
    expect(withClock(clock, () => new Date(5).getTime())).toBe(5);
    expect(new Date()).toBeInstanceOf(Date);
  } finally {
    restore();
  }
});

test("they are given back also when an exploration fails, and two at the same time do not mix", async () => {
  const before = setTimeout;
  const { scenario: one } = scenario(async (fs) => {
    await sleep(day);
    await fs.promises.stat("/");
  });
  const reports = await Promise.all([exploreSchedules([one, looks]), exploreSchedules([one, one])]);
  expect(reports.map(({ failed }) => failed)).toEqual([0, 0]);
  await expect(replaySchedule([one, looks], "schedules:B2")).rejects.toThrow("only A can go on");
  expect(setTimeout).toBe(before);
});

test("with real timers time is not touched", async () => {
  const real = [setTimeout, Date, Reflect.get(performance, "now")];
  const { scenario: one, notes } = scenario(async (fs, ack) => {
    await sleep(20);
    await fs.promises.stat("/");
    ack([setTimeout, Date, Reflect.get(performance, "now")].every((now, i) => now === real[i]));
  });
  const report = await exploreSchedules([one, one], { timers: "real" });
  expect(notes).toEqual([true]);
  expect(report.exhaustive).toBe(false);
  expect(report.limits).toEqual(["timers were real ones: who came when was not chosen"]);
});

test("a timer has the methods of Node's", () => {
  const clock = new VirtualClock(0);
  const seen: number[] = [];
  const restore = installVirtualTime();
  try {
    withClock(clock, () => {
      const timer = setTimeout(() => seen.push(clock.nowMs), 10);
      expect(timer.ref().unref().hasRef()).toBe(true);
      setTimeout(() => timer.refresh(), 6);
      clock.advance();
      clock.advance();
      expect(seen).toEqual([16]);
      setTimeout(() => seen.push(-1), 5)[Symbol.dispose]();
      expect(clock.hasTimers).toBe(false);
      expect(() => Reflect.apply(setTimeout, undefined, [1, 1])).toThrow(
        "must be of type function",
      );
      for (const delay of [0, -1, Number.NaN, Infinity, "x"]) {
        const from = clock.nowMs;
        setTimeout(() => seen.push(clock.nowMs - from), delay as number);
        expect(clock.advance()).toBe(1);
      }
    });
  } finally {
    restore();
  }
});

test("the same moment in every schedule", async () => {
  const times = new Set<number>();
  const one: Scenario = {
    async run(fs, ack) {
      ack(Date.now());
      await fs.promises.truncate("/f", 0).catch(() => {});
    },
    check: (_fs, { acks }) => void times.add(acks[0] as number),
  };
  const report = await exploreSchedules([one, one], { reduce: false });
  expect(report.cases).toBe(2);
  expect(times.size).toBe(1);
  expect(String(Date())).toMatch(/^\w{3} /);
});
