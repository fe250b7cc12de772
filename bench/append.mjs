// Appends 1,000 records at once to a log with durability "each", and one after the other, and prints how many
// times as fast that is: they share a flush. Exits with 1 below the bar.
//   node bench/append.mjs [--records 1000] [--rounds 7] [--dir DIR] [--bar 50]
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { openJsonLog } from "@holdfast/json";
import { scratch } from "./cases/cell.mjs";
import { findPlaces } from "./places.mjs";
import { table } from "./report.mjs";

const { values: options } = parseArgs({
  options: {
    records: { type: "string", default: "1000" },
    rounds: { type: "string", default: "7" },
    dir: { type: "string" },
    bar: { type: "string", default: "50" },
  },
});
const records = Number(options.records);
const rounds = Number(options.rounds);
const bar = Number(options.bar);
const record = (n) => ({ n, role: "user", text: "x".repeat(120) });

const ways = {
  "at once": (log) => Promise.all(Array.from({ length: records }, (_, n) => log.append(record(n)))),
  "one after the other": async (log) => {
    for (let n = 0; n < records; n++) await log.append(record(n));
  },
};

const rows = [];
const { places, notes } = findPlaces(options.dir);
for (const [name, dir] of Object.entries(places)) {
  // The best round of each, for the others were disturbed. Round by round, each way in turn: what the machine does to one of them it does to the other.
  const times = { "at once": [], "one after the other": [] };
  for (let round = 0; round <= rounds; round++) {
    for (const [way, run] of Object.entries(ways)) {
      const took = await time(dir, run);
      if (round > 0) times[way].push(took); // the first one warms up
    }
  }
  const [atOnce, oneByOne] = Object.keys(ways).map(
    (way) => records / (Math.min(...times[way]) / 1000),
  );
  const faster = atOnce / oneByOne;
  if (!(faster >= bar)) process.exitCode = 1;
  const rate = (n) => `${Math.round(n).toLocaleString("en")}/s`;
  rows.push([name, rate(atOnce), rate(oneByOne), `${faster.toFixed(0)} times`]);
}
console.log(`${records} records of about 150 bytes, each of them flushed, Node ${process.version}`);
console.log(table(["", "at once", "one after the other", "ratio"], rows));
for (const note of notes) console.log(note);
console.log(`bar: at least ${bar} times: ${process.exitCode ? "MISSED" : "met"}`);

async function time(dir, run) {
  const folder = scratch(dir);
  const path = join(folder.dir, "log.jsonl");
  const log = await openJsonLog(path);
  await log.append(record(0));
  const started = performance.now();
  await run(log);
  const took = performance.now() - started;
  await log.close();
  const lines = readFileSync(path, "utf8").split("\n").length - 1;
  if (lines !== records + 1) throw new Error(`${lines} lines, not ${records + 1}`);
  rmSync(path);
  folder.close();
  return took;
}
