import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { scratch, sizes } from "./cell.mjs";

/** @returns {import("./cell.mjs").Cell[]} */
export function replaceSyncCells(places) {
  return Object.entries(places).flatMap(([placeName, place]) =>
    Object.entries(sizes).map(([sizeName, size]) => ({
      name: `replace-sync/${placeName}/${sizeName}`,
      kind: "replace-sync",
      files: 1,
      sync: true,
      heavy: sizeName === "1KiB",
      can: (candidate) => candidate.replaceSync !== undefined,
      open() {
        const folder = scratch(place);
        const content = randomBytes(size);
        const path = join(folder.dir, "state.json");
        writeFileSync(path, content);
        return { ...folder, run: (candidate) => candidate.replaceSync(path, content) };
      },
    })),
  );
}
