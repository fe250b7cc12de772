import assert from "node:assert/strict";
import { scrypt } from "node:crypto";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import type { NodeFileSystem } from "../../src/calls/node-file-system.ts";
import type { Scenario } from "../../src/scenario/scenario.ts";
import {
  exploreSchedules,
  replaySchedule,
  type ScheduleOptions,
} from "../../src/schedule/explore-schedules.ts";
import { increment } from "./locks.ts";

type Act = (fs: NodeFileSystem, i: number) => unknown;

function files(fs: NodeFileSystem): void {
  for (const name of ["a", "b", "c"]) {
    fs.mkdirSync(`/${name}`);
    fs.writeFileSync(`/${name}/f`, "");
  }
}

/** A program of single calls. */
function calls(times: number, act: Act): Scenario {
  return {
    setup: files,
    async run(fs) {
      for (let i = 0; i < times; i++) await act(fs, i);
    },
    check(_fs, { end }) {
      assert.equal(end, "done");
    },
  };
}

const write =
  (path: string): Act =>
  (fs, i) =>
    fs.promises.truncate(path, i);
const read =
  (path: string): Act =>
  (fs) =>
    fs.promises.stat(path);
const make =
  (dir: string, name: string): Act =>
  (fs, i) =>
    fs.promises.mkdir(`${dir}/${name}${i}`);
const list =
  (dir: string): Act =>
  (fs) =>
    fs.promises.readdir(dir);

const counts: [what: string, runs: Scenario[], options: ScheduleOptions, schedules: number][] = [
  // n calls that all depend on each other: the multinomial coefficient.
  ["3 + 3 on one file", [calls(3, write("/a/f")), calls(3, write("/a/f"))], {}, 20],
  ["2 + 2 + 2 on one file", [1, 2, 3].map(() => calls(2, write("/a/f"))), {}, 90],
  ["3 + 3 on two files", [calls(3, write("/a/f")), calls(3, write("/b/f"))], {}, 1],
  [
    "the same, not reduced",
    [calls(3, write("/a/f")), calls(3, write("/b/f"))],
    { reduce: false },
    20,
  ],
  [
    "2 + 2 on one file, 2 on another",
    [calls(2, write("/a/f")), calls(2, write("/a/f")), calls(2, write("/b/f"))],
    {},
    6,
  ],
  ["3 + 3 that only read", [calls(3, read("/a/f")), calls(3, read("/a/f"))], {}, 1],
  [
    "1 that writes before, among and after 3 that read",
    [calls(1, write("/a/f")), calls(3, read("/a/f"))],
    {},
    4,
  ],
  [
    "2 + 2 new names in one directory",
    [calls(2, make("/a", "x")), calls(2, make("/a", "y"))],
    {},
    1,
  ],
  // The first to make a name makes it, the other fails; then the same with the second name.
  [
    "1 + 1 of the same name",
    [1, 2].map(() => ({ ...calls(1, make("/a", "x")), check() {} })),
    {},
    2,
  ],
  ["2 new names, 1 that lists them", [calls(2, make("/a", "x")), calls(1, list("/a"))], {}, 3],
  [
    "2 new names, 1 that lists another directory",
    [calls(2, make("/a", "x")), calls(1, list("/b"))],
    {},
    1,
  ],
  [
    "where the disk can be full",
    [calls(2, write("/a/f")), calls(2, write("/b/f"))],
    {
      memory: { capacityBytes: 100 },
    },
    6,
  ],
  [
    "by the rules of Windows nothing is known to be independent",
    [calls(2, write("/a/f")), calls(2, read("/b/f"))],
    { memory: { platform: "win32" } },
    6,
  ],
  // Interrupted never: AAABBB, BBBAAA.
  [
    "3 + 3, no interruption",
    [calls(3, write("/a/f")), calls(3, write("/a/f"))],
    { maxPreemptions: 0 },
    2,
  ],
  // Once: also ABBBAA, AABBBA, BAAABB, BBAAAB.
  [
    "3 + 3, at most one",
    [calls(3, write("/a/f")), calls(3, write("/a/f"))],
    { maxPreemptions: 1 },
    6,
  ],
];

