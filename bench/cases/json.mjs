import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { scratch } from "./cell.mjs";

/** A document as programs keep one: about 4 KiB where it is indented by two spaces. */
const makeDocument = (n) => ({
  version: n,
  theme: "dark",
  window: { x: 12, y: 80, width: 1280, height: 800, maximized: false },
  recent: Array.from({ length: 35 }, (_, i) => ({
    path: `/home/somebody/projects/holdfast/notes-${i}.md`,
    opened: 1_700_000_000_000 + i,
    pinned: i % 3 === 0,
  })),
});

const next = (value) => ({ ...value, version: value.version + 1 });

const jobs = {
  write: {
    can: ({ writeJson }) => writeJson !== undefined,
    run: (candidate, path, value) => candidate.writeJson(path, value),
  },
  "write-sync": {
    sync: true,
    can: ({ writeJsonSync }) => writeJsonSync !== undefined,
    run: (candidate, path, value) => candidate.writeJsonSync(path, value),
  },
  // Nobody else wants the lock: what it costs to take it and to give it back is in the number.
  update: {
    can: ({ updateJson }) => updateJson !== undefined,
    run: (candidate, path) => candidate.updateJson(path, next),
  },
};

/**
 * A JSON document of 4 KiB that is there gets another content, or is read, changed and written.
 *
 * @returns {import("./cell.mjs").Cell[]}
 */
export function jsonCells(places) {
  return Object.entries(places).flatMap(([placeName, place]) =>
    Object.entries(jobs).map(([name, { sync = false, can, run }]) => ({
      name: `json/${placeName}/${name}/4KiB`,
      kind: `json/${name}`,
      files: 1,
      sync,
      can,
      open: () => openStage(place, run),
    })),
  );
}

function openStage(place, run) {
  const folder = scratch(place);
  const path = join(folder.dir, "state.json");
  const value = makeDocument(1);
  writeFileSync(path, JSON.stringify(value, undefined, 2));
  return { ...folder, run: (candidate) => run(candidate, path, value) };
}
