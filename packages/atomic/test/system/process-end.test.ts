import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it, vi } from "vitest";
import { findStagedFiles, sweepStagedFiles } from "../../src/index.ts";
import { killAtCall, type Ended } from "../support/kill-at-call.ts";
import { needs } from "../support/needs.ts";
import { packageRoot } from "../support/node-script.ts";
import { tempDir } from "../support/temp-dir.ts";
import { expectAt } from "./expect-at.ts";

// Processes and disks are slow on a busy machine, and nothing here is about time.
vi.setConfig({ testTimeout: 30_000 });

/** Runs a script in a directory with a target, to its end, however that comes. */
async function run(script: string, input: object = {}): Promise<Ended & { dir: string }> {
  const dir = tempDir();
  writeFileSync(join(dir, "target"), "old");
  const ended = await killAtCall({
    at: undefined,
    input: { dir, ...input },
    script: `
      import * as atomic from "@holdfast/atomic";
      import { readdirSync } from "node:fs";
      const filePath = input.dir + "/target";
      const names = () => readdirSync(input.dir);
      ${script}`,
  });
  return { ...ended, dir };
}

/** For a script that must not end by itself; the code says that what should have ended it did not. */
const linger = `setTimeout(() => process.exit(99), 3_000);`;

/** Ways to be in the middle of a write; each calls \`end()\` then. */
const openings = {
  "stageFileAtomic, written to": `
    const staged = await atomic.stageFileAtomic({ filePath });
    await staged.write("half of ");
    end();`,
  "replaceFileAtomic, in beforeRename": `
    atomic.replaceFileAtomic({ filePath, content: "new", beforeRename: () => {
      end();
      return new Promise(() => {});
    } });`,
  "replaceFileAtomic, waiting for its content": `
    const content = (async function* () { yield "a"; setImmediate(end); await new Promise(() => {}); })();
    atomic.replaceFileAtomic({ filePath, content });`,
  "createFileAtomic, in beforeRename": `
    atomic.createFileAtomic({ filePath: filePath + "-new", content: "new", beforeRename: () => {
      end();
      return new Promise(() => {});
    } });`,
} as const;

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

describe.runIf(needs("posix", "node")).each(Object.entries(openings))("A25 %s", (_, opening) => {
  it.each(signals)("A25 %s: removed, and the signal is what ends the process", async (signal) => {
    const ended = await run(
      `const end = () => { report(names().length); process.kill(process.pid, input.signal); ${linger} };
       ${opening}`,
      { signal },
    );
    expectAt(ended.stderr, ended.report).toBe(2);
    expect(ended).toMatchObject({ exitCode: null, signal });
    expect(readdirSync(ended.dir).toSorted()).toEqual(["target"]);
    expect(readFileSync(join(ended.dir, "target"), "utf8")).toBe("old");
  });

  it.each([
    ["process.exit", 7, "process.exit(7)"],
    ["process.exitCode and the end of all work", 8, "process.exitCode = 8"],
    ["an uncaught exception", 1, `setImmediate(() => { throw new Error("mine") })`],
    ["an unhandled rejection", 1, `Promise.reject(new Error("mine"))`],
  ])("A25 %s: removed, with exit code %i", async (how, exitCode, action) => {
    const ended = await run(`const end = () => { report(names().length); ${action}; };${opening}`);
    expectAt(ended.stderr, ended.report).toBe(2);
    expect(ended).toMatchObject({ exitCode, signal: null });
    if (exitCode === 1) expectAt(how, ended.stderr).toContain("mine");
    expect(readdirSync(ended.dir).toSorted()).toEqual(["target"]);
  });
});

