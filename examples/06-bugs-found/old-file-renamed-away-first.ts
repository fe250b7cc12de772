// People believe: the old file is kept as a backup, so that nothing can be lost.
// What happens: between the two renames there is no file of that name. Who starts then finds no
// configuration, and begins with an empty one.
// Seen: editors that keep backups do it (vim with 'backupcopy=no'); on Linux 6.18 the name was missing in 96
// of 609 states on ext4, 12 of 155 on xfs, 168 of 572 on btrfs.
import { exploreCrashes, neverMissing, type NodeFileSystem } from "@holdfast/testing";
import type { Bug } from "./bug.ts";
import { flush, stage } from "./durably.ts";

const save = {
  bug(fs: NodeFileSystem) {
    stage(fs, "/state.tmp", "new");
    fs.renameSync("/state", "/state.bak");
    fs.renameSync("/state.tmp", "/state");
    flush(fs, "/");
  },
  corrected(fs: NodeFileSystem) {
    stage(fs, "/state.tmp", "new");
    fs.linkSync("/state", "/state.bak"); // a second name, the first one stays
    fs.renameSync("/state.tmp", "/state");
    flush(fs, "/");
  },
};

export const oldFileRenamedAwayFirst: Bug = {
  title: "old file renamed away first",
  finds: /\/state is missing; \/ has state\.bak, state\.tmp/,
  explore: (version, options) =>
    exploreCrashes(
      {
        setup: (fs) => fs.writeFileSync("/state", "old"),
        run: save[version],
        check: neverMissing("/state"),
      },
      options,
    ),
};
