// People believe: the write is flushed at once, so that the moment in between is too short to matter.
// What happens: `writeFile` truncates first. The old content is gone before there is a new one, and a
// power cut, or a kill, finds an empty file or half of one.
// Seen: configurations of 0 bytes on ext4 (indexzero/nconf#184); on Linux 6.18, with another program that
// flushes, empty in 445 of 1,405 states on ext4 and 120 of 249 on xfs. btrfs tries to avoid it, and promises
// nothing.
import { exploreCrashes, oldOrNew, type NodeFileSystem } from "@holdfast/testing";
import type { Bug } from "./bug.ts";
import { replace } from "./durably.ts";

const save = {
  bug(fs: NodeFileSystem) {
    fs.writeFileSync("/state", "new", { flush: true });
  },
  corrected(fs: NodeFileSystem) {
    replace(fs, "/state", "new");
  },
};

export const truncateInPlace: Bug = {
  title: "truncated and written in place",
  finds: /\/state: found nothing \(0 bytes\); expected one of "old", "new"/,
  explore: (version, options) =>
    exploreCrashes(
      {
        setup: (fs) => fs.writeFileSync("/state", "old"),
        run: save[version],
        check: oldOrNew("/state", ["old", "new"]),
      },
      options,
    ),
};
