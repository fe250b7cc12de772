import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { expect, it } from "vitest";
import type { Checkpoints } from "../../src/index.ts";
import { requireComplete, told } from "./support/agent.ts";
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

/** `n/m/y` is made after a snapshot, with modes of their own; then there is another snapshot. */
async function nested(): Promise<Nested> {
  const { at, open } = workbench();
  const checkpoints = await open();
  const { id: first } = await checkpoints.makeSnapshot("1");
  await write(checkpoints, at("n/m/y"));
  chmodSync(at("n"), 0o750);
  chmodSync(at("n/m"), 0o700);
  const { id: second } = await checkpoints.makeSnapshot("2");
  return { at, checkpoints, first, second, full: listing(at(".")) };
}

interface Nested {
  readonly at: (name: string) => string;
  readonly checkpoints: Checkpoints;
  readonly first: string;
  readonly second: string;
  readonly full: readonly string[];
}

it("directories that a restore removes are told, and come back with their modes: by undo, and by a later restore", async () => {
  const { at, checkpoints, first, second, full } = await nested();
  const dry = await checkpoints.restoreToSnapshot(first, { dryRun: true });
  const report = await checkpoints.restoreToSnapshot(first);
  expect(told(report, at("."))).toEqual({
    n: "remove-directory",
    "n/m": "remove-directory",
    "n/m/y": "remove",
  });
  expect(told(dry, at("."))).toEqual(told(report, at(".")));
  expect(listing(at("."))).toEqual([]);
  const undone = await checkpoints.undoRestore(report.restoreId!);
  expect(told(undone, at("."))).toEqual({
    n: "make-directory",
    "n/m": "make-directory",
    "n/m/y": "create",
  });
  expect(listing(at("."))).toEqual(full);
  await checkpoints.undoRestore(undone.restoreId!);
  expect(listing(at("."))).toEqual([]);
  requireComplete(await checkpoints.restoreToSnapshot(second));
  expect(listing(at("."))).toEqual(full);
  requireComplete(await checkpoints.restoreToSnapshot(first));
  expect(listing(at("."))).toEqual([]);
  requireComplete(await checkpoints.restoreToSnapshot(first));
  expect(listing(at("."))).toEqual([]);
});

it("empty directories that a restore removes come back by undo", async () => {
  const { at, checkpoints, first } = await nested();
  rmSync(at("n/m/y"));
  await checkpoints.recordAfterEdit(at("n/m/y"));
  const report = await checkpoints.restoreToSnapshot(first);
  expect(told(report, at("."))).toEqual({
    n: "remove-directory",
    "n/m": "remove-directory",
    "n/m/y": "none",
  });
  requireComplete(await checkpoints.undoRestore(report.restoreId!));
  expect(listing(at("."))).toEqual(["n dir 750", "n/m dir 700"]);
});

it("a directory in which somebody else has something stays, and that is no failure", async () => {
  const { at, checkpoints, first } = await nested();
  writeFileSync(at("n/theirs"), "theirs");
  const report = await checkpoints.restoreToSnapshot(first);
  requireComplete(report);
  expect(told(report, at("."))).toEqual({ "n/m": "remove-directory", "n/m/y": "remove" });
  expect(listing(at("."))).toEqual(["n dir 750", expect.stringMatching(/^n\/theirs /)]);
});

it("a directory that was tracked late, and removed, is not made again by a restore to where it was missing", async () => {
  const { at, checkpoints, first, second, full } = await nested();
  await checkpoints.trackBeforeEdit(at("n"), "3");
  await checkpoints.trackBeforeEdit(at("n/m"), "3");
  await checkpoints.trackBeforeEdit(at("n/m/y"), "3");
  rmSync(at("n"), { recursive: true });
  for (const name of ["n/m/y", "n/m", "n"]) await checkpoints.recordAfterEdit(at(name));
  requireComplete(await checkpoints.restoreToSnapshot(first));
  expect(listing(at("."))).toEqual([]);
  const back = await checkpoints.restoreToSnapshot(second);
  requireComplete(back);
  expect(listing(at("."))).toEqual(full);
  requireComplete(await checkpoints.undoRestore(back.restoreId!));
  expect(listing(at("."))).toEqual([]);
});
