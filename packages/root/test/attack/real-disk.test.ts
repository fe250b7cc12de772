/**
 * The explorer's attacks on a real disk and its real /proc: a file system is injected that swaps
 * something before the n-th call, for every n.
 */

import * as fs from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { needs } from "../../../atomic/test/support/needs.ts";
import { onTmpfs } from "../../../atomic/test/support/temp-dir.ts";
import { openRootSync, type FileSystem } from "../../src/index.ts";
import { programs } from "../support/attacked-programs.ts";
import { attacks, type Attack } from "../support/attacks.ts";
import { World, type WorldFileSystem } from "../support/attack-world.ts";
import { judge, type Outcome } from "../support/judge-attack.ts";
import { runAttacked } from "../support/run-attacked.ts";

const disk = fs as unknown as WorldFileSystem;
const sample = [
  "readFile a/b/file.txt",
  "writeFile, over",
  "appendFile, over",
  "rm, tree",
  "chmod, file",
];

/** `node:fs`, with something done before the n-th of its calls from when it is armed. */
class Ambush {
  calls = 0;
  armed = false;
  readonly fileSystem: FileSystem;

  constructor(n: number, strike: () => void) {
    const watched = Object.entries(fs).map(([name, call]) => {
      if (!name.endsWith("Sync") || typeof call !== "function") return [name, call] as const;
      const watching = (...args: unknown[]): unknown => {
        if (this.armed && this.calls++ === n) strike();
        return (call as (...all: unknown[]) => unknown)(...args);
      };
      return [name, watching] as const;
    });
    this.fileSystem = Object.fromEntries(watched) as FileSystem;
  }
}

for (const program of programs.filter(({ name }) => sample.includes(name))) {
  test.runIf(needs("linux", "tmpfs"))(
    `${program.name} on a real disk`,
    { timeout: 120_000 },
    async () => {
      const folder = onTmpfs();
      let landed = 0;
      for (const [index, attack] of attacks.entries()) {
        for (let n = 0, reached = true; reached; n++) {
          const result = await ambush(join(folder, `${index}-${n}`), attack, n);
          reached = result.calls > n;
          if (result.landed) landed++;
        }
      }
      expect(landed).toBeGreaterThan(attacks.length);
    },
  );

  async function ambush(
    place: string,
    attack: Attack,
    n: number,
  ): Promise<{ calls: number; landed: boolean }> {
    const world = new World(place);
    fs.mkdirSync(place);
    world.build(disk);
    const { canaries, others } = world.look(disk);
    let untouched = others.map(({ brief }) => brief);
    let landed = false;
    const trap = new Ambush(n, () => {
      try {
        attack.act(disk, world);
        landed = true;
      } catch (error) {
        // There was nothing to move: it did not land.
        if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      }
    });
    const root = openRootSync(world.root, { fileSystem: trap.fileSystem, require: "descriptor" });
    let outcome: Outcome;
    trap.armed = true;
    try {
      outcome = { got: await runAttacked(root, "sync", program, world.base, fs) };
    } catch (error) {
      outcome = { error };
    }
    trap.armed = false;
    root.close();
    if (landed) untouched = alone(`${place}-alone`, attack);
    judge(world, disk, {
      program,
      containment: "descriptor",
      outcome,
      canaries,
      untouched: untouched.map((line) => line.replaceAll(`${place}-alone`, place)),
      attacked: landed,
    });
    return { calls: trap.calls, landed };
  }
}

/** What there is when only the attacker was there. */
function alone(place: string, attack: Attack): string[] {
  const world = new World(place);
  fs.mkdirSync(place);
  world.build(disk);
  attack.act(disk, world);
  return world.look(disk).others.map(({ brief }) => brief);
}
