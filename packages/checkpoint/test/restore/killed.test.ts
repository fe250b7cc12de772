/** P7, on a real disk: a process that restores is killed at each of its calls. */

import {
  cpSync,
  mkdirSync,
  readdirSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { killAtEveryCall } from "../../../atomic/test/support/kill-at-call.ts";
import { needs } from "../../../atomic/test/support/needs.ts";
import { openCheckpoints, type Checkpoints } from "../../src/index.ts";
import { listing } from "../support/workbench.ts";
import { edit, place, requireComplete, write } from "./support/agent.ts";

vi.setConfig({ testTimeout: 240_000 });

const checkpoint = new URL("../../dist/index.js", import.meta.url).href;

const open = (dir: string): Promise<Checkpoints> =>
  openCheckpoints({
    store: join(dir, "store"),
    roots: [join(dir, "work")],
    session: "demo",
    retention: "manual",
  });

let before: string[];
let after: string[];
const tree = (dir: string): string[] => listing(join(dir, "work"));

async function prepare(dir: string): Promise<void> {
  const at = (name: string): string => join(dir, "work", name);
  mkdirSync(at("."));
  place(at("edited"), "before", 0o600);
  place(at("untracked"), "the user's");
  symlinkSync("edited", at("link"));
  before = tree(dir);
  const checkpoints = await open(dir);
  await checkpoints.makeSnapshot("1");
  await write(checkpoints, at("edited"), "after");
  await edit(checkpoints, at("made/by/us"), () => {
    mkdirSync(at("made"), { mode: 0o700 });
    mkdirSync(at("made/by"), { mode: 0o750 });
    writeFileSync(at("made/by/us"), "made");
  });
  // Made, and left empty.
  await edit(checkpoints, at("empty/by/us"), () => {
    mkdirSync(at("empty/by"), { recursive: true, mode: 0o700 });
    writeFileSync(at("empty/by/us"), "made");
  });
  await edit(checkpoints, at("empty/by/us"), () => unlinkSync(at("empty/by/us")));
  await edit(checkpoints, at("link"), () => {
    unlinkSync(at("link"));
    symlinkSync("nowhere", at("link"));
  });
  await checkpoints.close();
  after = tree(dir);
}

async function settle(dir: string, how: "resume" | "rollback"): Promise<boolean> {
  const checkpoints = await open(dir);
  const interrupted = checkpoints.interrupted !== undefined;
  if (interrupted) {
    const report = await checkpoints[how]();
    requireComplete(report);
    expect(tree(dir)).toEqual(how === "resume" ? before : after);
  } else {
    expect([before, after]).toContainEqual(tree(dir));
  }
  await checkpoints.close();
  return interrupted;
}

describe.runIf(needs("node", "posix"))("a restore that is killed", () => {
  it("is finished or taken back, whatever call it was killed at", async () => {
    let interrupted = 0;
    const kills = await killAtEveryCall({
      script: `
        const { openCheckpoints } = await import(${JSON.stringify(checkpoint)});
        const checkpoints = await openCheckpoints({
          store: input.dir + "/store", roots: [input.dir + "/work"], session: "demo",
          retention: "manual", fileSystem,
        });
        const [{ id }] = await checkpoints.listSnapshots();
        report((await checkpoints.restoreToSnapshot(id)).complete);
      `,
      prepare,
      async check(dir, ended) {
        if (!ended.stopped) {
          expect([ended.report, tree(dir)]).toEqual([true, before]);
          return;
        }
        const killed = `${dir}.killed`;
        cpSync(dir, killed, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
        try {
          if (await settle(dir, "resume")) interrupted++;
          for (const name of readdirSync(dir)) rmSync(join(dir, name), { recursive: true });
          cpSync(killed, dir, {
            recursive: true,
            verbatimSymlinks: true,
            preserveTimestamps: true,
          });
          await settle(dir, "rollback");
        } finally {
          rmSync(killed, { recursive: true });
        }
      },
    });
    expect(interrupted).toBeGreaterThan(20);
    expect(kills).toBeGreaterThan(interrupted);
  });
});
