/** Every call fails, with every error that it can give. */

/* oxlint-disable vitest/no-conditional-expect -- what must be there depends on what was told */

import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { isHoldfastError } from "@holdfast/fs";
import { faultModes, sweepFaults } from "../../../atomic/test/support/sweep-faults.ts";
import { openJsonLog } from "../../src/log/open-json-log.ts";
import type { JsonLog } from "../../src/log/options.ts";

vi.setConfig({ testTimeout: 120_000 });

const neighbour = '{"there":"before"}\n';

interface Told {
  readonly value: string;
  readonly effect: string;
  readonly error: unknown;
}

async function appendAll(log: JsonLog, values: readonly string[], sync: boolean): Promise<Told[]> {
  const told: Told[] = [];
  for (const value of values) {
    try {
      if (sync) log.appendSync(value);
      else await log.append(value);
      told.push({ value, effect: "resolved", error: undefined });
    } catch (error) {
      if (!isHoldfastError(error)) throw error;
      told.push({ value, effect: error.effect, error });
    }
  }
  return told;
}

interface Ran {
  readonly told: Told[];
  readonly opened: boolean;
  readonly error: unknown;
  readonly closing: unknown;
}

describe.each(["", '{"torn":"ab', '{"whole":1}'])("a log that ends with %j", (end) => {
  it.each([false, true])("opened, appended to, closed; synchronously: %s", async (sync) => {
    const cases = await sweepFaults<undefined, Ran>({
      modes: faultModes.filter((mode) => mode !== "sticky"),
      errnos: (name) => (name === "write" ? ["ENOSPC"] : ["EIO"]),
      prepare: (dir) => {
        writeFileSync(join(dir, "log"), neighbour + end);
        return undefined;
      },
      run: async ({ fileSystem, dir }) => {
        let log: JsonLog;
        try {
          log = await openJsonLog(join(dir, "log"), { fileSystem });
        } catch (error) {
          return { told: [], opened: false, error, closing: undefined };
        }
        const told = await appendAll(log, ["one", "two", "three"], sync);
        const closing = await log.close().catch((error: unknown) => error);
        await log.close();
        return { told, opened: true, error: undefined, closing };
      },
      check: ({ failed, result, error, dir, openHandles, callsOnClosed, injected }) => {
        expect(error).toBeUndefined();
        expect(failed).toBe(false);
        expect(callsOnClosed).toEqual([]);
        const { told, opened, error: openingError, closing } = result!;
        // A close that failed before it was made leaves what it should have closed.
        const closeFailed = injected?.name === "close" || injected?.mode === "dead stop";
        if (!closeFailed) expect(openHandles).toEqual([]);
        const text = readFileSync(join(dir, "log"), "utf8");
        expect(text.startsWith(neighbour)).toBe(true);
        const lines = text.split("\n");
        const moved = readdirSync(dir)
          .filter((name) => name.startsWith("log.torn-"))
          .map((name) => readFileSync(join(dir, name), "utf8"));
        if (end !== "") expect(text.includes(end) || moved.includes(end)).toBe(true);
        if (!opened) {
          expect(isHoldfastError(openingError)).toBe(true);
          const { effect, leftovers } = openingError as { effect: string; leftovers: string[] };
          if (text !== neighbour + end) expect(effect).not.toBe("none");
          if (injected?.mode === "before" && moved.length > 0) expect(leftovers).toHaveLength(1);
          return;
        }
        expect(told).toHaveLength(3);
        for (const { value, effect, error: why } of told) {
          const there = lines.includes(JSON.stringify(value));
          if (effect === "resolved" || effect === "complete") expect(there).toBe(true);
          if (effect === "none") expect(text).not.toContain(value);
          expect(["resolved", "complete", "none", "partial", "unknown"]).toContain(effect);
          if (effect !== "resolved") expect(isHoldfastError(why)).toBe(true);
        }
        // After one failure it goes on, or says that it does not.
        const last = told.at(-1)!;
        if (injected?.mode !== "dead stop" && last.effect !== "resolved") {
          const { code } = last.error as { code: string };
          const failedLast = injected?.call.endsWith("/log") === true;
          expect(code === "ERR_POISONED" || failedLast || closing !== undefined).toBe(true);
        }
        if (injected === undefined) {
          expect(told.map(({ effect }) => effect)).toEqual(["resolved", "resolved", "resolved"]);
          expect(closing).toBeUndefined();
        }
      },
    });
    expect(cases).toBeGreaterThan(50);
  });
});
