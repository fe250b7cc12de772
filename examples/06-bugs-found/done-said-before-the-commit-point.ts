// People believe: the rest is only a formality, so the user can be told already.
// What happens: until the directory is flushed, the power can take back what was said.
// Seen: every server that answers 200 and saves afterwards.
import { durableAsAcknowledged, exploreCrashes, type NodeFileSystem } from "@holdfast/testing";
import type { Bug } from "./bug.ts";
import { flush, stage } from "./durably.ts";

const save = {
  bug(fs: NodeFileSystem, answer: () => void) {
    stage(fs, "/state.tmp", "new");
    fs.renameSync("/state.tmp", "/state");
    answer();
    flush(fs, "/");
  },
  corrected(fs: NodeFileSystem, answer: () => void) {
    stage(fs, "/state.tmp", "new");
    fs.renameSync("/state.tmp", "/state");
    flush(fs, "/");
    answer();
  },
};

export const doneSaidBeforeTheCommitPoint: Bug = {
  title: '"done" said before the commit point',
  finds: /\/state has gone back to "old"; "new" had been acknowledged/,
  explore: (version, options) =>
    exploreCrashes(
      {
        setup: (fs) => fs.writeFileSync("/state", "old"),
        run: (fs, ack) => save[version](fs, () => ack("new")),
        check: durableAsAcknowledged({ path: "/state", order: ["old", "new"] }),
      },
      options,
    ),
};
