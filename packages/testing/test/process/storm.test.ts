import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import {
  assertProcessPassed,
  formatProcessReport,
  storm,
  type StormOutcome,
} from "../../src/process.ts";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";
import { needs } from "../../../atomic/test/support/needs.ts";
import { cwd, program } from "./programs.ts";

vi.setConfig({ testTimeout: 120_000 });

/** Saves some megabytes again and again, each time a whole of one letter. */
const writer = (save: string): string[] =>
  program(`import fs from "node:fs";
    for (let round = 0; round < 40; round++) {
      const content = String.fromCharCode(97 + (round % 26)).repeat(2_000_000);
      ${save}
    }`);

const prepare = (dir: string): void => writeFileSync(join(dir, "state"), "z".repeat(2_000_000));

const whole = ({ dir }: StormOutcome): void => {
  const found = readFileSync(join(dir, "state"));
  if (found.length !== 2_000_000) throw new Error(`torn: ${found.length} bytes`);
  if (found.some((byte) => byte !== found[0])) throw new Error("a mixture");
};

describe.runIf(needs("posix", "node"))("a storm", () => {
  it("finds that a plain writer loses what was there", async () => {
    const command = writer(`fs.writeFileSync("state", content);`);
    const report = await storm({ cwd, command, kills: 25, prepare, check: whole, seed: 7 });
    expect(report.failed).toBeGreaterThan(0);
    expect(report.whileRunning + report.afterEnd).toBe(25);
    expect(report.whileRunning).toBeGreaterThanOrEqual(13);
    // two runs before, one after 20 kills, one in the end
    expect(report).toMatchObject({ cases: 29, seed: 7, exhaustive: false, share: undefined });
    expect(report.failures[0]!.where).toMatch(/^run \d+, killed \d+\.\d ms after its start$/);
    expect(report.failures[0]).toMatchObject({ replay: "seed 7", calls: [] });
    expect(report.failures[0]!.state[0]).toBe("ended: SIGKILL");
    expect(formatProcessReport(report)).toContain("seed 7");
    expect(() => assertProcessPassed(report)).toThrow(/torn: \d+ bytes|a mixture/);
  });

  it("finds nothing wrong with one that renames, and lets it clean up after itself", async () => {
    // It waits between the two, so that kills fall there.
    const wait = "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);";
    const command = writer(
      `fs.writeFileSync("state.tmp", content); ${wait} fs.renameSync("state.tmp", "state");`,
    );
    let torn = 0;
    const ends: boolean[] = [];
    const endings: string[][] = [];
    const dirs = new Set<string>();
    const report = await storm({
      cwd,
      command,
      kills: 20,
      prepare,
      check: (outcome) => {
        whole(outcome);
        ends.push(outcome.killed);
        dirs.add(outcome.dir);
        // the directory is the same: what is left is found again, and used again
        if (existsSync(join(outcome.dir, "state.tmp"))) torn++;
        if (!outcome.killed) endings.push(readdirSync(outcome.dir));
      },
    });
    assertProcessPassed(report);
    expect(torn).toBeGreaterThan(0); // else nothing was tested
    expect(new Set(endings.flat())).toEqual(new Set(["state"]));
    expect(dirs.size).toBe(1);
    expect(ends[0]).toBe(false);
    expect(ends.at(-1)).toBe(false);
    expect(ends.filter(Boolean)).toHaveLength(report.whileRunning);
    expect(Number.isInteger(report.seed)).toBe(true);
  });

  it("gives each run a fresh directory if asked to, and draws the same moments from the same seed", async () => {
    const prepared: string[] = [];
    const options = {
      cwd,
      // does not end by itself
      command: program(`require("fs").mkdirSync("made"); setInterval(() => {}, 1000)`, "cjs"),
      kills: 3,
      withinMs: 30,
      seed: 5,
      directory: "fresh" as const,
      prepare: (dir: string) => void prepared.push(dir),
      check: ({ killed }: StormOutcome) => expect(killed).toBe(false), // wrong, to see the moments
    } as const;
    const moments = async (): Promise<string[]> =>
      (await storm(options)).failures.map(({ where }) => where);
    const first = await moments();
    expect(first).toHaveLength(3);
    expect(new Set(first).size).toBe(3);
    expect(await moments()).toEqual(first);
    expect(new Set(prepared).size).toBe(6);
  });

  it("is an error if too few kills came in time", async () => {
    const command = program(`import { mkdirSync } from "node:fs";
      mkdirSync(String(process.pid)); setTimeout(() => {}, 200);`);
    const sweep = storm({ cwd, command, kills: 2, minWhileRunning: 3, seed: 1, check: () => {} });
    await expect(sweep).rejects.toThrow(/only [012] of 2 kills .* fewer than 3 \(seed 1\)/);
  });

  it("takes programs that are not Node, by their first output or their start", async () => {
    for (const text of ["echo begun; touch a; sleep 0.2", "touch a; sleep 0.2"]) {
      const report = await storm({
        cwd,
        command: ["sh", "-c", text],
        kills: 4,
        minWhileRunning: 1,
        check: () => {},
      });
      expect(report.whileRunning + report.afterEnd).toBe(4);
    }
  });

  describe("is an error if it tests nothing", () => {
    const options = { cwd, kills: 20, check: () => {} } as const;

    it("a wrong file name: Node would be killed while it prints the error", async () => {
      const command = [process.execPath, "there-is-no-such-file.mjs"];
      const error =
        /the undisturbed program failed \(exit code 1, signal null\)\n[^]*MODULE_NOT_FOUND/;
      await expect(storm({ ...options, command })).rejects.toThrow(error);
      const within = storm({ ...options, command, withinMs: 20, minWhileRunning: 1 });
      await expect(within).rejects.toThrow(
        /^storm: the program changed nothing below its directory/,
      );
    });

    it("a program that fails after its work, or is ended by a signal", async () => {
      for (const [end, said] of [
        ["process.exit(3)", "exit code 3, signal null"],
        [`process.kill(process.pid, "SIGTERM")`, "exit code null, signal SIGTERM"],
      ] as const) {
        const command = program(`require("fs").writeFileSync("a", ""); ${end};`, "cjs");
        await expect(storm({ ...options, command })).rejects.toThrow(said);
      }
    });

    it("a program that writes elsewhere: it hears of cwd", async () => {
      const command = program(`require("fs").writeFileSync("a", "")`, "cjs");
      const run = storm({ ...options, command, cwd: tempDir() });
      await expect(run).rejects.toThrow(
        /changed nothing below its directory[^]*cwd: \(dir\) => dir/,
      );
    });
  });

  it("rejects if the program cannot be started", async () => {
    const options = { kills: 1, check: () => {} };
    await expect(storm({ ...options, command: ["no-such-cmd"] })).rejects.toThrow("ENOENT");
    await expect(storm({ ...options, command: ["no-such-cmd"], withinMs: 5 })).rejects.toThrow(
      "ENOENT",
    );
    await expect(storm({ ...options, command: ["true"], cwd: "/no/such/place" })).rejects.toThrow(
      "ENOENT",
    );
  });
});
