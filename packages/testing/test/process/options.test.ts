import { describe, expect, it } from "vitest";
import {
  assertProcessPassed,
  formatProcessReport,
  hammer,
  storm,
  sweepProcess,
  type Report,
} from "../../src/process.ts";
import { formatPoint, parsePoint } from "../../src/process/points.ts";

const run = { command: ["node"], check: () => {} };
const sweep = { ...run, verb: "kill" };
const bad: readonly [string, () => Promise<unknown>, RegExp][] = [
  ["no command", () => sweepProcess({ ...sweep, command: [] } as never), /sweepProcess: "command"/],
  ["a command of numbers", () => sweepProcess({ ...sweep, command: [1] } as never), /"command"/],
  [
    "a function that gives no command",
    () => sweepProcess({ ...sweep, command: () => "node" } as never),
    /"command"/,
  ],
  ["a URL as cwd", () => sweepProcess({ ...sweep, cwd: new URL("file:///") } as never), /"cwd"/],
  [
    "a function that gives no cwd",
    () => storm({ ...run, kills: 1, cwd: () => 1 } as never),
    /"cwd"/,
  ],
  ["no check", () => sweepProcess({ ...sweep, check: 1 } as never), /"check" must be a function/],
  ["no prepare", () => sweepProcess({ ...sweep, prepare: "x" } as never), /"prepare"/],
  ["an unknown verb", () => sweepProcess({ ...sweep, verb: "hurt" } as never), /"verb"/],
  [
    "a race without an adversary",
    () => sweepProcess({ ...sweep, verb: "race" } as never),
    /"race" goes with/,
  ],
  [
    "an adversary without a race",
    () => sweepProcess({ ...sweep, race: () => {} } as never),
    /"race" goes with/,
  ],
  [
    "an adversary that is none",
    () => sweepProcess({ ...sweep, verb: "race", race: 1 } as never),
    /"race" must be/,
  ],
  [
    "errnos without fail",
    () => sweepProcess({ ...sweep, errnos: ["EIO"] } as never),
    /"errnos" goes with/,
  ],
  [
    "an unknown errno",
    () => sweepProcess({ ...sweep, verb: "fail", errnos: ["ENONE"] } as never),
    /"errnos"/,
  ],
  [
    "no time",
    () => sweepProcess({ ...sweep, timeoutMs: 0 } as never),
    /"timeoutMs" must be at least 1/,
  ],
  [
    "a text as time",
    () => sweepProcess({ ...sweep, timeoutMs: "1" } as never),
    /"timeoutMs" must be a number/,
  ],
  ["no cases", () => sweepProcess({ ...sweep, maxCases: 0 } as never), /"maxCases"/],
  [
    "the replay of another verb",
    () => sweepProcess({ ...sweep, only: "race 1 before" } as never),
    /"only"/,
  ],
  [
    "a replay of nothing",
    () => sweepProcess({ ...sweep, only: "kill 0 before" } as never),
    /"only"/,
  ],
  [
    "a replay at no time",
    () => sweepProcess({ ...sweep, only: "kill 1 during" } as never),
    /"only"/,
  ],
  ["a storm without kills", () => storm({ ...run, kills: 0 } as never), /storm: "kills"/],
  ["a storm that does not say how many", () => storm(run as never), /storm: "kills"/],
  ["a misspelt option", () => sweepProcess({ ...sweep, maxCase: 1 } as never), /"maxCases"/],
  ["a misspelt option of a storm", () => storm({ ...run, kill: 1 } as never), /"kills"/],
  ["a storm in no time", () => storm({ ...run, kills: 1, withinMs: 0 } as never), /"withinMs"/],
  ["a storm with half a seed", () => storm({ ...run, kills: 1, seed: 0.5 } as never), /"seed"/],
  [
    "a storm in some directory",
    () => storm({ ...run, kills: 1, directory: "/tmp" } as never),
    /"directory"/,
  ],
  ["a hammer without act", () => hammer({ attack: "", times: 1 } as never), /hammer: "act"/],
  [
    "a hammer of nothing",
    () => hammer({ act: () => {}, attack: {}, times: 1 } as never),
    /"attack"/,
  ],
  ["a hammer without attack", () => hammer({ act: () => {}, times: 1 } as never), /"attack"/],
  ["no blow", () => hammer({ act: () => {}, attack: "", times: 0 } as never), /"times"/],
];

describe("bad arguments", () => {
  it.each(bad)("%s", async (_, call, message) => {
    await expect(call()).rejects.toMatchObject({
      code: "ERR_INVALID_ARG",
      message: expect.stringMatching(message) as string,
    });
  });
});

describe("a replay", () => {
  it.each(["kill 3 before", "kill 12 within", "kill 1 after", "undisturbed"])("%s", (text) => {
    expect(formatPoint(parsePoint(text, "kill"))).toBe(text);
  });
  it("of the other verbs", () => {
    expect(parsePoint("fail 2 EIO fsync", "fail")).toEqual({
      verb: "fail",
      index: 2,
      errno: "EIO",
      name: "fsync",
    });
    expect(formatPoint({ verb: "fail", index: 2, errno: "EIO", name: "fsync" })).toBe(
      "fail 2 EIO fsync",
    );
    expect(formatPoint(parsePoint("race 2 after", "race"))).toBe("race 2 after");
    for (const text of ["race 2 within", "race two before", "race"]) {
      expect(() => parsePoint(text, "race")).toThrow("only");
    }
  });
});

describe("a report", () => {
  const failure = {
    message: "torn",
    where: "killed after call 1 (open a w)",
    error: new Error("torn"),
    size: 1,
    calls: ["1 open a w   <- killed after"],
    state: ["ended: SIGKILL"],
    replay: "kill 1 after",
  };
  const report: Report = {
    explorer: "process",
    scenario: undefined,
    cases: 3,
    exhaustive: true,
    seed: 0,
    share: 1,
    limits: [],
    failures: [],
    failed: 0,
    elapsedMs: 1234,
  };

  it("without failures passes, and says whether it was all", () => {
    expect(() => assertProcessPassed(report)).not.toThrow();
    expect(formatProcessReport(report)).toBe("3 runs, all there are, none failed (1.2 s)");
    const cut = { ...report, exhaustive: false, limits: ["stopped after maxCases = 3 cases"] };
    expect(formatProcessReport(cut)).toBe(
      "3 runs, none failed (1.2 s)\nnot everything was run: stopped after maxCases = 3 cases",
    );
  });

  it("with failures shows each that was kept, and throws with the first as cause", () => {
    const failed = { ...report, failed: 2, failures: [failure] };
    expect(formatProcessReport(failed)).toBe(
      [
        "3 runs, all there are, 2 failed (1.2 s)",
        "",
        "failure 1: killed after call 1 (open a w): torn",
        "  1 open a w   <- killed after",
        "  ended: SIGKILL",
        '  again: only: "kill 1 after"',
        "",
        "and 1 more",
      ].join("\n"),
    );
    expect(() => assertProcessPassed(failed)).toThrow(
      expect.objectContaining({
        message: formatProcessReport(failed),
        cause: failure.error,
      }) as Error,
    );
  });
});
