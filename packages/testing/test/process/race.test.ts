import {
  mkdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
  existsSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { sweepProcess, type RaceMoment } from "../../src/process.ts";
import { needs } from "../../../atomic/test/support/needs.ts";
import { cwd, program } from "./programs.ts";

vi.setConfig({ testTimeout: 120_000 });

/** Writes `box/file` if `box` is a directory and no link, as it believes. */
const checkThenOpen = (open: string): string[] =>
  program(`import fs from "node:fs";
    if (fs.lstatSync("box").isSymbolicLink()) process.exit(1);
    ${open}`);

const prepare = (dir: string): void => {
  mkdirSync(join(dir, "box"));
  mkdirSync(join(dir, "secret"));
};

const swapForLink = ({ dir }: RaceMoment): void => {
  renameSync(join(dir, "box"), join(dir, "box.away"));
  symlinkSync("secret", join(dir, "box"));
};

describe.runIf(needs("posix", "node"))("an adversary at each call", () => {
  it.each([
    ["sync", `fs.writeFileSync("box/file", "x");`],
    ["promises", `await fs.promises.writeFile("box/file", "x");`],
    ["a stream", `fs.createWriteStream("box/file").end("x");`],
  ])("swaps what was checked before it is opened: %s", async (_, open) => {
    const report = await sweepProcess({
      cwd,
      command: checkThenOpen(open),
      verb: "race",
      prepare,
      race: swapForLink,
      check: ({ dir }) => {
        if (existsSync(join(dir, "secret/file"))) throw new Error("written outside of the box");
      },
    });
    expect(report).toMatchObject({ cases: 5, exhaustive: true, failed: 1 });
    expect(report.failures[0]).toMatchObject({
      where: "raced before call 1 (open box/file w)",
      replay: "race 1 before",
      calls: ["1 open box/file w   <- raced before", "2 write box/file 1"],
    });
  });

  it("finds nothing where the check and the use are one: the working directory", async () => {
    const command = checkThenOpen(`process.chdir("box");
      if (fs.statSync(".").ino !== fs.lstatSync("../box").ino) process.exit(1);
      fs.writeFileSync("file", "x");`);
    const report = await sweepProcess({
      cwd,
      command,
      verb: "race",
      prepare,
      race: swapForLink,
      check: ({ dir }) => {
        if (existsSync(join(dir, "secret/file"))) throw new Error("written outside of the box");
      },
    });
    expect(report).toMatchObject({ failed: 0, exhaustive: true });
  });

  it("acts while the program stands still, after the call has taken effect or before, and is waited for", async () => {
    const moments: string[] = [];
    const said: string[] = [];
    const report = await sweepProcess({
      cwd,
      command: program(
        `import fs from "node:fs"; fs.writeFileSync("a", "12"); console.log(fs.readFileSync("a", "utf8"));`,
      ),
      verb: "race",
      race: async ({ dir, call, when, calls }) => {
        expect(calls.at(-1)).toEqual(call);
        const size = existsSync(join(dir, "a")) ? readFileSync(join(dir, "a")).length : "none";
        moments.push(`${when} ${call.text}: ${size}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
        writeFileSync(join(dir, "a"), "AAA");
      },
      check: ({ exit }) => void said.push(exit.stdout.trim()),
    });
    expect(report.failures).toEqual([]);
    // undisturbed; created anew; emptied before; "12" over "AAA"; "AAA" over "12"
    expect(said).toEqual(["12", "12", "12A", "12A", "AAA"]);
    expect(moments).toEqual([
      "before open a w: none",
      "after open a w: 0",
      "before write a 2: 0",
      "after write a 2: 2",
    ]);
  });

  it("may leave moments out; one that never acts is an error", async () => {
    const command = program(
      `import fs from "node:fs"; fs.writeFileSync("a", ""); fs.renameSync("a", "b");`,
    );
    const options = { cwd, command, verb: "race", check: () => {} } as const;
    const acts = ({ call }: RaceMoment): boolean => call.name === "rename";
    expect(await sweepProcess({ ...options, race: acts })).toMatchObject({ cases: 5 });
    const sweep = sweepProcess({ ...options, race: () => false });
    await expect(sweep).rejects.toThrow("the adversary never acted");
  });

  it("passes on what the adversary throws", async () => {
    const command = program(`import fs from "node:fs"; fs.mkdirSync("a");`);
    const race = (): never => {
      throw new Error("cannot attack");
    };
    await expect(
      sweepProcess({ cwd, command, verb: "race", race, check: () => {} }),
    ).rejects.toThrow("cannot attack");
  });
});
