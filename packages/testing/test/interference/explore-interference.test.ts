import assert from "node:assert/strict";
import { expect, test } from "vitest";
import type { Adversary } from "../../src/interference/adversary.ts";
import {
  addHardlink,
  grow,
  moveAway,
  replaceFile,
  swapForDirectory,
  swapForSymlink,
} from "../../src/interference/adversaries.ts";
import {
  exploreInterference,
  replayInterference,
} from "../../src/interference/explore-interference.ts";
import type { Scenario } from "../../src/scenario/scenario.ts";
import {
  appendInPlace,
  appendInPlaceSync,
  appendNoFollow,
  copyByStatSize,
  copyToTheEnd,
  emptyDirectory,
  emptyHeldDirectory,
  readChecked,
  readPinned,
  writeInPlace,
  writeReplacing,
} from "./programs.ts";

const symlink = swapForSymlink("/upload", "/secret");

test("the link swapped in between lstat and open is found, between which calls, and shown again", async () => {
  const report = await exploreInterference(appendInPlace, { adversaries: [symlink] });
  expect(report.exhaustive).toBe(true);
  expect(report.cases).toBe(1 + 5); // lstat, open, write, close: five gaps
  expect(report.failed).toBe(1);
  const [failure] = report.failures;
  expect(failure).toMatchObject({
    message: "the secret was changed",
    where: "symlink swapped in between call 1 (lstat /upload) and call 2 (open /upload a)",
    replay: "interference:swapForSymlink /upload -> /secret:1",
    size: 1,
    calls: [
      "1  lstat /upload",
      "   -- symlink swapped in",
      "2  open /upload a",
      "3  write /upload 4",
      "4  close /upload",
    ],
  });
  expect(failure?.state).toContain("on disk: upload => /secret");
  const again = await replayInterference(appendInPlace, failure!.replay, {
    adversaries: [symlink],
  });
  expect(again.failures).toEqual(report.failures.map((f) => ({ ...f, error: expect.anything() })));
  expect(again).toMatchObject({ cases: 1, failed: 1, exhaustive: false });
});

test("the synchronous twin fails at the same point", async () => {
  const report = await exploreInterference(appendInPlaceSync, { adversaries: [symlink] });
  expect(report.failures.map(({ replay }) => replay)).toEqual([
    "interference:swapForSymlink /upload -> /secret:1",
  ]);
});

test("with O_NOFOLLOW and fstat it passes, and the report is exhaustive", async () => {
  const adversaries = [symlink, swapForDirectory("/upload"), moveAway("/upload")];
  const report = await exploreInterference(appendNoFollow, { adversaries, moves: 2 });
  expect(report.failures).toEqual([]);
  expect(report.exhaustive).toBe(true);
  expect(report.share).toBe(1);
  // Alone at each of the five gaps; twice after 0 calls (then open fails, and there is one more gap),
  // after 1 (2, 3 and 4 are left), after 2 and after 3.
  expect(report.landed[symlink.name]).toBe(5 + 1 + 3 + 2 + 1);
});

test("a hard link added to a file that is written in place", async () => {
  const adversaries = [addHardlink("/state", "/outside/spy")];
  const found = await exploreInterference(writeInPlace, { adversaries });
  expect(found.failures[0]?.message).toBe("who has the other name reads what was written");
  const mended = await exploreInterference(writeReplacing, { adversaries });
  expect(mended.failures).toEqual([]);
  expect(mended.exhaustive).toBe(true);
});

test("a file that grows after its size was asked for", async () => {
  const adversaries = [grow("/log", 3)];
  const found = await exploreInterference(copyByStatSize, { adversaries });
  expect(found.failures.map(({ where }) => where)).toContain(
    "/log grown by 3 bytes between call 2 (fstat /log) and call 3 (read /log 5)",
  );
  const mended = await exploreInterference(copyToTheEnd, { adversaries });
  expect(mended.failures).toEqual([]);
});

test("a directory that is moved away and another one in its place", async () => {
  const adversaries = [swapForDirectory("/work"), moveAway("/work")];
  const found = await exploreInterference(emptyDirectory, { adversaries });
  expect(found.failures.map(({ replay }) => replay.split(":")[1])).toContain(
    "swapForDirectory /work",
  );
  const mended = await exploreInterference(emptyHeldDirectory, { adversaries, moves: 2 });
  expect(mended.failures).toEqual([]);
});

test("there and back: what looks the same before and after was not the same in between", async () => {
  const adversaries = [replaceFile("/key", "forged")];
  const once = await exploreInterference(readChecked, { adversaries });
  expect(once.failures).toEqual([]);
  expect(once.exhaustive).toBe(true);
  const twice = await exploreInterference(readChecked, { adversaries, moves: 2 });
  expect(twice.failures[0]).toMatchObject({
    message: "a forged key was taken",
    size: 2,
    where:
      "/key replaced between call 1 (lstat /key) and call 2 (open /key r), " +
      "undone between call 2 (open /key r) and call 3 (read /key 16)",
  });
  const mended = await exploreInterference(readPinned, { adversaries, moves: 2 });
  expect(mended.failures).toEqual([]);
  const { replay } = twice.failures[0]!;
  expect(replay).toBe("interference:replaceFile /key:1,2");
  const again = await replayInterference(readChecked, replay, { adversaries });
  expect(again.failures[0]?.calls).toEqual(twice.failures[0]?.calls);
});