test.each(counts)(
  "the number of schedules, counted by hand: %s",
  async (_what, runs, options, schedules) => {
    const report = await exploreSchedules(runs, options);
    expect(report.failures).toEqual([]);
    expect(report.cases).toBe(schedules);
    const { maxPreemptions } = options;
    expect(report.exhaustive).toBe(maxPreemptions === undefined);
    if (maxPreemptions === undefined) return;
    expect(report.limits).toEqual([`only schedules with at most ${maxPreemptions} interruptions`]);
  },
);

/** Checks that fail always, so that the report names every schedule. */
const failing = (times: number, act: Act): Scenario => ({
  ...calls(times, act),
  check: () => assert.fail("as it must"),
});

async function schedulesOf(runs: Scenario[], options: ScheduleOptions): Promise<string[]> {
  const report = await exploreSchedules(runs, { ...options, maxFailures: 10_000 });
  expect(report.failures.length).toBe(report.cases);
  return report.failures.map(({ replay }) => replay.replace("schedules:", "")).toSorted();
}

/** All words of so many As and Bs, with equal letters in a row counted. */
function words(as: number, bs: number, word = ""): string[] {
  if (as === 0 && bs === 0) {
    return [word.replaceAll(/(.)\1+/g, (all: string, letter: string) => letter + all.length)];
  }
  return [
    ...(as > 0 ? words(as - 1, bs, `${word}A`) : []),
    ...(bs > 0 ? words(as, bs - 1, `${word}B`) : []),
  ];
}

test.each([true, false])(
  "every interleaving of dependent calls is there, once (reduce: %s)",
  async (reduce) => {
    const runs = [failing(4, write("/a/f")), failing(3, write("/a/f"))];
    expect(await schedulesOf(runs, { reduce })).toEqual(words(4, 3).toSorted());
  },
);

test("beyond the budget schedules are drawn at random: from a seed, the same in every process", async () => {
  const runs = [failing(6, write("/a/f")), failing(6, write("/a/f"))];
  const options = { maxSchedules: 4, seed: 42 };
  const drawn = await schedulesOf(runs, options);
  // Constants, since the test of yesterday was another process.
  expect(drawn.join(" ")).toBe("A2BA2B3ABAB A3BABA2B4 A5B4AB2 A5B5AB A5B6A A6B6 BA6B5 BABA3B2A2B2");
  expect(await schedulesOf(runs, options)).toEqual(drawn);
  expect(await schedulesOf(runs, { ...options, seed: 43 })).not.toEqual(drawn);
  const report = await exploreSchedules(runs, options);
  expect(report).toMatchObject({ cases: 8, exhaustive: false, share: undefined, seed: 42 });
  expect(report.limits).toEqual(["after 4 schedules in order, 4 were drawn at random"]);
});

test("exactly as many schedules as the budget allows are all there are", async () => {
  const runs = [calls(3, write("/a/f")), calls(3, write("/a/f"))];
  expect((await exploreSchedules(runs, { maxSchedules: 20 })).exhaustive).toBe(true);
  const less = await exploreSchedules(runs, { maxSchedules: 19, maxStates: 25 });
  expect(less).toMatchObject({ cases: 25, exhaustive: false });
});

test("a failure says who did what in which order, and what came of it", async () => {
  const runs = [
    { ...increment(2), name: "one" },
    { ...increment(2), name: "two" },
  ];
  const report = await exploreSchedules(runs);
  expect(report.scenario).toBe("one | two");
  const [failure] = report.failures;
  expect(failure).toMatchObject({
    message: "an update was lost",
    where: `schedule ${failure!.replay.slice("schedules:".length)}, one that could go on was interrupted once, check of A`,
    size: 1,
  });
  const reads = failure!.calls.filter((line) => / read \/counter \d+$/.test(line));
  expect(new Set(reads.map((line) => /^ *\d+ {2}([AB]) /.exec(line)?.[1]))).toEqual(
    new Set(["A", "B"]),
  );
  expect(failure!.calls[0]).toBe(" 1  A open /counter r");
  expect(failure!.calls).toContain("    A -- done");
  expect(failure!.state).toEqual(["A (one): done", "B (two): done", "on disk: counter = 1"]);
  const sizes = report.failures.map(({ size }) => size);
  expect(sizes).toEqual(sizes.toSorted((a, b) => a - b));
  const again = await replaySchedule(runs, failure!.replay);
  expect(again.failures[0]).toEqual({ ...failure, error: expect.any(Error) });
  expect(again.limits).toEqual(["one schedule was replayed"]);
});