describe.runIf(needs("posix", "node"))("A25 the synchronous form", () => {
  it.each(["replaceFileAtomicSync", "createFileAtomicSync"])(
    "A25 %s: process.exit in beforeRename leaves nothing behind",
    async (form) => {
      const ended = await run(`
        const path = ${form === "createFileAtomicSync" ? `filePath + "-new"` : "filePath"};
        atomic.${form}({ filePath: path, content: "new", beforeRename: () => {
          report(names().length);
          process.exit(7);
        } });`);
      expect(ended).toMatchObject({ exitCode: 7, report: 2 });
      expect(readdirSync(ended.dir).toSorted()).toEqual(["target"]);
    },
  );

  it("A25 process.exit in the source of the content leaves nothing behind", async () => {
    const ended = await run(`
      const content = (function* () { yield "a"; report(names().length); process.exit(7); })();
      atomic.replaceFileAtomicSync({ filePath, content });`);
    expect(ended).toMatchObject({ exitCode: 7, report: 2 });
    expect(readdirSync(ended.dir).toSorted()).toEqual(["target"]);
  });
});

describe.runIf(needs("posix", "node"))("A25 somebody else handles the signal", () => {
  const handled = (install: string): string => `
    let handled = 0;
    const handler = () => { handled++; };
    ${install}
    const staged = await atomic.stageFileAtomic({ filePath });
    await staged.write("whole, ");
    process.kill(process.pid, input.signal);
    while (handled === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    await staged.write("in spite of it");
    const { method } = await staged.commit();
    report({ handled, method });`;

  it.each(
    signals.flatMap((signal) => ["on", "once", "prependListener"].map((how) => [signal, how])),
  )("A25 %s with process.%s: the program runs on, and its write completes", async (signal, how) => {
    const ended = await run(handled(`process.${how}(input.signal, handler);`), { signal });
    expectAt(ended.stderr, ended).toMatchObject({ exitCode: 0, signal: null });
    expect(ended.report).toEqual({ handled: 1, method: "rename" });
    expect(readFileSync(join(ended.dir, "target"), "utf8")).toBe("whole, in spite of it");
    expect(readdirSync(ended.dir).toSorted()).toEqual(["target"]);
  });

  it("A25 who exits in their handler: removed, with their exit code", async () => {
    const ended = await run(`
      process.once("SIGTERM", () => process.exit(23));
      const staged = await atomic.stageFileAtomic({ filePath });
      report(names().length);
      process.kill(process.pid, "SIGTERM"); ${linger}`);
    expect(ended).toMatchObject({ exitCode: 23, signal: null, report: 2 });
    expect(readdirSync(ended.dir).toSorted()).toEqual(["target"]);
  });

  it("A25 who sends the signal again after their own cleaning up: removed, ended by it", async () => {
    const ended = await run(`
      process.once("SIGTERM", () => process.kill(process.pid, "SIGTERM"));
      const staged = await atomic.stageFileAtomic({ filePath });
      report(names().length);
      process.kill(process.pid, "SIGTERM"); ${linger}`);
    expect(ended).toMatchObject({ exitCode: null, signal: "SIGTERM", report: 2 });
    expect(readdirSync(ended.dir).toSorted()).toEqual(["target"]);
  });

  it("A25 a second copy of this package: neither waits for the other", async () => {
    // Both would otherwise see that somebody else listens.
    const copy = tempDir();
    cpSync(join(packageRoot, "dist"), join(copy, "dist"), { recursive: true });
    writeFileSync(join(copy, "package.json"), `{ "type": "module" }`);
    mkdirSync(join(copy, "node_modules", "@holdfast"), { recursive: true });
    symlinkSync(join(packageRoot, "../fs"), join(copy, "node_modules/@holdfast/fs"));
    for (const order of ["first, second", "second, first"]) {
      const ended = await run(
        `const first = atomic;
         const second = await import(input.copy);
         if (first.stageFileAtomic === second.stageFileAtomic) throw new Error("one copy only");
         for (const copy of [${order}]) await copy.stageFileAtomic({ filePath });
         report(names().length);
         process.kill(process.pid, "SIGTERM"); ${linger}`,
        { copy: pathToFileURL(join(copy, "dist", "index.js")).href },
      );
      expectAt(ended.stderr, ended).toMatchObject({ exitCode: null, signal: "SIGTERM", report: 3 });
      expect(readdirSync(ended.dir).toSorted()).toEqual(["target"]);
    }
  });

  /**
   * What signal-exit 4 does: it counts its own listeners and ends the process only if there are no
   * others. Two that wait for each other like that swallow the signal.
   */
  const signalExit = `
    const emitter = globalThis[Symbol.for("signal-exit emitter")] ??= { count: 0 };
    const onSignal = () => {
      if (process.listeners("SIGTERM").length !== emitter.count) return;
      emitter.count--;
      process.off("SIGTERM", onSignal);
      process.kill(process.pid, "SIGTERM");
    };
    emitter.count++;
    process.on("SIGTERM", onSignal);`;

  it.each([
    ["before", signalExit, ""],
    ["after", "", signalExit],
  ])(
    "A25 a library of the same kind, loaded %s: the signal still ends it",
    async (_, ...around) => {
      const ended = await run(`
      ${around[0]}
      const staged = await atomic.stageFileAtomic({ filePath });
      ${around[1]}
      report(names().length);
      process.kill(process.pid, "SIGTERM"); ${linger}`);
      expectAt(ended.stderr, ended).toMatchObject({ exitCode: null, signal: "SIGTERM", report: 2 });
      expect(readdirSync(ended.dir).toSorted()).toEqual(["target"]);
    },
  );
});

