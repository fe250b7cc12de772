/** Processes that take a lock and give it back, and are killed at any moment. */

import { readdirSync, readFileSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { acquireLock, tryAcquireLock } from "../../src/index.ts";
import { needs } from "../../../atomic/test/support/needs.ts";
import { onTmpfs } from "../../../atomic/test/support/temp-dir.ts";
import { startHolder, startProcess } from "./start-process.ts";

vi.setConfig({ testTimeout: 240_000 });

const patient = { staleAfterMs: 3_600_000, timeoutMs: 200_000 };
const contenders = 5;
/** How many are killed; more with HOLDFAST_STORM_KILLS. */
const kills = Number(process.env["HOLDFAST_STORM_KILLS"] ?? 40);

/**
 * Whoever is inside says so with a symbolic link to its pid, made in one call. What somebody dead has
 * left is removed by the next one; who finds somebody alive there has proved two owners.
 */
const contending = `
  import { readFileSync, readlinkSync, symlinkSync, unlinkSync } from "node:fs";
  const { path, inside, options, sync } = input;
  const lives = (pid) => {
    try {
      const stat = readFileSync("/proc/" + pid + "/stat", "latin1");
      return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(")") + 2));
    } catch { return false; }
  };
  const enter = (name) => {
    for (;;) {
      try { return symlinkSync(String(process.pid), name); } catch (error) {
        if (error.code !== "EEXIST") throw error;
      }
      const other = readlinkSync(name);
      if (lives(other)) throw new Error("two owners at the same time: " + other);
      unlinkSync(name);
    }
  };
  let rounds = 0;
  const critical = (held) => {
    enter(inside);
    for (let n = 0; n < 50; n++) readlinkSync(inside);
    held.assertHeld();
    unlinkSync(inside);
    rounds++;
  };
  await tell("ready");
  try {
    for (;;) {
      if (sync) {
        const held = lock.acquireLockSync(path, options);
        critical(held);
        held.releaseSync();
      } else {
        const held = await lock.acquireLock(path, options);
        critical(held);
        await held.release();
      }
      await tell(rounds);
    }
  } catch (error) {
    await tell(error.stack);
    process.exit(1);
  }`;

describe.runIf(needs("linux", "tmpfs", "node"))("processes that are killed at any moment", () => {
  it(`K2 ${kills} of them, ${contenders} at a time: never two inside, and no litter`, async () => {
    const dir = onTmpfs();
    const path = join(dir, "file");
    const failures: unknown[] = [];
    let rounds = 0;
    let over = false;
    /** One place: somebody contends in it until killed, then the next one. */
    const contend = async (n: number, mayKill: () => boolean): Promise<void> => {
      for (let run = n; !over; run++) {
        const one = startProcess({
          script: contending,
          input: { path, inside: join(dir, "inside"), options: patient, sync: run % 3 === 0 },
        });
        await one.next();
        // At some moment of the second, third, … round: which one is chance, and does not matter.
        const moment = new Promise<void>((resolve) => {
          setTimeout(resolve, 20 + Math.random() * 80);
        });
        const watch = (async () => {
          for (;;) {
            const said = await one.next().catch(() => undefined);
            if (said === undefined) return;
            if (typeof said === "number") rounds++;
            else failures.push(said);
          }
        })();
        await moment;
        if (!mayKill()) over = true;
        one.kill("SIGKILL");
        const { signal, stderr } = await one.ended;
        if (signal !== "SIGKILL") failures.push(stderr);
        await watch;
      }
    };
    let left = kills;
    const mayKill = (): boolean => --left > 0;
    await Promise.all(Array.from({ length: contenders }, (_, n) => contend(n, mayKill)));
    expect(failures).toEqual([]);
    // Else all of them were killed before they got anywhere.
    expect(rounds).toBeGreaterThan(kills);

    // What the dead have left goes with the next takeover.
    const dead = await startHolder(path, { options: patient });
    dead.kill("SIGKILL");
    await dead.ended;
    // An empty file says nothing of its owner: only its age does, and is made to be enough.
    const longAgo = new Date(Date.now() - 2 * patient.staleAfterMs);
    for (const name of readdirSync(dir)) {
      const file = join(dir, name);
      if (name.endsWith(".tmp") && statSync(file).size === 0) utimesSync(file, longAgo, longAgo);
    }
    const lock = await acquireLock(path, patient);
    lock.assertHeld();
    expect(readdirSync(dir).filter((name) => name !== "inside")).toEqual(["file.lock"]);
    await lock.release();
    expect(readdirSync(dir).filter((name) => name !== "inside")).toEqual([]);
    expect(await tryAcquireLock(path, { staleAfterMs: 3_600_000 })).toBeDefined();
    expect(readFileSync(`${path}.lock`, "utf8")).toContain(String(process.pid));
  });
});
