import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { scratch, sizes } from "./cell.mjs";

/** What is moved: a maker per name. */
const things = {
  "64KiB": (path) => writeFileSync(path, randomBytes(sizes["64KiB"])),
  "8MiB": (path) => writeFileSync(path, Buffer.alloc(sizes["8MiB"], 1)),
  "tree-200": makeTree,
};

/** @returns {import("./cell.mjs").Cell[]} */
export function moveCells({ tmpfs, disk }) {
  const routes = {
    ...(tmpfs && { "within-tmpfs": [tmpfs, tmpfs] }),
    ...(disk && { "within-disk": [disk, disk] }),
  };
  if (tmpfs && disk && statSync(tmpfs).dev !== statSync(disk).dev) {
    routes["disk-to-tmpfs"] = [disk, tmpfs];
    routes["tmpfs-to-disk"] = [tmpfs, disk];
  }
  return Object.entries(routes).flatMap(([route, [from, to]]) =>
    Object.entries(things).map(([thing, make]) => ({
      name: `move/${route}/${thing}`,
      kind: `move/${from === to ? "within" : "across"}/${thing === "tree-200" ? "tree" : "file"}`,
      files: 1,
      can: (candidate) => candidate.move !== undefined,
      open: () => openStage(from, to, make),
    })),
  );
}

function openStage(from, to, make) {
  const folder = scratch(from);
  const target = from === to ? folder : scratch(to);
  const source = join(folder.dir, "source");
  const destination = join(target.dir, "destination");
  return {
    dir: target.dir,
    before: () => make(source),
    run: (candidate) => candidate.move(source, destination),
    after() {
      if (existsSync(source) || !existsSync(destination)) throw new Error("it did not move");
      rmSync(destination, { recursive: true });
    },
    settle() {
      folder.settle();
      target.settle();
    },
    close() {
      folder.close();
      if (target !== folder) target.close();
    },
  };
}

/** 200 files of 4 KiB in ten folders. */
function makeTree(path) {
  const content = randomBytes(sizes["4KiB"]);
  for (let folder = 0; folder < 10; folder++) {
    const dir = join(path, `folder-${folder}`);
    mkdirSync(dir, { recursive: true });
    for (let file = 0; file < 20; file++) writeFileSync(join(dir, `file-${file}`), content);
  }
}
