import nodeFs, { renameSync, writeFileSync } from "node:fs";
import { fail, type Condition, injectFaults, op, path, and, rule } from "@holdfast/testing";
import { expect, it } from "vitest";
import { openCheckpoints } from "../../src/index.ts";
import { workbench } from "../support/workbench.ts";

it("a root that cannot be closed is told by close(), and not before", async () => {
  const bench = workbench();
  let failing = false;
  const closing = and(op("close"), path(bench.work));
  const whileFailing: Condition = {
    ...closing,
    begin(platform) {
      const matches = closing.begin(platform);
      return (call) => failing && matches(call);
    },
  };
  const fileSystem = injectFaults(nodeFs, [rule(whileFailing, fail("EIO"))]);
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => void unhandled.push(error);
  process.on("unhandledRejection", note);
  const { store, work } = bench;
  const roots = [work];
  const checkpoints = await openCheckpoints({ store, roots, session: "demo", fileSystem });
  writeFileSync(bench.at("a"), "one");
  await checkpoints.trackBeforeEdit(bench.at("a"), "turn");
  failing = true;
  renameSync(bench.work, `${bench.work}-elsewhere`);
  await expect(checkpoints.trackBeforeEdit(bench.at("b"), "turn")).rejects.toThrow("ENOENT");
  await new Promise((resolve) => setTimeout(resolve, 20));
  const ended: unknown = await checkpoints.close().catch((error: unknown) => error);
  process.off("unhandledRejection", note);
  expect({ unhandled, ended }).toMatchObject({ unhandled: [], ended: { code: "EIO" } });
});
