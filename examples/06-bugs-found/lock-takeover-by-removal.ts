// People believe: the lock is stale, so remove it and create it: creating is exclusive, only one can win.
// What happens: two see the stale lock. One removes it and creates its own; the other removes that one,
// and creates another.
// Seen: npm/lockfile#4 (2013), abrt/libreport#345 (2015), moxystudio/node-proper-lockfile#121 (2025).
import { exploreSchedules, type NodeFileSystem } from "@holdfast/testing";
import type { Bug } from "./bug.ts";
import { create, ifThere } from "./exclusive.ts";
import { isStale, owning } from "./lock.ts";

const lock = "/locks/1";

const takeOver = {
  async bug(fs: NodeFileSystem) {
    if (await isStale(fs, lock)) await ifThere(fs.promises.unlink(lock));
    return (await create(fs, lock)) ? lock : undefined;
  },
  // Only who holds a second lock may remove the first, and looks again once it does. Who crashes while it
  // holds the second one leaves it for a person to remove.
  async corrected(fs: NodeFileSystem) {
    if (await create(fs, lock)) return lock;
    if (!(await create(fs, "/locks/takeover"))) return undefined;
    if (await isStale(fs, lock)) await ifThere(fs.promises.unlink(lock));
    const mine = await create(fs, lock);
    await fs.promises.unlink("/locks/takeover");
    return mine ? lock : undefined;
  },
};

export const lockTakeoverByRemoval: Bug = {
  title: "two owners of a lock, after stat, remove, create",
  finds: /two owners at the same time/,
  explore(version) {
    const contender = owning(takeOver[version]);
    return exploreSchedules([contender, contender]);
  },
};
