// People believe: rename is atomic, so that the name leads to the old content or to the new one.
// What happens: the new name can be on the disk before the content is. The file is empty, or as long as
// it should be and full of zeros.
// Seen: shadow files of Zeek, empty after a power outage (zeek/zeek#1817); on Linux 6.18 on xfs and btrfs as
// soon as another program flushes something. "Safe on ext4" holds only while nobody flushes the directory.
import { exploreCrashes, oldOrNew, type NodeFileSystem } from "@holdfast/testing";
import type { Bug } from "./bug.ts";

const save = {
  bug(fs: NodeFileSystem) {
    fs.writeFileSync("/state.tmp", "new");
    fs.renameSync("/state.tmp", "/state");
  },
  corrected(fs: NodeFileSystem) {
    fs.writeFileSync("/state.tmp", "new", { flush: true });
    fs.renameSync("/state.tmp", "/state");
  },
};

export const noFsyncBeforeRename: Bug = {
  title: "no fsync before rename",
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
