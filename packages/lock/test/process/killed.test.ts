/** What happens to the lock of a process that is killed, stopped, or whose pid another one has. */

import { readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { acquireLock, acquireLockSync, inspectLock, tryAcquireLock } from "../../src/index.ts";
import { needs } from "../../../atomic/test/support/needs.ts";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";
import { startHolder, startProcess, until } from "./start-process.ts";

vi.setConfig({ testTimeout: 120_000 });

/** Whoever cannot be judged is not taken for dead while a test runs. */
const patient = { staleAfterMs: 3_600_000, timeoutMs: 100_000 };

const killed = async (path: string): Promise<string> => {
  const holder = await startHolder(path);
  holder.kill("SIGKILL");
  await holder.ended;
  return readFileSync(`${path}.lock`, "utf8");
};

describe.runIf(needs("linux", "node"))("a holder that was killed", () => {
  it("K2 who waits gets the lock", async () => {
    const path = join(tempDir(), "file");
    const holder = await startHolder(path);
    const waiting = acquireLock(path, patient);
    // It does wait: it has looked at the lock and stands aside.
    expect(await tryAcquireLock(path, { staleAfterMs: 3_600_000 })).toBeUndefined();
    holder.kill("SIGKILL");
    const lock = await waiting;
    lock.assertHeld();
    await lock.release();
    expect(readdirSync(join(path, ".."))).toEqual([]);
  });

  it("K2 who waits synchronously gets the lock", async () => {
    const path = join(tempDir(), "file");
    const holder = await startHolder(path, {
      does: `setTimeout(() => process.kill(process.pid, "SIGKILL"), 200);`,
    });
    const lock = acquireLockSync(path, patient);
    lock.assertHeld();
    lock.releaseSync();
    expect((await holder.ended).signal).toBe("SIGKILL");
    expect(readdirSync(join(path, ".."))).toEqual([]);
  });

  it("K3 killed again and again while several wait: never two, and all get it", async () => {
    const dir = tempDir();
    const path = join(dir, "file");
    const rounds = 12;
    const waiters = Array.from({ length: 4 }, (_, who) =>
      startProcess({
        script: `
          import * as fs from "node:fs";
          for (let round = 0; round < ${rounds}; round++) {
            const held = await lock.acquireLock(input.path, input.patient);
            fs.mkdirSync(input.inside); // EEXIST, and so the end of this process, if there is another
            await new Promise((resolve) => setTimeout(resolve, 5));
            held.assertHeld();
            fs.rmdirSync(input.inside);
            await held.release();
          }
          await tell(${who});`,
        input: { path, inside: join(dir, "inside"), patient },
      }),
    );
    const done = Promise.all(waiters.map((waiter) => waiter.next()));
    let over = false;
    const victims = (async (): Promise<number> => {
      for (let killed = 0; ; killed++) {
        const holder = startProcess({
          script: `
            await lock.acquireLock(input.path, input.patient);
            process.kill(process.pid, "SIGKILL");`,
          input: { path, patient },
        });
        const { signal, stderr } = await holder.ended;
        if (over) return killed;
        expect({ signal, stderr }).toEqual({ signal: "SIGKILL", stderr: "" });
      }
    })();
    expect(await done).toEqual([0, 1, 2, 3]);
    over = true;
    expect(await victims).toBeGreaterThan(0);
  });

  it("K3 another program has the pid now: not taken for the owner", async () => {
    const path = join(tempDir(), "file");
    const record = await killed(path);
    const { pid } = JSON.parse(record) as { pid: number };
    const reused = record.replaceAll(String(pid), String(process.pid));
    expect(reused).not.toBe(record);
    writeFileSync(`${path}.lock`, reused);
    expect(await inspectLock(path)).toMatchObject({
      held: false,
      owners: [{ pid: process.pid, state: "dead" }],
    });
    const lock = await tryAcquireLock(path, { staleAfterMs: 3_600_000 });
    expect(lock).toBeDefined();
    await lock!.release();
    expect(readdirSync(join(path, ".."))).toEqual([]);
  });
});

describe.runIf(needs("linux", "node"))("a holder that is stopped", () => {
  it("K4 longer than staleAfterMs: not robbed, and goes on", async () => {
    const path = join(tempDir(), "file");
    const short = { heartbeatMs: 50, staleAfterMs: 100 };
    const holder = await startHolder(path, { options: short });
    holder.kill("SIGSTOP");
    const stopped = (): boolean =>
      /^State:\s*T/m.test(readFileSync(`/proc/${holder.pid}/status`, "utf8"));
    await until(stopped);
    // As if it had been stopped for an hour.
    const then = new Date(Date.now() - 3_600_000);
    utimesSync(`${path}.lock`, then, then);
    const identity = (): unknown[] => {
      const { ino, mtimeMs } = statSync(`${path}.lock`);
      return [ino, mtimeMs];
    };
    const before = identity();
    for (let n = 0; n < 5; n++) expect(await tryAcquireLock(path, short)).toBeUndefined();
    await expect(acquireLock(path, { ...short, timeoutMs: 300 })).rejects.toMatchObject({
      code: "ERR_LOCK_TIMEOUT",
      owners: [{ pid: holder.pid, state: "alive" }],
    });
    expect(identity()).toEqual(before);
    holder.kill("SIGCONT");
    holder.say("look");
    expect(await holder.next()).toBe("look");
    holder.say("release");
    expect(await holder.next()).toBe("release");
    expect(readdirSync(join(path, ".."))).toEqual([]);
  });
});
