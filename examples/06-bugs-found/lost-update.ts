// People believe: each write is atomic, so that two programs can share the file.
// What happens: both read, both change what they have read, both write: one change is gone.
// Seen: settings of command line tools that run in two terminals (anthropics/claude-code#1035).
import {
  CheckFailed,
  exploreSchedules,
  type NodeFileSystem,
  type Scenario,
} from "@holdfast/testing";
import type { Bug } from "./bug.ts";
import { ifFree } from "./exclusive.ts";

const increment = {
  async bug({ promises: fs }: NodeFileSystem, staged: string) {
    const count = Number(await fs.readFile("/counts/0", "utf8"));
    await fs.writeFile(staged, String(count + 1), { flush: true });
    await fs.rename(staged, "/counts/0");
  },
  // Compare and swap: the next version has a name that can be given only once. Who comes too late begins
  // again with what the other one wrote.
  async corrected(fs: NodeFileSystem, staged: string) {
    for (let swapped = false; !swapped;) {
      const version = await newest(fs);
      const count = Number(await fs.promises.readFile(`/counts/${version}`, "utf8"));
      await fs.promises.writeFile(staged, String(count + 1), { flush: true });
      swapped = await ifFree(fs.promises.link(staged, `/counts/${version + 1}`));
      await fs.promises.unlink(staged);
    }
  },
};

const newest = async ({ promises }: NodeFileSystem): Promise<number> =>
  Math.max(...(await promises.readdir("/counts")).map(Number));

function setup(fs: NodeFileSystem): void {
  fs.mkdirSync("/counts");
  fs.writeFileSync("/counts/0", "0");
}

export const lostUpdate: Bug = {
  title: "a lost update in unlocked read, modify, write",
  finds: /counted twice, and the count is 1/,
  explore: (version) =>
    exploreSchedules(
      ["/staged-A", "/staged-B"].map((staged): Scenario => ({
        setup,
        run: (fs) => increment[version](fs, staged),
        async check(fs, { end }) {
          if (end instanceof Error) throw end;
          const count = await fs.promises.readFile(`/counts/${await newest(fs)}`, "utf8");
          if (count !== "2") throw new CheckFailed(`counted twice, and the count is ${count}`);
        },
      })),
    ),
};
