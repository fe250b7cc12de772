/** Programs that do not do what they should, and whose check would not see it. */

import { describe, expect, test } from "vitest";
import { oldOrNew } from "../../src/checks/files.ts";
import { exploreCrashes } from "../../src/crash/explore-crashes.ts";
import { replayCrash } from "../../src/crash/replay-crash.ts";
import type { Failure } from "../../src/scenario/report.ts";
import type { Scenario } from "../../src/scenario/scenario.ts";

const saving = (run: Scenario["run"]): Scenario => ({
  setup: (fs) => fs.writeFileSync("/s", "old"),
  run,
  check: oldOrNew("/s", ["old", "new"]),
});

/** The one failure of a scenario, which its replay shows again. */
async function failureOf(scenario: Scenario): Promise<Failure> {
  const report = await exploreCrashes(scenario);
  expect(report).toMatchObject({ cases: 1, failed: 1, exhaustive: false, share: undefined });
  expect(report.limits).toEqual(["no power cut was tried: the run without one is wrong already"]);
  const [failure] = report.failures;
  const again = await replayCrash(scenario, failure!.replay);
  expect(again.failures).toEqual([{ ...failure, error: expect.any(Error) }]);
  return failure!;
}

test("one that throws at once", async () => {
  const failure = await failureOf(
    saving((fs) => (fs as unknown as Record<string, () => void>)["writFileSync"]!()),
  );
  expect(failure).toMatchObject({
    message: expect.stringMatching(
      /^the run failed without a power cut: TypeError: .* is not a function$/,
    ),
    where: "the run ended, no power lost",
    calls: [],
    state: ["found at the end:", "  s = old"],
    replay: "crashes:end",
    size: 0,
    error: { cause: expect.any(TypeError) },
  });
});

test("one that writes somewhere else", async () => {
  const { message } = await failureOf(saving(() => {}));
  expect(message).toBe("the run made no call through the file system that it was given");
});

test("what the check says of such a run comes first", async () => {
  const { message, state } = await failureOf({
    ...saving((fs) => fs.unlinkSync("/none")),
    check(_, { end }) {
      if (end instanceof Error) throw new Error("it should not fail");
    },
  });
  expect(message).toBe("it should not fail");
  expect(state).toContain(
    "the check was told: acks = [], end = threw ENOENT: no such file or directory, unlink '/none'",
  );
});

describe("a program that says that it is done before it is", () => {
  const under = "the run returned while calls of it were still under way: ";

  test.each<[string, Scenario["run"], string]>([
    [
      "an await is forgotten",
      (fs) => {
        void fs.promises.rename("/s", "/t").then(() => fs.promises.rename("/t", "/s"));
      },
      `${under}rename /s -> /t, rename /t -> /s`,
    ],
    [
      "somewhere within",
      async (fs) => {
        const write = async (): Promise<void> => {
          void fs.promises.writeFile("/t", "new");
        };
        await fs.promises.stat("/s");
        await write();
        await Promise.resolve();
      },
      `${under}open /t w, write /t 3`,
    ],
    [
      "of a flush",
      async (fs) => {
        const file = await fs.promises.open("/s", "r+");
        void file.sync().then(() => file.close());
      },
      `${under}fsync /s`,
    ],
    [
      "a callback is not waited for",
      (fs) => fs.chmod("/s", 0o600, () => fs.chmodSync("/s", 0o644)),
      `${under}chmod /s 0600, chmod /s 0644`,
    ],
    [
      "of many",
      (fs) => {
        for (const name of ["a", "b", "c", "d", "e"]) void fs.promises.mkdir(`/${name}`);
      },
      `${under}mkdir /a, mkdir /b, mkdir /c, … and 2 more`,
    ],
    [
      "an acknowledgement",
      (fs, ack) => {
        void fs.promises.stat("/s").then(() => ack("saved"));
      },
      "the run acknowledged after it had returned: 'saved'",
    ],
  ])("%s", async (_, run, message) => {
    expect(await failureOf(saving(run))).toMatchObject({ message });
  });

  test.each<[string, Scenario["run"]]>([
    ["all is awaited", async (fs) => await fs.promises.writeFile("/s", "new", { flag: "r+" })],
    [
      "at the same time",
      async (fs) => {
        const names = ["/a", "/b", "/c"];
        await Promise.all(names.map(async (name) => await fs.promises.writeFile(name, "")));
      },
    ],
    [
      "a promise of one's own",
      async (fs) =>
        await new Promise<void>((resolve, reject) => {
          fs.writeFile("/t", "new", (error) => {
            if (error) reject(error);
            else resolve();
          });
        }),
    ],
    [
      "a stream",
      async (fs) =>
        await new Promise<void>((resolve, reject) => {
          const stream = fs.createWriteStream("/t", { flush: true });
          stream.on("close", resolve).on("error", reject).end("new");
        }),
    ],
    [
      "what only looks may still go on",
      (fs) => {
        fs.mkdirSync("/a");
        void fs.promises.readFile("/s");
      },
    ],
    [
      "acknowledged from a callback that was waited for",
      async (fs, ack) => await fs.promises.mkdir("/a").then(() => ack("made")),
    ],
  ])("is no other: %s", async (_, run) => {
    const report = await exploreCrashes({ ...saving(run), check() {} });
    expect(report).toMatchObject({ failed: 0, exhaustive: true });
    expect(report.cases).toBeGreaterThan(2);
  });
});

test("a run may fail if a flush has failed", async () => {
  const scenario = saving((fs) => fs.writeFileSync("/t", "new", { flush: true }));
  const report = await exploreCrashes(scenario, { faults: "fsync" });
  expect(report).toMatchObject({ failed: 0, exhaustive: true });
});
