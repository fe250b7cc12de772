/** Power cuts, failing calls, other programs between any two calls: in memory, every case of it. */

import { describe, expect, it, vi } from "vitest";
import {
  durableAsAcknowledged,
  exploreInterference,
  exploreSchedules,
  sweepFaults,
  type Adversary,
  type NodeFileSystem,
  type Report,
  type Scenario,
  type ScheduleOptions,
} from "@holdfast/testing";
import { openRoot } from "@holdfast/root";
import { prove } from "../../../atomic/test/crash/prove.ts";
import type * as json from "../../src/index.ts";
import { isHoldfastError, updateJsonSync } from "../../src/index.ts";
import { halves } from "./support/twice.ts";

vi.setConfig({ testTimeout: 240_000 });

type Json = typeof json;

/** Another process: a copy of the package, and of the lock, that shares no queue with the others. */
async function anotherProcess(): Promise<Json & { readonly lock: unknown }> {
  vi.resetModules();
  const { holding: lock } = await import("@holdfast/lock/steps");
  return { ...(await import("../../src/index.ts")), lock };
}

const path = "/d/count.json";

interface Count {
  readonly n: number;
  readonly by?: string;
}

const setup = (fs: NodeFileSystem): void => {
  fs.mkdirSync("/d", { recursive: true });
  fs.writeFileSync(path, '{"n":0}');
};

const countAt = (fs: NodeFileSystem, at: string = path): number | undefined =>
  fs.existsSync(at) ? (JSON.parse(fs.readFileSync(at, "utf8")) as Count).n : undefined;

const next = ({ n }: Count = { n: 0 }): Count => ({ n: n + 1 });

function told({ failures }: Report): string[] {
  return failures
    .slice(0, 4)
    .map(({ message, where, calls, state, replay }) =>
      [message, where, ...calls, ...state, replay].join("\n"),
    );
}

describe.each(halves)("a power cut, $half", (json) => {
  const order = [0, 1, 2];
  const check = durableAsAcknowledged<number | undefined>({ read: (fs) => countAt(fs), order });

  it("leaves what writeJson had acknowledged, whole", async () => {
    await prove({
      setup,
      run: async (fs, ack) => {
        for (const n of [1, 2]) {
          await json.writeJson(path, { n }, { fileSystem: fs });
          ack(n);
        }
      },
      check,
    });
  });

  it("leaves what updateJson had acknowledged, whole", async () => {
    await prove({
      setup,
      run: async (fs, ack) => {
        for (const n of [1, 2]) {
          await json.updateJson(path, next, { fileSystem: fs });
          ack(n);
        }
      },
      check,
    });
  });

  it("leaves what updateJson had acknowledged in a directory that it made", async () => {
    const made = "/d/e/f/count.json";
    await prove({
      setup: (fs) => fs.mkdirSync("/d"),
      run: async (fs, ack) => {
        await json.updateJson(made, next, { fileSystem: fs });
        ack(1);
      },
      check: durableAsAcknowledged<number | undefined>({
        read: (fs) => countAt(fs, made),
        order: [undefined, 1],
      }),
    });
  });
});

describe("a power cut in a root", () => {
  it("leaves what updateJson had acknowledged, whole", async () => {
    await prove({
      setup,
      run: async (fs, ack) => {
        await using root = await openRoot("/d", { fileSystem: fs });
        const { updateJson } = halves[0]!;
        await updateJson({ root, path: "count.json" }, next);
        ack(1);
      },
      check: durableAsAcknowledged<number | undefined>({
        read: (fs) => countAt(fs),
        order: [0, 1],
      }),
    });
  });
});

/** What may be there after such an end of a call that makes 1 of `old`. */
function possible(end: unknown, old: number | undefined): (number | undefined)[] {
  if (end === "done") return [1];
  if (!isHoldfastError(end)) throw new Error("no error of ours", { cause: end });
  // Whether the root could be opened or closed says nothing of the file.
  if (end.op !== "updateJson" && end.op !== "updateJsonSync") return [old, 1];
  return { none: [old], complete: [1], unknown: [old, 1], partial: [] }[end.effect];
}

