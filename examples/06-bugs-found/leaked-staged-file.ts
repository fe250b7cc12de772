// People believe: if the write fails, the old file is still there, and that is all that matters.
// What happens: so is half of the new one. On a full disk each attempt makes it fuller.
// Seen: in most functions of ten lines that write a file atomically, and in libraries
// (untitaker/python-atomicwrites#44).
import { oldOrNew, sweepFaults, type NodeFileSystem } from "@holdfast/testing";
import type { Bug } from "./bug.ts";

const save = {
  bug(fs: NodeFileSystem) {
    fs.writeFileSync("/state.tmp", "new", { flag: "wx", flush: true });
    fs.renameSync("/state.tmp", "/state");
  },
  corrected(fs: NodeFileSystem) {
    try {
      save.bug(fs);
    } catch (error) {
      fs.rmSync("/state.tmp", { force: true });
      throw error;
    }
  },
};

export const leakedStagedFile: Bug = {
  title: "a leaked staged file",
  finds: /left behind: \/state\.tmp/,
  explore: (version) =>
    sweepFaults({
      setup: (fs) => fs.writeFileSync("/state", "old"),
      run: save[version],
      check: oldOrNew("/state", ["old", "new"]),
    }),
};
