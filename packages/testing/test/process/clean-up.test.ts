import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { processIdentity, processState } from "@holdfast/fs/steps";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { hammer, storm, sweepProcess } from "../../src/process.ts";
import { withPreload } from "../../src/process/preload-url.ts";
import { needs } from "../../../atomic/test/support/needs.ts";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";
import { cwd, program } from "./programs.ts";

vi.setConfig({ testTimeout: 120_000 });

/** Where the temporary directories of one test go, to see that none is left. */
function ownTemporaryFiles(): string {
  const before = process.env["TMPDIR"];
  const parent = tempDir();
  process.env["TMPDIR"] = parent;
  onTestFinished(() => {
    if (before === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = before;
  });
  return parent;
}

const left = (parent: string): string[] =>
  readdirSync(parent).filter((name) => name.startsWith("holdfast-process-"));

/** A killed orphan stays a zombie until pid 1 looks after it, which in a container may take long. */
const isAlive = (pid: number): boolean =>
  processState({ ...processIdentity(), pid, threadId: pid, startTicks: undefined }) !== "dead";

/** The kernel may take a moment. */
const untilDead = (pids: readonly number[]): Promise<void> =>
  vi.waitFor(() => expect(pids.filter(isAlive)).toEqual([]), { timeout: 10_000, interval: 5 });

/** Never ends, has a child that never ends, and says who they are. */
const endless = (): { command: string[]; pids: () => number[] } => {
  const file = join(tempDir(), "pids");
  const command = program(`import fs from "node:fs"; import { spawn } from "node:child_process";
    const { pid } = spawn("sleep", ["1000"], { stdio: "inherit" });
    fs.writeFileSync(${JSON.stringify(`${file}.tmp`)}, JSON.stringify([process.pid, pid]));
    fs.renameSync(${JSON.stringify(`${file}.tmp`)}, ${JSON.stringify(file)});
    fs.mkdirSync("made");
    setInterval(() => {}, 1000);`);
  return { command, pids: () => JSON.parse(readFileSync(file, "utf8")) as number[] };
};

describe.runIf(needs("posix", "node"))("nothing is left", () => {
  it("when a program does not end in its time: a failure, without a check", async () => {
    const parent = ownTemporaryFiles();
    const { command, pids } = endless();
    const check = vi.fn<() => void>();
    const report = await sweepProcess({ cwd, command, verb: "kill", check, timeoutMs: 1500 });
    expect(report.failures[0]!.message).toBe("did not end within 1500 milliseconds");
    expect(check).not.toHaveBeenCalled();
    expect(pids()).toHaveLength(2);
    await untilDead(pids());
    expect(left(parent)).toEqual([]);
  });

  it("when a program leaves a child behind, that holds its pipes open", async () => {
    const parent = ownTemporaryFiles();
    const command =
      program(`import { mkdirSync } from "node:fs"; import { spawn } from "node:child_process";
      const child = spawn("sleep", ["1000"], { stdio: "inherit" }); child.unref();
      mkdirSync("made"); console.log(child.pid);`);
    const pids: number[] = [];
    const report = await sweepProcess({
      cwd,
      command,
      verb: "race",
      race: () => {},
      check: ({ exit }) => {
        pids.push(Number(exit.stdout));
      },
    });
    expect(report).toMatchObject({ failed: 0, cases: 3 });
    await untilDead(pids);
    expect(left(parent)).toEqual([]);
  });

  it.each(["sweep", "storm"] as const)("when it is aborted: a %s", async (which) => {
    const parent = ownTemporaryFiles();
    const { command, pids } = endless();
    const abort = new AbortController();
    const check = (): void => {};
    const timeoutMs = 3_600_000; // so that nothing but the signal ends it
    const run =
      which === "sweep"
        ? sweepProcess({ cwd, command, verb: "kill", check, timeoutMs, signal: abort.signal })
        : storm({ cwd, command, kills: 1, check, timeoutMs, signal: abort.signal });
    const ended = run.then(
      () => "not aborted",
      (error: unknown) => (error as Error).message,
    );
    await vi.waitFor(pids, { timeout: 20_000 });
    abort.abort(new Error("enough"));
    expect(await ended).toBe("enough");
    await untilDead(pids());
    expect(left(parent)).toEqual([]);
  });

  it("when a hammer is aborted, or its act throws", async () => {
    const parent = ownTemporaryFiles();
    const attack = `import { writeFileSync } from "node:fs";
      export const attack = ({ dir, round }) => round > 0 || writeFileSync(dir + "/pid", String(process.pid));`;
    const pids: number[] = [];
    const abort = new AbortController();
    const act = ({ dir }: { dir: string }): void => {
      pids.push(Number(readFileSync(join(dir, "pid"), "utf8")));
    };
    await expect(
      hammer({
        attack,
        times: 10,
        act: (moment) => {
          act(moment);
          throw new Error("found");
        },
      }),
    ).rejects.toThrow("found");
    await expect(
      hammer({
        attack,
        times: 1_000_000,
        signal: abort.signal,
        act: (moment) => {
          if (pids.length < 2) act(moment);
          if (moment.round === 10) setTimeout(() => abort.abort(new Error("enough")), 10);
        },
      }),
    ).rejects.toThrow("enough");
    expect(pids).toHaveLength(2);
    await untilDead(pids);
    expect(left(parent)).toEqual([]);
  });

  it("when prepare or the command throws", async () => {
    const parent = ownTemporaryFiles();
    const fail = (): never => {
      throw new Error("not prepared");
    };
    const program = { cwd, command: ["node"], check: () => {} } as const;
    const options = { ...program, verb: "kill" } as const;
    await expect(sweepProcess({ ...options, prepare: fail })).rejects.toThrow("not prepared");
    await expect(sweepProcess({ ...options, command: fail })).rejects.toThrow("not prepared");
    await expect(sweepProcess({ ...options, command: ["/nowhere/at/all"] })).rejects.toThrow(
      "ENOENT",
    );
    await expect(storm({ ...program, kills: 1, prepare: fail })).rejects.toThrow("not prepared");
    await expect(hammer({ attack: "", act: () => {}, times: 1, prepare: fail })).rejects.toThrow(
      "not prepared",
    );
    expect(left(parent)).toEqual([]);
  });

  it("when the program took the permission to remove it away", async () => {
    const parent = ownTemporaryFiles();
    const command = program(`import { mkdirSync, chmodSync } from "node:fs";
      mkdirSync("d/e", { recursive: true }); chmodSync("d", 0);`);
    await sweepProcess({
      cwd,
      command,
      verb: "kill",
      check: ({ dir }) => chmodSync(dir, 0o500),
      only: "undisturbed",
    });
    expect(left(parent)).toEqual([]);
  });

  it("when this process exits while a program stands still", async () => {
    const parent = ownTemporaryFiles();
    const before = process.listeners("exit");
    let pid = 0;
    let announced = 0;
    let found: string[] = ["not looked at"];
    const command = program(`import fs from "node:fs";
      fs.writeFileSync(process.argv[1] + ".pid", String(process.pid)); fs.mkdirSync("made");`);
    await sweepProcess({
      cwd,
      command,
      verb: "race",
      only: "race 1 before",
      check: () => {},
      race: async ({ dir, pid: standing }) => {
        announced = standing;
        pid = Number(readFileSync(`${command[1]}.pid`, "utf8"));
        expect(isAlive(pid)).toBe(true);
        const duties = process.listeners("exit").filter((listener) => !before.includes(listener));
        expect(duties).toHaveLength(1);
        duties[0]!.call(process, 0);
        await untilDead([pid]);
        found = left(parent);
        mkdirSync(join(dir, "../control"), { recursive: true }); // the sweep itself goes on here
        mkdirSync(dir);
      },
    });
    expect(found).toEqual([]);
    expect(announced).toBe(pid);
    expect(process.listeners("exit")).toEqual(before);
  });

  it("when the parent of a program that stands still has died", async () => {
    const folder = tempDir();
    const dead = spawn("true");
    await once(dead, "exit");
    const control = {
      mode: "sweep",
      folder,
      dir: folder,
      parent: { ...processIdentity(), pid: dead.pid, threadId: dead.pid },
      point: { index: 1, verb: "race", when: "before" },
    };
    const [node, file] = program(
      `import { mkdirSync } from "node:fs"; mkdirSync(process.env.HOLDFAST_DIR + "/made");`,
    );
    const child = spawn(node!, [file!], {
      env: withPreload({
        ...process.env,
        HOLDFAST_DIR: folder,
        HOLDFAST_CONTROL: JSON.stringify(control),
      }),
      stdio: "inherit",
    });
    const [, signal] = await once(child, "exit");
    expect(signal).toBe("SIGKILL");
    expect(existsSync(join(folder, "made"))).toBe(false);
  });
});