/** Three calls on which nothing that anybody does has an influence. */
const threeCalls: Scenario = {
  setup: (fs) => fs.writeFileSync("/f", ""),
  async run(fs) {
    for (let i = 0; i < 3; i++) await fs.promises.stat("/");
  },
  check() {},
};

test("every gap once and every pair of gaps, each counted by hand", async () => {
  const seen: string[] = [];
  const watcher: Adversary = {
    name: "watcher",
    act: (_fs, { call, when }) => void seen.push(`act ${when} ${call?.index}`),
    undo: (_fs, { call, when }) => void seen.push(`undo ${when} ${call?.index}`),
  };
  const one = await exploreInterference(threeCalls, { adversaries: [watcher] });
  expect(one.cases).toBe(1 + 4);
  expect(seen).toEqual(["act before 1", "act before 2", "act before 3", "act after 3"]);
  seen.length = 0;
  const two = await exploreInterference(threeCalls, { adversaries: [watcher], moves: 2 });
  expect(two.cases).toBe(1 + 4 + 6); // (0,1) (0,2) (0,3) (1,2) (1,3) (2,3)
  expect(two.exhaustive).toBe(true);
  expect(seen.slice(4)).toEqual(
    ["1,2", "1,3", "1,end", "2,3", "2,end", "3,end"].flatMap((pair) => {
      const [first, second] = pair.split(",");
      return [`act before ${first}`, second === "end" ? "undo after 3" : `undo before ${second}`];
    }),
  );
});

test("without undo the adversary acts a second time", async () => {
  let most = 0;
  const adversary: Adversary = {
    name: "appender",
    act: (fs) => fs.appendFileSync("/f", "x"),
  };
  const scenario: Scenario = {
    ...threeCalls,
    check: (fs) => void (most = Math.max(most, fs.readFileSync("/f", "utf8").length)),
  };
  await exploreInterference(scenario, { adversaries: [adversary], moves: 2 });
  expect(most).toBe(2);
});

test("an adversary that waits acts between two calls even of those made at the same time", async () => {
  let acted = 0;
  const slow: Adversary = {
    name: "slow",
    async act(fs) {
      const before = await fs.promises.readFile("/f", "utf8");
      for (let i = 0; i < 20; i++) await Promise.resolve();
      if ((await fs.promises.readFile("/f", "utf8")) !== before) throw new Error("a call was made");
      acted++;
    },
  };
  const scenario: Scenario = {
    setup: (fs) => fs.writeFileSync("/f", ""),
    run: (fs) => Promise.all(["a", "b", "c"].map((text) => fs.promises.appendFile("/f", text))),
    check(fs, { end }) {
      assert.equal(end, "done");
      assert.equal(fs.readFileSync("/f", "utf8").length, 3);
    },
  };
  const report = await exploreInterference(scenario, { adversaries: [slow] });
  expect(report.failures).toEqual([]);
  expect(report.exhaustive).toBe(true); // every point was reached
  expect(acted).toBe(3 * 3 + 1); // open, write and close of each
});

test("who could act nowhere is counted, and the report is not exhaustive", async () => {
  const adversaries = [moveAway("/no/such/thing"), grow("/f", 1)];
  const report = await exploreInterference(threeCalls, { adversaries });
  expect(report.landed).toEqual({
    "moveAway /no/such/thing -> /no/such/thing.aside": 0,
    "grow /f by 1": 4,
  });
  expect(report.exhaustive).toBe(false);
  expect(report.limits).toEqual([
    '"moveAway /no/such/thing -> /no/such/thing.aside" never landed: it could not act at any point',
  ]);
});

test("a mistake in an adversary is not taken for one that did not land", async () => {
  const broken: Adversary = {
    name: "broken",
    act() {
      throw new TypeError("undefined is not a function");
    },
  };
  await expect(exploreInterference(threeCalls, { adversaries: [broken] })).rejects.toThrow(
    "undefined is not a function",
  );
});

test("a promise cannot be waited for before a synchronous call, and that is said", async () => {
  const patient: Adversary = { name: "patient", act: async () => {} };
  const scenario: Scenario = { run: (fs) => fs.statSync("/"), check() {} };
  await expect(exploreInterference(scenario, { adversaries: [patient] })).rejects.toMatchObject({
    code: "ERR_INVALID_ARG",
    message: expect.stringContaining('"patient" returned a promise before'),
  });
});

test("a program that fails by itself is told apart from one that is attacked", async () => {
  const scenario: Scenario = {
    ...threeCalls,
    name: "wrong anyway",
    check() {
      assert.fail("never right");
    },
  };
  const report = await exploreInterference(scenario, { adversaries: [grow("/f", 1)] });
  expect(report).toMatchObject({
    cases: 1,
    failed: 1,
    exhaustive: false,
    scenario: "wrong anyway",
  });
  expect(report.failures[0]).toMatchObject({ where: "nobody interfered", replay: "interference:" });
  const again = await replayInterference(scenario, "interference:", {
    adversaries: [grow("/f", 1)],
  });
  expect(again.failures[0]?.message).toBe("never right");
});

