// People believe: if anything fails, throw; who catches it knows that nothing was done.
// What happens: the rename has happened, and what fails is the flush after it; or the rename itself says
// that it failed and has happened. The caller tries again, or tells the user that the old one is there.
// Seen: NFS, where a rename that failed may have happened (rename(2), BUGS); any `save` that flushes, tidies
// or notifies after its rename and throws from there.
import { CheckFailed, sweepFaults, type NodeFileSystem } from "@holdfast/testing";
import type { Bug } from "./bug.ts";
import { flush, stage } from "./durably.ts";

type Effect = "none" | "unknown" | "complete";

const failedWith = {
  bug: (error: unknown): unknown => error,
  corrected: (error: unknown, effect: Effect): unknown => Object.assign(error as Error, { effect }),
};

/** What is in the file, for each effect that an error can tell of; an error that tells nothing: none. */
const contents = { none: ["old"], unknown: ["old", "new"], complete: ["new"] };

export const failedSaidAfterTheCommitPoint: Bug = {
  title: '"failed" said after the commit point',
  finds: /it said that it failed \(effect: none\), and the file is "new"/,
  explore: (version) =>
    sweepFaults({
      setup: (fs) => fs.writeFileSync("/state", "old"),
      run(fs) {
        let effect: Effect = "none";
        try {
          try {
            stage(fs, "/state.tmp", "new");
            effect = "unknown";
            fs.renameSync("/state.tmp", "/state");
            effect = "complete";
            flush(fs, "/");
          } finally {
            if (effect !== "complete") fs.rmSync("/state.tmp", { force: true });
          }
        } catch (error) {
          throw failedWith[version](error, effect);
        }
      },
      check(fs: NodeFileSystem, { end }) {
        if (!(end instanceof Error)) return;
        const { effect = "none" } = end as { effect?: Effect };
        const found = fs.readFileSync("/state", "utf8");
        if (contents[effect].includes(found)) return;
        throw new CheckFailed(
          `it said that it failed (effect: ${effect}), and the file is "${found}"`,
        );
      },
    }),
};
