import * as nodeFs from "node:fs";
import { readFileSync, writeFileSync } from "node:fs";
import { expect, it } from "vitest";
import type { Checkpoints } from "../../src/index.ts";
import { type Workbench, workbench } from "../support/workbench.ts";

const methods = {
  trackBeforeEdit: ({ at }: Workbench, checkpoints: Checkpoints, signal: AbortSignal) =>
    checkpoints.trackBeforeEdit(at("a"), "next", { signal }),
  recordAfterEdit: ({ at }: Workbench, checkpoints: Checkpoints, signal: AbortSignal) =>
    checkpoints.recordAfterEdit(at("a"), { content: "ours", signal }),
  makeSnapshot: (_: Workbench, checkpoints: Checkpoints, signal: AbortSignal) =>
    checkpoints.makeSnapshot("next", { signal }),
} as const;

/** Whose signal is aborted when the n-th call of the file system is made. */
async function abortedAt(call: number, method: keyof typeof methods) {
  const bench = workbench();
  const controller = new AbortController();
  let left = Infinity;
  const promises = new Proxy(nodeFs.promises, {
    get(target, name) {
      const value = Reflect.get(target, name) as unknown;
      if (typeof value !== "function") return value;
      return (...args: unknown[]) => {
        if (--left === 0) controller.abort();
        return Reflect.apply(value, target, args) as unknown;
      };
    },
  });
  const checkpoints = await bench.open({ fileSystem: { ...nodeFs, promises } });
  writeFileSync(bench.at("a"), "one");
  const { id } = await checkpoints.makeSnapshot("turn");
  await checkpoints.trackBeforeEdit(bench.at("a"), "turn");
  writeFileSync(bench.at("a"), "ours");
  left = call;
  const ended: unknown = await methods[method](bench, checkpoints, controller.signal).then(
    () => "done",
    (error: unknown) => error,
  );
  const wasAborted = controller.signal.aborted;
  left = Infinity;
  return { bench, checkpoints, id, ended, wasAborted };
}

it.each(Object.keys(methods) as (keyof typeof methods)[])(
  "%s, aborted at each of its calls: told, and everything goes on as if it had not been asked",
  async (method) => {
    let aborted = 0;
    let late = false; // from some call on it comes too late, and from then on it always does
    for (let call = 1; ; call++) {
      const { bench, checkpoints, id, ended, wasAborted } = await abortedAt(call, method);
      if (ended === "done") {
        late = true;
      } else {
        expect({ ended, late }).toMatchObject({
          ended: { code: "ABORT_ERR", effect: "none", op: method },
          late: false,
        });
        aborted++;
      }
      await checkpoints.recordAfterEdit(bench.at("a"));
      await checkpoints.trackBeforeEdit(bench.at("a"), "later");
      expect(await checkpoints.restoreToSnapshot(id)).toMatchObject({ complete: true });
      expect(readFileSync(bench.at("a"), "utf8")).toBe("one");
      await checkpoints.close();
      if (!wasAborted) break;
    }
    expect(aborted).toBeGreaterThan(2);
  },
);
