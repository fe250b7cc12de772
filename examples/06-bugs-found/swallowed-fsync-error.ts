// People believe: the fsync is an extra, so that its failure is no reason to fail.
// What happens: a failed fsync is the one moment at which the disk says that the content is lost.
// Seen: a `catch {}` that is there for file systems that cannot flush (EINVAL, ENOTSUP), and takes EIO with
// them.
import { durableAsAcknowledged, sweepFaults, type NodeFileSystem } from "@holdfast/testing";
import type { Bug } from "./bug.ts";

const flush = {
  bug(fs: NodeFileSystem, fd: number) {
    try {
      fs.fsyncSync(fd);
    } catch {
      // best effort
    }
  },
  corrected(fs: NodeFileSystem, fd: number) {
    fs.fsyncSync(fd);
  },
};

export const swallowedFsyncError: Bug = {
  title: "a swallowed fsync error",
  finds: /swallowed: fsync \/state\.tmp failed with EIO; the run says done/,
  explore: (version) =>
    sweepFaults({
      setup: (fs) => fs.writeFileSync("/state", "old"),
      run(fs, ack) {
        try {
          const fd = fs.openSync("/state.tmp", "wx");
          try {
            fs.writeFileSync(fd, "new");
            flush[version](fs, fd);
          } finally {
            fs.closeSync(fd);
          }
          fs.renameSync("/state.tmp", "/state");
        } catch (error) {
          fs.rmSync("/state.tmp", { force: true });
          throw error;
        }
        ack("new");
      },
      check: durableAsAcknowledged({ path: "/state", order: ["old", "new"] }),
    }),
};
