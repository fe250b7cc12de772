/** Programs that contend for something, some of them wrong in the usual ways. */

import assert from "node:assert/strict";
import type { NodeFileSystem } from "../../src/calls/node-file-system.ts";
import type { Scenario } from "../../src/scenario/scenario.ts";

const codeOf = (error: unknown): unknown => (error as NodeJS.ErrnoException).code;
/** How old the lock is that somebody has left behind. */
const hour = 3_600_000;
const minute = 60_000;

function leaveStaleLock(fs: NodeFileSystem): void {
  fs.writeFileSync("/lock", "0");
  const then = new Date(Date.now() - hour);
  fs.utimesSync("/lock", then, then);
}

/** What the owner does, and nobody else may do at the same time. */
async function asOwner(fs: NodeFileSystem): Promise<void> {
  // EEXIST if there is another owner already.
  await fs.promises.open("/inside", "wx").then((file) => file.close());
  await fs.promises.unlink("/inside");
}

function oneOwner(_fs: NodeFileSystem, { end }: { end: unknown }): void {
  if (end instanceof Error && codeOf(end) === "EEXIST") assert.fail("two owners at the same time");
  assert.equal(end, "done");
}

async function createLock(fs: NodeFileSystem, path = "/lock"): Promise<boolean> {
  try {
    await (await fs.promises.open(path, "wx")).close();
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

async function isStale(fs: NodeFileSystem): Promise<boolean> {
  try {
    return (await fs.promises.stat("/lock")).mtimeMs < Date.now() - minute;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return false;
    throw error;
  }
}

async function unlinkIfThere(fs: NodeFileSystem, path: string): Promise<void> {
  await fs.promises.unlink(path).catch((error: unknown) => {
    if (codeOf(error) !== "ENOENT") throw error;
  });
}

/** stat, remove, create: removes the lock of whoever has taken it over since stat. */
export const removeAndCreate: Scenario = {
  setup: leaveStaleLock,
  async run(fs) {
    if (!(await createLock(fs))) {
      if (!(await isStale(fs))) return;
      await unlinkIfThere(fs, "/lock");
      if (!(await createLock(fs))) return;
    }
    await asOwner(fs);
    await unlinkIfThere(fs, "/lock");
  },
  check: oneOwner,
};

/** rename away, verify, create: what was renamed away may be the new lock, and is gone meanwhile. */
export function renameAndVerify(name: string): Scenario {
  return {
    setup: leaveStaleLock,
    async run(fs) {
      if (!(await createLock(fs))) {
        if (!(await isStale(fs))) return;
        try {
          await fs.promises.rename("/lock", `/lock.${name}`);
        } catch (error) {
          if (codeOf(error) === "ENOENT") return;
          throw error;
        }
        const { mtimeMs } = await fs.promises.stat(`/lock.${name}`);
        if (mtimeMs >= Date.now() - minute) {
          // Somebody's: put back, without replacing anything.
          await fs.promises.link(`/lock.${name}`, "/lock").catch(() => {});
          return;
        }
        if (!(await createLock(fs))) return;
      }
      await asOwner(fs);
      await unlinkIfThere(fs, "/lock");
    },
    check: oneOwner,
  };
}

/** One attempt, no takeover. */
export const tryOnce: Scenario = {
  async run(fs) {
    if (!(await createLock(fs))) return;
    await asOwner(fs);
    await fs.promises.unlink("/lock");
  },
  check: oneOwner,
};

/** Who takes over must hold a second lock, and looks again once it does. */
export const guardedTakeover: Scenario = {
  setup: leaveStaleLock,
  async run(fs) {
    if (!(await createLock(fs))) {
      if (!(await createLock(fs, "/takeover"))) return;
      const stale = await isStale(fs);
      if (stale) await fs.promises.unlink("/lock");
      const taken = stale && (await createLock(fs));
      await fs.promises.unlink("/takeover");
      if (!taken) return;
    }
    await asOwner(fs);
    await fs.promises.unlink("/lock");
  },
  check: oneOwner,
};

/** Waits until it is free. */
export const waitForLock: Scenario = {
  async run(fs) {
    while (!(await createLock(fs))) {
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
    await asOwner(fs);
    await fs.promises.unlink("/lock");
  },
  check: oneOwner,
};

const counter = (fs: NodeFileSystem): void => fs.writeFileSync("/counter", "0");

/** Each acknowledges what it has counted to: nobody else may count to the same. */
function counted(runs: number): Scenario<number>["check"] {
  return (fs, { end }) => {
    assert.equal(end, "done");
    assert.equal(fs.readFileSync("/counter", "utf8"), String(runs), "an update was lost");
  };
}

export function increment(runs: number): Scenario<number> {
  return {
    setup: counter,
    async run(fs) {
      const before = Number(await fs.promises.readFile("/counter", "utf8"));
      await fs.promises.writeFile("/counter", String(before + 1));
    },
    check: counted(runs),
  };
}

/** One function, so that it is run once. */
function firstGeneration(fs: NodeFileSystem): void {
  for (const name of ["a", "b", "c"]) fs.mkdirSync(`/${name}`);
  fs.writeFileSync("/counter.0", "");
}

/** Compare and swap: each generation is a name that can be given only once. */
export function incrementByGeneration(name: string, runs: number): Scenario<number> {
  return {
    setup: firstGeneration,
    async run(fs) {
      const mine = `/${name}/staged`;
      await fs.promises.writeFile(mine, "");
      for (;;) {
        const generations = (await fs.promises.readdir("/"))
          .filter((entry) => entry.startsWith("counter."))
          .map((entry) => Number(entry.slice("counter.".length)));
        try {
          await fs.promises.link(mine, `/counter.${Math.max(...generations) + 1}`);
          break;
        } catch (error) {
          if (codeOf(error) !== "EEXIST") throw error;
        }
      }
      await fs.promises.unlink(mine);
    },
    check(fs, { end }) {
      assert.equal(end, "done");
      assert.equal(fs.existsSync(`/counter.${runs}`), true, "an update was lost");
    },
  };
}
