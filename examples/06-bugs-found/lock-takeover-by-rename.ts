// People believe: rename the stale lock away instead of removing it: only one can win the rename, and who
// finds that it was a fresh one puts it back.
// What happens: until it is back, there is no lock. A third one creates it, while the owner of the fresh one
// is at work.
// Seen: offered as the correction of "stat, remove, create" (moxystudio/node-proper-lockfile#121).
import { exploreSchedules, type NodeFileSystem } from "@holdfast/testing";
import type { Bug } from "./bug.ts";
import { create, ifThere } from "./exclusive.ts";
import { isStale, owning } from "./lock.ts";

const takeOver = {
  async bug(fs: NodeFileSystem, name: string) {
    const [lock, aside] = ["/locks/1", `/aside-${name}`];
    if (await isStale(fs, lock)) {
      if (!(await ifThere(fs.promises.rename(lock, aside)))) return undefined;
      if (!(await isStale(fs, aside))) {
        await fs.promises.rename(aside, lock); // somebody's: put back
        return undefined;
      }
    }
    return (await create(fs, lock)) ? lock : undefined;
  },
  // Nobody touches the lock of another. Each owner has the next number, which can be created only once; the
  // locks of the dead stay, and whoever wants to own must go beyond the highest.
  async corrected(fs: NodeFileSystem) {
    const newest = Math.max(0, ...(await fs.promises.readdir("/locks")).map(Number));
    if (newest > 0 && !(await isStale(fs, `/locks/${newest}`))) return undefined;
    const lock = `/locks/${newest + 1}`;
    return (await create(fs, lock)) ? lock : undefined;
  },
};

export const lockTakeoverByRename: Bug = {
  title: "two owners of a lock, after rename away, verify, create",
  finds: /two owners at the same time/,
  explore: (version) =>
    exploreSchedules(
      ["A", "B", "C"].map((name) => owning((fs) => takeOver[version](fs, name))),
      { maxStates: 500 }, // the bug has some 2,600, and the first failure is among 200
    ),
};
