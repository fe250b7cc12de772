import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { text as textOf } from "node:stream/consumers";
import { pathToFileURL } from "node:url";
import { processIdentity, processState } from "@holdfast/fs/steps";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { sweepProcess } from "../../src/process.ts";
import { needs } from "../../../atomic/test/support/needs.ts";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";
import { cwd, program } from "./programs.ts";

vi.setConfig({ testTimeout: 60_000 });

const entry = pathToFileURL(
  createRequire(import.meta.url).resolve("@holdfast/testing/process"),
).href;

/** What runs in the test process that gets the signal; `command` never ends. */
const calls = {
  sweep: `sweepProcess({ command, cwd, verb: "kill", check: () => {} })`,
  storm: `storm({ command, cwd, kills: 1, withinMs: 3_000_000, check: () => {} })`,
  hammer: `hammer({ times: 1e9, act: () => new Promise((resolve) => setTimeout(resolve, 1)),
    attack: "import fs from 'node:fs'; export const attack = () => fs.writeFileSync(" +
      JSON.stringify(pids) + ", JSON.stringify([process.pid]));" })`,
} as const;

interface Test {
  readonly process: ChildProcess;
  readonly said: Promise<string>;
  /** The program and what it has started. */
  readonly pids: readonly number[];
  /** Names of the directories that are there. */
  readonly left: () => string[];
}

/** A test process in the middle of a run. */
async function running(which: keyof typeof calls, more = ""): Promise<Test> {
  const temporary = tempDir();
  const pids = join(tempDir(), "pids");
  const command = program(`import fs from "node:fs"; import { spawn } from "node:child_process";
    const { pid } = spawn("sleep", ["1000"], { stdio: "inherit" });
    fs.mkdirSync("made");
    fs.writeFileSync(${JSON.stringify(`${pids}.tmp`)}, JSON.stringify([process.pid, pid]));
    fs.renameSync(${JSON.stringify(`${pids}.tmp`)}, ${JSON.stringify(pids)});
    setInterval(() => {}, 1000);`);
  const [node, file] =
    program(`import { hammer, storm, sweepProcess } from ${JSON.stringify(entry)};
    const command = ${JSON.stringify(command)}, cwd = (dir) => dir, pids = ${JSON.stringify(pids)};
    ${more}
    await ${calls[which]}.catch((error) => console.log(error.message));
    console.log("went on");`);
  const child = spawn(node!, [file!], {
    env: { ...process.env, TMPDIR: temporary },
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const said = textOf(child.stdout);
  const started = await vi.waitFor(() => JSON.parse(readFileSync(pids, "utf8")) as number[], {
    timeout: 20_000,
  });
  onTestFinished(() => endAll(started));
  return { process: child, said, pids: started, left: () => readdirSync(temporary) };
}

function endAll(pids: readonly number[]): void {
  for (const pid of pids) if (isAlive(pid)) process.kill(pid, "SIGKILL");
}

const isAlive = (pid: number): boolean =>
  processState({ ...processIdentity(), pid, threadId: pid, startTicks: undefined }) !== "dead";

const untilDead = (pids: readonly number[]): Promise<void> =>
  vi.waitFor(() => expect(pids.filter(isAlive)).toEqual([]), { timeout: 10_000, interval: 5 });

describe.runIf(needs("posix", "node"))(
  "a test process that is ended in the middle of a run",
  () => {
    it.each([
      ["SIGINT", "sweep"],
      ["SIGTERM", "storm"],
      ["SIGHUP", "hammer"],
    ] as const)(
      "by %s: nothing of a %s is left, and the signal is what ended it",
      async (signal, which) => {
        const test = await running(which);
        expect(test.left()).toHaveLength(1);
        test.process.kill(signal);
        expect(await once(test.process, "exit")).toEqual([null, signal]);
        await untilDead(test.pids);
        expect(test.left()).toEqual([]);
        expect(await test.said).toBe("");
      },
    );

    it.each([
      ["sweep", "once"],
      ["storm", "on"],
      ["hammer", "on"],
    ] as const)(
      "by a signal that somebody else catches: that one decides, and is called once; the %s rejects (%s)",
      async (which, method) => {
        const test = await running(
          which,
          `process.${method}("SIGINT", (signal) => console.log("caught " + signal));`,
        );
        test.process.kill("SIGINT");
        expect(await once(test.process, "exit")).toEqual([0, null]);
        expect(await test.said).toBe("caught SIGINT\ninterrupted by SIGINT\nwent on\n");
        await untilDead(test.pids);
        expect(test.left()).toEqual([]);
      },
    );

    it.each(["sweep", "storm", "hammer"] as const)(
      "by SIGKILL: the program of a %s and what it started end soon, the directory stays",
      async (which) => {
        const test = await running(which);
        test.process.kill("SIGKILL");
        await once(test.process, "exit");
        await untilDead(test.pids);
        expect(test.left()).toEqual([expect.stringMatching(/^holdfast-process-/)]);
      },
    );
  },
);

it.runIf(needs("posix", "node"))(
  "signals are listened to only as long as something runs",
  async () => {
    const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
    const count = (): number[] => signals.map((signal) => process.listenerCount(signal));
    const before = count();
    const during: number[][] = [];
    await sweepProcess({
      command: program(`import { mkdirSync } from "node:fs"; mkdirSync("made");`),
      cwd,
      verb: "kill",
      check: () => void during.push(count()),
    });
    expect(during).toEqual([1, 2, 3].map(() => before.map((listeners) => listeners + 1)));
    expect(count()).toEqual(before);
  },
);
