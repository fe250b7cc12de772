import { facesOf } from "../calls/faces.ts";
import { MemoryBackend } from "../memory/memory-backend.ts";
import type { MemoryFileSystemOptions } from "../memory/options.ts";
import type { Exploration } from "../scenario/exploration.ts";
import type { Failure } from "../scenario/report.ts";
import { neverEnded } from "../scenario/patience.ts";
import { checkOnce } from "../scenario/run-scenario.ts";
import type { Scenario } from "../scenario/scenario.ts";
import { failureAtEnd, failureOf, sizeOf } from "./failure.ts";
import { acksOf } from "./history.ts";
import type { CrashCase } from "./history.ts";
import { isPromise, judge } from "./judge.ts";
import { imageOf } from "./legal-states.ts";
import type { RecordedRun } from "./record.ts";

/** Makes cases real, one at a time, and tells the exploration what came of them. */
export class CaseRunner<Ack> {
  readonly #scenario: Scenario<Ack>;
  readonly #memory: MemoryFileSystemOptions;
  readonly #exploration: Exploration;
  readonly #maxFailures: number;
  /** The sizes of the failures that are kept, ascending. */
  readonly #sizes: number[] = [];

  constructor(
    scenario: Scenario<Ack>,
    memory: MemoryFileSystemOptions,
    exploration: Exploration,
    maxFailures = 10,
  ) {
    this.#scenario = scenario;
    this.#memory = memory;
    this.#exploration = exploration;
    this.#maxFailures = maxFailures;
  }

  /**
   * Starts the program on what the power loss left, and checks.
   *
   * @returns whether the recovery changed anything: whether it can be cut off
   */
  run(found: CrashCase<Ack>): boolean | Promise<boolean> {
    let changed = false;
    const backend = new MemoryBackend(this.#memory, imageOf(found.disk, found.state));
    backend.onEffect = () => (changed = true);
    const verdict = judge(this.#scenario, facesOf(backend), {
      acks: acksOf(found),
      end: "crash",
      leaks: [],
    });
    if (verdict === undefined) {
      this.#exploration.ran();
      return changed;
    }
    return this.#judged(found, verdict).then(() => changed);
  }

  async #judged(found: CrashCase<Ack>, verdict: Error | Promise<Error | undefined>): Promise<void> {
    const error = isPromise(verdict) ? await verdict : verdict;
    if (error === undefined) return this.#exploration.ran();
    const size = sizeOf(found);
    if (neverEnded(error)) this.#exploration.stop("stopped at a case that does not end");
    this.#exploration.ran(
      this.#keeps(size)
        ? await failureOf(this.#scenario, this.#memory, found, error)
        : notKept(error),
    );
  }

  /**
   * Checks a run that nothing cut off.
   *
   * @param vain what is wrong with it whatever the check says
   */
  async runToEnd(run: RecordedRun<Ack>, vain?: Error): Promise<void> {
    let failure = vain && failureAtEnd(run, vain, "itself");
    const error = await checkOnce(this.#scenario, facesOf(run.backend), run.seen);
    if (error !== undefined) failure = failureAtEnd(run, error, "check");
    if (error !== undefined && neverEnded(error)) {
      this.#exploration.stop("stopped at a case that does not end");
    }
    if (failure !== undefined) this.#keeps(failure.size);
    this.#exploration.ran(failure);
  }

  /** Whether a failure is among the smallest, so that it is worth the time to describe it. */
  #keeps(size: number): boolean {
    const at = this.#sizes.findIndex((other) => other > size);
    if (at === -1 && this.#sizes.length >= this.#maxFailures) return false;
    this.#sizes.splice(at === -1 ? this.#sizes.length : at, 0, size);
    if (this.#sizes.length > this.#maxFailures) this.#sizes.pop();
    return true;
  }
}

/** Counted, and dropped at once: it is larger than all that are kept. */
function notKept(error: Error): Failure {
  const { message } = error;
  return { message, where: "", calls: [], state: [], replay: "", error, size: Infinity };
}