test("every check is told of its own run, on the same files; setups come in order, each once", async () => {
  const order: string[] = [];
  const setup = (fs: NodeFileSystem): void => {
    order.push("setup 1");
    fs.writeFileSync("/f", "");
  };
  const run =
    (name: string): Scenario<string>["run"] =>
    async (fs, ack) => {
      await fs.promises.appendFile("/f", name);
      ack(name);
      const isLast = (await fs.promises.readFile("/f", "utf8")).length === 2;
      if (name === "b" && isLast) throw new Error("b came too late");
      await fs.promises.open("/f");
    };
  const ends = new Set<string>();
  const check =
    (name: string): Scenario<string>["check"] =>
    (fs, { acks, end, leaks }) => {
      order.push(`check ${name}`);
      assert.equal(fs.readFileSync("/f", "utf8").length, 2);
      assert.deepEqual(acks, [name]);
      ends.add(`${name}: ${end instanceof Error ? end.message : end}, ${leaks.join()}`);
    };
  const setupTwo = (fs: NodeFileSystem): void => void order.push(`setup 2 ${fs.existsSync("/f")}`);
  const scenarios: Scenario<string>[] = [
    { setup, run: run("a"), check: check("a") },
    { setup: setupTwo, run: (fs) => fs.promises.stat("/"), check() {} },
    { setup, run: run("b"), check: check("b") },
  ];
  const report = await exploreSchedules(scenarios);
  expect(report.failures).toEqual([]);
  expect(order.slice(0, 4)).toEqual(["setup 1", "setup 2 true", "check a", "check b"]);
  expect([...ends].toSorted()).toEqual(["a: done, /f", "b: b came too late, ", "b: done, /f"]);
  expect(report.cases).toBeGreaterThan(1);
});

const done: Scenario["check"] = (_fs, { end }) => assert.equal(end, "done");

test("that nobody can go on is a failure", async () => {
  const waits: Scenario = {
    async run(fs) {
      await fs.promises.stat("/");
      await new Promise(() => {});
    },
    check: () => assert.fail("not checked"),
  };
  const report = await exploreSchedules([waits, calls(1, read("/")), waits]);
  expect(report.failures.map(({ message }) => message)).toEqual([
    "nobody can go on: A and C wait for ever",
  ]);
  expect(report.failures[0]?.state.slice(0, 3)).toEqual([
    "A: did not end",
    "B: done",
    "C: did not end",
  ]);
});

test("runs may wait for each other: who can go on only after another's step is not tried before", async () => {
  let tell: () => void = () => {};
  let told = new Promise<void>(() => {});
  const order: string[] = [];
  const speaker: Scenario = {
    setup: (fs) => fs.writeFileSync("/f", ""),
    async run(fs) {
      told = new Promise((resolve) => (tell = resolve));
      order.length = 0;
      await fs.promises.truncate("/f", 1);
      order.push("spoken");
      tell();
      await fs.promises.truncate("/f", 2);
    },
    check: done,
  };
  const listener: Scenario = {
    async run(fs) {
      await told;
      order.push("heard");
      await fs.promises.truncate("/f", 3);
    },
    check() {
      assert.deepEqual(order, ["spoken", "heard"]);
    },
  };
  const report = await exploreSchedules([speaker, listener]);
  expect(report.failures).toEqual([]);
  expect(report.cases).toBe(2); // the second call of the one, and the call of the other
});

