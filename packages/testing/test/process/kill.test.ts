import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { assertProcessPassed, sweepProcess, type ProcessOutcome } from "../../src/process.ts";
import { needs } from "../../../atomic/test/support/needs.ts";
import { cwd, program } from "./programs.ts";

vi.setConfig({ testTimeout: 120_000 });

const old = "old ".repeat(3000);
const fresh = "new ".repeat(5000);

const prepare = (dir: string): void => writeFileSync(join(dir, "state"), old);

const oldOrNew = ({ dir, exit }: ProcessOutcome): void => {
  const found = readFileSync(join(dir, "state"), "utf8");
  if (found !== old && found !== fresh)
    throw new Error(`neither old nor new: ${found.length} bytes`);
  if (exit.stdout.includes("saved") && found !== fresh)
    throw new Error("said to be saved, and old");
};

const inPlace = `import { writeFileSync } from "node:fs";
  writeFileSync("state", "new ".repeat(5000)); console.log("saved");`;
const byRename = `import { open, rename } from "node:fs/promises";
  const file = await open("state.tmp", "w");
  await file.writeFile("new ".repeat(5000)); await file.sync(); await file.close();
  await rename("state.tmp", "state"); console.log("saved");`;

describe.runIf(needs("posix", "node"))("killed at each call", () => {
  it("finds that a plain writeFile leaves nothing, or a part", async () => {
    const command = program(inPlace);
    const report = await sweepProcess({ cwd, command, verb: "kill", prepare, check: oldOrNew });
    expect(report).toMatchObject({ explorer: "process", exhaustive: true, limits: [], share: 1 });
    expect(report).toMatchObject({ cases: 6, failed: 3 });
    expect(report.failures.map(({ where, message, replay }) => [where, message, replay])).toEqual([
      ["killed after call 1 (open state w)", "neither old nor new: 0 bytes", "kill 1 after"],
      ["killed before call 2 (write state 20000)", "neither old nor new: 0 bytes", "kill 2 before"],
      [
        "killed within call 2 (write state 20000)",
        "neither old nor new: 8192 bytes",
        "kill 2 within",
      ],
    ]);
    expect(report.failures[2]).toMatchObject({
      size: 1,
      calls: ["1 open state w", "2 write state 20000   <- killed within"],
      state: ["ended: SIGKILL", `on disk: state = "${"new ".repeat(15)}"… (8192 bytes)`],
    });
  });

  it("finds nothing wrong with a temporary file and a rename", async () => {
    const command = program(byRename);
    const seen: string[] = [];
    const report = await sweepProcess({
      cwd,
      command,
      verb: "kill",
      prepare,
      check: (outcome) => {
        oldOrNew(outcome);
        const content = readFileSync(join(outcome.dir, "state"), "utf8") === old ? "old" : "new";
        const left = readdirSync(outcome.dir).length - 1;
        const { disturbed: d, exit } = outcome;
        seen.push(
          `${d?.when ?? "not"} ${d?.call.name ?? ""}: ${content}, ${left} left, ${exit.signal}`,
        );
      },
    });
    assertProcessPassed(report);
    expect(report).toMatchObject({ cases: 10, exhaustive: true, failed: 0 });
    expect(seen).toEqual([
      "not : new, 0 left, null",
      "before open: old, 0 left, SIGKILL",
      "after open: old, 1 left, SIGKILL",
      "before write: old, 1 left, SIGKILL",
      "within write: old, 1 left, SIGKILL",
      "after write: old, 1 left, SIGKILL",
      "before fsync: old, 1 left, SIGKILL",
      "after fsync: old, 1 left, SIGKILL",
      "before rename: old, 1 left, SIGKILL",
      "after rename: new, 0 left, SIGKILL",
    ]);
  });

  it("hears what a program has said before", async () => {
    const command = program(`import { writeFileSync } from "node:fs";
      console.log("saved"); writeFileSync("state", "new ".repeat(5000));`);
    const report = await sweepProcess({
      cwd,
      command,
      verb: "kill",
      check: ({ dir, exit }) => {
        expect(exit.stdout).toBe("saved\n");
        if (!existsSync(join(dir, "state"))) throw new Error("said to be saved, and missing");
      },
    });
    expect(report.failures.map(({ where }) => where)).toEqual([
      "killed before call 1 (open state w)",
    ]);
  });

  it("runs one case alone, in a fresh directory like the others", async () => {
    const outcomes: ProcessOutcome[] = [];
    const report = await sweepProcess({
      cwd,
      command: program(inPlace),
      verb: "kill",
      prepare,
      only: "kill 2 within",
      check: (outcome) => {
        outcomes.push(outcome);
        oldOrNew(outcome);
      },
    });
    expect(outcomes).toHaveLength(1);
    expect(report).toMatchObject({
      cases: 1,
      failed: 1,
      exhaustive: false,
      limits: ['only "kill 2 within" was run'],
    });
    expect(report.failures[0]!.replay).toBe("kill 2 within");
  });

  it("stops after maxCases, and says so", async () => {
    const report = await sweepProcess({
      cwd,
      command: program(inPlace),
      verb: "kill",
      prepare,
      check: () => {},
      maxCases: 3,
    });
    expect(report).toMatchObject({
      cases: 3,
      exhaustive: false,
      share: 0.5,
      limits: ["stopped after maxCases = 3 cases"],
    });
  });

  it("stops at once if the check fails without any kill, and names that first", async () => {
    const check = (): never => {
      throw new Error("wrong anyway\nand more");
    };
    const report = await sweepProcess({ cwd, command: program(inPlace), verb: "kill", check });
    expect(report).toMatchObject({ cases: 1, failed: 1, exhaustive: false });
    expect(report.failures[0]).toMatchObject({
      where: "undisturbed",
      message: "wrong anyway",
      size: 0,
      replay: "undisturbed",
    });
  });

  it("says when a program does not do the same each time", async () => {
    const command = program(`import { mkdirSync, existsSync, writeFileSync } from "node:fs";
      const mark = process.argv[1] + ".ran";
      mkdirSync("first");
      if (!existsSync(mark)) mkdirSync("second");
      writeFileSync(mark, "");`);
    const report = await sweepProcess({ cwd, command, verb: "kill", check: () => {} });
    expect(report).toMatchObject({
      cases: 5,
      exhaustive: false,
      limits: ["call 2 was not the same again: the program does not do the same each time"],
    });
  });

  it("is an error if nothing was done below the directory, with what the program said", async () => {
    const command = program(`console.error("cannot start"); process.exit(3)`);
    await expect(sweepProcess({ cwd, command, verb: "kill", check: () => {} })).rejects.toThrow(
      /nothing was tested \(exit code 3, signal null\)\ncannot start/,
    );
  });
});
