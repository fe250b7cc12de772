/**
 * How the lock of a dead owner is usually taken over. Both ways elect two owners. To keep the schedules
 * short the lock is a symbolic link that leads to the name of its owner: made and read in one call.
 */

import type { NodeFileSystem, Scenario } from "@holdfast/testing";
import { beInside, endedWell } from "./critical-section.ts";

const lock = "/lock";
const dead = "dead";

const codeOf = (error: unknown): unknown => (error as NodeJS.ErrnoException).code;

function leaveDeadLock(fs: NodeFileSystem): void {
  fs.symlinkSync(dead, lock);
}

/** `false` if the call fails with this code. */
async function unless(code: string, call: Promise<void>): Promise<boolean> {
  try {
    await call;
    return true;
  } catch (error) {
    if (codeOf(error) === code) return false;
    throw error;
  }
}

const create = (fs: NodeFileSystem, name: string): Promise<boolean> =>
  unless("EEXIST", fs.promises.symlink(name, lock));

/** Unlike a look at times this is never mistaken: it reads who the owner is. */
async function isDead(fs: NodeFileSystem, path = lock): Promise<boolean> {
  try {
    return (await fs.promises.readlink(path)) === dead;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return false;
    throw error;
  }
}

type Takeover = (fs: NodeFileSystem, name: string) => Promise<boolean>;

/** One attempt. */
function contender(name: string, takeOver: Takeover): Scenario {
  return {
    name,
    setup: leaveDeadLock,
    async run(fs) {
      if (!(await create(fs, name)) && !(await takeOver(fs, name))) return;
      await beInside(fs);
      await unless("ENOENT", fs.promises.unlink(lock));
    },
    check: endedWell,
  };
}

/** Look, remove, create: it removes whatever has the name by then. */
export function removeAndCreate(name: string): Scenario {
  return contender(name, async (fs) => {
    if (!(await isDead(fs))) return false;
    await unless("ENOENT", fs.promises.unlink(lock));
    return await create(fs, name);
  });
}

/**
 * Rename it away, verify, create: what was renamed away may be the new owner's, and until it is put back
 * the name is free for a third.
 */
export function renameAndVerify(name: string): Scenario {
  return contender(name, async (fs) => {
    if (!(await isDead(fs))) return false;
    const aside = `${lock}.${name}`;
    if (!(await unless("ENOENT", fs.promises.rename(lock, aside)))) return false;
    if (await isDead(fs, aside)) return await create(fs, name);
    // Somebody's who lives: put back, without replacing anything.
    await unless("EEXIST", fs.promises.link(aside, lock));
    return false;
  });
}
