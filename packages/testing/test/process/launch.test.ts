import { realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, vi } from "vitest";
import { storm, sweepProcess, type Progress, type SweepProcessOptions } from "../../src/process.ts";
import { needs } from "../../../atomic/test/support/needs.ts";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";
import { cwd, program } from "./programs.ts";

vi.setConfig({ testTimeout: 60_000 });

/** What the program says of itself: one JSON line. */
const introduction = `import { mkdirSync } from "node:fs"; const { HOLDFAST_DIR: dir, MINE } = process.env;
  mkdirSync(dir + "/made");
  console.log(JSON.stringify({ dir, cwd: process.cwd(), args: process.argv.slice(2), mine: MINE }));`;

async function introduced(
  options: Partial<SweepProcessOptions>,
): Promise<{ said: Record<string, unknown>; dir: string }> {
  let result: { said: Record<string, unknown>; dir: string } | undefined;
  const report = await sweepProcess({
    command: program(introduction),
    verb: "kill",
    only: "undisturbed",
    ...options,
    check: ({ dir, exit, calls, disturbed }) => {
      result = { dir, said: JSON.parse(exit.stdout) as Record<string, unknown> };
      expect({ disturbed, code: exit.code, paths: calls[0]!.paths }).toEqual({
        disturbed: undefined,
        code: 0,
        paths: ["made"],
      });
    },
  });
  expect(report.failures).toEqual([]);
  return result!;
}

describe.runIf(needs("posix", "node"))("a program is told its directory", () => {
  it("in HOLDFAST_DIR, and works where the test does", async () => {
    const { said, dir } = await introduced({});
    expect(said).toEqual({ dir, cwd: process.cwd(), args: [] });
    expect(realpathSync(dir.slice(0, dir.lastIndexOf("/holdfast-process-")))).toBe(
      realpathSync(tmpdir()),
    );
  });

  it("by a function that makes the command line", async () => {
    const [node, file] = program(introduction);
    const { said, dir } = await introduced({ command: (where) => [node!, file!, where, "more"] });
    expect(said).toMatchObject({ args: [dir, "more"] });
  });

  it("wherever it works, and whatever else its environment holds", async () => {
    const elsewhere = tempDir();
    const one = await introduced({ cwd: elsewhere, env: { MINE: "yes" } });
    expect(one.said).toEqual({ dir: one.dir, cwd: elsewhere, args: [], mine: "yes" });
    const other = await introduced({ cwd: (where) => where });
    expect(other.said).toEqual({ dir: other.dir, cwd: other.dir, args: [] });
  });

  it("and is found by a name relative to where the test works: a sweep and a storm", async () => {
    // Below the working directory: with "..", it could be found from elsewhere by accident.
    const name = relative(process.cwd(), fileURLToPath(new URL("saver.mjs", import.meta.url)));
    const command = (dir: string): string[] => [process.execPath, name, dir];
    const swept = await sweepProcess({
      command,
      verb: "kill",
      only: "undisturbed",
      check: ({ calls, exit }) => expect([calls.length, exit.code]).toEqual([2, 0]),
    });
    expect(swept).toMatchObject({ failed: 0, cases: 1 });
    const stormed = await storm({
      command,
      kills: 3,
      minWhileRunning: 1,
      check: ({ killed, exit }) => expect(exit.code).toBe(killed ? null : 0),
    });
    expect(stormed).toMatchObject({ failed: 0 });
  });
});

describe.runIf(needs("posix", "node"))("what a program says", () => {
  it("is kept to its last mebibyte", async () => {
    const text = `import { mkdirSync } from "node:fs"; mkdirSync("made");
      for (let n = 0; n < 45; n++) process.stdout.write("0123456789abcdef".repeat(8192));
      process.stdout.write("the end");`;
    let said = "";
    await sweepProcess({
      command: program(text),
      cwd,
      verb: "kill",
      only: "undisturbed",
      check: ({ exit }) => {
        said = exit.stdout;
      },
    });
    expect(said).toHaveLength(1024 * 1024);
    expect(said.endsWith("abcdefthe end")).toBe(true);
  });

  it("does not matter for how many failures are kept, nor for who is told of the progress", async () => {
    const told: Progress[] = [];
    const text = `import { mkdirSync } from "node:fs";
      for (let n = 0; n < 16; n++) mkdirSync("made-" + n);`;
    const report = await sweepProcess({
      command: program(text),
      cwd,
      verb: "kill",
      maxFailures: 2,
      onProgress: (progress) => void told.push(progress),
      check: ({ disturbed }) => {
        if (disturbed?.when === "after") throw new Error("wrong after all");
      },
    });
    expect(report).toMatchObject({ cases: 33, failed: 16, exhaustive: true });
    expect(report.failures).toHaveLength(2);
    expect(told.length).toBeGreaterThan(0);
    expect(told[0]).toMatchObject({ total: 33 });
  });
});
