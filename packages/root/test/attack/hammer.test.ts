/**
 * A second process exchanges things as fast as it can, on a real disk, while every method is called
 * (R5, R8). HOLDFAST_HAMMER=<acts> makes so many acts of each program in each form under each attack, and
 * prints a table; a fraction makes that share of them. Without it: a small share. HOLDFAST_HAMMER_ONLY=<start
 * of a name> takes some programs, HOLDFAST_HAMMER_DEFENCES=descriptor,identity,none some defences. On tmpfs,
 * because there attacks are fastest.
 */

import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { needs } from "../../../atomic/test/support/needs.ts";
import { unownedTempDir } from "../../../atomic/test/support/temp-dir.ts";
import { Attacker, whyNoAttacker } from "../support/attacker.ts";
import { programs } from "../support/attacked-programs.ts";
import { attacks } from "../support/attacks.ts";
import { Arena, newTally, type Defence, type Tally } from "../support/hammer.ts";
import { formatTable } from "../support/hammer-table.ts";

const wanted = Number(process.env["HOLDFAST_HAMMER"] ?? 1 / 8);
const acts = Math.max(1, Math.floor(wanted));
const stride = wanted < 1 ? Math.round(1 / wanted) : 1;
const only = process.env["HOLDFAST_HAMMER_ONLY"];
const defences = (process.env["HOLDFAST_HAMMER_DEFENCES"] ?? "descriptor,identity,none").split(",");
const long = process.env["HOLDFAST_HAMMER"] !== undefined;
/** Of how many acts one is made by identity too. */
const slow = long ? 2 : 5;
const guarded = ["descriptor", "identity"] as const;
const tallies = new Map<string, Tally>();

function tallyOf(method: string, defence: Defence): Tally {
  const key = `${defence} ${method}`;
  let tally = tallies.get(key);
  if (tally === undefined) tallies.set(key, (tally = newTally()));
  return tally;
}

const all = (defence: Defence, what: "escapes" | "untrue" | "contested" | "ok"): number =>
  [...tallies].reduce((sum, [key, tally]) => sum + (key.startsWith(defence) ? tally[what] : 0), 0);

const chosen = programs.filter(({ name }) => only === undefined || name.startsWith(only));
// The short run takes every method once.
const methods = long
  ? chosen
  : chosen.filter(({ method }, i) => chosen.findIndex((one) => one.method === method) === i);

const parent = "/dev/shm";
const ground = needs("linux", "tmpfs") ? unownedTempDir(parent) : undefined;
const why = ground === undefined ? "no tmpfs" : whyNoAttacker(ground.path);
if (why !== undefined) console.log(`skipped: hammer.test.ts: ${why}`);

afterAll(() => {
  ground?.remove();
  if (long) console.log(formatTable(tallies));
});

describe.runIf(why === undefined)("hammered", () => {
  for (const [index, attack] of attacks.entries()) {
    for (const pauseUs of long ? [0, 200] : [index % 2 === 0 ? 0 : 200]) {
      test(`${attack.name}, pauses up to ${pauseUs} us`, { timeout: 3_600_000 }, async () => {
        const folder = join(ground!.path, `attack-${index}-${pauseUs}`);
        mkdirSync(folder);
        const arena = new Arena(folder);
        const verbs =
          long && attack.verb === "exchange" ? (["exchange", "renames"] as const) : [attack.verb];
        const open = readdirSync("/proc/self/fd").length;
        for (const verb of verbs) {
          const names = attack.names.map((one) => join(arena.target, one)) as [string, string];
          const attacker = new Attacker({ folder, verb, names, pauseUs });
          try {
            for (const [number, program] of methods.entries()) {
              if ((number + index) % stride !== 0) continue;
              for (let act = 0; act < acts; act++) {
                for (const half of ["async", "sync"] as const) {
                  if (half === "sync" && program.asyncOnly === true) continue;
                  for (const defence of ["descriptor", "identity", "none"] as const) {
                    if (!defences.includes(defence)) continue;
                    if (defence === "none" && half === "sync") continue;
                    // Where nothing holds still it waits for a quarter of a second each time.
                    if (defence === "identity" && (act + index + number) % slow !== 0) continue;
                    const tally = tallyOf(program.method, defence);
                    const told = tally.stories.length;
                    await arena.act(attacker, program, half, defence, tally);
                    if (tally.stories.length > told) {
                      tally.stories.push(`under "${attack.name}", ${verb}, pauses ${pauseUs}`);
                    }
                  }
                }
              }
            }
          } finally {
            await attacker.stop();
          }
        }
        expect(readdirSync("/proc/self/fd").length).toBe(open);
      });
    }
  }

  test("nobody got out of a root, and from plain fs many did", () => {
    const stories = [...tallies].flatMap(([key, { stories: told }]) =>
      key.startsWith("none") ? [] : told.map((story) => `${key}: ${story}`),
    );
    expect(stories).toEqual([]);
    expect(all("descriptor", "escapes") + all("identity", "escapes")).toBe(0);
    expect(all("descriptor", "untrue") + all("identity", "untrue")).toBe(0);
    for (const defence of guarded.filter((one) => defences.includes(one))) {
      expect(all(defence, "contested")).toBeGreaterThan(0);
      expect(all(defence, "ok")).toBeGreaterThan(0);
    }
    // The control: the same calls by plain fs, in the same run.
    expect(!defences.includes("none") || all("none", "escapes") > 0).toBe(true);
  });
});
