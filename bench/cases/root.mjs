import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { scratch } from "./cell.mjs";

const size = 4096;
const listed = 10_000;

const jobs = {
  "read/depth-3": (root) => root.read("a/b/c/file"),
  "read/depth-10": (root) => root.read("d/".repeat(10) + "file"),
  "write/depth-3": (root, content) => root.write("a/b/c/file", content),
  "list/10000": (root) => root.list("many"),
};

/**
 * What somebody does who was handed one directory, by paths relative to it. Plain `node:fs` joins them
 * to the directory and checks nothing.
 *
 * @returns {import("./cell.mjs").Cell[]}
 */
export function rootCells(places) {
  return Object.entries(places).flatMap(([placeName, place]) =>
    Object.entries(jobs).map(([name, job]) => ({
      name: `root/${placeName}/${name}`,
      kind: `root/${name.split("/")[0]}`,
      files: 1,
      can: (candidate) => candidate.root !== undefined,
      open: () => openStage(place, name, job),
    })),
  );
}

function openStage(place, name, job) {
  const folder = scratch(place);
  const content = randomBytes(size);
  for (const path of ["a/b/c", "d/".repeat(10), "many"]) {
    mkdirSync(join(folder.dir, path), { recursive: true });
    writeFileSync(join(folder.dir, path, "file"), content);
  }
  if (name.startsWith("list"))
    for (let n = 1; n < listed; n++) writeFileSync(join(folder.dir, "many", `entry-${n}.txt`), "");
  const roots = new Map();
  return {
    ...folder,
    run(candidate) {
      const root = roots.get(candidate.name);
      if (root !== undefined) return job(root, content);
      // the first run, which warms up and is not counted
      return candidate.root(folder.dir).then((opened) => {
        roots.set(candidate.name, opened);
        return job(opened, content);
      });
    },
    close() {
      for (const root of roots.values()) void root.close?.();
      folder.close();
    },
  };
}
