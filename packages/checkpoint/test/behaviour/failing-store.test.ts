import nodeFs, { readFileSync, writeFileSync } from "node:fs";
import { and, type Condition, fail, injectFaults, op, path, rule, writes } from "@holdfast/testing";
import { expect, it } from "vitest";
import { workbench } from "../support/workbench.ts";

/** A store on a disk that is full for as long as somebody says so. */
async function onFullDisk(where: string) {
  const bench = workbench();
  let full = false;
  const there = and(writes(), path(`${bench.store}/${where}`));
  const whileFull: Condition = {
    ...there,
    begin(platform) {
      const matches = there.begin(platform);
      return (call) => full && matches(call);
    },
  };
  const fileSystem = injectFaults(nodeFs, [rule(whileFull, fail("ENOSPC"))]);
  const checkpoints = await bench.open({ fileSystem });
  const setFull = (value: boolean): void => void (full = value);
  return { ...bench, checkpoints, setFull };
}

it.each(["objects/**", "sessions/**"])(
  "P1 %s: no space is told, and healed by the next call",
  async (where) => {
    const { at, checkpoints, setFull } = await onFullDisk(where);
    writeFileSync(at("a"), "one");
    const before = await checkpoints.makeSnapshot("turn");
    setFull(true);
    await expect(checkpoints.trackBeforeEdit(at("a"), "turn")).rejects.toMatchObject({
      code: "ENOSPC",
      op: "trackBeforeEdit",
      path: at("a"),
      effect: "none",
    });
    setFull(false);
    expect(await checkpoints.trackBeforeEdit(at("a"), "turn")).toMatchObject({ first: true });
    writeFileSync(at("a"), "two");
    await checkpoints.recordAfterEdit(at("a"));
    expect(await checkpoints.restoreToSnapshot(before.id)).toMatchObject({ complete: true });
    expect(readFileSync(at("a"), "utf8")).toBe("one");
  },
);

it.each([true, false])(
  "who edits although nothing could be kept (recorded: %s): later content is not taken for the pre-image",
  async (recorded) => {
    const { at, checkpoints, setFull } = await onFullDisk("objects/**");
    writeFileSync(at("a"), "one");
    const before = await checkpoints.makeSnapshot("turn");
    setFull(true);
    await expect(checkpoints.trackBeforeEdit(at("a"), "turn")).rejects.toThrow("ENOSPC");
    writeFileSync(at("a"), "two");
    setFull(false);
    if (recorded) await checkpoints.recordAfterEdit(at("a"));
    const after = await checkpoints.makeSnapshot("turn");
    await checkpoints.trackBeforeEdit(at("a"), "turn");
    writeFileSync(at("a"), "three");
    await checkpoints.recordAfterEdit(at("a"));
    expect((await checkpoints.restoreToSnapshot(before.id, { partial: true })).paths).toMatchObject(
      [{ ok: false, to: { kind: "failed" } }],
    );
    expect(readFileSync(at("a"), "utf8")).toBe("three");
    expect(await checkpoints.restoreToSnapshot(after.id)).toMatchObject({ complete: true });
    expect(readFileSync(at("a"), "utf8")).toBe("two");
  },
);

it("a snapshot that cannot be kept is told, and the next one is whole", async () => {
  const { at, checkpoints, setFull } = await onFullDisk("**");
  await checkpoints.makeSnapshot("turn");
  await checkpoints.trackBeforeEdit(at("a"), "turn");
  writeFileSync(at("a"), "two");
  await checkpoints.recordAfterEdit(at("a"));
  setFull(true);
  await expect(checkpoints.makeSnapshot("turn")).rejects.toMatchObject({ code: "ENOSPC" });
  setFull(false);
  expect(await checkpoints.listSnapshots()).toHaveLength(1);
  const { id } = await checkpoints.makeSnapshot("turn");
  await checkpoints.trackBeforeEdit(at("a"), "turn");
  writeFileSync(at("a"), "three");
  await checkpoints.recordAfterEdit(at("a"));
  await checkpoints.restoreToSnapshot(id);
  expect(readFileSync(at("a"), "utf8")).toBe("two");
});

it("a file that cannot be flushed is not said to be kept", async () => {
  const bench = workbench();
  const broken = rule(and(op("fsync"), path(`${bench.store}/objects/**`)), fail("EIO"));
  const checkpoints = await bench.open({ fileSystem: injectFaults(nodeFs, [broken]) });
  writeFileSync(bench.at("a"), "one");
  await expect(checkpoints.trackBeforeEdit(bench.at("a"), "turn")).rejects.toMatchObject({
    code: "EIO",
  });
});
