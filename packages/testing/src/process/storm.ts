import { requireKnown } from "../scenario/known-options.ts";
import { setTimeout as sleep } from "node:timers/promises";
import { invalidRange, invalidType } from "@holdfast/fs/steps";
import { Exploration } from "../scenario/exploration.ts";
import { Random } from "../scenario/random.ts";
import type { Progress, Report } from "../scenario/report.ts";
import { changedNothing } from "./changed-nothing.ts";
import { describeState, firstLineOf } from "./describe-case.ts";
import { fingerprintOf, tickMs } from "./fingerprint.ts";
import type { ProcessExit } from "./outcome.ts";
import { withPreload } from "./preload-url.ts";
import { runForStorm, type StormRun } from "./run-for-storm.ts";
import {
  atLeastOne,
  commandIn,
  cwdIn,
  defaultTimeoutMs,
  validateRun,
  type Command,
  type WorkingDirectory,
} from "./sweep-options.ts";
import { Workspace } from "./workspace.ts";

/** What a check is told of one run in a storm. */
export interface StormOutcome {
  /** The directory that the program worked in: a real path. */
  readonly dir: string;
  readonly exit: ProcessExit;
  /** `false`: it ran to its end, because the kill came too late or because none was meant. */
  readonly killed: boolean;
}

export interface StormOptions {
  /** As for `sweepProcess`; here it need not be a Node program. */
  readonly command: Command;
  /** How often it is started and killed. */
  readonly kills: number;
  /** Throws if what is on disk is wrong. Called after every run. */
  readonly check: (outcome: StormOutcome) => void | Promise<void>;
  /** Puts into a fresh directory what the program expects there. Default: nothing. */
  readonly prepare?: (dir: string) => void | Promise<void>;
  /**
   * `"same"` (default): every run finds what the one before has left, and must recover by itself.
   * `"fresh"`: every run gets a directory of its own.
   */
  readonly directory?: "same" | "fresh";
  /**
   * The kills fall into the first so many milliseconds of each run: for a program that does not end by
   * itself. Default: the time that it takes undisturbed, measured at the beginning and again after
   * every 20 kills.
   */
  readonly withinMs?: number;
  /** How many kills must have hit the program while it ran. Default: half of them. */
  readonly minWhileRunning?: number;
  /** Where the random moments start. Default: a new one, which the report names. */
  readonly seed?: number;
  /** Over the environment of this process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /**
   * Where the program runs. Default: where this process does. One that writes into its working
   * directory needs `(dir) => dir`, and its own absolute path in `command`.
   */
  readonly cwd?: WorkingDirectory;
  /** How long an undisturbed run may take. Default: 30,000. */
  readonly timeoutMs?: number;
  /** How many failures are kept. Default: 10. */
  readonly maxFailures?: number;
  /** Called at most about twice a second. Default: a line on stderr after five seconds. */
  readonly onProgress?: (progress: Progress) => void;
  /** Ends the storm: it rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

export interface StormReport extends Report {
  /** Kills that hit the program while it ran. */
  readonly whileRunning: number;
  /** Kills that came too late: the program had ended by itself. */
  readonly afterEnd: number;
}

const measureEvery = 20;

const optionNames: readonly (keyof StormOptions)[] = [
  ...([
    "command",
    "kills",
    "check",
    "prepare",
    "directory",
    "withinMs",
    "minWhileRunning",
  ] as const),
  ...(["seed", "env", "cwd", "timeoutMs", "maxFailures", "onProgress", "signal"] as const),
];

/**
 * Starts a program again and again on the real disk and ends it with SIGKILL at a random moment after
 * its own code has begun (of a program that is not Node: after its first output, or its start), and
 * calls `check` each time. In the end it runs once to its end.
 *
 * The moments follow from the seed, what the program is doing then does not: a failure comes again
 * with some other kill, not with the same one. Let the program work for some time (write in a loop):
 * of one that writes for a millisecond and loads modules for fifty, most kills miss the writing.
 *
 * @returns what was found. A report with failures is not thrown: give it to `assertProcessPassed`.
 * @throws `Error` if fewer kills than `minWhileRunning` hit the program while it ran; if its first,
 *   undisturbed run ends with an error or changes nothing below its directory; with `withinMs`, if no
 *   run changes anything there: then too little was tested
 * @throws `TypeError`, `RangeError` (`ERR_INVALID_ARG`) before any work
 *
 * @example
 * const report = await storm({
 *   command: (dir) => ["node", "writer.mjs", dir],
 *   kills: 100,
 *   check: ({ dir }) => void JSON.parse(readFileSync(join(dir, "state.json"), "utf8")),
 * });
 * assertProcessPassed(report);
 */
export async function storm(options: StormOptions): Promise<StormReport> {
  requireKnown("storm", options, optionNames);
  validateRun("storm", options);
  if (options.kills === undefined) throw invalidType("storm", "kills", "a number", undefined);
  for (const name of ["kills", "withinMs", "minWhileRunning"] as const) {
    atLeastOne("storm", name, options[name]);
  }
  const { directory = "same" } = options;
  if (directory !== "same" && directory !== "fresh") {
    throw invalidRange("storm", "directory", '"same" or "fresh"', directory);
  }
  const running = new Storm(options);
  try {
    return await running.run();
  } finally {
    running.cleanUp();
  }
}

