/** Who contends for the lock, and what the dead have left there. */

import assert from "node:assert/strict";
import { createMemoryFileSystem, type NodeFileSystem, type Scenario } from "@holdfast/testing";
import { anotherProcess, type LockPackage } from "./another-process.ts";
import type { HeldLock } from "./whole-package.ts";
import { beInside, beInsideTogether, endedWell, goInside, target } from "./critical-section.ts";

export const entry = `${target}.lock`;
export const shares = `${entry}.shared`;
/** No heartbeat within a schedule; whoever cannot be judged is taken for dead after this. */
export const timing = { heartbeatMs: 2_000_000, staleAfterMs: 4_000_000 } as const;
const longAgo = new Date("2001-01-01T00:00:00Z");

/** Only the asynchronous half: nobody could come between its calls and synchronous ones. */
export const asyncHalf = ({ promises }: NodeFileSystem): Pick<NodeFileSystem, "promises"> => ({
  promises,
});

/** The record of a living owner, as the package writes it. */
const template = await (async (): Promise<Readonly<Record<string, unknown>>> => {
  const { fs } = createMemoryFileSystem({ tree: ["d/"] });
  const { acquireLock } = anotherProcess({ name: "template" });
  await acquireLock(target, { fileSystem: asyncHalf(fs), ...timing });
  return JSON.parse(fs.readFileSync(entry, "utf8")) as Record<string, unknown>;
})();

const nonceOf = (who: number): string => String(who).padStart(32, "0");

/** What somebody has left who has the pid and the thread of this process, and started at another time. */
function deadRecord(who: number): string {
  return `${JSON.stringify({ ...template, nonce: nonceOf(who), startTicks: "1" })}\n`;
}

/** What the dead have left: `deadRecord(1)` as the lock, 2 has claimed that, 3 the claim of 2, … */
export function leaveDead(depth: number): (fs: NodeFileSystem) => void {
  return (fs) => {
    fs.mkdirSync("/d");
    for (let who = 1; who <= depth; who++) {
      const path = who === 1 ? entry : `${entry}.${nonceOf(who - 1)}.claim`;
      fs.writeFileSync(path, deadRecord(who));
      fs.utimesSync(path, longAgo, longAgo);
    }
  };
}

/** A dead one who shares. */
export function leaveDeadShare(fs: NodeFileSystem): void {
  fs.mkdirSync(shares, { recursive: true });
  fs.writeFileSync(`${shares}/${nonceOf(1)}`, deadRecord(1));
}

/** What a power cut can leave of a record. */
export function leaveUnreadable(fs: NodeFileSystem): void {
  fs.mkdirSync("/d");
  fs.writeFileSync(entry, "");
  fs.utimesSync(entry, longAgo, longAgo);
}

/** On the clock of the explorer, which gets there when nobody does anything. */
export const sleep = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

export interface ContenderOptions {
  readonly name: string;
  readonly setup: (fs: NodeFileSystem) => unknown;
  readonly shared?: boolean;
  /** Those who may share: whoever has it alone looks for them. */
  readonly sharers?: readonly string[];
  /** Never gives it back: nobody else may ever get in. */
  readonly keeps?: boolean;
  /** Comes so much later, in milliseconds. */
  readonly afterMs?: number;
}

/** One attempt. Whoever gets it goes in, and gives it back. */
export async function tryOnce(
  { tryAcquireLock }: LockPackage,
  fs: NodeFileSystem,
  { name, shared = false, sharers = [], keeps = false }: Omit<ContenderOptions, "setup">,
): Promise<void> {
  const lock = await tryAcquireLock(target, { fileSystem: asyncHalf(fs), shared, ...timing });
  if (lock === undefined) return;
  await fs.promises.mkdir(`/won.${name}`);
  if (keeps) return await goInside(fs);
  if (shared) await beInsideTogether(fs, name);
  else await beInside(fs, sharers);
  await lock.release();
}

export function contender(options: ContenderOptions): Scenario {
  const { name, setup, afterMs } = options;
  return {
    name,
    setup,
    async run(fs) {
      if (afterMs !== undefined) await sleep(afterMs);
      await tryOnce(anotherProcess({ name }), fs, options);
    },
    check: endedWell,
  };
}

/**
 * The same, for a lock that is free or a dead owner's: somebody must get it.
 *
 * @param left what may stay there
 */
export function oneGetsIt(scenario: Scenario, left: readonly string[] = []): Scenario {
  return {
    ...scenario,
    check(fs, seen) {
      endedWell(fs, seen);
      const won = fs.readdirSync("/").filter((name) => name.startsWith("won."));
      assert.notDeepEqual(won, [], "nobody got it");
      const litter = fs.readdirSync("/d").filter((name) => !left.includes(name));
      assert.deepEqual(litter, [], "litter");
    },
  };
}

/** A lock that is held, with steps that are driven asynchronously. */
export interface Driven {
  check(): Promise<void>;
  release(): Promise<void>;
}

export async function acquireInSteps(
  { acquire, readLockRequest, Operation, runAsync }: LockPackage,
  fs: NodeFileSystem,
): Promise<Driven> {
  const fileSystem = asyncHalf(fs);
  const request = readLockRequest("test", target, { fileSystem, timeoutMs: 0, ...timing }, "async");
  const operation = (): InstanceType<typeof Operation> =>
    new Operation({ op: "test", path: target, fileSystem });
  const first = operation();
  const held = await runAsync(acquire(first, request), first);
  if (held === undefined) throw new Error("it was not free");
  const drive = (steps: (of: typeof first) => ReturnType<HeldLock["release"]>): Promise<void> => {
    const next = operation();
    return runAsync(steps(next), next);
  };
  return {
    check: () => drive((next) => held.check(next)),
    release: () => drive((next) => held.release(next)),
  };
}
