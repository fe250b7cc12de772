import { realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { describe, expect, it, vi } from "vitest";
import { sweepProcess, type Progress, type SweepProcessOptions } from "../../src/process.ts";
import { needs } from "../../../atomic/test/support/needs.ts";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";
import { program } from "./programs.ts";

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
  it("as its working directory and in HOLDFAST_DIR", async () => {
    const { said, dir } = await introduced({});
    expect(said).toEqual({ dir, cwd: dir, args: [] });
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
    const cwd = tempDir();
    const { said, dir } = await introduced({ cwd, env: { MINE: "yes" } });
    expect(said).toEqual({ dir, cwd, args: [], mine: "yes" });
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