describe.runIf(needs("posix", "node"))("A25 listeners on process", () => {
  it("A25 none before a file is staged, one of each while, none afterwards", async () => {
    const ended = await run(`
      const events = ["exit", "SIGINT", "SIGTERM", "SIGHUP"];
      const own = events.map((event) => process.listenerCount(event)); // Node has one on "exit"
      const count = () => events.map((event, at) => process.listenerCount(event) - own[at]).join(" ");
      const before = count();
      atomic.replaceFileAtomicSync({ filePath, content: "sync" });
      const sync = count();
      const open = [];
      for (let n = 0; n < 3; n++) open.push(await atomic.stageFileAtomic({ filePath }));
      const during = count();
      await open[0].commit();
      await open[1].discard();
      await new Promise((resolve) => setTimeout(resolve, 200));
      const still = count();
      await open[2].commit();
      // A program that goes on writing keeps them until it pauses.
      for (let waited = 0; count() !== before && waited < 500; waited++) {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      const after = count();
      await atomic.replaceFileAtomic({ filePath, content: "again" });
      report({ before, sync, during, still, after });`);
    expectAt(ended.stderr, ended).toMatchObject({ exitCode: 0 });
    const [none, one] = ["0 0 0 0", "1 1 1 1"];
    const expected = { before: none, sync: none, during: one, still: one, after: none };
    expect(ended.report).toEqual(expected);
  });

  it.each([
    ["right after the last write", ""],
    [
      "while the program is busy after it",
      "for (const end = Date.now() + 100; Date.now() < end; );",
    ],
    ["a moment later", "await new Promise(setImmediate);"],
  ])("A25 a signal that comes %s still ends the process", async (_, meanwhile) => {
    const ended = await run(`
      await atomic.replaceFileAtomic({ filePath, content: "new" });
      report(process.listenerCount("SIGTERM"));
      process.kill(process.pid, "SIGTERM");
      ${meanwhile}${linger}`);
    expect(ended).toMatchObject({ exitCode: null, signal: "SIGTERM", report: 1 });
    expect(readFileSync(join(ended.dir, "target"), "utf8")).toBe("new");
  });

  it("A25 they do not keep a program running", async () => {
    const ended = await run(`
      await atomic.replaceFileAtomic({ filePath, content: "new" });
      report("nothing else to do");`);
    // Else it would be ended from outside in the end.
    expect(ended).toMatchObject({ exitCode: 0, signal: null });
  });

  it("A25 the removal goes through the file system that staged the file", async () => {
    const ended = await run(`
      import * as nodeFs from "node:fs";
      const removed = [];
      const unlinkSync = (path) => { removed.push(path); nodeFs.unlinkSync(path); };
      const staged = await atomic.stageFileAtomic({ filePath, fileSystem: { ...nodeFs, unlinkSync } });
      process.on("exit", () => report({ staged: staged.path, removed }));
      process.exit(3);`);
    const { staged, removed } = ended.report as { staged: string; removed: string[] };
    expect(ended.exitCode).toBe(3);
    expect(removed).toEqual([staged]);
    expect(readdirSync(ended.dir).toSorted()).toEqual(["target"]);
  });
});

