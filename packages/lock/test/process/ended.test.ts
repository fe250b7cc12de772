/** What becomes of the lock when its holder ends by itself, or is a thread. */

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { needs } from "../../../atomic/test/support/needs.ts";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";
import { startProcess, type Ended } from "./start-process.ts";

vi.setConfig({ testTimeout: 120_000 });

async function ended(script: string): Promise<Ended & { dir: string; names: unknown }> {
  const dir = tempDir();
  const child = startProcess({
    script: `
      import { readdirSync } from "node:fs";
      const path = input.dir + "/file";
      const linger = setInterval(() => {}, 1000);
      ${script}`,
    input: { dir },
  });
  const names = await child.next();
  return { ...(await child.ended), dir, names };
}

const say = `await tell(readdirSync(input.dir).toSorted());`;

const forms = [
  { form: "alone", take: `await lock.acquireLock(path);`, held: ["file.lock"] },
  {
    form: "shared",
    take: `await lock.acquireLock(path, { shared: true });`,
    held: ["file.lock.shared"],
  },
] as const;

const ends = [
  ["process.exit", "process.exit(7);", { code: 7, signal: null }],
  ["an uncaught exception", `setImmediate(() => { throw new Error("mine"); });`, { code: 1 }],
  ["an unhandled rejection", `Promise.reject(new Error("mine"));`, { code: 1 }],
  ...(["SIGINT", "SIGTERM", "SIGHUP"] as const).map(
    (signal) =>
      [signal, `process.kill(process.pid, "${signal}");`, { code: null, signal }] as const,
  ),
] as const;

describe.runIf(needs("posix", "node")).each(forms)("a lock that is held, $form", (form) => {
  it.each(ends)("is given back: %s", async (_, end, how) => {
    const seen = await ended(`${form.take} ${say} ${end}`);
    expect(seen.names).toEqual(form.held);
    expect(seen).toMatchObject(how);
    expect(readdirSync(seen.dir)).toEqual([]);
  });
});

describe.runIf(needs("posix", "node"))("a lock that is held by a synchronous call", () => {
  it.each(ends.slice(0, 2))("is given back: %s", async (_, end, how) => {
    const seen = await ended(`lock.acquireLockSync(path); ${say} ${end}`);
    expect(seen).toMatchObject({ ...how, names: ["file.lock"] });
    expect(readdirSync(seen.dir)).toEqual([]);
  });
});

const waiting: ReadonlySet<string> = new Set(["process.exit", "an uncaught exception", "SIGTERM"]);

describe.runIf(needs("posix", "node"))("a process that waits for a lock", () => {
  it.each(ends.filter(([how]) => waiting.has(how)))("leaves nothing: %s", async (_, end, how) => {
    const dir = tempDir();
    const { acquireLock } = await import("../../src/index.ts");
    await using held = await acquireLock(join(dir, "file"));
    const child = startProcess({
      script: `
        const linger = setInterval(() => {}, 1000);
        lock.acquireLock(input.dir + "/file").catch((error) => { console.error(error); });
        await new Promise((resolve) => setTimeout(resolve, 50));
        await tell("waits"); ${end}`,
      input: { dir },
    });
    await child.next();
    expect(await child.ended).toMatchObject(how);
    held.assertHeld();
    expect(readdirSync(dir)).toEqual(["file.lock"]);
  });
});

/** A worker thread that takes the lock, tells, and does what it is told. */
const inWorker = `
  import { Worker } from "node:worker_threads";
  const start = (then) => new Worker(\`
    (async () => {
      const { parentPort, workerData } = await import("node:worker_threads");
      const lock = await import(workerData.url);
      const held = await lock.acquireLock(workerData.path, { timeoutMs: 100_000 });
      parentPort.postMessage("held");
      \${then}
    })();\`, { eval: true, workerData: { path, url: import.meta.resolve("@holdfast/lock") } });
  const said = (worker) => new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
  const stay = "setInterval(() => {}, 1000);";`;

describe.runIf(needs("linux", "node"))("a worker thread that holds a lock", () => {
  it("is an owner like any other: the main thread does not get it", async () => {
    const seen = await ended(`${inWorker}
      const worker = start(stay);
      await said(worker);
      const own = await lock.tryAcquireLock(path);
      const { owners } = await lock.inspectLock(path);
      await tell([own === undefined, owners[0].pid === process.pid, owners[0].state]);
      process.exit();`);
    expect(seen.names).toEqual([true, true, "alive"]);
  });

  it("K2 is terminated: the next one has it while the process lives", async () => {
    const seen = await ended(`${inWorker}
      const worker = start(stay);
      await said(worker);
      const waiting = lock.acquireLock(path, { timeoutMs: 100_000, staleAfterMs: 3_600_000 });
      await worker.terminate();
      const held = await waiting;
      held.assertHeld();
      await held.release();
      ${say} process.exit();`);
    expect(seen.names).toEqual([]);
  });

  it.each([
    ["process.exit", "process.exit();"],
    ["an uncaught exception", `setImmediate(() => { throw new Error("in the worker"); });`],
  ])("gives it back: %s in it", async (_, end) => {
    const seen = await ended(`${inWorker}
      const worker = start(${JSON.stringify(end)});
      worker.on("error", () => {});
      await new Promise((resolve) => worker.on("exit", resolve));
      ${say} process.exit();`);
    expect(seen.names).toEqual([]);
  });

  it("and the process ends by a signal: the next one has it", async () => {
    const seen = await ended(`${inWorker}
      const worker = start(stay);
      await said(worker);
      ${say} process.kill(process.pid, "SIGTERM");`);
    expect(seen).toMatchObject({ names: ["file.lock"], signal: "SIGTERM" });
    const { tryAcquireLock } = await import("../../src/index.ts");
    const lock = await tryAcquireLock(join(seen.dir, "file"), { staleAfterMs: 3_600_000 });
    await lock!.release();
    expect(readdirSync(seen.dir)).toEqual([]);
  });

  it("K1 many of them and the main thread: no update is lost", async () => {
    const [threads, rounds] = [4, 25];
    const seen = await ended(`${inWorker}
      import { readFileSync, writeFileSync } from "node:fs";
      writeFileSync(input.dir + "/counter", "0");
      const count = \`
        const { readFile, writeFile } = await import("node:fs/promises");
        const counter = workerData.path.replace(/file$/, "counter");
        await held.release();
        for (let round = 0; round < ${rounds}; round++) {
          await lock.withLock(workerData.path, async () => {
            await writeFile(counter, String(Number(await readFile(counter, "utf8")) + 1));
          });
        }\`;
      await Promise.all(Array.from({ length: ${threads} }, () => {
        const worker = start(count);
        return new Promise((resolve, reject) => worker.on("exit", resolve).on("error", reject));
      }));
      await tell(readFileSync(input.dir + "/counter", "utf8"));
      process.exit();`);
    expect(seen.names).toBe(String(threads * rounds));
  });
});
