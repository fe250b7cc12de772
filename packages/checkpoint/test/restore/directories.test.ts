import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { expect, it } from "vitest";
import type { Checkpoints } from "../../src/index.ts";
import { listing, workbench } from "../support/workbench.ts";

async function write(checkpoints: Checkpoints, path: string): Promise<void> {
  await checkpoints.trackBeforeEdit(path, "turn");
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, "ours");
  await checkpoints.recordAfterEdit(path);
}

it("a directory that goes with its last file is not made again to mend the mode of another one", async () => {
  const { at, open } = workbench();
  const checkpoints = await open();
  const { id } = await checkpoints.makeSnapshot("turn");
  await write(checkpoints, at("n/m/y"));
  await checkpoints.trackBeforeEdit(at("n/m"), "turn");
  chmodSync(at("n/m"), 0o700);
  await checkpoints.recordAfterEdit(at("n/m"));
  await checkpoints.restoreToSnapshot(id);
  expect(listing(at("."))).toEqual([]);
});

it("a directory that is needed afterwards keeps its mode: it does not go for a moment", async () => {
  const { at, open } = workbench();
  const checkpoints = await open();
  const { id } = await checkpoints.makeSnapshot("turn");
  await write(checkpoints, at("n/x"));
  rmSync(at("n"), { recursive: true });
  mkdirSync(at("n"), { mode: 0o700 });
  writeFileSync(at("n/users"), "the user's");
  chmodSync(at("n/users"), 0o644);
  await checkpoints.trackBeforeEdit(at("n/users"), "turn");
  rmSync(at("n/users"));
  await checkpoints.recordAfterEdit(at("n/users"));
  await checkpoints.restoreToSnapshot(id);
  expect(listing(at("."))).toEqual([
    "n dir 700",
    expect.stringMatching(/^n\/users 644 /) as unknown as string,
  ]);
});

it("an empty directory of the user's stays where we have never made anything in it", async () => {
  const { at, open } = workbench();
  const checkpoints = await open();
  const { id } = await checkpoints.makeSnapshot("turn");
  await checkpoints.trackBeforeEdit(at("n/x"), "turn");
  await checkpoints.recordAfterEdit(at("n/x"));
  mkdirSync(at("n"));
  expect(await checkpoints.restoreToSnapshot(id)).toMatchObject({ complete: true });
  expect(listing(at("."))).toEqual([expect.stringMatching(/^n dir/)]);
});

it("an empty directory of ours goes, also when we have removed what was in it, and after pruning", async () => {
  const { at, open } = workbench();
  const checkpoints = await open({ limits: { maxSnapshots: 1 } });
  await checkpoints.makeSnapshot("turn");
  const { id } = await checkpoints.makeSnapshot("turn");
  await write(checkpoints, at("n/x"));
  rmSync(at("n/x"));
  await checkpoints.recordAfterEdit(at("n/x"));
  await checkpoints.prune();
  expect(await checkpoints.restoreToSnapshot(id)).toMatchObject({ complete: true });
  expect(listing(at("."))).toEqual([]);
});
