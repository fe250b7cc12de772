import { closeSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { invalidType, processIdentity } from "@holdfast/fs/steps";
import { controlVariable, stopOf, tallyOf, type AttackSource, type Control } from "./control.ts";
import { preloadUrl } from "./preload-url.ts";
import { startProgram, type RunningProgram } from "./start-program.ts";
import { atLeastOne } from "./sweep-options.ts";
import { readTally, tallyBytes } from "./tally.ts";
import { Workspace } from "./workspace.ts";

/** Two names in the directory that change places again and again, say a directory and a link. */
export interface Exchange {
  readonly exchange: readonly [string, string];
}

export interface HammerOptions {
  /** What is attacked. Called again and again in this process; what it throws ends the run. */
  readonly act: (moment: { readonly dir: string; readonly round: number }) => unknown;
  /**
   * The attacker, in a process of its own: the source text of an ES module that exports a function
   * `attack({ dir, round })`, the `file:` URL of one, or a built-in one. An attack that throws or
   * returns `false` has not landed.
   */
  readonly attack: string | URL | Exchange;
  /** How often `act` is called. */
  readonly times: number;
  /** Puts into a fresh directory what both expect there. Default: nothing. */
  readonly prepare?: (dir: string) => void | Promise<void>;
  /** During how many calls of `act` an attack must have landed. Default: 1. */
  readonly minContested?: number;
  /** Ends the run: it rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

export interface HammerReport {
  /** How often `act` was called. */
  readonly acts: number;
  /** During how many of them at least one attack landed. */
  readonly contested: number;
  /** How many attacks were tried, and how many of them landed, from the first `act` to the last. */
  readonly tried: number;
  readonly landed: number;
}

const startMs = 30_000;
const stopMs = 2000;

/**
 * Calls `act` again and again while a second process attacks the same directory on the real disk as
 * fast as it can. What `act` finds wrong, it throws: that ends the run, and is thrown.
 *
 * No process and no directory is left afterwards; the attacker ends after a whole attack.
 *
 * @returns how often `act` and the attacks ran
 * @throws `Error` if fewer calls of `act` than `minContested` were hit by an attack: then nothing was
 *   tested
 * @throws `TypeError`, `RangeError` (`ERR_INVALID_ARG`) before any work
 *
 * @example
 * await hammer({
 *   prepare: (dir) => { mkdirSync(join(dir, "in")); symlinkSync("/etc", join(dir, "out")); },
 *   attack: { exchange: ["in", "out"] },
 *   act: ({ dir }) => saveInside(join(dir, "in")),
 *   times: 10_000,
 * });
 */
export async function hammer(options: HammerOptions): Promise<HammerReport> {
  validate(options);
  const { prepare, minContested = 1, signal } = options;
  signal?.throwIfAborted();
  const workspace = new Workspace();
  let attacker: RunningProgram | undefined;
  try {
    return await workspace.use(async () => {
      await prepare?.(workspace.dir);
      writeFileSync(tallyOf(workspace.control), new Uint8Array(tallyBytes));
      attacker = startAttacker(workspace, sourceOf(options.attack, workspace));
      const tally = openSync(tallyOf(workspace.control), "r");
      try {
        const report = await actWhile(attacker, tally, workspace.dir, options);
        const stderr = await stop(attacker, workspace);
        if (report.contested >= minContested) return report;
        throw new Error(
          `hammer: an attack landed during ${report.contested} of ${report.acts} calls of act, ` +
            `fewer than ${minContested}; ${report.landed} of ${report.tried} attacks landed at all\n${stderr}`,
        );
      } finally {
        closeSync(tally);
      }
    });
  } finally {
    attacker?.kill();
    await attacker?.ended.catch(() => {}); // thrown above already
    workspace.remove();
  }
}

function validate({ act, attack, times, minContested }: HammerOptions): void {
  if (typeof act !== "function") throw invalidType("hammer", "act", "a function", act);
  const exchange = (attack as Partial<Exchange> | undefined)?.exchange;
  const named =
    Array.isArray(exchange) &&
    exchange.length === 2 &&
    exchange.every((name) => typeof name === "string");
  if (typeof attack !== "string" && !(attack instanceof URL) && !named) {
    throw invalidType(
      "hammer",
      "attack",
      "source text, a URL or { exchange: [name, name] }",
      attack,
    );
  }
  if (times === undefined) throw invalidType("hammer", "times", "a number", times);
  atLeastOne("hammer", "times", times);
  atLeastOne("hammer", "minContested", minContested);
}

function sourceOf(attack: HammerOptions["attack"], { control }: Workspace): AttackSource {
  if (attack instanceof URL) return { kind: "module", url: attack.href };
  if (typeof attack !== "string") return { kind: "exchange", names: attack.exchange };
  const file = join(control, "attack.mjs");
  writeFileSync(file, attack);
  return { kind: "module", url: pathToFileURL(file).href };
}

function startAttacker({ dir, control: folder }: Workspace, source: AttackSource): RunningProgram {
  const control: Control = { mode: "attack", folder, dir, parent: processIdentity(), source };
  return startProgram({
    command: [process.execPath, fileURLToPath(preloadUrl())],
    env: { ...process.env, [controlVariable]: JSON.stringify(control) },
    cwd: dir,
  });
}

async function actWhile(
  attacker: RunningProgram,
  tally: number,
  dir: string,
  { act, times, signal }: HammerOptions,
): Promise<HammerReport> {
  let over = false;
  const end = (): void => {
    over = true;
  };
  attacker.ended.then(end, end);
  const requireAttacker = async (): Promise<void> => {
    signal?.throwIfAborted();
    if (over) throw new Error(`hammer: the attacker ended\n${(await attacker.ended).stderr}`);
  };
  const deadline = performance.now() + startMs;
  while (readTally(tally).tried === 0) {
    await requireAttacker();
    if (performance.now() > deadline) throw new Error(`hammer: no attack in ${startMs} ms`);
    await sleep(1);
  }
  const start = readTally(tally);
  let contested = 0;
  for (let round = 0; round < times; round++) {
    const before = readTally(tally).landed;
    await act({ dir, round });
    if (readTally(tally).landed > before) contested++;
    if (round % 64 !== 63) continue;
    await turn(); // so that signals and timers are heard also between calls that are synchronous
    await requireAttacker();
  }
  const { tried, landed } = readTally(tally);
  return { acts: times, contested, tried: tried - start.tried, landed: landed - start.landed };
}

/** Lets the attacker end the attack that it is in, and returns what it said. */
async function stop(attacker: RunningProgram, { control }: Workspace): Promise<string> {
  writeFileSync(stopOf(control), "");
  const impatience = setTimeout(attacker.kill, stopMs);
  try {
    return (await attacker.ended).stderr;
  } finally {
    clearTimeout(impatience);
  }
}
