// People believe: a note of what is to be done, and who starts again does it: so nothing is forgotten.
// What happens: the power goes a second time, after it was done and before the note is gone. It is done
// twice.
// Seen: the reason why database logs hold what a page will be, or its number, and not "add 5".
import { durableAsAcknowledged, exploreCrashes, type NodeFileSystem } from "@holdfast/testing";
import type { Bug } from "./bug.ts";
import { flush, replace } from "./durably.ts";

const read = (fs: NodeFileSystem, path: string): number => Number(fs.readFileSync(path, "utf8"));

/** What the note says, and what is done about it. */
const add5 = {
  bug: {
    note: () => "5",
    total: (fs: NodeFileSystem) => read(fs, "/total") + read(fs, "/note"),
  },
  corrected: {
    note: (fs: NodeFileSystem) => String(read(fs, "/total") + 5),
    total: (fs: NodeFileSystem) => read(fs, "/note"), // to do it twice is to do it once
  },
};

export const recoveryNotIdempotent: Bug = {
  title: "a recovery that is not idempotent",
  finds: /what was read is 110, which it never was/,
  explore(version, options) {
    const { note, total } = add5[version];
    const recover = (fs: NodeFileSystem): void => {
      if (!fs.existsSync("/note")) return;
      replace(fs, "/total", String(total(fs)));
      fs.unlinkSync("/note");
      flush(fs, "/");
    };
    return exploreCrashes(
      {
        setup: (fs) => fs.writeFileSync("/total", "100"),
        run(fs, ack) {
          replace(fs, "/note", note(fs));
          ack(105);
          recover(fs);
        },
        recover,
        check: durableAsAcknowledged({ read: (fs) => read(fs, "/total"), order: [100, 105] }),
      },
      options,
    );
  },
};
