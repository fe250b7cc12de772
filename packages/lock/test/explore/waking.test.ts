/**
 * Owners that nobody here can judge (of another boot), who sleep for so long that they are taken for dead,
 * and wake up while somebody takes over. All of two contenders with at most 2 interruptions, after the
 * sleep; with HOLDFAST_EXPLORE=1 with at most 3.
 */

import { expect, it, vi } from "vitest";
import { exploreSchedules, type NodeFileSystem, type Scenario } from "@holdfast/testing";
import { anotherProcess, type LockPackage } from "./another-process.ts";
import {
  acquireInSteps,
  contender,
  entry,
  leaveDead,
  sleep,
  timing,
  tryOnce,
  type ContenderOptions,
  type Driven,
} from "./contenders.ts";
import { beInside, endedWell, told } from "./critical-section.ts";

vi.setConfig({ testTimeout: 1_200_000 });

const nightMs = 2 * timing.staleAfterMs;
const name = "sleeper";
const all = process.env["HOLDFAST_EXPLORE"] === "1";
const maxPreemptions = all ? 3 : 2;

/** Everything that was tried, but for the bound on interruptions and on when the night is. */
const bounds = [
  "the clock was moved only when nobody could make a call: no timer ran out between two calls",
  `only schedules with at most ${maxPreemptions} interruptions`,
];

interface Sleeper extends Scenario {
  readonly setup: ContenderOptions["setup"];
}

async function proveWith(sleeper: Sleeper, other: Partial<ContenderOptions> = {}): Promise<void> {
  const { setup } = sleeper;
  const awake = contender({ name: "awake", setup, afterMs: nightMs, ...other });
  const report = await exploreSchedules([sleeper, awake], {
    seed: 1,
    maxPreemptions,
    maxSchedules: 500_000,
    maxFailures: 1,
    onProgress() {},
  });
  expect(told(report)).toEqual([]);
  expect(report.limits.filter((limit) => !bounds.includes(limit))).toEqual([]);
  expect(report.cases).toBeGreaterThan(20);
}

interface Awake {
  readonly fs: NodeFileSystem;
  readonly lock: LockPackage;
  readonly held: Driven;
}

/** Holds the lock, sleeps, wakes up, and does this. */
function sleepsAsOwner(afterwards: (awake: Awake) => Promise<void>): Sleeper {
  return {
    name,
    setup: leaveDead(0),
    async run(fs) {
      const lock = anotherProcess({ name, boot: "elsewhere" });
      const held = await acquireInSteps(lock, fs);
      await sleep(nightMs);
      await afterwards({ fs, lock, held });
    },
    check: endedWell,
  };
}

/** Falls asleep as soon as it has linked its file to a name like this. */
function sleepsOnceLinked(to: string, options: Partial<ContenderOptions> = {}): Sleeper {
  const setup = options.setup ?? leaveDead(0);
  return {
    name,
    setup,
    async run(fs) {
      const link = async (existing: string, path: string): Promise<void> => {
        await fs.promises.link(existing, path);
        if (path.endsWith(to)) await sleep(nightMs);
      };
      const promises = new Proxy(fs.promises, {
        get: (of, key) => (key === "link" ? link : (Reflect.get(of, key) as unknown)),
      });
      const sleepy = { ...fs, promises } as NodeFileSystem;
      await tryOnce(anotherProcess({ name, boot: "elsewhere" }), sleepy, { ...options, name });
    },
    check: endedWell,
  };
}

/** Whether it turns out to be lost. */
const isLost = (look: Promise<void>): Promise<boolean> =>
  look.then(
    () => false,
    (error: unknown) => {
      if ((error as { code?: unknown }).code !== "ERR_LOCK_LOST") throw error;
      return true;
    },
  );

it("K5 an owner wakes up and looks: not both believe that they hold it", async () => {
  await proveWith(
    sleepsAsOwner(async ({ fs, held }) => {
      if (!(await isLost(held.check()))) await beInside(fs);
    }),
  );
});

it.runIf(all)("K5 an owner wakes up and gives it back: only its own", async () => {
  await proveWith(
    sleepsAsOwner(async ({ fs, lock, held }) => {
      await held.release();
      await tryOnce(lock, fs, { name });
    }),
  );
});

it("K5 an owner wakes up, finds it lost and gives it back: only its own", async () => {
  await proveWith(
    sleepsAsOwner(async ({ fs, lock, held }) => {
      await isLost(held.check());
      await held.release();
      await tryOnce(lock, fs, { name });
    }),
  );
});

it("K5 one who takes over wakes up with its claim: it removes only what was dead", async () => {
  await proveWith(sleepsOnceLinked(".claim", { setup: leaveDead(1) }));
});

it("K5 one who shares wakes up at the gate: not together with one who does not", async () => {
  await proveWith(sleepsOnceLinked(entry, { shared: true }), { sharers: [name] });
});
