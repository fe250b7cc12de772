/** A call is ended from outside, at any moment. */

import * as fs from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";
import { expectNothingLeft, linesOf, openStore, truncated } from "../support/stores.ts";

const limits = { maxBytes: 100, headBytes: 60, tailBytes: 60 };
const text = linesOf(5000);

describe("a signal", () => {
  it.each(["write", "sync", "stat", "close"] as const)(
    "is looked at until the file has its name: aborted in %s",
    async (call) => {
      const dir = join(tempDir(), "store");
      const controller = new AbortController();
      const promises = {
        ...fs.promises,
        open: async (...args: Parameters<typeof fs.promises.open>) => {
          const handle = await fs.promises.open(...args);
          if (!String(args[0]).endsWith(".part")) return handle;
          const real = handle[call].bind(handle) as (...all: unknown[]) => unknown;
          Object.defineProperty(handle, call, {
            value: (...all: unknown[]) => {
              controller.abort();
              return real(...all);
            },
          });
          return handle;
        },
      };
      const { store } = await openStore({
        ...limits,
        root: dir,
        fileSystem: { promises } as never,
      });
      const { signal } = controller;
      expect(truncated(await store.spill("x", text, { signal })).reason).toBe("aborted");
      expectNothingLeft(store, dir);
    },
  );

  it("of many calls at once, and their session, are no leak that Node warns of", async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning);
    process.on("warning", onWarning);
    const { store } = await openStore({ ...limits, durable: false });
    const controller = new AbortController();
    const { signal } = controller;
    const calls = Array.from({ length: 30 }, (_, i) =>
      store.spill(`${i}`, new Readable({ read: () => {} }), i % 2 === 0 ? {} : { signal }),
    );
    await new Promise((resolve) => setTimeout(resolve, 20));
    controller.abort();
    await store.endSession();
    const results = await Promise.all(calls);
    await new Promise((resolve) => setImmediate(resolve));
    process.off("warning", onWarning);
    expect(new Set(results.map(({ reason }) => reason))).toEqual(new Set(["aborted"]));
    expect(warnings).toEqual([]);
  });

  it("ends the call, also where the source has stalled, and the source", async () => {
    const { store, dir } = await openStore(limits);
    const stream = new Readable({ read: () => {} });
    stream.push(text);
    const controller = new AbortController();
    const under = store.spill("x", stream, { signal: controller.signal });
    await new Promise((resolve) => setTimeout(resolve, 20));
    const why = new Error("enough");
    controller.abort(why);
    const result = truncated(await under);
    expect(result).toMatchObject({ reason: "aborted", error: { code: "ABORT_ERR", cause: why } });
    expect(result.preview.startsWith("line 0\n")).toBe(true);
    expect(stream.destroyed).toBe(true);
    expectNothingLeft(store, dir);
    const before = truncated(await store.spill("x", text, { signal: AbortSignal.abort(why) }));
    expect(before).toMatchObject({ reason: "aborted", bytes: 0 });
  });
});
