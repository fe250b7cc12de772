import type { Exploration } from "../../scenario/exploration.ts";
import { whyInVain } from "../../scenario/in-vain.ts";
import type { Report } from "../../scenario/report.ts";
import { describeFailure } from "./describe-failure.ts";
import type { FaultPoint } from "./fault-point.ts";
import { runWithFaults, type FaultRun, type Surroundings } from "./fault-run.ts";
import type { Made } from "./faulty-calls.ts";
import { Handlings } from "./handlings.ts";
import { pointsAt, type Plan } from "./plan-points.ts";

const mostNeverSettled = 3;
const differing = "not every case could be had: the calls differ from run to run";

/** What is the same in all of it. */
export interface Facts {
  readonly depth: 1 | 2;
  readonly looksForLeftovers: boolean;
  readonly treeBefore: readonly string[];
  readonly pathsBefore: ReadonlySet<string>;
}

/** The cases of a scenario, each run once. */
export class Sweep<Ack> {
  readonly #exploration: Exploration;
  readonly #plan: Plan;
  readonly #facts: Facts;
  #around: Surroundings<Ack>;
  #neverSettled = 0;

  constructor(exploration: Exploration, around: Surroundings<Ack>, plan: Plan, facts: Facts) {
    this.#exploration = exploration;
    this.#around = around;
    this.#plan = plan;
    this.#facts = facts;
  }

  async all(): Promise<Report> {
    const clean = await this.#withoutFault();
    if (clean === undefined) return this.#exploration.report();
    const total = clean.made.flatMap((made) => pointsAt(made, this.#plan)).length;
    this.#exploration.expect(this.#facts.depth === 1 ? 1 + total : undefined);
    const handled = new Handlings();
    const note = (point: FaultPoint, run: FaultRun): void => handled.add(point, run.made);
    const within = await this.#after([], clean.made, this.#facts.depth === 2 ? note : undefined);
    if (within) {
      for (const { point, made } of handled.different()) {
        if (!(await this.#after([point], made))) break;
      }
    }
    return this.#exploration.report();
  }

  async one(points: readonly FaultPoint[]): Promise<Report> {
    this.#exploration.leaveOut("only one case was run again");
    if (points.length === 0) {
      await this.#withoutFault();
      return this.#exploration.report();
    }
    const clean = await this.#withoutFault("not counted");
    if (clean === undefined) return this.#exploration.report();
    if (!(await this.#case(points)).injected) {
      throw new Error(`the run does not come to call ${points.at(-1)!.index}`);
    }
    return this.#exploration.report();
  }

  /**
   * Runs twice without a fault, to know what is normal. `undefined` if there is nothing to be learnt
   * from faults, since the run fails without them.
   */
  async #withoutFault(
    counted: "counted" | "not counted" = "counted",
  ): Promise<FaultRun | undefined> {
    const first = await runWithFaults(this.#around, []);
    const { length } = first.made;
    const { end = "done" } = first; // who did not end has a problem
    const vain =
      first.problems.length > 0 ? undefined : whyInVain({ calls: length, end }, "a fault");
    const problems = vain === undefined ? first.problems : [vain];
    if (counted === "counted" || problems.length > 0) this.#judged({ ...first, problems }, []);
    if (problems.length > 0) {
      this.#exploration.leaveOut("no fault was tried: the run without one is wrong already");
      return undefined;
    }
    const second = await runWithFaults(this.#around, []);
    this.#around = { ...this.#around, mostCalls: 10 * length + 10_000 };
    if (!this.#facts.looksForLeftovers) return first;
    if (!sameNames(first.paths, second.paths)) {
      this.#exploration.leaveOut(
        "leftover files were not looked for: two runs without a fault left different names",
      );
      return first;
    }
    const expected = new Set([...this.#facts.pathsBefore, ...first.paths]);
    this.#around = { ...this.#around, expected };
    return first;
  }

  /**
   * Fails every call after the ones that `points` name, until one is not reached.
   *
   * @param known the calls that are made with `points` alone
   * @returns whether the budget lasted
   */
  async #after(
    points: readonly FaultPoint[],
    known: readonly Made[],
    onCase: (point: FaultPoint, run: FaultRun) => void = () => {},
  ): Promise<boolean> {
    const from = (points.at(-1)?.index ?? 0) + 1;
    for (const made of known.slice(from - 1)) {
      for (const point of pointsAt(made, this.#plan)) {
        if (!this.#mayGoOn()) return false;
        const run = await this.#case([...points, point], made.call.name);
        if (run.injected) onCase(point, run);
      }
    }
    // The run in which nothing is injected.
    const beyond: FaultPoint = { mode: "once-before", index: known.length + 1, errno: "EIO" };
    const last = await runWithFaults(this.#around, [...points, beyond]);
    if (last.injected) this.#exploration.leaveOut(differing);
    return true;
  }

  #mayGoOn(): boolean {
    if (this.#neverSettled >= mostNeverSettled) {
      this.#exploration.leaveOut(`stopped after ${mostNeverSettled} runs that never ended`);
      return false;
    }
    return this.#exploration.mayGoOn();
  }

  async #case(points: readonly FaultPoint[], name?: string): Promise<FaultRun> {
    const run = await runWithFaults(this.#around, points);
    const met = run.made[points.at(-1)!.index - 1]?.call.name;
    if (!run.injected || (name !== undefined && met !== name)) {
      this.#exploration.leaveOut(differing);
      return { ...run, injected: false };
    }
    this.#judged(run, points);
    return run;
  }

  #judged(run: FaultRun, points: readonly FaultPoint[]): void {
    if (run.end === undefined) this.#neverSettled++;
    this.#exploration.ran(
      run.problems.length === 0 ? undefined : describeFailure(run, points, this.#facts.treeBefore),
    );
  }
}

const sameNames = (some: ReadonlySet<string>, others: ReadonlySet<string>): boolean =>
  some.size === others.size && [...some].every((name) => others.has(name));