test("that there is no end is a failure, with calls and without", async () => {
  const looks: Scenario = {
    async run(fs) {
      for (;;) await fs.promises.stat("/");
    },
    check: () => assert.fail("not checked"),
  };
  const calling = await exploreSchedules([looks, calls(1, read("/"))], { maxCalls: 200 });
  expect(calling.failures[0]?.message).toMatch(/^no end after \d+ calls/);
  const beats: Scenario = {
    run: () => new Promise(() => void setInterval(() => {}, 1000)),
    check: () => assert.fail("not checked"),
  };
  const beating = await exploreSchedules([beats, calls(1, read("/"))], { maxCalls: 200 });
  expect(beating.failures[0]?.message).toMatch(/^no end after \d+ calls/);
  const spins: Scenario = {
    async run() {
      for (;;) await new Promise((resolve) => void setImmediate(resolve));
    },
    check: () => assert.fail("not checked"),
  };
  const spinning = await exploreSchedules([spins, spins], { maxCalls: 200 });
  expect(spinning.failures[0]?.message).toMatch(/^nobody made a call in 1000 turns/);
});

test("who tries again and again lets the others come", async () => {
  const tries: Scenario = {
    async run(fs) {
      for (;;) {
        try {
          return await fs.promises.stat("/made");
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
        }
      }
    },
    check: done,
  };
  const makes: Scenario = { run: (fs) => fs.promises.mkdir("/made"), check: done };
  const report = await exploreSchedules([tries, makes], {
    maxSchedules: 20,
    seed: 1,
    maxCalls: 500,
  });
  expect(report.failures).toEqual([]);
  expect(report.exhaustive).toBe(false); // it can try as often as it likes
});

test("a schedule that is cut off because somebody never came is no failure, but said", async () => {
  const looks: Scenario = {
    async run(fs) {
      for (let i = 0; i < 60; i++) await fs.promises.stat("/");
    },
    check: done,
  };
  const report = await exploreSchedules([looks, looks], { maxCalls: 40 });
  expect(report.failures).toEqual([]);
  expect(report.limits).toEqual(["schedules without end in which B never came were cut off"]);
});

test("a synchronous call is made at once with what came before it, and that is said", async () => {
  const incrementSync: Scenario = {
    setup: (fs) => fs.writeFileSync("/counter", "0"),
    run(fs) {
      fs.writeFileSync("/counter", String(Number(fs.readFileSync("/counter", "utf8")) + 1));
    },
    check: (fs) => assert.equal(fs.readFileSync("/counter", "utf8"), "2"),
  };
  const report = await exploreSchedules([incrementSync, incrementSync]);
  expect(report).toMatchObject({ cases: 2, failed: 0, exhaustive: false }); // A first, B first
  expect(report.limits).toEqual(
    ["A", "B"].map(
      (letter) =>
        `${letter} makes synchronous calls: nobody can come between one of them and what ${letter} did before`,
    ),
  );
  const mixed: Scenario = {
    ...incrementSync,
    async run(fs) {
      const before = Number(await fs.promises.readFile("/counter", "utf8"));
      fs.writeFileSync("/counter", String(before + 1));
    },
  };
  const lost = await exploreSchedules([mixed, mixed]);
  expect(lost.failed).toBeGreaterThan(0);
});

test("which of two runs begins with its synchronous calls is tried both ways", async () => {
  const firsts = new Set<string>();
  const claims = (name: string): Scenario => ({
    run(fs) {
      try {
        fs.writeFileSync("/claimed", name, { flag: "wx" });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      }
    },
    check: (fs) => void firsts.add(fs.readFileSync("/claimed", "utf8")),
  });
  const report = await exploreSchedules([claims("a"), claims("b")]);
  expect(firsts).toEqual(new Set(["a", "b"]));
  expect(report.cases).toBe(2);
});

test("no run is left in the middle, holding what the next schedule needs", async () => {
  let queue = Promise.resolve();
  const queued: Scenario = {
    setup: files,
    async run(fs) {
      const before = queue;
      let release = (): void => {};
      queue = new Promise((resolve) => (release = resolve));
      await before;
      try {
        fs.statSync("/a/f");
        await fs.promises.truncate("/a/f", 1);
      } finally {
        release();
      }
    },
    check: done,
  };
  const report = await exploreSchedules([queued, queued]);
  expect(report.failures).toEqual([]);
  expect(report.cases).toBeGreaterThan(0);
});

