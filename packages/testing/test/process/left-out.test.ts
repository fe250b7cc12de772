import { describe, expect, it, vi } from "vitest";
import { formatProcessReport, sweepProcess, type Report } from "../../src/process.ts";
import { needs } from "../../../atomic/test/support/needs.ts";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";
import { cwd, program } from "./programs.ts";

vi.setConfig({ testTimeout: 60_000 });

/** Makes a call that counts. */
const child = (): string =>
  program(`import { mkdirSync } from "node:fs"; mkdirSync("by-another");`)[1]!;
/** Makes none. */
const idle = (): string => program("process.exitCode = 0")[1]!;

const sweep = (command: readonly string[]): Promise<Report> =>
  sweepProcess({
    command,
    cwd,
    verb: "kill",
    env: { CHILD: child(), IDLE: idle() },
    check: ({ exit, disturbed }) => {
      if (disturbed === undefined && exit.code !== 0) throw new Error(exit.stderr);
    },
  });

const imports = `import fs from "node:fs"; import childProcess, { spawnSync, execSync, execFileSync, spawn, exec, fork } from "node:child_process";
  import { Worker } from "node:worker_threads"; import { once } from "node:events";
  const node = process.execPath; const text = "require('fs').mkdirSync('by-another')";
  fs.mkdirSync("mine");`;

const threads = "worker threads of the program are neither seen nor disturbed";
const more = "more than one process made calls that count, and only the first was disturbed";
const unseen = (name: string): string =>
  `what the program started is neither seen nor disturbed: ${name}`;

describe.runIf(needs("posix", "node"))(
  "a report is not exhaustive, and says so, if there was",
  () => {
    it.each<[string, string, string[]]>([
      ["a worker thread", `await once(new Worker(text, { eval: true }), "exit");`, [threads]],
      [
        "a worker thread of a class of its own",
        `class Mine extends Worker {} const mine = new Mine(text, { eval: true });
       if (!(mine instanceof Mine && mine instanceof Worker)) throw new Error("no Worker");
       await once(mine, "exit");`,
        [threads],
      ],
      ["a Node that made calls: spawnSync", `spawnSync(node, ["-e", text]);`, [more]],
      ["a Node that made calls: execFileSync", `execFileSync(node, ["-e", text]);`, [more]],
      ["a Node that made calls: spawn", `await once(spawn(node, ["-e", text]), "exit");`, [more]],
      ["a Node that made calls: fork", `await once(fork(process.env.CHILD), "exit");`, [more]],
      [
        "a Node that has not loaded the preload module",
        `spawnSync(node, ["-e", text], { env: {} });`,
        [unseen("node")],
      ],
      ["another program: spawn", `await once(spawn("mkdir", ["x"]), "exit");`, [unseen("mkdir")]],
      ["another program: spawnSync", `childProcess.spawnSync("mkdir", ["x"]);`, [unseen("mkdir")]],
      ["another program: execFileSync", `execFileSync("mkdir", ["x"]);`, [unseen("mkdir")]],
      ["another program: execSync", `execSync("mkdir x; true");`, [unseen("a shell")]],
      ["another program: exec", `await once(exec("mkdir x; true"), "exit");`, [unseen("sh")]],
      ["one that failed", `try { execFileSync("false"); } catch {}`, [unseen("false")]],
      [
        "another program, of a Node that it started",
        `spawnSync(node, ["-e", "require('child_process').spawnSync('mkdir', ['x'])"]);`,
        [unseen("mkdir")],
      ],
      [
        "two others, of which one says what it does",
        `execFileSync(node, [process.env.IDLE]); execFileSync("mkdir", ["x"]);`,
        [unseen("mkdir")],
      ],
    ])("%s", async (_, text, limits) => {
      const report = await sweep(program(imports + text));
      expect(report).toMatchObject({ failed: 0, cases: 3, exhaustive: false, limits });
      expect(formatProcessReport(report)).toContain(limits[0]);
    });
  },
);

describe.runIf(needs("posix", "node"))("a report stays exhaustive", () => {
  it.each<[string, string]>([
    ["with a Node that made no call: spawnSync", `spawnSync(node, [process.env.IDLE]);`],
    ["with a Node that made no call: execFileSync", `execFileSync(node, [process.env.IDLE]);`],
    ["with a Node that made no call: fork", `await once(fork(process.env.IDLE), "exit");`],
    [
      "with what could not be started",
      `try { execFileSync("no-such-cmd"); } catch {} spawnSync("no-such-cmd");
       await new Promise((resolve) => spawn("no-such-cmd").on("error", resolve));`,
    ],
  ])("%s", async (_, text) => {
    expect(await sweep(program(imports + text))).toMatchObject({
      failed: 0,
      cases: 3,
      limits: [],
      exhaustive: true,
    });
  });

  it("with a launcher that starts the program, and other things that are not of it", async () => {
    const [node, file] = program(`import { mkdirSync } from "node:fs"; mkdirSync("made");`);
    const launcher = program(`import { spawnSync } from "node:child_process";
      spawnSync("true");
      process.exitCode = spawnSync(${JSON.stringify(node)}, [${JSON.stringify(file)}]).status;`);
    expect(await sweep(launcher)).toMatchObject({ failed: 0, cases: 3, limits: [] });
  });
});

describe.runIf(needs("posix", "node"))("a program that changed nothing", () => {
  it.each<[string, string, string]>([
    ["left it to a thread", `new Worker("require('fs').mkdirSync('x')", { eval: true });`, threads],
    ["left it to others", `spawnSync("mkdir", ["x"]);`, unseen("mkdir")],
  ])("%s: the error says so", async (_, text, hint) => {
    const command = program(`import { spawnSync } from "node:child_process";
      import { Worker } from "node:worker_threads"; ${text}`);
    await expect(sweep(command)).rejects.toThrow(hint);
  });

  it("wrote elsewhere: the error names the option", async () => {
    const command = program(`import { mkdirSync } from "node:fs"; mkdirSync("made");`);
    const run = sweepProcess({ command, cwd: tempDir(), verb: "kill", check: () => {} });
    await expect(run).rejects.toThrow(/nothing was tested[^]*cwd: \(dir\) => dir/);
  });
});
