import { performance } from "node:perf_hooks";

// Turns are counted by length, in bins that are 4% wide: a list of millions of them would stall the
// loop itself whenever it grows.
const shortestMs = 1e-5;
const binsPerDoubling = 16;
const bins = 40 * binsPerDoubling;

/**
 * Measures how long the event loop is held up, while it is told to.
 *
 * Every turn of the loop is timed. A timer-based histogram takes one sample for a stall of any
 * length, so its percentiles hide exactly the long ones; what counts is what an event would wait
 * that arrives at a random moment. In a turn of length `t` it waits anything between 0 and `t`, and
 * it falls into that turn with a probability in proportion to `t`.
 */
export class LoopDelay {
  /** The longest turn, and all of them together, in milliseconds. */
  longest = 0;
  total = 0;
  #counts = new Float64Array(bins);
  #sums = new Float64Array(bins);
  #last = 0;
  #watching = false;

  start() {
    this.#watching = true;
    this.#last = performance.now();
    const turn = () => {
      if (!this.#watching) return;
      this.#record();
      setImmediate(turn);
    };
    setImmediate(turn);
  }

  stop() {
    this.#record();
    this.#watching = false;
  }

  #record() {
    const now = performance.now();
    const length = now - this.#last;
    this.#last = now;
    const bin = Math.floor(Math.log2(length / shortestMs) * binsPerDoubling);
    const kept = Math.min(bins - 1, Math.max(0, bin));
    this.#counts[kept] += 1;
    this.#sums[kept] += length;
    this.total += length;
    if (length > this.longest) this.longest = length;
  }

  /** The wait that the share `q` of randomly arriving events does not exceed. */
  wait(q) {
    let low = 0;
    let high = this.longest;
    for (let step = 0; step < 50; step++) {
      const wait = (low + high) / 2;
      let longer = 0;
      for (let bin = 0; bin < bins; bin++)
        longer += Math.max(0, this.#sums[bin] - this.#counts[bin] * wait);
      if (longer / this.total > 1 - q) low = wait;
      else high = wait;
    }
    return high;
  }

  /** The share of the time that was spent in turns longer than `ms`. */
  shareInTurnsOver(ms) {
    let time = 0;
    for (let bin = 0; bin < bins; bin++)
      if (this.#sums[bin] > this.#counts[bin] * ms) time += this.#sums[bin];
    return time / this.total;
  }
}
