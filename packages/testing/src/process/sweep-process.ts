import { Exploration } from "../scenario/exploration.ts";
import type { Failure, Report } from "../scenario/report.ts";
import type { Point } from "./control.ts";
import { changedNothing } from "./changed-nothing.ts";
import { describeCalls, describeState, firstLineOf } from "./describe-case.ts";
import { describeDisturbance, formatPoint, parsePoint, pointsAt } from "./points.ts";
import { withPreload } from "./preload-url.ts";
import { runCase, type CaseRun } from "./run-case.ts";
import {
  commandIn,
  cwdIn,
  defaultTimeoutMs,
  validateSweep,
  type SweepProcessOptions,
} from "./sweep-options.ts";
import { Workspace } from "./workspace.ts";

/**
 * Runs a Node program on the real disk again and again, each time in a fresh directory, and disturbs
 * it at its first, second, third, … call that changes something there, until it has no such call left.
 * The program is not prepared for it.
 *
 * - `"kill"`: SIGKILL right before the call, right after it took effect, and within a `write` of more
 *   than a page.
 * - `"fail"`: the call is not made and fails, once with each errno that it can really give.
 * - `"race"`: the program stands still right before and right after the call while your adversary acts
 *   in its directory, then goes on.
 *
 * What counts: calls of `node:fs` in all of its forms (sync, callbacks, promises, `FileHandle`s,
 * streams) that create, change, flush or remove something at or below the directory. A `writeFile`, an
 * `rm`, a `cp` is several calls, and each of them a point. The first process that makes one is the
 * program: of what it starts in turn, and of its worker threads, nothing counts; the report's `limits`
 * then say so. The program runs where the test does (see `cwd`), and is told its directory.
 *
 * What is left out: calls that only read are no points. What goes around `node:fs` (native code,
 * `process.binding`) is not seen, nor is `mkdtempDisposable` of newer versions. A kill leaves what the kernel was told intact: for what a power cut
 * leaves, use `exploreCrashes`.
 *
 * The program must end by itself; run it with Node 20.19 or later, on Linux or macOS.
 *
 * No process and no directory is left afterwards, also after Ctrl-C, SIGTERM or SIGHUP. If SIGKILL ends
 * the test, its Node programs end as soon as their event loop turns, and a directory
 * `holdfast-process-*` stays where temporary files go.
 *
 * @returns what was found. A report with failures is not thrown: give it to `assertProcessPassed`.
 * @throws `TypeError`, `RangeError` (`ERR_INVALID_ARG`) before any work
 * @throws `Error` if the undisturbed program makes no call that counts, or the adversary never acts:
 *   then nothing was tested
 *
 * @example
 * const report = await sweepProcess({
 *   command: (dir) => ["node", "save.mjs", dir],
 *   verb: "kill",
 *   prepare: (dir) => writeFileSync(join(dir, "state.json"), "{}"),
 *   check: ({ dir }) => void JSON.parse(readFileSync(join(dir, "state.json"), "utf8")),
 * });
 * assertProcessPassed(report);
 */
export async function sweepProcess(options: SweepProcessOptions): Promise<Report> {
  validateSweep(options);
  const { verb, only } = options;
  const alone = only === undefined ? undefined : { point: parsePoint(only, verb) };
  const sweep = new Sweep(options);
  if (alone !== undefined) {
    await sweep.run(alone.point);
    sweep.exploration.leaveOut(`only "${only}" was run`);
  } else {
    await sweep.runAll();
  }
  return sweep.exploration.report();
}

class Sweep {
  readonly exploration: Exploration;
  readonly #options: SweepProcessOptions;
  #raced = 0;
  #acted = 0;

  constructor(options: SweepProcessOptions) {
    const { onProgress, maxFailures } = options;
    this.#options = options;
    this.exploration = new Exploration("process", undefined, {
      seed: 0, // nothing is random
      ...(onProgress !== undefined && { onProgress }),
      ...(maxFailures !== undefined && { maxFailures }),
    });
  }

  async runAll(): Promise<void> {
    const { verb, errnos } = this.#options;
    const { outcome, leftOut } = await this.run(undefined);
    const { calls, exit } = outcome;
    if (calls.length === 0) throw changedNothing("sweepProcess", exit, leftOut);
    if (this.exploration.failed > 0) {
      this.exploration.leaveOut("the undisturbed program fails its check already");
      return;
    }
    const points = calls.flatMap((call) => pointsAt(call, verb, errnos));
    this.exploration.expect(1 + points.length);
    for (const point of points) {
      if (!this.#mayGoOn()) return;
      await this.run(point);
    }
    if (verb === "fail" && points.length === 0) {
      throw new Error(`sweepProcess: no call of the program can give any of ${errnos?.join(", ")}`);
    }
    if (this.#raced > 0 && this.#acted === 0) {
      throw new Error("sweepProcess: the adversary never acted, so nothing was tested");
    }
  }

  /** Runs one case, and checks it. */
  async run(point: Point | undefined): Promise<CaseRun> {
    const workspace = new Workspace();
    try {
      const [ran, failure] = await workspace.use(() => this.#runIn(workspace, point));
      if (ran.raced !== undefined) this.#raced++;
      if (ran.raced !== undefined && ran.raced !== false) this.#acted++;
      if (point !== undefined && ran.outcome.disturbed === undefined) this.#missed(point);
      for (const line of ran.leftOut) this.exploration.leaveOut(line);
      this.exploration.ran(failure);
      return ran;
    } finally {
      workspace.remove();
    }
  }

  async #runIn(
    workspace: Workspace,
    point: Point | undefined,
  ): Promise<[CaseRun, Failure | undefined]> {
    const { command, prepare, race, env, cwd, timeoutMs, signal } = this.#options;
    const { dir } = workspace;
    await prepare?.(dir);
    const launch = {
      command: commandIn("sweepProcess", command, dir),
      env: withPreload({ ...process.env, ...env, HOLDFAST_DIR: dir }),
      cwd: cwdIn("sweepProcess", cwd, dir),
    };
    const ran = await runCase({
      launch,
      workspace,
      point,
      signal,
      timeoutMs: timeoutMs ?? defaultTimeoutMs,
      race: (moment) => race?.({ ...moment, dir, call: moment.calls.at(-1)!, when: whenOf(point) }),
    });
    return [ran, await this.#judge(ran, point)];
  }

  async #judge(ran: CaseRun, point: Point | undefined): Promise<Failure | undefined> {
    const { check, timeoutMs = defaultTimeoutMs } = this.#options;
    const { outcome } = ran;
    const state = describeState(outcome.dir, outcome.exit); // a check may recover what it finds
    try {
      if (ran.timedOut) throw new Error(`did not end within ${timeoutMs} milliseconds`);
      await check(outcome);
      return undefined;
    } catch (error) {
      return {
        message: firstLineOf(error),
        where: describeDisturbance(outcome.disturbed),
        calls: describeCalls(outcome),
        state,
        replay: formatPoint(point),
        error,
        size: outcome.disturbed === undefined ? 0 : 1,
      };
    }
  }

  #missed(point: Point): void {
    this.exploration.leaveOut(
      `call ${point.index} was not the same again: the program does not do the same each time`,
    );
  }

  #mayGoOn(): boolean {
    const { maxCases } = this.#options;
    if (maxCases === undefined || this.exploration.cases < maxCases) {
      return this.exploration.mayGoOn();
    }
    this.exploration.spend(`stopped after maxCases = ${maxCases} cases`);
    return false;
  }
}

const whenOf = (point: Point | undefined): "before" | "after" =>
  point?.verb === "race" ? point.when : "before";
