import type { InodeId } from "../memory/effect.ts";
import { Disk } from "./disk.ts";
import { covered } from "./flush.ts";
import type { PowerLossModel } from "./models.ts";
import type { Change, Timeline } from "./timeline.ts";

/**
 * By call: what a flush is worth that said ok after one that had failed, which had lost what there was to
 * flush. Nothing was written in between, so that there is nothing left of it to flush.
 */
export function vainFlushes(
  timeline: Timeline,
  model: PowerLossModel,
  events: number,
): ReadonlyMap<number, string> {
  const worth = new Map<number, string>();
  const disk = new Disk(model, timeline);
  for (const event of timeline.events.slice(0, events)) {
    if (event.kind === "sync" && !event.failed) {
      const { inode, call } = event;
      const settled = covered(disk, event);
      const lost = disk.pending.some(({ stuck, change }) => stuck && isIn(change, inode));
      if (lost && !settled.some(([{ change }]) => isIn(change, inode))) {
        // A new name or size may have waited in the journal.
        worth.set(call, `said ok, flushed ${settled.length === 0 ? "nothing" : "no contents"}`);
      }
    }
    disk.follow(event);
  }
  return worth;
}

/** Whether it changes what is in a file or directory. */
function isIn(change: Change, inode: InodeId): boolean {
  if (change.kind === "names") return change.settings.some(({ directory }) => directory === inode);
  return change.inode === inode && change.kind !== "attributes";
}