describe.each(halves)("a call that fails, $half", (json) => {
  const scenario = (before: boolean): Scenario => ({
    setup: (fs) => {
      setup(fs);
      if (!before) fs.unlinkSync(path);
    },
    run: (fs) => json.updateJson(path, next, { fileSystem: fs }),
    check: (fs, { end }) => {
      const now = countAt(fs);
      expect(possible(end, before ? 0 : undefined)).toContain(now);
      if (end !== "done" && isHoldfastError(end) && end.leftovers.length > 0) return;
      // Nobody is shut out for good.
      updateJsonSync<Count>(path, next, { fileSystem: fs, lockTimeoutMs: 0 });
      expect(countAt(fs)).toBe((now ?? 0) + 1);
    },
  });

  it.each([true, false])(
    "leaves old or new, says which, and no lock; file before: %s",
    async (before) => {
      const report = await sweepFaults(scenario(before));
      expect(told(report)).toEqual([]);
      expect(report.exhaustive).toBe(true);
      expect(report.cases).toBeGreaterThan(100);
    },
  );
});

describe("a call that fails in a root", () => {
  it("leaves old or new, and says which", async () => {
    const report = await sweepFaults(
      {
        setup,
        run: async (fs) => {
          await using root = await openRoot("/d", { fileSystem: fs });
          await halves[0]!.updateJson({ root, path: "count.json" }, next);
        },
        check: (fs, { end }) => expect(possible(end, 0)).toContain(countAt(fs)),
      },
      { modes: ["once-before", "once-after"], errnos: () => ["EIO"] },
    );
    expect(told(report)).toEqual([]);
    expect(report.exhaustive).toBe(true);
    expect(report.cases).toBeGreaterThan(50);
  });
});

describe("two processes that update", () => {
  async function proveInEveryOrder(
    scenarios: readonly Scenario[],
    options: ScheduleOptions = {},
  ): Promise<void> {
    const report = await exploreSchedules(scenarios, { seed: 1, maxSchedules: 120, ...options });
    expect(told(report)).toEqual([]);
    expect(report.cases).toBeGreaterThan(20);
  }

  const counting = (one: Json, by: string): Scenario => ({
    setup,
    run: (fs) =>
      one.updateJson<Count>(path, (value) => ({ ...next(value), by }), { fileSystem: fs }),
    check: (fs, { end }) => {
      expect(end).toBe("done");
      expect(countAt(fs)).toBe(2);
      expect(fs.readdirSync("/d")).toEqual(["count.json"]);
    },
  });

  it("lose nothing, in any order of their calls", async () => {
    const [a, b] = [await anotherProcess(), await anotherProcess()];
    expect(a.updateJson).not.toBe(b.updateJson);
    expect(a.lock).not.toBe(b.lock);
    await proveInEveryOrder([counting(a, "a"), counting(b, "b")]);
  });

  it("lose nothing of each other's where a third one replaces the file, without the lock", async () => {
    const [a, b] = [await anotherProcess(), await anotherProcess()];
    const check: Scenario["check"] = (fs, { end }) => {
      expect(end).toBe("done");
      // Its own is lost, or what was counted before it was; never what is counted after it.
      expect([2, 100, 101, 102]).toContain(countAt(fs));
      expect(fs.readdirSync("/d")).toEqual(["count.json"]);
    };
    const editor: Scenario = {
      setup,
      run: async (fs) => {
        await fs.promises.writeFile("/d/count.json~", '{"n":100}');
        await fs.promises.rename("/d/count.json~", path);
      },
      check,
    };
    const scenarios = [{ ...counting(a, "a"), check }, { ...counting(b, "b"), check }, editor];
    await proveInEveryOrder(scenarios, { maxSchedules: 80 });
  });

  it("go on from what an editor saves between any two calls", async () => {
    const editor: Adversary = {
      name: "an editor saves its own",
      act(fs) {
        fs.writeFileSync("/d/count.json~", '{"n":100}');
        fs.renameSync("/d/count.json~", path);
      },
      undo() {},
    };
    const one = await anotherProcess();
    const updating: Scenario = {
      setup,
      run: async (fs) => {
        await one.updateJson<Count>(path, next, { fileSystem: fs });
        await one.updateJson<Count>(path, next, { fileSystem: fs });
      },
      check: (fs, { end }) => {
        expect(end).toBe("done");
        // It does not ask for the lock: what it saves between reading and replacing is replaced.
        expect([2, 100, 101, 102]).toContain(countAt(fs));
        expect(fs.readdirSync("/d")).toEqual(["count.json"]);
      },
    };
    const report = await exploreInterference(updating, { adversaries: [editor] });
    expect(told(report)).toEqual([]);
    expect(report.exhaustive).toBe(true);
  });
});
