import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { killAtCall, killAtEveryCall, pauseAtCall } from "./kill-at-call.ts";
import { needs } from "./needs.ts";
import { tempDir } from "./temp-dir.ts";

const inPromises = `
  const fs = fileSystem.promises;
  const handle = await fs.open(input.dir + "/staged", "wx");
  await fs.writeFile(handle, "new");
  await handle.sync();
  await handle.close();
  await fs.rename(input.dir + "/staged", input.dir + "/target");
  report(await fs.readFile(input.dir + "/target", "utf8"));
`;
const inSync = `
  const fs = fileSystem;
  const fd = fs.openSync(input.dir + "/staged", "wx");
  fs.writeFileSync(fd, "new");
  fs.fsyncSync(fd);
  fs.closeSync(fd);
  fs.renameSync(input.dir + "/staged", input.dir + "/target");
  report(fs.readFileSync(input.dir + "/target", "utf8"));
`;

const prepare = (dir: string): void => writeFileSync(join(dir, "target"), "old");
const prepared = (): string => {
  const dir = tempDir();
  prepare(dir);
  return dir;
};

describe.runIf(needs("posix"))("killed at a call", () => {
  it.each([
    ["promises", inPromises],
    ["…Sync", inSync],
  ])("before it and after it, over %s", async (_, script) => {
    const before = prepared();
    const killed = await killAtCall({ script, input: { dir: before }, at: 4 });
    expect(killed).toMatchObject({ stopped: true, signal: "SIGKILL", report: undefined });
    expect(killed.calls).toEqual([
      `open ${before}/staged`,
      `writeFile ${before}/staged`,
      `fsync ${before}/staged`,
      `rename ${before}/staged -> ${before}/target`,
    ]);
    expect(readFileSync(join(before, "target"), "utf8")).toBe("old");

    const after = prepared();
    await killAtCall({ script, input: { dir: after }, at: 4, when: "after" });
    expect(readdirSync(after).toSorted()).toEqual(["target"]);
    expect(readFileSync(join(after, "target"), "utf8")).toBe("new");
  });

  it("not at all if there is no such call, or none was asked for", async () => {
    for (const at of [99, undefined]) {
      const ended = await killAtCall({ script: inPromises, input: { dir: prepared() }, at });
      expect(ended).toMatchObject({ stopped: false, exitCode: 0, signal: null, report: "new" });
    }
  });

  it("says what a script wrote to stderr", async () => {
    const ended = await killAtCall({ script: `throw new Error("mine")`, at: 1 });
    expect(ended).toMatchObject({ stopped: false, exitCode: 1 });
    expect(ended.stderr).toContain("mine");
  });
});

describe.runIf(needs("posix"))("killed at every call", () => {
  it("counts the kills, and checks each and the whole run", async () => {
    const contents: string[] = [];
    const kills = await killAtEveryCall({
      script: inSync,
      prepare,
      check: (dir) => void contents.push(readFileSync(join(dir, "target"), "utf8")),
    });
    expect(kills).toBe(4);
    expect(contents).toEqual(["old", "old", "old", "old", "new"]);
  });

  it("goes red for an overwriting script, and names the call", async () => {
    const sweep = killAtEveryCall({
      script: `fileSystem.writeFileSync(fileSystem.openSync(input.dir + "/target", "w"), "new")`,
      prepare,
      check: (dir) => expect(readFileSync(join(dir, "target"), "utf8")).not.toBe(""),
    });
    await expect(sweep).rejects.toThrow(/killed before call 2 \(writeFile \/.*target\)/);
  });

  it("goes red for a script that fails", async () => {
    const sweep = killAtEveryCall({ script: "process.exit(3)", prepare, check: () => {} });
    await expect(sweep).rejects.toThrow("the script failed (3)");
  });
});

describe.runIf(needs("posix"))("paused at a call", () => {
  it("leaves the call unmade until the process is ended, and runs signal handlers", async () => {
    const dir = prepared();
    const script = `process.once("SIGTERM", () => { report("handled"); process.exit(7); });${inPromises}`;
    const paused = await pauseAtCall({ script, input: { dir }, at: 4 });
    expect(existsSync(join(dir, "staged"))).toBe(true);
    expect(process.kill(paused.pid, 0)).toBe(true);
    expect(await paused.end("SIGTERM")).toMatchObject({ exitCode: 7, report: "handled" });
    expect(readFileSync(join(dir, "target"), "utf8")).toBe("old");
  });

  it("also in the synchronous half, where no handler runs", async () => {
    const paused = await pauseAtCall({ script: inSync, input: { dir: prepared() }, at: 2 });
    expect(await paused.end("SIGKILL")).toMatchObject({ signal: "SIGKILL", stopped: true });
  });

  it("fails if the script ends before", async () => {
    const paused = pauseAtCall({ script: inSync, input: { dir: prepared() }, at: 9 });
    await expect(paused).rejects.toThrow("ended before call 9");
  });
});
