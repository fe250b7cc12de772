// People believe: what was removed is gone.
// What happens: the removal is a change of the directory like any other. Until that is flushed, a power
// cut brings the file back: the session that was revoked, the journal that was played.
// Seen: SQLite with a rollback journal: `PRAGMA synchronous=EXTRA` exists for it; on Linux 6.18 the file came
// back on ext4, xfs and btrfs.
import { exploreCrashes, removedStaysRemoved, type NodeFileSystem } from "@holdfast/testing";
import type { Bug } from "./bug.ts";
import { flush } from "./durably.ts";

const revoke = {
  bug(fs: NodeFileSystem) {
    fs.unlinkSync("/session");
  },
  corrected(fs: NodeFileSystem) {
    fs.unlinkSync("/session");
    flush(fs, "/");
  },
};

export const removalThatComesBack: Bug = {
  title: "a removal that comes back",
  finds: /\/session is back, after its removal had been acknowledged/,
  explore: (version, options) =>
    exploreCrashes(
      {
        setup: (fs) => fs.writeFileSync("/session", "token"),
        run(fs, ack) {
          revoke[version](fs);
          ack("revoked");
        },
        check: removedStaysRemoved("/session"),
      },
      options,
    ),
};
