import * as nodeFs from "node:fs";
import { readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { and, fail, injectFaults, once, op, path as at, rule, type Rule } from "@holdfast/testing";
import { faultyFileSystem } from "../../../atomic/test/support/faulty-file-system.ts";
import { needs } from "../../../atomic/test/support/needs.ts";
import { onTmpfs, tempDir } from "../../../atomic/test/support/temp-dir.ts";
import { openJsonLog } from "../../src/log/open-json-log.ts";
import type { JsonLog, LogDurability } from "../../src/log/options.ts";
import { linesOf } from "./log-lines.ts";

const parent = (): string => (needs("tmpfs") ? onTmpfs() : tempDir());

async function failingOnce(
  durability: LogDurability,
): Promise<{ log: JsonLog; path: string; failing: Rule }> {
  const path = join(parent(), "log");
  const failing = rule(op("fdatasync"), fail("EIO"), once());
  const fileSystem = injectFaults(nodeFs, [failing]);
  const options = { durability, flushIntervalMs: 1, fileSystem };
  return { log: await openJsonLog(path, options), path, failing };
}

async function expectPoisoned(log: JsonLog): Promise<void> {
  await expect(log.append(2)).rejects.toMatchObject({
    code: "ERR_POISONED",
    effect: "none",
    cause: { code: "EIO" },
  });
  expect(() => log.appendSync(3)).toThrow("(ERR_POISONED)");
  await expect(log.flush()).rejects.toMatchObject({ code: "ERR_POISONED" });
}

it("an append whose flush fails is told, everything after it is refused, and closing closes", async () => {
  const { log, path } = await failingOnce("each");
  const first = log.append(0);
  const second = log.append(1);
  await expect(first).rejects.toMatchObject({ code: "EIO", effect: "complete", op: "append" });
  await expect(second).rejects.toMatchObject({ code: "EIO", effect: "complete" });
  await expectPoisoned(log);
  await log.close();
  expect(linesOf(path)).toEqual([0, 1]);
  expect(readdirSync(join(path, ".."))).toEqual(["log"]);
});

it("synchronously too", async () => {
  const { log } = await failingOnce("each");
  expect(() => log.appendSync(0)).toThrow(/the change is in place \(EIO\)/);
  await expectPoisoned(log);
  await log.close();
});

it("what waits behind a flush that fails is refused, and not in the log", async () => {
  const { log, path } = await failingOnce("each");
  const first = log.append(0);
  // On its way, when the second one comes.
  while (linesOf(path).length === 0) await new Promise((resolve) => setImmediate(resolve));
  const second = log.append(1);
  await expect(first).rejects.toMatchObject({ code: "EIO" });
  await expect(second).rejects.toMatchObject({ effect: expect.stringMatching(/none|complete/) });
  await log.close();
});

it.each(["batch", "interval"] as const)(
  "a flush in the background that fails is told by the next call: %s",
  async (durability) => {
    const { log, failing } = await failingOnce(durability);
    await log.append(1);
    while (failing.hits === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    await new Promise((resolve) => setTimeout(resolve, 5));
    await expectPoisoned(log);
    expect(await log.close()).toBeUndefined();
  },
);

it("and by closing, if nobody was told", async () => {
  const { log, path, failing } = await failingOnce("batch");
  await log.append(1);
  while (failing.hits === 0) await new Promise((resolve) => setTimeout(resolve, 2));
  await expect(log.close()).rejects.toMatchObject({ code: "ERR_POISONED", effect: "complete" });
  await log.close();
  expect(readdirSync(join(path, ".."))).toEqual(["log"]);
});

it("a flush that fails when it is asked for, or when closing", async () => {
  const first = await failingOnce("none");
  await first.log.append(1);
  await expect(first.log.flush()).rejects.toMatchObject({
    code: "EIO",
    op: "flush",
    effect: "complete",
  });
  await expectPoisoned(first.log);
  await first.log.close();
  const second = await failingOnce("none");
  await second.log.append(1);
  await expect(second.log.close()).rejects.toMatchObject({
    code: "EIO",
    op: "close",
    effect: "complete",
  });
  await second.log.close();
  expect(readdirSync(join(second.path, ".."))).toEqual(["log"]);
});

it("a new log whose name cannot be flushed is refused, and poisons an open one", async () => {
  const path = join(parent(), "log");
  const directory = join(path, "..");
  const failing = rule(and(op("fsync"), at(directory)), fail("EIO"), once());
  await expect(
    openJsonLog(path, { fileSystem: injectFaults(nodeFs, [failing]) }),
  ).rejects.toMatchObject({ code: "EIO", effect: "partial" });
  let armed = false;
  const faulty = faultyFileSystem({
    plan: (call) =>
      armed && call.name === "fsync" && call.path === directory
        ? { fail: "EIO", when: "before" }
        : undefined,
  });
  const open = await openJsonLog(path, { fileSystem: faulty.fileSystem });
  renameSync(path, `${path}.1`);
  armed = true;
  await expect(open.append(1)).rejects.toMatchObject({ code: "EIO", effect: "none" });
  armed = false;
  await expect(open.append(2)).rejects.toMatchObject({ code: "ERR_POISONED", effect: "none" });
  await open.close();
  expect(faulty.openHandles()).toEqual([]);
});
