/** Every call fails, with every error that it can give: the tool gets a result, and nothing is left. */

import { describe, expect, it, vi } from "vitest";
import { isHoldfastError } from "@holdfast/fs";
import { and, op, path, sweepFaults, type NodeFileSystem } from "@holdfast/testing";
import type { SpillResult, SpillStore } from "../../src/index.ts";
import { contentOf, open, outputsOf, pieces, root, stagedOf, streamed, text } from "./programs.ts";

vi.setConfig({ testTimeout: 600_000 });

const few = (name: string): readonly string[] => {
  const own: Readonly<Record<string, readonly string[]>> = {
    write: ["ENOSPC", "EIO"],
    open: ["EMFILE", "EACCES", "ENOSPC"],
    unlink: ["EIO"],
    link: ["EIO", "ENOSPC"],
    mkdir: ["ENOSPC", "EACCES"],
  };
  return own[name] ?? ["EIO"];
};

// The entries of locks need not survive a power cut, and whoever makes them does not insist on it.
const ignoredErrors = and(op("fsync"), path("/proc/self/fd/1002"));
const options = { errnos: few, leftovers: "allow", persist: false, ignoredErrors } as const;

/** What went wrong is told where the check looks. */
interface Told {
  readonly opened: boolean;
  readonly results: SpillResult<unknown>[];
  readonly usage: number;
  readonly leftovers: number;
  /** Of each result: whether its error is one of ours. It does not get through to the check as such. */
  readonly ours: readonly boolean[];
}

async function run(fs: NodeFileSystem, ack: (told: Told) => void): Promise<void> {
  let store: SpillStore;
  try {
    store = await open(fs);
  } catch (error) {
    if (!isHoldfastError(error) || error.op !== "openSpillStore") throw error;
    ack({ opened: false, results: [], usage: 0, leftovers: 0, ours: [] });
    throw error;
  }
  // Not in a `try`: whatever it throws is a failure.
  const results = [await store.spill("x", text), await store.spill("y", pieces())];
  const usage = store.usage().sessionBytes;
  for (const { ref } of results) {
    if (ref === undefined) continue;
    const { status } = await store.resolve(ref);
    if (status === "foreign") throw new Error(`${ref} is ${status}`);
    await store.read(ref);
  }
  const closing = await store.close().catch((error: unknown) => error);
  if (closing !== undefined && !isHoldfastError(closing)) throw closing;
  const leftovers = results.flatMap(({ error }) => error?.leftovers ?? []).length;
  const ours = results.map(({ error }) => isHoldfastError(error));
  ack({ opened: true, results, usage, leftovers, ours });
  // So that the sweep hears of it: a flush that failed must not be kept quiet.
  const failure = closing ?? results.find(({ error }) => error !== undefined)?.error;
  if (failure !== undefined) throw failure;
}

describe("a fault at any call", () => {
  it("of spill: a result that says so; nothing of what failed is left, and nothing reserved", async () => {
    const report = await sweepFaults<Told>(
      {
        setup: (fs) => {
          fs.mkdirSync("/d");
        },
        run,
        check: (fs, { acks, end, leaks }) => {
          if (acks.length === 0) throw end instanceof Error ? end : new Error(end);
          expect(leaks).toEqual([]);
          const { opened, results, usage, leftovers, ours } = acks[0]!;
          if (!opened) return;
          let bytes = 0;
          for (const [i, result] of results.entries()) {
            const content = [text, streamed][i]!;
            expect(result.truncated || result.spilled).toBe(true);
            if (!result.spilled) {
              expect(result.truncated).toBe(true);
              expect(result.reason).toMatch(
                /^(no-space|not-writable|store-gone|io-failed|planted)$/,
              );
              expect(ours[i]).toBe(true);
              continue;
            }
            const name = result.path.slice(`${root}/s1/`.length);
            expect(contentOf(fs, name)).toBe(content);
            bytes += result.bytes;
          }
          expect(outputsOf(fs).length).toBe(results.filter(({ spilled }) => spilled).length);
          // What could not be removed at once was removed when the store was closed, or is told.
          if (leftovers === 0) expect(usage).toBe(bytes);
          if (leftovers === 0) expect(stagedOf(fs)).toEqual([]);
        },
      },
      options,
    );
    const told = report.failures.slice(0, 3).map(({ message, where }) => `${where}: ${message}`);
    expect(told).toEqual([]);
    expect(report.cases).toBeGreaterThan(100);
  });

  it("of endSession: a HoldfastError that names what is left, or it is gone", async () => {
    const report = await sweepFaults<string>(
      {
        setup: async (fs) => {
          fs.mkdirSync("/d");
          const store = await open(fs);
          await store.spill("x", text);
          await store.spill("y", text);
          await store.close();
        },
        run: async (fs, ack) => {
          const store = await open(fs).catch((error: unknown) => {
            ack("not opened");
            throw error;
          });
          try {
            const { ended } = await store.endSession();
            ack(ended ? "ended" : "not ended");
          } catch (error) {
            if (!isHoldfastError(error) || error.op !== "endSession") throw error;
            ack(error.leftovers.some((path) => path.endsWith(".txt")) ? "left" : "failed");
            throw error;
          }
          await store.close();
        },
        check: (fs, { acks, end, leaks }) => {
          if (acks.length === 0) throw end instanceof Error ? end : new Error(end);
          expect(leaks).toEqual([]);
          if (acks[0] === "ended") expect(outputsOf(fs)).toEqual([]);
          if (acks[0] === "left") expect(outputsOf(fs)).not.toEqual([]);
          for (const name of outputsOf(fs)) expect(contentOf(fs, name)).toBe(text);
        },
      },
      options,
    );
    const told = report.failures.slice(0, 3).map(({ message, where }) => `${where}: ${message}`);
    expect(told).toEqual([]);
    expect(report.cases).toBeGreaterThan(100);
  });
});
