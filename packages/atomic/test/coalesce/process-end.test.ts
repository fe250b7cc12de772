import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { killAtCall, type Ended } from "../support/kill-at-call.ts";
import { needs } from "../support/needs.ts";
import { tempDir } from "../support/temp-dir.ts";
import { expectAt } from "../system/expect-at.ts";

// Processes and disks are slow on a busy machine, and nothing here is about time.
vi.setConfig({ testTimeout: 30_000 });

async function run(script: string, input: object = {}): Promise<Ended & { dir: string }> {
  const dir = tempDir();
  const ended = await killAtCall({
    at: undefined,
    input: { dir, ...input },
    script: `
      import { createCoalescingWriter } from "@holdfast/atomic";
      import { readFileSync } from "node:fs";
      const filePath = input.dir + "/state";
      const writer = createCoalescingWriter({ filePath });
      ${script}`,
  });
  return { ...ended, dir };
}

const state = (dir: string): string => readFileSync(join(dir, "state"), "utf8");

/** How far a publication has come when the process ends: turns of the event loop. */
const moments = [0, 1, 2, 4, 8];

describe.runIf(needs("posix", "node")).each(moments)(
  "C4 the process ends %i turns into a publication",
  (turns) => {
    const begin = `
      writer.write("old").catch(() => {});
      for (let n = 0; n < input.turns; n++) await new Promise((resolve) => setImmediate(resolve));
      writer.write("newest").catch(() => {});`;

    it("C4 flushSync in an exit handler is final", async () => {
      const ended = await run(
        `process.on("exit", () => writer.flushSync()); ${begin} process.exit(5);`,
        { turns },
      );
      expectAt(ended.stderr, ended).toMatchObject({ exitCode: 5, signal: null });
      expect(state(ended.dir)).toBe("newest");
      expect(readdirSync(ended.dir).toSorted()).toEqual(["state"]);
    });

    it("C4 flushSync in a handler of SIGTERM that exits is final", async () => {
      const ended = await run(
        `process.once("SIGTERM", () => { writer.flushSync(); report(1); process.exit(15); });
         setTimeout(() => {}, 5_000);
         ${begin}
         process.kill(process.pid, "SIGTERM");`,
        { turns },
      );
      expectAt(ended.stderr, ended).toMatchObject({ exitCode: 15, signal: null, report: 1 });
      expect(state(ended.dir)).toBe("newest");
      expect(readdirSync(ended.dir).toSorted()).toEqual(["state"]);
    });

    it("C4 flushSync in a handler of a program that goes on is final too", async () => {
      const ended = await run(
        `let flushed;
         process.once("SIGTERM", () => { writer.flushSync(); flushed = readFileSync(filePath, "utf8"); });
         ${begin}
         process.kill(process.pid, "SIGTERM");
         while (flushed === undefined) await new Promise((resolve) => setTimeout(resolve, 1));
         await writer.close();
         report(flushed);`,
        { turns },
      );
      expectAt(ended.stderr, ended).toMatchObject({ exitCode: 0, signal: null, report: "newest" });
      expect(state(ended.dir)).toBe("newest");
      expect(readdirSync(ended.dir).toSorted()).toEqual(["state"]);
    });

    it("C4 flushSync after an uncaught exception is final", async () => {
      const ended = await run(
        `process.on("exit", () => writer.flushSync());
         ${begin}
         setImmediate(() => { throw new Error("mine"); });`,
        { turns },
      );
      expect(ended).toMatchObject({ exitCode: 1, signal: null });
      expect(ended.stderr).toContain("mine");
      expect(state(ended.dir)).toBe("newest");
      expect(readdirSync(ended.dir).toSorted()).toEqual(["state"]);
    });
  },
);

describe.runIf(needs("posix", "node"))("a writer nobody closes", () => {
  it("does not keep the program from ending, nor its content from being written", async () => {
    const ended = await run(`writer.write("content");`);
    expect(ended).toMatchObject({ exitCode: 0, signal: null, stderr: "" });
    expect(state(ended.dir)).toBe("content");
  });
});
