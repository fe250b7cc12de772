/** Every call of a restore fails in turn: what is there then is old or new for each path, the report says which, nothing is lost. */

import assert from "node:assert/strict";
import { posix } from "node:path";
import { expect, it, vi } from "vitest";
import { assertPassed, type NodeFileSystem, type Scenario, sweepFaults } from "@holdfast/testing";
import { isHoldfastError, type RestoreReport } from "../../src/index.ts";
import {
  digestOf,
  digestsIn,
  firstSnapshot,
  openAgain,
  store,
  treeOf,
  work,
} from "./support/memory.ts";

vi.setConfig({ testTimeout: 240_000 });

const all = process.env["HOLDFAST_EXPLORE"] === "1";

/** One path of each kind of change; its lines before and after the turn. */
const changes: Readonly<Record<string, { before: string[]; after: string[] }>> = {
  edited: { before: [`${work}/edited 640 before`], after: [`${work}/edited 600 after`] },
  link: { before: [`${work}/link -> edited`], after: [`${work}/link -> nowhere`] },
  "made/us": { before: [], after: [`${work}/made/us 644 made`] },
  mode: { before: [`${work}/mode 644 mode`], after: [`${work}/mode 755 mode`] },
  removed: { before: [`${work}/removed 644 removed`], after: [] },
};
const contents = ["before", "after", "made", "mode", "removed", "the user's"];

async function setup(fs: NodeFileSystem): Promise<void> {
  fs.mkdirSync(work);
  fs.writeFileSync(`${work}/untracked`, "the user's");
  fs.writeFileSync(`${work}/edited`, "before", { mode: 0o640 });
  fs.symlinkSync("edited", `${work}/link`);
  fs.writeFileSync(`${work}/mode`, "mode");
  fs.writeFileSync(`${work}/removed`, "removed");
  const checkpoints = await openAgain(fs);
  await checkpoints.makeSnapshot("1");
  const edits: Readonly<Record<string, (path: string) => void>> = {
    edited: (path) => {
      fs.writeFileSync(path, "after");
      fs.chmodSync(path, 0o600);
    },
    link: (path) => {
      fs.unlinkSync(path);
      fs.symlinkSync("nowhere", path);
    },
    "made/us": (path) => {
      fs.mkdirSync(posix.dirname(path));
      fs.writeFileSync(path, "made");
    },
    mode: (path) => fs.chmodSync(path, 0o755),
    removed: (path) => fs.unlinkSync(path),
  };
  for (const [name, change] of Object.entries(edits)) {
    await checkpoints.trackBeforeEdit(`${work}/${name}`, "1");
    change(`${work}/${name}`);
    await checkpoints.recordAfterEdit(`${work}/${name}`);
  }
  await checkpoints.close();
}

const scenario: Scenario<RestoreReport> = {
  name: "a restore",
  setup,
  async run(fs, ack) {
    const checkpoints = await openAgain(fs);
    let report: RestoreReport;
    try {
      report = await checkpoints.restoreToSnapshot(await firstSnapshot(checkpoints));
    } catch (error) {
      await checkpoints.close().catch(() => {}); // it is the restore that is asked about
      throw error;
    }
    ack(report);
    await checkpoints.close();
    if (!report.complete) throw new Error("the report says that it is not complete");
  },
  async check(fs, { acks, end }) {
    const found = treeOf(fs, work);
    if (acks[0] !== undefined) checkReport(acks[0], found);
    else if (isHoldfastError(end) && end.effect === "none")
      assert.ok(isOld(found), found.join("\n"));
    checkNothingLost(fs, found);
    const checkpoints = await openAgain(fs);
    if (checkpoints.interrupted !== undefined) {
      const report = await checkpoints.resume();
      assert.equal(report.complete, true, JSON.stringify(report.paths));
      const tree = treeOf(fs, work);
      assert.ok(isNew(tree), tree.join("\n"));
    }
    await checkpoints.close();
    checkNothingLost(fs, treeOf(fs, work));
  },
};

const linesOf = (tree: readonly string[], name: string): string[] =>
  tree.filter((line) => line.startsWith(`${work}/${name} `));

const is = (when: "before" | "after") => (tree: readonly string[]) =>
  Object.entries(changes).every(([name, one]) => linesOf(tree, name).join() === one[when].join());
const isOld = is("after");
const isNew = is("before");

function checkReport(report: RestoreReport, tree: readonly string[]): void {
  for (const [name, { before, after }] of Object.entries(changes)) {
    const result = report.paths.find(({ path }) => path === `${work}/${name}`);
    const now = linesOf(tree, name).join();
    const said = `${JSON.stringify(result)}: ${now}`;
    assert.ok(now === before.join() || now === after.join(), said);
    if (result!.ok) assert.equal(now, before.join(), said);
    else assert.ok(result!.reason !== undefined && result!.reason !== "conflict", said);
  }
}

function checkNothingLost(fs: NodeFileSystem, tree: readonly string[]): void {
  assert.ok(tree.includes(`${work}/untracked 644 the user's`), tree.join("\n"));
  const there = new Set([...digestsIn(fs, work), ...digestsIn(fs, store)]);
  for (const content of contents) assert.ok(there.has(digestOf(content)), `${content} is lost`);
}

it("sweeps faults over a restore", async () => {
  const report = await sweepFaults(scenario, {
    seed: 1,
    leftovers: ["/store/**"],
    ...(all ? {} : { modes: ["once-before", "once-after"], errnos: () => ["EIO"] }),
  });
  assertPassed(report, { sampled: "accept" });
  expect(report.cases).toBeGreaterThan(500);
});
