import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { sweepProcess, type ProcessOutcome } from "../../src/process.ts";
import { needs } from "../../../atomic/test/support/needs.ts";
import { cwd, program } from "./programs.ts";

vi.setConfig({ testTimeout: 120_000 });

const save = (flush: string): string => `
  import { openSync, writeFileSync, fsyncSync, closeSync, renameSync } from "node:fs";
  const fd = openSync("state.tmp", "wx");
  writeFileSync(fd, "new"); ${flush} closeSync(fd);
  renameSync("state.tmp", "state");`;

/** Exit code 0 is a promise: everything worked. */
const toldOfFailures = ({ exit, disturbed }: ProcessOutcome): void => {
  if (disturbed !== undefined && exit.code === 0)
    throw new Error(`${disturbed.errno} was swallowed`);
};

describe.runIf(needs("linux", "node"))("a call that fails", () => {
  it("finds an fsync whose error is swallowed, with every errno", async () => {
    const command = program(save("try { fsyncSync(fd); } catch {}"));
    const report = await sweepProcess({
      cwd,
      command,
      verb: "fail",
      errnos: ["EIO", "ENOSPC"],
      check: toldOfFailures,
    });
    // open, write and rename can give both as well, and are not swallowed
    expect(report).toMatchObject({ cases: 9, exhaustive: true, failed: 2 });
    expect(report.failures).toMatchObject([
      {
        message: "EIO was swallowed",
        where: "call 3 (fsync state.tmp) failed with EIO",
        replay: "fail 3 EIO fsync",
        calls: [
          "1 open state.tmp wx",
          "2 write state.tmp 3",
          "3 fsync state.tmp: EIO   <- made to fail",
          "4 rename state.tmp -> state",
        ],
        state: ["ended: exit code 0", 'on disk: state = "new"'],
      },
      { where: "call 3 (fsync state.tmp) failed with ENOSPC" },
    ]);
  });

  it("finds nothing in the program that lets it through, with all errnos there are", async () => {
    const tried = new Map<string, string[]>();
    const command = program(save("fsyncSync(fd);"));
    const report = await sweepProcess({
      cwd,
      command,
      verb: "fail",
      check: (outcome) => {
        toldOfFailures(outcome);
        const { disturbed, dir } = outcome;
        if (disturbed === undefined) return;
        const { name, text } = disturbed.call;
        if (name === "rename" && existsSync(join(dir, "state")))
          throw new Error(`${text} was made`);
        if (name === "write" && readFileSync(join(dir, "state.tmp"), "utf8") !== "") {
          throw new Error(`${text} was made`);
        }
        tried.set(disturbed.call.text, [
          ...(tried.get(disturbed.call.text) ?? []),
          disturbed.errno!,
        ]);
      },
    });
    expect(report).toMatchObject({ failed: 0, exhaustive: true });
    expect([...tried.keys()]).toEqual([
      "open state.tmp wx",
      "write state.tmp 3",
      "fsync state.tmp",
      "rename state.tmp -> state",
    ]);
    expect(tried.get("open state.tmp wx")).toContain("EEXIST");
    expect(tried.get("open state.tmp wx")).toContain("EMFILE");
    expect(tried.get("write state.tmp 3")!.toSorted()).toEqual([
      "EDQUOT",
      "EFBIG",
      "EIO",
      "ENOSPC",
      "EPERM",
    ]);
    expect(tried.get("rename state.tmp -> state")).toContain("EXDEV");
    expect(report.cases).toBe(1 + [...tried.values()].flat().length);
  });

  it("does not say EEXIST to an open that is not exclusive", async () => {
    const command = program(`import { writeFileSync } from "node:fs"; writeFileSync("a", "");`);
    const sweep = sweepProcess({ cwd, command, verb: "fail", errnos: ["EEXIST"], check: () => {} });
    await expect(sweep).rejects.toThrow("no call of the program can give any of EEXIST");
  });

  it.each([
    ["sync", `fs.renameSync("a", "b")`],
    ["promises", `await fs.promises.rename("a", "b")`],
    ["callbacks", `fs.rename("a", "b", (e) => { if (e) show(e); })`],
  ])("looks like one of Node's own: %s", async (_, call) => {
    const command = program(`import fs from "node:fs";
      const show = ({ message, code, errno, syscall, path, dest }) =>
        console.log(JSON.stringify({ message, code, errno, syscall, path, dest }));
      try { ${call}; } catch (error) { show(error); }`);
    const shown: string[] = [];
    await sweepProcess({
      cwd,
      command,
      verb: "fail",
      errnos: ["EXDEV"],
      check: ({ exit }) => void shown.push(exit.stdout),
      prepare: (dir) => writeFileSync(join(dir, "a"), ""),
    });
    expect(shown[0]).toBe("");
    expect(JSON.parse(shown[1]!)).toEqual({
      message: "EXDEV: cross-device link not permitted, rename 'a' -> 'b'",
      code: "EXDEV",
      errno: -18,
      syscall: "rename",
      path: "a",
      dest: "b",
    });
  });

  it("hits a FileHandle and a stream", async () => {
    const command =
      program(`import { open } from "node:fs/promises"; import { createWriteStream } from "node:fs";
      const handle = await open("a", "w");
      await handle.sync().catch((error) => console.log("sync", error.code));
      await handle.close();
      createWriteStream("b").on("error", (error) => console.log("stream", error.code)).end("text");`);
    const said: string[] = [];
    await sweepProcess({
      cwd,
      command,
      verb: "fail",
      errnos: ["EDQUOT", "EFBIG"],
      check: ({ exit }) => void said.push(exit.stdout),
    });
    expect(said.filter((line) => line !== "")).toEqual([
      "sync Unknown system error -122\n", // as Node says: libuv has no name for EDQUOT
      "stream Unknown system error -122\n",
      "stream Unknown system error -122\n",
      "stream EFBIG\n",
    ]);
  });
});
