import { ratio } from "./statistics.mjs";

// The speed that the project promises itself. `own` are the candidates that must meet it, `other`
// what they are held against: a name, or all peers that were seen to flush as much; in `otherCell`
// where that is not the same.
const samePeers = "best peer that flushes as much";
const both = ["holdfast", "holdfast, offload flushes"];
const one = (other, atMost) => ({ cell: "replace/tmpfs/4KiB/one", own: both, other, atMost });
const root = (job, other, atMost) => ({
  cell: `root/tmpfs/${job}`,
  own: ["holdfast root"],
  other,
  atMost,
});
const json = (job, other, atMost) => ({
  cell: `json/${job}/4KiB`,
  own: ["holdfast json"],
  other,
  atMost,
});
const bars = [
  one("fs-safe, both flushes", 0.4),
  one("write-file-atomic", 0.6),
  one("atomically", 0.6),
  one("fast-write-atomic", 1),
  { cell: "replace/tmpfs/4KiB/64", own: both, other: samePeers, atMost: 0.5 },
  { cell: "replace/disk/4KiB/64", own: both, other: samePeers, atMost: 0.5 },
  ...["1KiB", "4KiB", "64KiB", "8MiB"].map((size) => ({
    cell: `replace-sync/tmpfs/${size}`,
    own: ["holdfast"],
    other: "plain, file+directory",
    atMost: 1.3,
  })),
  root("read/depth-3", "plain, by path", 1.5),
  root("read/depth-3", "fs-safe root", 1),
  root("write/depth-3", "fs-safe root", 0.5),
  root("list/10000", "plain, by path", 1.5),
  { ...root("read/depth-10", "holdfast root", 1.5), otherCell: "root/tmpfs/read/depth-3" },
  json("tmpfs/write", "write-json-file", 1),
  json("disk/write", "write-json-file", 1),
  { ...json("tmpfs/update", "holdfast json", 3), otherCell: "json/tmpfs/write/4KiB" },
];

export const barCells = [...new Set(bars.map(({ cell }) => cell))];

/** @param {ReturnType<import("./report.mjs").compare>} rows of all cells */
export function judge(rows) {
  return bars.flatMap(({ cell, own, other, otherCell = cell, atMost }) =>
    own.map((name) => {
      const here = rows.filter((row) => row.cell === otherCell);
      const ours = rows.find((row) => row.cell === cell && row.name === name);
      const theirs =
        other === samePeers ? bestEqual(here, ours) : here.find((row) => row.name === other);
      if (!ours || !theirs)
        return { cell, name, other, atMost, verdict: `not measured (${ours ? other : name})` };
      const r = ratio(ours, theirs);
      const verdict = r.value <= atMost ? "met" : "MISSED";
      return { cell, name, other: theirs.name, atMost, ratio: r, verdict };
    }),
  );
}

function bestEqual(rows, ours) {
  return rows
    .filter((row) => row.side === "peer" && row.durability === ours?.durability)
    .toSorted((a, b) => a.median - b.median)[0];
}