describe.runIf(needs("linux", "node"))("A25 worker threads", () => {
  const inWorker = (end: string): string => `
    import { Worker } from "node:worker_threads";
    const worker = new Worker(\`
      (async () => {
        const { parentPort, workerData } = await import("node:worker_threads");
        const atomic = await import("@holdfast/atomic");
        const staged = await atomic.stageFileAtomic({ filePath: workerData });
        await staged.write("half of ");
        parentPort.postMessage(staged.path);
        \${input.inWorker ?? "setInterval(() => {}, 1000);"}
      })();\`, { eval: true, workerData: filePath });
    worker.on("error", () => {}); // \`once\` would fail with it
    const exited = new Promise((resolve) => worker.on("exit", resolve));
    const path = await new Promise((resolve) => worker.on("message", resolve));
    ${end}`;

  it("A25 terminated: found as a dead thread's while its process lives, and swept", async () => {
    const ended = await run(
      inWorker(`
        const before = await atomic.findStagedFiles(input.dir);
        await worker.terminate();
        const found = await atomic.findStagedFiles(input.dir);
        const { removed } = await atomic.sweepStagedFiles(input.dir);
        report({ path, before, found, removed, pid: process.pid });`),
    );
    expect(ended.stderr).toBe("");
    const { path, before, found, removed, pid } = ended.report as Record<string, unknown>;
    expect(before).toMatchObject([{ path, pid, ownerAlive: true }]);
    expect(found).toMatchObject([{ path, pid, ownerAlive: false, bytes: 8 }]);
    expect(removed).toMatchObject([{ path }]);
    expect(readdirSync(ended.dir).toSorted()).toEqual(["target"]);
  });

  it.each([
    ["process.exit", "process.exit(4);", 4],
    ["an uncaught exception", `throw new Error("in the worker");`, 1],
  ])("A25 %s inside one: removed, and the process lives", async (_, action, code) => {
    const ended = await run(
      inWorker(`
        const code = await exited;
        report({ code, names: names() });`),
      { inWorker: `setImmediate(() => { ${action} });` },
    );
    expectAt(ended.stderr, ended.report).toEqual({ code, names: ["target"] });
    expect(ended.exitCode).toBe(0);
  });

  it.each([
    ["process.exit of the main thread", `process.exit(6);`, { exitCode: 6, signal: null }],
    [
      "a signal",
      `process.kill(process.pid, "SIGTERM"); ${linger}`,
      { exitCode: null, signal: "SIGTERM" },
    ],
  ])("A25 %s: what the worker had staged is found as the dead's", async (_, end, expected) => {
    const ended = await run(inWorker(`report(path); ${end}`));
    expect(ended).toMatchObject(expected);
    // A worker is ended without a word; nothing of its own can run.
    const found = await findStagedFiles(ended.dir);
    for (const file of found) expect(file).toMatchObject({ ownerAlive: false });
    await sweepStagedFiles(ended.dir);
    expect(readdirSync(ended.dir).toSorted()).toEqual(["target"]);
  });
});
