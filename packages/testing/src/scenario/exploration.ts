import { invalidRange } from "@holdfast/fs/steps";
import { neededAgain } from "./option-names.ts";
import type { Budget, ExplorerName, Failure, Progress, Report } from "./report.ts";

const progressEveryMs = 500;
const firstLineAfterMs = 5000;

/**
 * The bookkeeping of one exploration: its budget, its progress, its failures, and the report, which is
 * called exhaustive only if nothing whatever was left out.
 */
export class Exploration {
  readonly seed: number;
  readonly #explorer: ExplorerName;
  readonly #scenario: string | undefined;
  readonly #budget: Budget;
  readonly #maxFailures: number;
  readonly #limits = new Set<string>();
  readonly #failures: Failure[] = [];
  readonly #started: number = performance.now();
  #toldAt = 0;
  #stopped = false;
  /** How many of the limits are budgets that ran out. */
  #spent = 0;
  #cases = 0;
  #failed = 0;
  #total: number | undefined;

  /** @param budget all the options that the explorer was given */
  constructor(explorer: ExplorerName, scenario: string | undefined, budget: Budget) {
    for (const name of ["maxStates", "timeoutMs", "maxFailures"] as const) {
      const value = budget[name];
      if (value !== undefined && !(value >= 1)) {
        throw invalidRange(explorer, name, "at least 1", value);
      }
    }
    if (budget.seed !== undefined && !Number.isInteger(budget.seed)) {
      throw invalidRange(explorer, "seed", "an integer", budget.seed);
    }
    this.#explorer = explorer;
    this.#scenario = scenario;
    this.#budget = budget;
    this.#maxFailures = budget.maxFailures ?? 10;
    this.seed = budget.seed ?? newSeed();
  }

  /** How many cases were run. */
  get cases(): number {
    return this.#cases;
  }

  get failed(): number {
    return this.#failed;
  }

  /** The number of cases there are, as soon as it is known: for progress and for the share. */
  expect(total: number | undefined): void {
    this.#total = total;
  }

  /**
   * Whether one more case may be run; if not, the report says why. Ask before each case, and only
   * when there is one: an exploration that ends just within its budget is exhaustive.
   */
  mayGoOn(): boolean {
    if (this.#stopped) return false;
    const { maxStates, timeoutMs } = this.#budget;
    if (maxStates !== undefined && this.#cases >= maxStates) {
      this.spend(`stopped after maxStates = ${maxStates} cases`);
      return false;
    }
    const elapsedMs = performance.now() - this.#started;
    if (timeoutMs !== undefined && elapsedMs >= timeoutMs) {
      this.spend(`stopped after timeoutMs = ${timeoutMs} milliseconds`);
      return false;
    }
    if (elapsedMs - this.#toldAt >= progressEveryMs) this.#tell(elapsedMs);
    return true;
  }

  /** A budget ran out: the share is what was run of all. */
  spend(why: string): void {
    if (!this.#limits.has(why)) this.#spent++;
    this.leaveOut(why);
  }

  /** Counts a case that was run and checked, and keeps what went wrong in it. */
  ran(failure?: Failure): void {
    this.#cases++;
    if (failure === undefined) return;
    this.#failed++;
    this.#keep({ ...failure, message: onOneLine(failure.message) });
  }

  #keep(failure: Failure): void {
    const at = this.#failures.findIndex(({ size }) => size > failure.size);
    if (at === -1) this.#failures.push(failure);
    else this.#failures.splice(at, 0, failure);
    if (this.#failures.length > this.#maxFailures) this.#failures.pop();
  }

  /** No further case may be run: the report says why. */
  stop(why: string): void {
    this.#stopped = true;
    this.leaveOut(why);
  }

  /** Something was not explored: the report is not exhaustive, and says this line. */
  leaveOut(why: string): void {
    this.#limits.add(why);
  }

  /** @param share what share of all cases was run, where the number of cases does not say it */
  report(share?: number): Report {
    const exhaustive = this.#limits.size === 0;
    const replayOptions = neededAgain(this.#explorer, this.#budget);
    // What was left out for another reason than the budget is in no number.
    const counted = this.#total !== undefined && this.#limits.size === this.#spent;
    const known = counted ? Math.min(1, this.#cases / this.#total!) : undefined;
    return {
      explorer: this.#explorer,
      scenario: this.#scenario,
      cases: this.#cases,
      exhaustive,
      seed: this.seed,
      limits: [...this.#limits],
      share: exhaustive ? 1 : (share ?? known),
      failures: [...this.#failures],
      failed: this.#failed,
      elapsedMs: performance.now() - this.#started,
      ...(replayOptions.length > 0 && { replayOptions }),
    };
  }

  #tell(elapsedMs: number): void {
    const { onProgress } = this.#budget;
    if (onProgress === undefined && elapsedMs < firstLineAfterMs) return;
    this.#toldAt = onProgress === undefined ? elapsedMs + firstLineAfterMs : elapsedMs;
    const told = { cases: this.#cases, total: this.#total, failed: this.#failed, elapsedMs };
    (onProgress ?? tellOnStderr(this.#explorer))(told);
  }
}

const tellOnStderr =
  (explorer: ExplorerName) =>
  ({ cases, total, failed, elapsedMs }: Progress): void => {
    const of = total === undefined ? "" : ` of ${total}`;
    const seconds = (elapsedMs / 1000).toFixed(0);
    process.stderr.write(`${explorer}: ${cases}${of} cases, ${failed} failed, ${seconds} s\n`);
  };

const onOneLine = (text: string): string =>
  text.trim().replaceAll(/\s*[\n\r\u2028\u2029]\s*/g, " ");

/** Not cryptographic: only different each time. */
function newSeed(): number {
  return Math.floor(Math.random() * 2 ** 31);
}
