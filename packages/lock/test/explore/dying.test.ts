/** Contenders that are killed at any of their calls, while others contend. */

import assert from "node:assert/strict";
import { describe, expect, it, vi } from "vitest";
import { exploreSchedules, type NodeFileSystem, type Scenario } from "@holdfast/testing";
import { anotherProcess } from "./another-process.ts";
import { asyncHalf, contender, leaveDead, timing, type ContenderOptions } from "./contenders.ts";
import { beInside, endedWell, target, told } from "./critical-section.ts";

vi.setConfig({ testTimeout: 1_200_000 });

type Handle = Awaited<ReturnType<NodeFileSystem["promises"]["open"]>>;

/**
 * Lets so many calls through. In place of the next one the process is killed: none of its calls is ever
 * answered, and in what it has written it has another start time, so that the others find it dead.
 */
function mortal(fs: NodeFileSystem, calls: number): { fs: NodeFileSystem; died: Promise<void> } {
  const files: Handle[] = [];
  let left = calls;
  let die = (): void => {};
  const died = new Promise<void>((resolve) => {
    die = resolve;
  });
  const counted =
    (call: (...args: never[]) => Promise<unknown>) =>
    async (...args: never[]): Promise<unknown> => {
      if (left-- > 0) return await call(...args);
      if (left === -1) {
        for (const file of files) await disown(file);
        die();
      }
      return await new Promise(() => {});
    };
  const mortalHandle = (handle: Handle): Handle =>
    new Proxy(handle, {
      get: (of, name) => {
        const value = Reflect.get(of, name) as unknown;
        return typeof value === "function" ? counted(value.bind(of) as never) : value;
      },
    });
  const promises = new Proxy(fs.promises, {
    get: (of, name) => {
      const value = Reflect.get(of, name) as (...args: never[]) => Promise<unknown>;
      if (name !== "open") return counted(value.bind(of));
      return counted(async (...args) => {
        const handle = (await value.apply(of, args)) as Handle;
        const [, flags] = args as readonly unknown[] as readonly [string, number];
        if ((flags & fs.constants.O_CREAT) !== 0) files.push(handle);
        return mortalHandle(handle);
      });
    },
  });
  return { fs: { ...fs, promises } as NodeFileSystem, died };
}

/** Without a word of the package: the file may have any name by now, or several. */
async function disown(file: Handle): Promise<void> {
  const bytes = Buffer.alloc(4096);
  const { bytesRead } = await file.read(bytes, 0, bytes.length, 0).catch(() => ({ bytesRead: 0 }));
  const text = bytes.toString("utf8", 0, bytesRead);
  const start = /(?<="startTicks":")\d/.exec(text);
  if (start === null) return;
  await file.write(Buffer.from(start[0] === "9" ? "8" : "9"), 0, 1, start.index);
}

function killedAfter(calls: number, setup: ContenderOptions["setup"]): Scenario {
  return {
    name: `killed after ${calls} calls`,
    setup,
    async run(fs) {
      const own = mortal(fs, calls);
      const visit = async (): Promise<void> => {
        const { tryAcquireLock } = anotherProcess({ name: "mortal" });
        const lock = await tryAcquireLock(target, { fileSystem: asyncHalf(own.fs), ...timing });
        if (lock === undefined) return;
        await beInside(fs);
        await lock.release();
      };
      await Promise.race([own.died, visit()]);
    },
    check: endedWell,
  };
}

/** Whoever comes after it gets the lock, and leaves no more than what dead ones leave. */
function andOneMore(scenario: Scenario): Scenario {
  return {
    ...scenario,
    async check(fs, seen) {
      endedWell(fs, seen);
      const { tryAcquireLock } = anotherProcess({ name: "last" });
      const lock = await tryAcquireLock(target, { fileSystem: asyncHalf(fs), ...timing });
      assert.ok(lock, "the last one did not get it");
      await lock.release();
      for (const name of fs.readdirSync("/d")) assert.match(name, /\.(tmp|claim)$/);
    },
  };
}

const all = process.env["HOLDFAST_EXPLORE"] === "1";
const bound = "only schedules with at most 1 interruptions";

/** More calls than an attempt makes there: the last ones are of processes that live. */
describe.each([
  { what: "a free lock", setup: leaveDead(0), mostCalls: 16, each: 1 },
  { what: "a dead lock", setup: leaveDead(1), mostCalls: 40, each: all ? 1 : 3 },
])("K5 one at $what is killed after each $each. of its calls", (at) => {
  it("one owner, and the next one gets it, with at most 1 interruption", async () => {
    const { setup, mostCalls, each } = at;
    let cases = 0;
    for (let calls = 1; calls <= mostCalls; calls += each) {
      const other = andOneMore(contender({ name: "other", setup }));
      const report = await exploreSchedules([killedAfter(calls, setup), other], {
        seed: 1,
        maxPreemptions: 1,
        onProgress() {},
      });
      expect(told(report)).toEqual([]);
      expect(report.limits.filter((limit) => limit !== bound)).toEqual([]);
      cases += report.cases;
    }
    expect(cases).toBeGreaterThan(300);
  });
});
