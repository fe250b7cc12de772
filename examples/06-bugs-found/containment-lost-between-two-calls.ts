// People believe: the path was resolved and is inside, so it can be written to.
// What happens: between the two calls somebody puts a symbolic link there, and the second call follows it.
// Seen: Rust's remove_dir_all (CVE-2022-21658), node-tar (CVE-2021-32803), every upload directory.
import {
  allOf,
  exploreInterference,
  insideRoot,
  readTreeSync,
  swapForSymlink,
  type Check,
  type NodeFileSystem,
} from "@holdfast/testing";
import type { Bug } from "./bug.ts";

const upload = {
  async bug({ promises: fs }: NodeFileSystem) {
    const path = "/root/sub/file";
    if ((await fs.realpath(path)) !== path) throw new Error("it leads out");
    await fs.writeFile(path, "uploaded");
  },
  async corrected({ promises: fs }: NodeFileSystem) {
    // Each name is opened, never resolved: what is held open stays what it is. Linux.
    const { O_CREAT, O_DIRECTORY, O_NOFOLLOW, O_WRONLY } = fs.constants;
    const directory = await fs.open("/root/sub", O_DIRECTORY | O_NOFOLLOW);
    try {
      const path = `/proc/self/fd/${directory.fd}/file`;
      await fs.writeFile(path, "uploaded", { flag: O_WRONLY | O_CREAT | O_NOFOLLOW });
    } finally {
      await directory.close();
    }
  },
};

const nothingOutside = insideRoot("/root", { outside: ["etc/", "etc/file = secret"] });
/** Who is attacked may refuse; who is not, may not. */
const worksUndisturbed: Check = (fs, { end }) => {
  const attacked = readTreeSync(fs, "/").some((line) => line.includes(".aside"));
  if (end instanceof Error && !attacked) throw end;
};

export const containmentLostBetweenTwoCalls: Bug = {
  title: "containment lost between two calls",
  finds: /changed outside of \/root \(- expected, \+ found\): .*etc\/file = uploaded/,
  explore: (version) =>
    exploreInterference(
      {
        run: upload[version],
        check: allOf(nothingOutside, worksUndisturbed),
      },
      {
        memory: { tree: ["root/sub/file = old", "etc/file = secret"] },
        adversaries: [
          swapForSymlink("/root/sub", "/etc"),
          swapForSymlink("/root/sub/file", "/etc/file"),
        ],
      },
    ),
};
