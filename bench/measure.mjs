import { performance } from "node:perf_hooks";
import { median, quantile } from "./statistics.mjs";

/**
 * @typedef {object} Measured
 * @property {string} name
 * @property {number} median  milliseconds per file
 * @property {number} p95
 * @property {number} samples
 * @property {number[]} rounds  the median of each round
 */

// A batch is long enough that going from one candidate to the next (cold branch predictors, another
// package's garbage) is not what is measured, and short enough that a slow phase of the machine
// hits all candidates.
const batchMs = 4;

/**
 * Measures all candidates of a cell against each other: round after round, each candidate runs one
 * small batch; the starting candidate moves on with each round and every second round runs
 * backwards, so that drift and the after-effects of a neighbour are shared out evenly.
 *
 * @param {import("./cases/cell.mjs").Cell} cell
 * @param {import("./candidates/candidate.mjs").Candidate[]} candidates
 * @param {{ budgetMs: number, minRounds: number }} limits
 */
export async function measure(cell, candidates, { budgetMs, minRounds }) {
  const stage = cell.open();
  const failed = [];
  const runners = [];
  try {
    for (const candidate of candidates) {
      try {
        const warm = await batch(cell, stage, candidate, cell.sync ? 50 : 3);
        runners.push({ candidate, warm: median(warm), samples: [], rounds: [] });
      } catch (error) {
        failed.push({ name: candidate.name, why: error.message });
      }
    }
    const typical = median(runners.map(({ warm }) => warm));
    const size = Math.max(1, Math.min(100, Math.round(batchMs / typical)));
    const started = performance.now();
    for (let round = 0; round < minRounds || performance.now() - started < budgetMs; round++) {
      const from = round % runners.length;
      const order = [...runners.slice(from), ...runners.slice(0, from)];
      if (round % 2 === 1) order.reverse();
      for (const runner of order) {
        const times = await batch(cell, stage, runner.candidate, size);
        runner.samples.push(...times);
        runner.rounds.push(median(times));
      }
    }
  } finally {
    stage.close();
  }
  /** @type {Measured[]} */
  const measured = runners.map(({ candidate, samples, rounds }) => ({
    name: candidate.name,
    median: median(samples) / cell.files,
    p95: quantile(samples, 0.95) / cell.files,
    samples: samples.length,
    rounds: rounds.map((value) => value / cell.files),
  }));
  return { measured, failed };
}

async function batch(cell, stage, candidate, size) {
  const times = [];
  stage.settle();
  for (let n = 0; n < size; n++) {
    stage.before?.();
    const started = performance.now();
    const pending = stage.run(candidate);
    // Awaiting what is no promise would add a turn of the microtask queue to a few microseconds.
    if (!cell.sync) await pending;
    times.push(performance.now() - started);
    stage.after?.();
  }
  return times;
}
