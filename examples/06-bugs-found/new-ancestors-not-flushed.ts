// People believe: the file and its directory were flushed, so that the file is there.
// What happens: the directory is new too, and so is the one above it. POSIX lets a power cut take away a
// name that nobody has flushed into its parent, with all that is in it.
// Seen: by no measurement on ext4, xfs and btrfs of Linux 6.18, which flush the way to a file with it. It
// is the letter of POSIX, and what fsync(2) says: the entry of the directory needs an fsync of its own.
import { exploreCrashes, neverMissing, type NodeFileSystem } from "@holdfast/testing";
import type { Bug } from "./bug.ts";
import { flush, stage } from "./durably.ts";

const save = {
  bug(fs: NodeFileSystem) {
    fs.mkdirSync("/data/2026", { recursive: true });
    stage(fs, "/data/2026/state", "new");
    flush(fs, "/data/2026");
  },
  corrected(fs: NodeFileSystem) {
    save.bug(fs);
    flush(fs, "/data");
    flush(fs, "/");
  },
};

const isThere = neverMissing("/data/2026/state");

export const newAncestorsNotFlushed: Bug = {
  title: "new directories not flushed into their parents",
  finds: /\/data\/2026\/state is missing; \/data\/2026 is missing, too/,
  explore: (version, options) =>
    exploreCrashes(
      {
        run(fs, ack) {
          save[version](fs);
          ack("saved");
        },
        check: (fs, seen) => (seen.acks.length === 0 ? undefined : isThere(fs, seen)),
      },
      options,
    ),
};