class Storm {
  readonly #options: StormOptions;
  readonly #exploration: Exploration;
  readonly #random: Random;
  #workspace: Workspace | undefined;
  /** How long the program works undisturbed. */
  #workMs = 0;
  /** Whether it says when its own code begins. */
  #announces = true;
  #whileRunning = 0;
  #afterEnd = 0;
  /** Whether a run has changed something below the directory. */
  #works = false;
  #lastExit: ProcessExit | undefined;

  constructor(options: StormOptions) {
    const { onProgress, maxFailures, seed } = options;
    this.#options = options;
    this.#exploration = new Exploration("process", "storm", {
      ...(seed !== undefined && { seed }),
      ...(onProgress !== undefined && { onProgress }),
      ...(maxFailures !== undefined && { maxFailures }),
    });
    this.#random = new Random(this.#exploration.seed);
    this.#exploration.leaveOut("the moments of the kills were random");
  }

  async run(): Promise<StormReport> {
    const { kills, withinMs } = this.#options;
    const minimum = this.#options.minWhileRunning ?? Math.ceil(kills / 2);
    const measured = withinMs === undefined;
    this.#workMs = withinMs ?? 0;
    // The first run is slower: nothing is cached yet.
    if (measured) await this.#once(undefined);
    for (let kill = 0; kill < kills; kill++) {
      if (measured && kill % measureEvery === 0) await this.#once(undefined);
      this.#exploration.mayGoOn(); // tells how far it is
      await this.#once(this.#random.next() * this.#workMs);
    }
    if (measured) await this.#once(undefined);
    if (!this.#works) throw changedNothing("storm", this.#lastExit!);
    if (this.#whileRunning < minimum) {
      throw new Error(
        `storm: only ${this.#whileRunning} of ${kills} kills hit the program while it ran, fewer than ` +
          `${minimum} (seed ${this.#exploration.seed})`,
      );
    }
    const counts = { whileRunning: this.#whileRunning, afterEnd: this.#afterEnd };
    return { ...this.#exploration.report(), ...counts };
  }

  cleanUp(): void {
    this.#workspace?.remove();
    this.#workspace = undefined;
  }

  async #once(killAfterMs: number | undefined): Promise<void> {
    this.#options.signal?.throwIfAborted();
    const workspace = await this.#place();
    await workspace.use(() => this.#onceIn(workspace, killAfterMs));
  }

  async #onceIn(workspace: Workspace, killAfterMs: number | undefined): Promise<void> {
    const { dir } = workspace;
    const ran = await this.#watched(dir, () => this.#start(workspace, killAfterMs));
    this.#lastExit = ran.exit;
    if (killAfterMs === undefined && this.#exploration.cases === 0) requireWork(ran, this.#works);
    if (killAfterMs === undefined) {
      this.#workMs = ran.workMs;
      this.#announces = ran.announced;
    } else if (ran.killed) this.#whileRunning++;
    else this.#afterEnd++;
    const when =
      killAfterMs === undefined ? undefined : `${killAfterMs.toFixed(1)} ms after its start`;
    await this.#judge({ dir, exit: ran.exit, killed: ran.killed }, ran.timedOut, when);
  }

  async #start({ dir, control }: Workspace, killAfterMs: number | undefined): Promise<StormRun> {
    const { command, env, cwd, timeoutMs = defaultTimeoutMs, signal } = this.#options;
    const launch = {
      command: commandIn("storm", command, dir),
      env: withPreload({ ...process.env, ...env, HOLDFAST_DIR: dir }),
      cwd: cwdIn("storm", cwd, dir),
    };
    const patienceMs = this.#announces ? timeoutMs : 0;
    return await runForStorm({
      launch,
      folder: control,
      killAfterMs,
      timeoutMs,
      signal,
      patienceMs,
    });
  }

  /** Looks whether the program changes anything, until it once has. */
  async #watched(dir: string, run: () => Promise<StormRun>): Promise<StormRun> {
    if (this.#works) return await run();
    await sleep(tickMs);
    const before = fingerprintOf(dir);
    const ran = await run();
    this.#works = fingerprintOf(dir) !== before;
    return ran;
  }

  async #place(): Promise<Workspace> {
    const { directory = "same", prepare } = this.#options;
    if (this.#workspace !== undefined && directory === "same") {
      this.#workspace.resetControl();
      return this.#workspace;
    }
    this.cleanUp();
    const workspace = new Workspace();
    this.#workspace = workspace;
    await workspace.use(async () => await prepare?.(workspace.dir));
    return workspace;
  }

  async #judge(outcome: StormOutcome, timedOut: boolean, when: string | undefined): Promise<void> {
    const { check, timeoutMs = defaultTimeoutMs } = this.#options;
    const state = describeState(outcome.dir, outcome.exit); // a check may recover what it finds
    try {
      if (timedOut) throw new Error(`did not end within ${timeoutMs} milliseconds`);
      await check(outcome);
      this.#exploration.ran();
    } catch (error) {
      const where =
        when === undefined ? "undisturbed" : `run ${this.#exploration.cases + 1}, killed ${when}`;
      this.#exploration.ran({
        message: firstLineOf(error),
        where,
        calls: [],
        state,
        error,
        replay: `seed ${this.#exploration.seed}`,
        size: when === undefined ? 0 : 1,
      });
    }
  }
}

/** A program that fails undisturbed would be killed in the middle of saying so. */
function requireWork({ exit, timedOut }: StormRun, works: boolean): void {
  if (timedOut) return; // a failure of its own
  if (exit.code !== 0) {
    throw new Error(
      `storm: the undisturbed program failed (exit code ${exit.code}, signal ${exit.signal})\n${exit.stderr}`,
    );
  }
  if (!works) throw changedNothing("storm", exit);
}