test("a program that is broken is not taken for one that nobody can lead astray", async () => {
  const adversaries = [grow("/f", 1)];
  const told = async (run: Scenario["run"]): Promise<string> => {
    const scenario: Scenario = { ...threeCalls, run };
    const report = await exploreInterference(scenario, { adversaries });
    expect(report).toMatchObject({ cases: 1, failed: 1, exhaustive: false });
    expect(report.failures[0]).toMatchObject({
      where: "nobody interfered",
      replay: "interference:",
    });
    const again = await replayInterference(scenario, "interference:", { adversaries });
    expect(again.failures[0]?.message).toBe(report.failures[0]!.message);
    return report.failures[0]!.message;
  };
  const typo = (fs: object): unknown => (fs as Record<string, () => unknown>)["statsSync"]!();
  expect(await told((fs) => typo(fs))).toMatch(
    /^the run failed without an adversary: TypeError: .* is not a function$/,
  );
  expect(await told(() => {})).toBe(
    "the run made no call through the file system that it was given",
  );
  expect(await told((fs) => void fs.promises.appendFile("/f", "x"))).toBe(
    "the run returned while calls of it were still under way: open /f a, write /f 1",
  );
});

test("a move in a run that makes no call is told as one", async () => {
  const adversaries = [grow("/f", 1)];
  const scenario: Scenario = { ...threeCalls, run() {}, check: () => assert.fail("as it must") };
  const replayed = await replayInterference(scenario, "interference:grow /f by 1:0", {
    adversaries,
  });
  expect(replayed.failures[0]).toMatchObject({
    where: "/f grown by 1 bytes while the run made no call",
    calls: ["   -- /f grown by 1 bytes"],
  });
});

test.each(["promises", "sync"] as const)(
  "a run that is made to go on for ever ends (%s)",
  async (face) => {
    const scenario: Scenario = {
      setup: (fs) => fs.writeFileSync("/f", ""),
      async run(fs) {
        for (;;) {
          try {
            if (face === "sync") fs.statSync("/f");
            else await fs.promises.stat("/f");
            return;
          } catch (error) {
            if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
          }
        }
      },
      check() {},
    };
    const adversaries = [moveAway("/f")];
    const report = await exploreInterference(scenario, { adversaries, maxCalls: 50 });
    expect(report.failures.map(({ message, replay }) => [message, replay])).toEqual([
      ["the run did not end within 50 calls", "interference:moveAway /f -> /f.aside:0"],
    ]);
  },
);

test("what was opened and not closed is told to the check", async () => {
  const scenario: Scenario = {
    setup: (fs) => fs.writeFileSync("/f", ""),
    async run(fs) {
      const file = await fs.promises.open("/f");
      await fs.promises.stat("/f"); // throws while the file is away, and nobody closes
      await file.close();
    },
    check: (_fs, { leaks, end }) => assert.deepEqual(leaks, [], String(end)),
  };
  const report = await exploreInterference(scenario, { adversaries: [moveAway("/f")] });
  expect(report.failures.map(({ replay }) => replay)).toEqual([
    "interference:moveAway /f -> /f.aside:1",
  ]);
  expect(report.failures[0]?.state).toContain("not closed: /f");
});

test("a budget ends it, and the report says what share was run", async () => {
  const report = await exploreInterference(threeCalls, {
    adversaries: [grow("/f", 1)],
    maxStates: 2,
  });
  expect(report).toMatchObject({ cases: 2, exhaustive: false, share: 2 / 5 });
  expect(report.limits).toEqual(["stopped after maxStates = 2 cases"]);
});

test("options that make no sense are refused before anything runs", async () => {
  const scenario: Scenario = { run: () => assert.fail("it ran"), check() {} };
  const wrong: [options: unknown, message: RegExp][] = [
    [undefined, /"options" must be/],
    [{}, /"adversaries" must be an array/],
    [{ adversaries: [] }, /"adversaries" must be an array/],
    [{ adversaries: [{ name: "x" }] }, /a name and act/],
    [{ adversaries: [moveAway("/a"), moveAway("/a")] }, /two adversaries have the name/],
    [{ adversaries: [moveAway("/a")], moves: 3 }, /"moves" must be 1 or 2/],
    [{ adversaries: [moveAway("/a")], maxCalls: 0 }, /"maxCalls" must be at least 1/],
  ];
  for (const [options, message] of wrong) {
    await expect(exploreInterference(scenario, options as never)).rejects.toMatchObject({
      code: "ERR_INVALID_ARG",
      message: expect.stringMatching(message),
    });
  }
  const options = { adversaries: [moveAway("/a")] };
  for (const replay of [
    "",
    "schedules:AB",
    "interference:nobody:1",
    "interference:moveAway /a:x",
  ]) {
    await expect(replayInterference(scenario, replay, options)).rejects.toMatchObject({
      code: "ERR_INVALID_ARG",
    });
  }
});
