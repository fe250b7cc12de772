/** Programs that sleep and ask again. */

import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { NodeFileSystem } from "../../src/calls/node-file-system.ts";
import type { Scenario } from "../../src/scenario/scenario.ts";

const codeOf = (error: unknown): unknown => (error as NodeJS.ErrnoException).code;
const leaseMs = 20;

/**
 * A lock that may be taken from whoever has had it for so long, whether it works on or not: it never renews,
 * and never looks whether it still has it. Asks at most twice.
 */
export const lease: Scenario = {
  async run(fs) {
    if (!(await takeLease(fs))) {
      await sleep(leaseMs);
      if (!(await takeLease(fs))) return;
    }
    // EEXIST if there is another owner already.
    await fs.promises.mkdir("/inside");
    await fs.promises.rmdir("/inside");
    await fs.promises.unlink("/lease").catch(() => {});
  },
  check(_fs, { end }) {
    if (end instanceof Error && codeOf(end) === "EEXIST") assert.fail("two owners");
    assert.equal(end, "done");
  },
};

async function takeLease(fs: NodeFileSystem): Promise<boolean> {
  try {
    await fs.promises.symlink(String(Date.now() + leaseMs), "/lease");
    return true;
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
  }
  try {
    if (Number(await fs.promises.readlink("/lease")) > Date.now()) return false;
    await fs.promises.unlink("/lease");
    await fs.promises.symlink(String(Date.now() + leaseMs), "/lease");
    return true;
  } catch (error) {
    if (codeOf(error) !== "ENOENT" && codeOf(error) !== "EEXIST") throw error;
    return false;
  }
}

/** As many attempts as it takes, and nobody loses it: with whoever has it for ever the others wait. */
export const patientLock = (attempts: number): Scenario => ({
  async run(fs) {
    for (let i = 0; ; i++) {
      try {
        await fs.promises.mkdir("/lock");
        break;
      } catch (error) {
        if (codeOf(error) !== "EEXIST") throw error;
        if (i === attempts) return;
        await sleep(10 * 2 ** i);
      }
    }
    await fs.promises.mkdir("/inside");
    await fs.promises.rmdir("/inside");
    await fs.promises.rmdir("/lock");
  },
  check(fs, { end }) {
    assert.equal(end, "done");
    assert.deepEqual(fs.readdirSync("/"), []);
  },
});

function pair(fs: NodeFileSystem): void {
  fs.symlinkSync("0", "/one");
  fs.symlinkSync("0", "/two");
}

/** Changes what belongs together, with a moment in between. */
export const changesBoth: Scenario = {
  setup: pair,
  async run(fs) {
    await fs.promises.unlink("/one");
    await fs.promises.symlink("1", "/one");
    await fs.promises.unlink("/two");
    await fs.promises.symlink("1", "/two");
  },
  check: (_fs, { end }) => assert.equal(end, "done"),
};

/** Looks now and then, for the moment in which the one is new and the other is not there. */
export const looksNowAndThen = (looks: number): Scenario<string> => ({
  setup: pair,
  async run(fs, ack) {
    for (let i = 0; i < looks; i++) {
      await sleep(10);
      const one = await fs.promises.readlink("/one").catch(codeOf);
      const two = await fs.promises.readlink("/two").catch(codeOf);
      ack(`${String(one)} ${String(two)}`);
    }
  },
  check(_fs, { acks, end }) {
    assert.equal(end, "done");
    assert.equal(acks.includes("1 ENOENT"), false, "half of it");
  },
});
