// People believe: an fsync that failed can be tried again.
// What happens: the kernel has dropped what it could not write, and calls the pages clean. The second
// fsync says ok, reading gives the new bytes, and a power cut brings the old ones.
// Seen: PostgreSQL until 2019, which panics now instead; on Linux 6.18 on ext4, xfs and btrfs.
import { durableAsAcknowledged, exploreCrashes, type NodeFileSystem } from "@holdfast/testing";
import type { Bug } from "./bug.ts";
import { flush } from "./durably.ts";

const flushStaged = {
  bug(fs: NodeFileSystem) {
    try {
      flush(fs, "/state.tmp");
    } catch {
      flush(fs, "/state.tmp");
    }
  },
  corrected(fs: NodeFileSystem) {
    try {
      flush(fs, "/state.tmp");
    } catch (error) {
      fs.unlinkSync("/state.tmp"); // nobody knows what is in it; the old one is whole
      throw error;
    }
  },
};

export const fsyncRetried: Bug = {
  title: "fsync retried",
  finds: /\/state is nothing \(0 bytes\), which it never was[^]*fsync number 1 had failed/,
  explore: (version, options) =>
    exploreCrashes(
      {
        setup: (fs) => fs.writeFileSync("/state", "old"),
        run(fs, ack) {
          fs.writeFileSync("/state.tmp", "new");
          flushStaged[version](fs);
          fs.renameSync("/state.tmp", "/state");
          flush(fs, "/");
          ack("new");
        },
        check: durableAsAcknowledged({ path: "/state", order: ["old", "new"] }),
      },
      { faults: "fsync", ...options },
    ),
};
