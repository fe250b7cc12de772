import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { scratch, sizes } from "./cell.mjs";

/** @returns {import("./cell.mjs").Cell[]} */
export function replaceCells(places) {
  const cells = [];
  for (const [placeName, place] of Object.entries(places))
    for (const [sizeName, size] of Object.entries(sizes))
      for (const files of [1, 64])
        cells.push({
          name: `replace/${placeName}/${sizeName}/${files === 1 ? "one" : "64"}`,
          kind: files === 1 ? "replace/one" : "replace/64",
          files,
          heavy: files * size > 100_000_000 || sizeName === "1KiB",
          can: (candidate) => candidate.replace !== undefined,
          open: () => openStage(place, size, files),
        });
  return cells;
}

function openStage(place, size, files) {
  const folder = scratch(place);
  const content = randomBytes(size);
  const paths = Array.from({ length: files }, (_, n) => join(folder.dir, `state-${n}.json`));
  // Every measured call replaces a file that is there, as a program that keeps state does.
  for (const path of paths) writeFileSync(path, content);
  return {
    ...folder,
    run: (candidate) =>
      files === 1
        ? candidate.replace(paths[0], content)
        : Promise.all(paths.map((path) => candidate.replace(path, content))),
  };
}
