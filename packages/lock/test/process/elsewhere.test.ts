/** Holders that cannot be judged from here, and users who may look but not remove. */

import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { acquireLock, inspectLock, tryAcquireLock } from "../../src/index.ts";
import { nobody } from "../../../atomic/test/support/as-user.ts";
import { decide, needs } from "../../../atomic/test/support/needs.ts";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";
import { startHolder, startProcess, until } from "./start-process.ts";

vi.setConfig({ testTimeout: 120_000 });

/** A pid namespace of its own, with its own /proc. */
const elsewhere = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"];
const asNobody = [
  "setpriv",
  `--reuid=${nobody.uid}`,
  `--regid=${nobody.gid}`,
  "--clear-groups",
] as const;

const namespaces =
  needs("linux", "root", "node") &&
  decide(
    spawnSync(elsewhere[0]!, [...elsewhere.slice(1), "true"]).status === 0
      ? []
      : ["no pid namespaces can be made"],
    "elsewhere.test.ts",
    { mayNotSkip: false },
  );

describe.runIf(namespaces)("a holder in another pid namespace", () => {
  it("is not taken for dead, though its pid means somebody else here, or nobody", async () => {
    const path = join(tempDir(), "file");
    await startHolder(path, { prefix: elsewhere });
    const { pid } = JSON.parse(readFileSync(`${path}.lock`, "utf8")) as { pid: number };
    expect(pid).toBeLessThan(100); // it counts from 1
    expect(await tryAcquireLock(path)).toBeUndefined();
    expect(await inspectLock(path)).toMatchObject({
      held: true,
      owners: [{ pid, state: "unknown" }],
    });
  });

  it("does not take what is held here for dead either", async () => {
    const path = join(tempDir(), "file");
    const lock = await acquireLock(path);
    const other = startProcess({
      script: `
        const held = await lock.tryAcquireLock(input.path);
        const { owners } = await lock.inspectLock(input.path);
        await tell({ got: held !== undefined, state: owners[0]?.state });
        process.exit();`,
      input: { path },
      prefix: elsewhere,
    });
    expect(await other.next()).toEqual({ got: false, state: "unknown" });
    lock.assertHeld();
    await lock.release();
  });

  it("is taken for dead when it has shown no life for staleAfterMs", async () => {
    const path = join(tempDir(), "file");
    const holder = await startHolder(path, { prefix: elsewhere });
    holder.kill("SIGKILL"); // of unshare, and by --kill-child of what it has started
    await holder.ended;
    const short = { heartbeatMs: 100, staleAfterMs: 500, timeoutMs: 100_000 };
    expect(await tryAcquireLock(path)).toBeUndefined();
    const lock = await acquireLock(path, short);
    lock.assertHeld();
    await lock.release();
    expect(readdirSync(join(path, ".."))).toEqual([]);
  });

  it("K3 a pid that is given out again: whoever has it is not taken for the owner", async () => {
    const path = join(tempDir(), "file");
    const other = startProcess({
      script: `
        import { spawn } from "node:child_process";
        import { once } from "node:events";
        import { readFileSync, writeFileSync } from "node:fs";
        const script = "import('@holdfast/lock').then(async (lock) => {" +
          "await lock.acquireLock(process.argv[1]); process.kill(process.pid, 'SIGKILL'); });";
        const holder = spawn(process.execPath, ["-e", script, input.path], { stdio: "inherit" });
        await once(holder, "exit");
        const { pid, threadId } = JSON.parse(readFileSync(input.path + ".lock", "utf8"));
        let again;
        for (let n = 0; again?.pid !== pid && n < 100; n++) {
          again?.kill("SIGKILL");
          writeFileSync("/proc/sys/kernel/ns_last_pid", String(pid - 1));
          again = spawn("sleep", ["1000"]);
        }
        const { owners } = await lock.inspectLock(input.path);
        const held = await lock.tryAcquireLock(input.path, { staleAfterMs: 3600000 });
        await tell([holder.pid === pid, again.pid === pid, threadId === pid, owners[0].state,
          held !== undefined]);
        await held?.release();
        again.kill("SIGKILL");
        process.exit();`,
      input: { path },
      prefix: elsewhere,
    });
    expect(await other.next()).toEqual([true, true, true, "dead", true]);
  });
});

describe.runIf(needs("linux", "other-user", "setpriv", "node"))("another user", () => {
  /** A directory where everybody may write, and only the owner may remove: as /tmp is. */
  const shared = (mode: number): string => {
    const dir = join(tempDir(), "shared");
    chmodSync(join(dir, ".."), 0o755);
    mkdirSync(dir);
    chmodSync(dir, mode);
    return dir;
  };
  const tried = async (dir: string): Promise<unknown> =>
    await startProcess({
      script: `
        const answer = await lock.tryAcquireLock(input.path).then(
          (held) => held === undefined ? "held by another" : "got",
          (error) => [error.code, error.effect]);
        const { owners } = await lock.inspectLock(input.path);
        await tell({ answer, states: owners.map(({ state }) => state) });
        process.exit();`,
      input: { path: join(dir, "file") },
      prefix: asNobody,
    }).next();

  it("sees who holds it, and does not get it", async () => {
    const dir = shared(0o777);
    await using lock = await acquireLock(join(dir, "file"));
    expect(await tried(dir)).toEqual({ answer: "held by another", states: ["alive"] });
    lock.assertHeld();
  });

  it("may write nothing there: is told so, and changes nothing", async () => {
    const dir = shared(0o755);
    await using lock = await acquireLock(join(dir, "file"));
    expect(await tried(dir)).toEqual({ answer: ["EACCES", "none"], states: ["alive"] });
    lock.assertHeld();
    expect(readdirSync(dir)).toEqual(["file.lock"]);
  });

  it("may not remove the lock of a dead holder: is told so, and leaves nothing", async () => {
    const dir = shared(0o1777);
    const holder = await startHolder(join(dir, "file"));
    holder.kill("SIGKILL");
    await holder.ended;
    expect(await tried(dir)).toEqual({ answer: ["EPERM", "none"], states: ["dead"] });
    expect(readdirSync(dir)).toEqual(["file.lock"]);
    const lock = await tryAcquireLock(join(dir, "file"));
    await lock!.release();
    expect(readdirSync(dir)).toEqual([]);
  });

  it("takes over what is another user's and dead, where it may remove it", async () => {
    const dir = shared(0o777);
    const holder = await startHolder(join(dir, "file"));
    holder.kill("SIGKILL");
    await holder.ended;
    expect(await tried(dir)).toMatchObject({ answer: "got" });
  });

  it("may not read whose it is: does not take a living holder for dead, however old", async () => {
    const dir = shared(0o777);
    const path = join(dir, "file");
    const holder = await startHolder(path, { prefix: ["sh", "-c", 'umask 077; exec "$@"', "sh"] });
    holder.kill("SIGSTOP");
    await until(() => /^State:\s*T/m.test(readFileSync(`/proc/${holder.pid}/status`, "utf8")));
    spawnSync("touch", ["-d", "1 hour ago", `${path}.lock`]);
    expect(await tried(dir)).toMatchObject({ answer: "held by another" });
    holder.kill("SIGCONT");
    holder.say("look");
    expect(await holder.next()).toBe("look");
  });
});
