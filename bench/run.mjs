// Measures Holdfast against plain node:fs and its peers.
//   node bench/run.mjs [--quick] [--case NAME]... [--dir DIR] [--json FILE] [--bars] [--node 24]
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { cpus, release } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { barCells, judge } from "./bars.mjs";
import { allCandidates } from "./candidates/all.mjs";
import { allCells, matches } from "./cases/all.mjs";
import { countFlushes } from "./flushes.mjs";
import { measure } from "./measure.mjs";
import { newerNode } from "./newer-node.mjs";
import { findPlaces } from "./places.mjs";
import { compare, reportCell, spread, table } from "./report.mjs";

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    case: { type: "string", multiple: true, default: [] },
    dir: { type: "string" },
    json: { type: "string" },
    bars: { type: "boolean", default: false },
    node: { type: "string", default: "24" },
  },
});

const [major] = process.versions.node.split(".");
if (options.node === "current" || options.node === major) await bench();
else await onAnotherNode(options.node);

/** Some peers do not run on the oldest Node that Holdfast supports. */
async function onAnotherNode(wanted) {
  let node;
  try {
    node = newerNode(wanted);
  } catch (error) {
    console.log(`Node ${wanted} is not to be had (${error.message}); measuring on ${major}.\n`);
    return bench();
  }
  const self = fileURLToPath(import.meta.url);
  const again = spawnSync(node, [self, ...process.argv.slice(2), "--node", "current"], {
    stdio: "inherit",
  });
  process.exitCode = again.status ?? 1;
}

async function bench() {
  const { places, notes } = findPlaces(options.dir);
  const { candidates, leftOut, versions } = await allCandidates();
  const cells = chooseCells(allCells(places));
  if (cells.length === 0) throw new Error(`no case is called ${options.case.join(" or ")}`);

  const [cpu] = cpus();
  console.log(`Node ${process.version}, ${cpus().length} x ${cpu?.model}, kernel ${release()}`);
  for (const [name, place] of Object.entries(places)) console.log(`${name}: ${place}`);
  for (const [name, version] of Object.entries(versions)) console.log(`${name} ${version}`);
  for (const { name, why } of leftOut) console.log(`left out: ${name}: ${why}`);

  const counted = countFlushes(places, cells);
  if (counted.note) notes.push(counted.note);
  for (const note of notes) console.log(note);
  console.log();

  const limits = options.quick ? { budgetMs: 800, minRounds: 5 } : { budgetMs: 4000, minRounds: 5 };
  const rows = [];
  for (const cell of cells) {
    const { measured, failed } = await measure(cell, candidates.filter(cell.can), limits);
    const compared = compare({ cell, measured, flushes: counted.flushes[cell.kind] });
    console.log(reportCell(cell, compared, failed));
    for (const row of compared)
      rows.push({ ...row, side: candidates.find(({ name }) => name === row.name)?.side });
  }

  const bars = options.bars ? judge(rows) : undefined;
  if (bars) reportBars(bars);
  if (options.json) {
    const about = {
      node: process.version,
      kernel: release(),
      cpu: cpu?.model,
      cpus: cpus().length,
    };
    const result = { about, places, versions, leftOut, notes, limits, rows, bars };
    writeFileSync(options.json, `${JSON.stringify(result, null, 1)}\n`);
  }
}

function chooseCells(cells) {
  const asked = options.case.length > 0 || !options.bars ? options.case : barCells;
  if (asked.length > 0) return cells.filter((cell) => asked.some((name) => matches(cell, name)));
  return options.quick ? cells.filter((cell) => !cell.heavy) : cells;
}

function reportBars(bars) {
  const rows = bars.map((bar) => [
    bar.cell,
    bar.name,
    bar.other,
    `<= ${bar.atMost}`,
    spread(bar.ratio),
    bar.verdict,
  ]);
  console.log(table(["the bars", "", "against", "wanted", "measured", ""], rows));
  if (bars.some(({ verdict }) => verdict === "MISSED")) process.exitCode = 1;
}
