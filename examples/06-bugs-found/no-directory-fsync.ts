// People believe: the content was flushed, so the file is saved.
// What happens: the name still leads to the old file. After a power cut the last version that was said to
// be saved is gone. It is whole, and it is old.
// Seen: on Linux 6.18 in 256 of 313 states on ext4, 94 of 130 on xfs, 220 of 249 on btrfs.
import { durableAsAcknowledged, exploreCrashes, type NodeFileSystem } from "@holdfast/testing";
import type { Bug } from "./bug.ts";
import { flush, stage } from "./durably.ts";

const save = {
  bug(fs: NodeFileSystem) {
    stage(fs, "/state.tmp", "new");
    fs.renameSync("/state.tmp", "/state");
  },
  corrected(fs: NodeFileSystem) {
    stage(fs, "/state.tmp", "new");
    fs.renameSync("/state.tmp", "/state");
    flush(fs, "/");
  },
};

export const noDirectoryFsync: Bug = {
  title: "no fsync of the directory",
  finds: /\/state has gone back to "old"; "new" had been acknowledged/,
  explore: (version, options) =>
    exploreCrashes(
      {
        setup: (fs) => fs.writeFileSync("/state", "old"),
        run(fs, ack) {
          save[version](fs);
          ack("new");
        },
        check: durableAsAcknowledged({ path: "/state", order: ["old", "new"] }),
      },
      options,
    ),
};