test("calls that one run makes at the same time keep their order, and that is said", async () => {
  const both: Scenario = {
    setup: files,
    run: (fs) => Promise.all([fs.promises.stat("/a/f"), fs.promises.stat("/b/f")]),
    check: done,
  };
  const report = await exploreSchedules([both, calls(1, write("/a/f"))]);
  expect(report).toMatchObject({ cases: 2, failed: 0, exhaustive: false });
  expect(report.limits).toEqual([
    "calls that A makes at the same time were made in the order in which it made them",
  ]);
});

test("who goes on first after all have waited has interrupted nobody", async () => {
  const rests: Scenario = {
    setup: files,
    async run(fs) {
      await fs.promises.truncate("/a/f", 1);
      await new Promise((resolve) => setTimeout(resolve, 10));
      await fs.promises.truncate("/a/f", 2);
    },
    check: () => assert.fail("as it must"),
  };
  const report = await exploreSchedules([rests, rests], { maxPreemptions: 0 });
  expect(report.failures.map(({ replay, size }) => `${replay} ${size}`).toSorted()).toEqual([
    "schedules:AB2A 0",
    "schedules:ABAB 0",
    "schedules:BA2B 0",
    "schedules:BABA 0",
  ]);
});

test("what is neither a call nor a timer is waited for, and that is said", async () => {
  const hash = promisify(scrypt);
  const hashes: Scenario = {
    setup: files,
    async run(fs) {
      await fs.promises.truncate("/a/f", 1);
      await hash("password", "salt", 64);
      await fs.promises.truncate("/a/f", 2);
    },
    check: done,
  };
  const report = await exploreSchedules([hashes, calls(1, read("/b/f"))]);
  expect(report).toMatchObject({ failed: 0, exhaustive: false });
  expect(report.limits).toEqual([
    "a run waited for something that is neither a call nor a timer: when it came was not chosen",
  ]);
});

test("what a timer throws is a failure", async () => {
  const throws: Scenario = {
    run: () =>
      new Promise(() => {
        setTimeout(() => {
          throw new Error("nobody catches this");
        }, 10);
      }),
    check: done,
  };
  const report = await exploreSchedules([throws, calls(1, read("/"))]);
  expect(report.failures.map(({ message }) => message)).toEqual(["nobody catches this"]);
});

test("a program that does something else in the same schedule is told", async () => {
  let times = 0;
  const fickle: Scenario = {
    setup: files,
    async run(fs) {
      if (times++ > 0) return;
      await fs.promises.truncate("/a/f", 1);
      await fs.promises.truncate("/a/f", 2);
    },
    check() {},
  };
  const report = await exploreSchedules([fickle, calls(2, write("/a/f"))]);
  expect(report.exhaustive).toBe(false);
  expect(report.limits).toEqual(["a run made other calls than before, in the same schedule"]);
});

const breaks = (error: string, times = Infinity): Scenario => ({
  async run(fs) {
    await fs.promises.stat("/");
    if (times-- > 0) throw new Error(error);
  },
  check() {},
});

test("a run that throws in every schedule is a failure, whatever its check says", async () => {
  const typo: Scenario = {
    setup: files,
    async run(fs) {
      await fs.promises.truncate("/a/f", 1);
      await (fs.promises as unknown as Record<string, () => unknown>)["truncat"]!();
    },
    check() {},
  };
  const runs = [calls(2, write("/a/f")), typo];
  const report = await exploreSchedules(runs);
  expect(report).toMatchObject({ cases: 3 + 1, failed: 1, exhaustive: true });
  const [failure] = report.failures;
  expect(failure).toMatchObject({
    message: expect.stringMatching(
      /^B never came to its end: in all 4 schedules it threw TypeError: .* is not a function$/,
    ),
    where: "schedule BA2",
    replay: "schedules:BA2:never=B",
    size: 0,
  });
  expect(failure!.error).toMatchObject({ cause: expect.any(TypeError) });
  const again = await replaySchedule(runs, failure!.replay);
  expect(again).toMatchObject({ cases: 1, failed: 1 });
  expect(again.failures[0]).toMatchObject({
    message: expect.stringMatching(/^B never .* in the one schedule that was played it threw Type/),
    calls: failure!.calls,
    replay: failure!.replay,
  });
  const mended = await replaySchedule([runs[0]!, calls(1, write("/a/f"))], failure!.replay);
  expect(mended).toMatchObject({ cases: 1, failed: 0 });
});

