import { describe, expect, it } from "vitest";
import { assertPassed } from "../../src/scenario/assert-passed.ts";
import { Exploration } from "../../src/scenario/exploration.ts";
import { formatReport } from "../../src/scenario/format-report.ts";
import { roughly } from "../../src/scenario/quantity.ts";
import type { Failure, Report } from "../../src/scenario/report.ts";

const report = (some: Partial<Report> = {}): Report => ({
  explorer: "crashes",
  scenario: "save",
  cases: 1234,
  exhaustive: true,
  seed: 42,
  limits: [],
  share: 1,
  failures: [],
  failed: 0,
  elapsedMs: 1234,
  ...some,
});

const failure = (some: Partial<Failure> = {}): Failure => ({
  message: "/state is missing",
  where: "power lost after call 2 (rename a -> b), model ext4",
  calls: ["1  open a wx", "2  rename a -> b"],
  state: ["found:", "  (nothing)"],
  replay: "crashes:ext4:2",
  error: new Error("/state is missing"),
  size: 1,
  ...some,
});

const failing = (...failures: readonly Failure[]): Report =>
  report({ failures, failed: failures.length });

describe("formatReport", () => {
  it("of a good one", () => {
    expect(formatReport(report())).toBe(
      'Power losses of "save": 1,234 cases, none failed (1.2 s)\nExhaustive: every case there is was run.',
    );
    expect(formatReport(report({ explorer: "faults", scenario: undefined, cases: 1 }))).toMatch(
      /^Faults: 1 case, none failed/,
    );
  });

  it("of a failure", () => {
    expect(formatReport(failing(failure())))
      .toBe(`Power losses of "save": 1 of 1,234 cases failed (1.2 s)
Exhaustive: every case there is was run.

1) /state is missing
   where  power lost after call 2 (rename a -> b), model ext4
   calls  1  open a wx
          2  rename a -> b
   state  found:
            (nothing)
   replay with: replay(scenario, "crashes:ext4:2")`);
  });

  it("of one that is not exhaustive: the seed, the limits, the share", () => {
    const text = formatReport(
      report({ exhaustive: false, limits: ["stopped after maxStates", "a pipe"], share: 0.1237 }),
    );
    expect(text.split("\n").slice(1)).toEqual([
      "Not exhaustive: 1,234 cases were run, 12.3% of all; seed 42.",
      "  stopped after maxStates",
      "  a pipe",
    ]);
    const shares = [undefined, 0.0001, 0.99999].map(
      (share) => /run, (.*);/.exec(formatReport(report({ exhaustive: false, share })))?.[1],
    );
    expect(shares).toEqual(["an unknown share", "less than 0.1% of all", "99.9% of all"]);
  });

  it("tells three different failures in full, and of the others how to see them", () => {
    const all = ["a", "b", "a", "c", "d", "d"].map((message, at) =>
      failure({ message, replay: `replay-${at}` }),
    );
    const text = formatReport({ ...failing(...all), failed: 20 });
    expect(text.match(/^\d\) .*/gm)).toEqual(["1) a", "2) b", "3) c"]);
    expect(text.slice(text.indexOf("-  "))).toBe(`-  the same as 1), in 1 other case
   replay with: replay(scenario, "replay-2")

-  d
   replay with: replay(scenario, "replay-4")
   replay with: replay(scenario, "replay-5")

… and 14 more failures, not kept (maxFailures).`);
  });

  it("says how to run each again", () => {
    const linesOf = (some: Partial<Report>, replay: string): string[] =>
      formatReport({ ...failing(failure({ replay })), ...some })
        .split("\n")
        .filter((line) => line.includes("replay"));
    expect(linesOf({ explorer: "interference" }, "a")).toEqual([
      '   replay with: replay(scenario, "a", { adversaries })',
    ]);
    expect(linesOf({ explorer: "schedules", replayOptions: ["timers", "memory"] }, "a")).toEqual([
      '   replay with: replay(scenarios, "a", { timers, memory })',
    ]);
    expect(linesOf({ explorer: "process" }, "kill 3 before")).toEqual([
      '   replay with: only: "kill 3 before"',
    ]);
    expect(linesOf({ explorer: "process" }, "seed 7")).toEqual(["   replay with: seed: 7"]);
  });

  it("speaks of one case as of one, and has no more to say of it", () => {
    const limits = ["the run fails"];
    const one = report({ cases: 1, exhaustive: false, share: undefined, limits });
    expect(formatReport(one).split("\n").slice(1)).toEqual([
      "Not exhaustive: 1 case was run.",
      "  the run fails",
    ]);
    expect(formatReport({ ...failing(failure()), failed: 2 })).toMatch(
      /… and 1 more failure, not kept/,
    );
  });

  it("does not repeat the message in the state", () => {
    const told = (some: Partial<Failure>): string =>
      /^ {3}state .*?(?=\n {3}replay)/ms.exec(formatReport(failing(failure(some))))![0];
    const state = ["found:", "  a = 1", "the check said:", "  /state is missing"];
    expect(told({ state })).toBe("   state  found:\n            a = 1");
    const more = [...state, "  or so", "  it seems"];
    expect(told({ state: more })).toBe(
      "   state  found:\n            a = 1\n          the check said also:\n            or so\n            it seems",
    );
    const message = "left open: /a; left behind: b";
    const problems = [
      "the run said done",
      "left open: /a",
      "left behind: b",
      "the tree found:",
      "  b",
    ];
    expect(told({ message, state: problems })).toBe(
      "   state  the run said done\n          the tree found:\n            b",
    );
  });

  it("leaves out the middle of what is long", () => {
    const calls = Array.from({ length: 100 }, (_, at) => `${at}  call`);
    const lines = formatReport(failing(failure({ calls })))
      .split("\n")
      .map((line) => line.trim());
    expect(lines).toContain("calls  0  call");
    expect(lines).toContain("… 60 more lines …");
    expect(lines).toContain("99  call");
    expect(lines.filter((line) => line.endsWith("  call"))).toHaveLength(40);
  });

  it("is never wider than 110 columns, but for what is to be copied", () => {
    const words = "every word of it counts ".repeat(30).trim();
    const text = formatReport({
      ...failing(
        failure({
          message: words,
          where: words,
          calls: [words, "x".repeat(400)],
          state: [`  ${words}`, `  ${"y".repeat(300)}`],
        }),
        failure({ message: `${words}!` }),
      ),
      exhaustive: false,
      limits: [words],
    });
    const wide = text.split("\n").filter((line) => line.length > 110);
    expect(wide).toEqual([]);
    expect(text.replaceAll(/\s+/g, "")).toContain("x".repeat(400));
    expect(text.replaceAll(/\s+/g, " ")).toContain(words);
  });
});

