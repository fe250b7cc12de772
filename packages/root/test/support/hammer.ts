/**
 * One call after the other, each in a world of its own, while somebody else attacks whichever world is
 * there. A world is taken away before it is looked at: then nobody changes it any more.
 */

import * as fs from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { openRoot, openRootSync, type FileSystem } from "../../src/index.ts";
import { isHoldfastError, type Containment } from "../../src/index.ts";
import type { AttackedProgram } from "./attacked-programs.ts";
import { World, type WorldFileSystem } from "./attack-world.ts";
import type { Attacker } from "./attacker.ts";
import { makeCarelessly } from "./careless.ts";
import { assertStayedInside, type Outcome } from "./judge-attack.ts";
import { runAttacked, type Half } from "./run-attacked.ts";

/** What was done to whom, and what came of it. */
export interface Tally {
  acts: number;
  /** Acts during which an attack landed. */
  contested: number;
  /** Attacks that landed during acts. */
  landed: number;
  /** Acts that touched or told something outside, and did not say so. */
  escapes: number;
  /** Acts that said so: ERR_CHANGED, effect unknown or partial. */
  detected: number;
  /** Failed acts that said "nothing was changed", and something was. */
  untrue: number;
  ok: number;
  /** How the others ended. */
  readonly codes: Map<string, number>;
  /** What the first escapes were. */
  readonly stories: string[];
}

const disk = fs as unknown as WorldFileSystem;

export const newTally = (): Tally => ({
  acts: 0,
  contested: 0,
  landed: 0,
  escapes: 0,
  detected: 0,
  untrue: 0,
  ok: 0,
  codes: new Map(),
  stories: [],
});

export type Defence = Containment | "none";

/**
 * Where worlds come and go: the one of the moment is called `current`. Whoever attacks says `target`, a
 * link to it that is there during a call only: so a root can be opened before anybody attacks.
 */
export class Arena {
  readonly target: string;
  private readonly current: string;
  private readonly folder: string;
  private made = 0;

  constructor(folder: string) {
    this.folder = folder;
    this.target = join(folder, "target");
    this.current = join(folder, "current");
  }

  /** Makes one call in a new world. */
  async act(
    attacker: Attacker,
    program: AttackedProgram,
    half: Half,
    defence: Defence,
    tally: Tally,
  ): Promise<void> {
    const place = join(this.folder, `world-${this.made++}`);
    const world = new World(this.current, place);
    world.build(disk);
    const before = world.look(disk);
    fs.renameSync(place, this.current);
    const victim = await this.open(program, half, defence);
    fs.symlinkSync(this.current, this.target);
    const start = attacker.landed;
    let outcome: Outcome;
    try {
      outcome = { got: await victim.call() };
    } catch (error) {
      outcome = { error };
    }
    const landed = attacker.landed - start;
    fs.unlinkSync(this.target);
    fs.renameSync(this.current, place);
    await victim.close();
    tally.acts++;
    tally.landed += landed;
    if (landed > 0) tally.contested++;
    this.judge(world, program, half, defence, outcome, before, tally, attacker.overwrites);
    fs.rmSync(place, { recursive: true });
  }

  private async open(
    program: AttackedProgram,
    half: Half,
    defence: Defence,
  ): Promise<{ call: () => Promise<unknown>; close: () => unknown }> {
    const path = `${this.current}/home/root`;
    if (defence === "none") {
      const call = (): Promise<unknown> => makeCarelessly(fs, path, program, this.current);
      return { call, close: () => {} };
    }
    const fileSystem = (defence === "identity" ? { ...fs, platform: "other" } : fs) as FileSystem;
    const options = { fileSystem, require: defence };
    const root = half === "sync" ? openRootSync(path, options) : await openRoot(path, options);
    return {
      call: () => runAttacked(root, half, program, this.current, fs),
      close: () => root.close(),
    };
  }

  private judge(
    world: World,
    program: AttackedProgram,
    half: Half,
    defence: Defence,
    outcome: Outcome,
    before: ReturnType<World["look"]>,
    tally: Tally,
    overwrites: boolean,
  ): void {
    const error = "error" in outcome ? outcome.error : undefined;
    const { code, effect } = (error ?? {}) as { code?: string; effect?: string };
    if (error === undefined) tally.ok++;
    else tally.codes.set(String(code), (tally.codes.get(String(code)) ?? 0) + 1);
    try {
      if (error !== undefined && defence !== "none" && !isHoldfastError(error)) throw error;
      const { canaries } = before;
      // How many names a linked canary has is the attacker's doing too: he renames over them.
      const ours = { ...program, names: true };
      assertStayedInside(lookAtRest(world), { program: ours, outcome, canaries });
      const knows = defence !== "none" && !overwrites;
      if (effect === "none" && knows && !isAsBefore(world, before, program, error)) {
        tally.untrue++;
        tally.stories.push(`${program.name}: ${String(error)}`);
      }
    } catch (escape) {
      const told = code === "ERR_CHANGED" && (effect === "unknown" || effect === "partial");
      if (defence === "identity" && told) {
        tally.detected++;
        return;
      }
      tally.escapes++;
      if (tally.stories.length < 3) {
        const ended = error === undefined ? "ok" : `${String(code)}, effect ${String(effect)}`;
        tally.stories.push(`${program.name} (${half}, ${ended}): ${String(escape)}`);
      }
    }
  }
}

/** Whether the same things are there, by whatever names: those the attacker has exchanged. */
function isAsBefore(
  world: World,
  before: ReturnType<World["look"]>,
  { mayLeave }: AttackedProgram,
  error: unknown,
): boolean {
  if ((error as { leftovers: readonly string[] }).leftovers.length > 0) return true;
  const nameless = ({ others }: ReturnType<World["look"]>): string[] =>
    others
      .filter(({ brief }) => mayLeave?.test(brief) !== true)
      .map(({ brief }) => brief.slice(brief.indexOf(" ")))
      .sort();
  return nameless(lookAtRest(world)).join("\n") === nameless(before).join("\n");
}

/** The attacker may be in the middle of his last exchange: until two looks agree. */
function lookAtRest(world: World): ReturnType<World["look"]> {
  let last: ReturnType<World["look"]> | undefined;
  for (let looks = 0; ; looks++) {
    try {
      const seen = world.look(disk);
      if (isDeepStrictEqual(seen, last) || looks > 100) return seen;
      last = seen;
    } catch (error) {
      const gone = (error as NodeJS.ErrnoException).code === "ENOENT";
      if (!gone || looks > 100) throw error;
    }
  }
}
