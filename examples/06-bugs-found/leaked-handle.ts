// People believe: what is opened is closed, it says so three lines further down.
// What happens: the lines in between throw. After some thousand of these the program can open nothing
// any more (EMFILE), far away from here.
// Seen: in every program that runs long enough; Node warns of it for file handles, and only when the
// garbage collector finds them.
import { sweepFaults, type NodeFileSystem } from "@holdfast/testing";
import type { Bug } from "./bug.ts";

const load = {
  async bug({ promises }: NodeFileSystem) {
    const file = await promises.open("/state");
    const content = await file.readFile("utf8");
    await file.close();
    return content;
  },
  async corrected({ promises }: NodeFileSystem) {
    const file = await promises.open("/state");
    try {
      return await file.readFile("utf8");
    } finally {
      await file.close();
    }
  },
};

export const leakedHandle: Bug = {
  title: "a leaked handle",
  finds: /left open: \/state/,
  explore: (version) =>
    sweepFaults({
      setup: (fs) => fs.writeFileSync("/state", "{}"),
      run: load[version],
      check() {
        // Nothing to ask: open files are found without it.
      },
    }),
};
