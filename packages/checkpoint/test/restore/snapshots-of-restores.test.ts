import { readFileSync, writeFileSync } from "node:fs";
import { expect, it } from "vitest";
import { workbench } from "../support/workbench.ts";

it("the snapshot of a restore knows all paths, not only those that it changes", async () => {
  const { at, open } = workbench();
  const checkpoints = await open();
  const edit = async (name: string, content: string): Promise<void> => {
    await checkpoints.trackBeforeEdit(at(name), "turn");
    writeFileSync(at(name), content);
    await checkpoints.recordAfterEdit(at(name));
  };
  writeFileSync(at("p"), "A");
  const { id } = await checkpoints.makeSnapshot("turn");
  await edit("p", "B");
  await checkpoints.restoreToSnapshot(id); // looks at p while it is B, and brings back A
  await edit("q", "q");
  const { before } = await checkpoints.restoreToSnapshot(id); // changes q alone
  await checkpoints.restoreToSnapshot(before!);
  expect([readFileSync(at("p"), "utf8"), readFileSync(at("q"), "utf8")]).toEqual(["A", "q"]);
});
