// What it costs to keep what an agent changes: five bars, on memory and on disk, all in one run.
//   node bench/checkpoint.mjs [--bars] [--rounds 60] [--snapshots 10000] [--files 100000] [--dir DIR] [--json FILE]
// With --bars it exits with 1 if one is missed.
import { writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import { scratch } from "./cases/cell.mjs";
import { capture, openMany, secondTrack, storeSize, turns } from "./checkpoint-cases.mjs";
import { findPlaces } from "./places.mjs";
import { table } from "./report.mjs";

const { values: options } = parseArgs({
  options: {
    bars: { type: "boolean", default: false },
    rounds: { type: "string", default: "60" },
    snapshots: { type: "string", default: "10000" },
    files: { type: "string", default: "100000" },
    dir: { type: "string" },
    json: { type: "string" },
  },
});
const rounds = Number(options.rounds);
const snapshots = Number(options.snapshots);
const files = Number(options.files);

/** What is measured, and what is the most that it may be. */
const cases = [
  {
    name: "keep a file of 100 KiB / durable copy by node:fs",
    bar: 2,
    run: (dir) => capture(dir, rounds, 1500),
  },
  {
    // Each of the first few hundred needs a directory of its own.
    name: "the same, in a store that is new",
    bar: 2,
    run: (dir) => capture(dir, rounds, 0),
  },
  {
    name: `a turn in a tree of ${files.toLocaleString("en")} files / of 1,000`,
    bar: 1.2, // it is 1; this is the noise of a run
    run: (dir) => turns(dir, rounds, files),
  },
  {
    name: `open with ${snapshots.toLocaleString("en")} snapshots, seconds`,
    bar: 1,
    run: (dir) => openMany(dir, snapshots),
  },
  { name: "store / unique bytes in it", bar: 1.1, run: storeSize },
  { name: "calls of a second trackBeforeEdit in the turn", bar: 0, run: secondTrack },
];

const loadBefore = loadavg()[0];
const { places, notes } = findPlaces(options.dir);
const rows = [];
const results = [];
for (const [place, dir] of Object.entries(places)) {
  for (const { name, bar, run } of cases) {
    const folder = scratch(dir);
    try {
      const { value, detail } = await run(folder.dir);
      const met = value <= bar;
      results.push({ place, name, bar, value, detail, met });
      rows.push([place, name, value.toFixed(bar === 0 ? 0 : 2), `${bar}`, met ? "met" : "MISSED"]);
      notes.push(`${place}: ${name}: ${detail}`);
    } finally {
      folder.close();
    }
  }
}
console.log(table(["", "", "measured", "at most", ""], rows));
for (const note of notes) console.log(note);
const load = (value) => value.toFixed(1);
console.log(
  `Node ${process.version}; load ${load(loadBefore)} before, ${load(loadavg()[0])} after`,
);
if (options.json) writeFileSync(options.json, JSON.stringify(results, null, 2));
if (options.bars && results.some(({ met }) => !met)) process.exitCode = 1;
