import { describe, expect, it } from "vitest";
import * as testing from "../../src/index.ts";
import { requireKnown } from "../../src/scenario/known-options.ts";

const scenario: testing.Scenario = { name: "none", run: () => {}, check: () => {} };
const { fs } = testing.createMemoryFileSystem();
const adversaries = [testing.moveAway("/a")];

/** An error of the caller that names the option and the nearest known one. */
const refusal = (unknown: string, nearest: string): Error =>
  expect.objectContaining({
    name: "TypeError",
    code: "ERR_INVALID_ARG",
    message: expect.stringContaining(`"${unknown}" is no option; did you mean "${nearest}"?`),
  }) as Error;

describe("requireKnown", () => {
  it.each([
    ["maxState", "maxStates"],
    ["max_states", "maxStates"],
    ["MAXSTATES", "maxStates"],
    ["timout", "timeoutMs"],
    ["timeout", "timeoutMs"],
    ["sede", "seed"],
    ["", "ui"],
    ["GID", "gid"],
    ["gdi", "gid"],
  ])("knows what %j means", (unknown, nearest) => {
    const options: object = { [unknown]: 1 };
    const names = ["maxStates", "timeoutMs", "seed", "onProgress", "ui", "uid", "gid"] as never[];
    expect(() => requireKnown("explore", options, names)).toThrow(refusal(unknown, nearest));
  });

  it("takes the known ones and no others, given as undefined or not", () => {
    const names = ["seed", "again"] as never[];
    expect(() => requireKnown("explore", {}, names)).not.toThrow();
    expect(() => requireKnown("explore", { seed: 1, again: undefined }, names)).not.toThrow();
    const wrong = { seed: 1, agian: undefined };
    expect(() => requireKnown("explore", wrong, names)).toThrow(refusal("agian", "again"));
  });

  it.each([null, 7, "x", []])("refuses %j, which is no options", (options) => {
    expect(() => requireKnown("explore", options as never, [])).toThrow(
      expect.objectContaining({ name: "TypeError", code: "ERR_INVALID_ARG" }) as Error,
    );
  });
});

describe("a misspelt option is refused by", () => {
  // as JavaScript calls them
  const {
    assertPassed,
    createMemoryFileSystem,
    durableAsAcknowledged,
    exploreCrashes,
    exploreInterference,
    exploreSchedules,
    insideRoot,
    lintTrace,
    noStagedFiles,
    randomly,
    replay,
    sweepFaults,
    traceFileSystem,
  } = testing as unknown as Record<string, (...args: unknown[]) => unknown>;
  const report = testing.sweepFaults({ ...scenario, run: (given) => given.statSync("/") });

  it.each<[string, string, string, () => unknown]>([
    ["exploreCrashes", "maxState", "maxStates", () => exploreCrashes!(scenario, { maxState: 1 })],
    ["exploreCrashes", "model", "models", () => exploreCrashes!(scenario, { model: ["ext4"] })],
    ["sweepFaults", "leftover", "leftovers", () => sweepFaults!(scenario, { leftover: "allow" })],
    [
      "exploreInterference",
      "move",
      "moves",
      () => exploreInterference!(scenario, { adversaries, move: 2 }),
    ],
    [
      "exploreSchedules",
      "maxSchedule",
      "maxSchedules",
      () => exploreSchedules!([scenario, scenario], { maxSchedule: 1 }),
    ],
    [
      "replay",
      "adversary",
      "adversaries",
      () => replay!(scenario, "faults:none", { adversary: 1 }),
    ],
    [
      "createMemoryFileSystem",
      "platfrom",
      "platform",
      () => createMemoryFileSystem!({ platfrom: 1 }),
    ],
    ["memory of a scenario", "gids", "gid", () => sweepFaults!(scenario, { memory: { gids: 1 } })],
    ["traceFileSystem", "roots", "root", () => traceFileSystem!(fs, { roots: "/" })],
    ["lintTrace", "of", "off", () => lintTrace!(testing.traceFileSystem(fs), { of: [] })],
    ["randomly", "probabilty", "probability", () => randomly!({ probability: 1, probabilty: 1 })],
    ["noStagedFiles", "patern", "pattern", () => noStagedFiles!("/", { patern: /x/ })],
    ["insideRoot", "secret", "secrets", () => insideRoot!("/a", { outside: [], secret: ["x"] })],
    [
      "durableAsAcknowledged",
      "orders",
      "order",
      () => durableAsAcknowledged!({ path: "/a", order: ["x"], orders: [] }),
    ],
    [
      "assertPassed",
      "sample",
      "sampled",
      async () => assertPassed!(await report, { sample: "accept" }),
    ],
  ])("%s: %s", async (_, unknown, nearest, work) => {
    await expect((async () => work())()).rejects.toThrow(refusal(unknown, nearest));
  });

  it("nobody that is given all options that there are", async () => {
    const memory: Required<testing.MemoryFileSystemOptions> = {
      tree: [],
      platform: "linux",
      umask: 0o022,
      uid: 0,
      gid: 0,
      capacityBytes: 1e6,
      devices: ["/mnt"],
    };
    const budget: Required<testing.Budget> = {
      maxStates: 100,
      timeoutMs: 10_000,
      seed: 1,
      onProgress: () => {},
      maxFailures: 1,
    };
    const crash: Required<testing.CrashOptions> = {
      ...budget,
      models: ["ext4"],
      again: true,
      faults: "fsync",
      memory,
    };
    const sweep: Required<Omit<testing.SweepFaultsOptions, "persist" | "shortIO">> = {
      ...budget,
      errnos: () => ["EIO"],
      modes: ["once-before"],
      depth: 1,
      leftovers: "allow",
      ignoredErrors: testing.op("fsync"),
      settleMs: 1000,
      memory,
    };
    const interference: Required<testing.InterferenceOptions> = {
      ...budget,
      adversaries,
      moves: 1,
      maxCalls: 10,
      memory,
    };
    const schedule: Required<testing.ScheduleOptions> = {
      ...budget,
      maxSchedules: 1,
      maxPreemptions: 1,
      timers: "events",
      maxTimerFirings: 2,
      reduce: false,
      maxCalls: 10,
      memory,
    };
    await testing.exploreCrashes(scenario, crash);
    await testing.sweepFaults(scenario, sweep);
    await testing.sweepFaults(scenario, { persist: false, shortIO: false });
    await testing.exploreInterference(scenario, interference);
    await testing.exploreSchedules([scenario, scenario], schedule);
    const { modes: _, ...rest } = sweep;
    const all = { ...rest, ...crash, ...interference, ...schedule, persist: true, shortIO: true };
    const again = await testing.replay(scenario, "faults:none", all);
    expect(again.replay).toBe("faults:none");
  });
});
