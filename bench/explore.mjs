// How fast @holdfast/testing explores: crash states a second of a replacement, recovery and check
// included, and a full fault sweep of replaceFileAtomic. Exits with 1 if a bar is missed.
//   node bench/explore.mjs [--rounds 5]
import { parseArgs } from "node:util";
import { replaceFileAtomic } from "@holdfast/atomic";
import { assertPassed, exploreCrashes, oldOrNew, sweepFaults } from "@holdfast/testing";

const bars = { statesPerSecond: 20_000, sweepMs: 2000 };
const { values: options } = parseArgs({ options: { rounds: { type: "string", default: "5" } } });
const rounds = Number(options.rounds);
const median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];

/**
 * Eight versions of one file, each staged, written, flushed and renamed. The directory is flushed only at
 * the end, so that there are many states.
 */
const replacements = {
  setup(fs) {
    fs.mkdirSync("/data");
    fs.writeFileSync("/data/state", "version 0");
  },
  run(fs) {
    for (let version = 1; version <= 8; version++) {
      const staged = fs.openSync(`/data/.staged-${version}`, "wx");
      fs.writeSync(staged, `version ${version}`);
      fs.fsyncSync(staged);
      fs.closeSync(staged);
      fs.renameSync(`/data/.staged-${version}`, "/data/state");
    }
    const directory = fs.openSync("/data", "r");
    fs.fsyncSync(directory);
    fs.closeSync(directory);
  },
  recover(fs) {
    for (const name of fs.readdirSync("/data")) {
      if (name.startsWith(".staged-")) fs.unlinkSync(`/data/${name}`);
    }
  },
  check(fs) {
    const text = fs.readFileSync("/data/state", "utf8");
    if (!/^version \d$/.test(text)) throw new Error(`torn: ${text}`);
    if (fs.readdirSync("/data").length !== 1) throw new Error("left behind");
  },
};

const rates = [];
for (let round = 0; round < rounds; round++) {
  const report = await exploreCrashes(replacements, { maxStates: 1_000_000, again: false });
  assertPassed(report);
  if (round === 0) console.log(`replacement: ${report.cases} crash states`);
  rates.push((report.cases / report.elapsedMs) * 1000);
}
const statesPerSecond = median(rates);
console.log(`crash states a second: ${Math.round(statesPerSecond)} (bar ${bars.statesPerSecond})`);

const replacement = {
  setup: (fs) => fs.writeFileSync("/state", "old"),
  run: (fs) => replaceFileAtomic({ filePath: "/state", content: "new", fileSystem: fs }),
  check: oldOrNew("/state", ["old", "new"]),
};
const sweeps = [];
for (let round = 0; round < rounds; round++) {
  const report = await sweepFaults(replacement);
  assertPassed(report);
  sweeps.push(report.elapsedMs);
  if (round === 0) console.log(`fault sweep of replaceFileAtomic: ${report.cases} cases`);
}
const sweepMs = median(sweeps);
console.log(`fault sweep of replaceFileAtomic: ${Math.round(sweepMs)} ms (bar ${bars.sweepMs})`);
if (statesPerSecond < bars.statesPerSecond || sweepMs > bars.sweepMs) process.exitCode = 1;
