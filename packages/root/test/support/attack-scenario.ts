/** A call of a method as a scenario for `exploreInterference`, and attacks as its adversaries. */

import { createMemoryFileSystem } from "@holdfast/testing";
import type { Adversary, NodeFileSystem, Scenario } from "@holdfast/testing";
import { openRoot, openRootSync, type Containment, type FileSystem } from "../../src/index.ts";
import type { AttackedProgram } from "./attacked-programs.ts";
import type { Attack } from "./attacks.ts";
import { World } from "./attack-world.ts";
import { assertStayedInside, judge, type Outcome } from "./judge-attack.ts";
import { runAttacked, type Half } from "./run-attacked.ts";

/** Whatever is attacked: opens what it needs before, and makes one call. */
export interface Victim {
  /** `"none"`: it is careless, and only whether anything got out is looked at. */
  readonly containment: Containment | "none";
  open(fs: NodeFileSystem, world: World, half: Half): Promise<Call>;
}

interface Call {
  make(program: AttackedProgram): Promise<unknown>;
  close(): Promise<void> | void;
}

/** A root with this containment, which `platform` of the memory file system decides. */
export function rootVictim(containment: Containment): Victim {
  return {
    containment,
    async open(fs, world, half) {
      const options = { fileSystem: fs as FileSystem, require: containment };
      const root =
        half === "sync" ? openRootSync(world.root, options) : await openRoot(world.root, options);
      if (root.containment !== containment) throw new Error(`it is ${root.containment}`);
      return {
        make: (program) => runAttacked(root, half, program, world.base, fs),
        close: () => root.close(),
      };
    },
  };
}

/** One program and the attacks on it; they are told of each other by this, run after run. */
export class Siege {
  readonly world = new World("/w");
  readonly scenario: Scenario;
  readonly adversaries: readonly Adversary[];
  private readonly platform: "linux" | "other";
  private canaries: readonly string[] = [];
  /** By attack and number of moves: what there is if nobody else does anything. */
  private readonly alone = new Map<string, readonly string[]>();
  /** Only the call itself is attacked: whoever swaps the root before it is opened has another root. */
  private underWay = false;
  private moves: Attack[] = [];
  private outcome: Outcome | undefined;

  constructor(program: AttackedProgram, half: Half, victim: Victim, attacks: readonly Attack[]) {
    this.platform = victim.containment === "identity" ? "other" : "linux";
    this.scenario = {
      name: `${program.name} (${half}, ${victim.containment})`,
      setup: (fs) => {
        this.world.build(fs);
        this.canaries = this.world.look(fs).canaries;
      },
      run: async (fs) => {
        this.moves = [];
        const call = await victim.open(fs, this.world, half);
        this.underWay = true;
        try {
          this.outcome = { got: await call.make(program) };
        } catch (error) {
          this.outcome = { error };
        } finally {
          this.underWay = false;
          await call.close();
        }
      },
      check: (fs, { leaks }) => {
        if (leaks.length > 0) throw new Error(`still open: ${leaks.join(", ")}`);
        const { canaries, world } = this;
        const { containment } = victim;
        const facts = { program, outcome: this.outcome!, canaries };
        if (containment === "none") return assertStayedInside(world.look(fs), facts);
        const attacked = this.moves.length > 0;
        judge(world, fs, { ...facts, containment, untouched: this.untouched(), attacked });
      },
    };
    this.adversaries = attacks.map((attack) => this.adversaryOf(attack));
  }

  private adversaryOf(attack: Attack): Adversary {
    const move = (which: "act" | "undo") => (fs: NodeFileSystem) => {
      if (!this.underWay) throw Object.assign(new Error("not now"), { code: "EAGAIN" });
      attack[which](fs, this.world);
      this.moves.push(attack);
    };
    return { name: attack.name, did: attack.name, act: move("act"), undo: move("undo") };
  }

  private untouched(): readonly string[] {
    const key = `${this.moves[0]?.name} ${this.moves.length}`;
    let lines = this.alone.get(key);
    if (lines === undefined) {
      const { fs } = createMemoryFileSystem({ platform: this.platform });
      this.world.build(fs);
      const [first, second] = this.moves;
      first?.act(fs, this.world);
      second?.undo(fs, this.world);
      lines = this.world
        .look(fs)
        .others.map(({ brief }) => brief)
        .sort();
      this.alone.set(key, lines);
    }
    return lines;
  }
}