describe("roughly", () => {
  it.each([
    [0, "0"],
    [1234, "1,234"],
    [999_999, "999,999"],
    [1_000_000, "1 million"],
    [203_456_789, "200 million"],
    [2.5e12, "3 trillion"],
    [4e25, "10^25"],
    [1.2e300, "10^300"],
    [Infinity, "more than 10^308"],
  ])("%d", (count, text) => {
    expect(roughly(count)).toBe(text);
  });
});

describe("Exploration", () => {
  it("has every message on one line", () => {
    const exploration = new Exploration("faults", undefined, {});
    for (const message of [" a\n  b\r\n\r\nc\n", "one", "d\u2028e"]) {
      exploration.ran(failure({ message }));
    }
    expect(exploration.report().failures.map(({ message }) => message)).toEqual([
      "a b c",
      "one",
      "d e",
    ]);
  });

  it("keeps of the options the names of those that a replay needs", () => {
    const options = {
      maxStates: 1,
      memory: {},
      timers: "real",
      maxSchedules: 3,
      maxCalls: undefined,
    };
    expect(new Exploration("schedules", undefined, options).report().replayOptions).toEqual([
      "timers",
      "memory",
    ]);
    expect(new Exploration("schedules", undefined, {}).report()).not.toHaveProperty(
      "replayOptions",
    );
  });
});

describe("assertPassed", () => {
  it("is content with a good report", () => {
    expect(() => assertPassed(report())).not.toThrow();
  });

  it("throws the text, and says what the check threw", () => {
    const one = failure();
    const thrown = caught(() => assertPassed(failing(one)));
    expect(thrown.message).toBe(formatReport(failing(one)));
    expect(thrown.cause).toBe(one.error);
  });

  it("refuses a part of the cases, unless that is accepted", () => {
    const part = report({ exhaustive: false, limits: ["stopped"], share: 0.5 });
    expect(caught(() => assertPassed(part)).message).toBe(
      [
        "Not exhaustive: 1,234 cases were run, 50% of all; seed 42.",
        "  stopped",
        "No failure is no proof then. Where a budget ran out, raise it; otherwise say that it is enough",
        'with { sampled: "accept" }.',
      ].join("\n"),
    );
    expect(() => assertPassed(part, { sampled: "accept" })).not.toThrow();
    const failed = { ...part, failures: [failure()], failed: 1 };
    expect(() => assertPassed(failed, { sampled: "accept" })).toThrow("is missing");
  });

  it("throws also if no failure was kept", () => {
    expect(() => assertPassed(report({ failed: 3 }))).toThrow("3 of 1,234 cases failed");
  });

  it("refuses what is no report, and options that mean nothing", () => {
    const invalid = expect.objectContaining({
      name: "TypeError",
      code: "ERR_INVALID_ARG",
    }) as Error;
    expect(() => assertPassed(undefined as never)).toThrow(invalid);
    expect(() => assertPassed(report(), { sampled: true as never })).toThrow(invalid);
  });
});

function caught(work: () => void): Error {
  try {
    work();
  } catch (error) {
    return error as Error;
  }
  throw new Error("nothing was thrown");
}