test("a run that makes no call in any schedule is one too, and so are several", async () => {
  const forgot: Scenario = { run() {}, check() {} };
  const report = await exploreSchedules([forgot, calls(1, read("/")), breaks("always")]);
  expect(report.failures.map(({ message, replay }) => [message, replay])).toEqual([
    [
      "A made no call through the file system that it was given, in all 2 schedules",
      "schedules:BC:never=A",
    ],
    ["C never came to its end: in all 3 schedules it threw Error: always", "schedules:CB:never=C"],
  ]);
});

test("to lose every race but one is no failure", async () => {
  const claims: Scenario = { run: (fs) => fs.promises.mkdir("/claimed"), check() {} };
  expect(await exploreSchedules([claims, claims])).toMatchObject({ cases: 2, failed: 0 });
  // Nor is it where only schedules were played in which it came second.
  const few = await exploreSchedules([claims, claims], { maxStates: 1 });
  expect(few).toMatchObject({ cases: 1, failed: 0, exhaustive: false });
  // A replay of one schedule does not ask for more than that.
  expect(await replaySchedule([claims, claims], "schedules:AB")).toMatchObject({ failed: 0 });
  const once = await exploreSchedules([breaks("once", 1), calls(2, write("/a/f"))], {
    reduce: false,
  });
  expect(once).toMatchObject({ cases: 3, failed: 0 });
});

test("a setup that fails is told by whose it is", async () => {
  const broken: Scenario = { ...breaks(""), setup: (fs) => fs.unlinkSync("/none") };
  await expect(exploreSchedules([calls(1, read("/")), broken])).rejects.toMatchObject({
    message: "the setup of B failed: ENOENT: no such file or directory, unlink '/none'",
    cause: { code: "ENOENT" },
  });
});

test("arguments that make no sense are refused before anything runs", async () => {
  const never: Scenario = { setup: () => assert.fail("it ran"), run() {}, check() {} };
  const two = [never, never];
  const wrong: [scenarios: unknown, options: unknown, message: RegExp][] = [
    [undefined, {}, /"scenarios" must be an array/],
    [[never, {}], {}, /"scenarios" must be an array/],
    [[never], {}, /"scenarios" must be from 2 to 26/],
    [two, { maxSchedules: 0 }, /"maxSchedules" must be at least 1/],
    [two, { maxPreemptions: -1 }, /"maxPreemptions" must be at least 0/],
    [two, { maxCalls: Number.NaN }, /"maxCalls" must be at least 1/],
    [two, { timers: "none" }, /"timers" must be/],
    [two, { reduce: true, maxPreemptions: 1 }, /exclude each other/],
    [two, { seed: 1.5 }, /"seed" must be an integer/],
  ];
  for (const [scenarios, options, message] of wrong) {
    await expect(exploreSchedules(scenarios as never, options as never)).rejects.toMatchObject({
      code: "ERR_INVALID_ARG",
      message: expect.stringMatching(message),
    });
  }
  const wrongReplays = ["schedules:AC", "schedules:a", "schedules:A:never=C", "schedules:A:never="];
  for (const replay of ["", "schedules", "interference:A:1", ...wrongReplays]) {
    await expect(replaySchedule([idle, idle], replay)).rejects.toMatchObject({
      code: "ERR_INVALID_ARG",
    });
  }
});

const idle: Scenario = { run() {}, check() {} };
