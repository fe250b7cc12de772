import { once } from "node:events";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { needs } from "../support/needs.ts";
import { onTmpfs, tempDir } from "../support/temp-dir.ts";
import { startScript } from "./scripts-at-once.ts";

// In memory where that is possible: the interleavings count, not the disk.
const place = (): string => (needs("tmpfs") ? onTmpfs() : tempDir());

/** Whole if it holds what its first line announces: who wrote it, when, and how often that line. */
const whole = `
  const whole = (text) => {
    const [, repeats] = /^\\d+ \\d+ (\\d+)\\n/.exec(text) ?? [];
    return repeats !== undefined && text === text.slice(0, text.indexOf("\\n") + 1).repeat(repeats);
  };`;

const writer = (op: string): string => `
  import { ${op} } from "@holdfast/atomic";
  const failures = [];
  for (let at = 0; at < input.times; at++) {
    const repeats = 1 + ((at * 131) % 400);
    const content = (input.id + " " + at + " " + repeats + "\\n").repeat(repeats);
    try {
      await ${op}({ filePath: input.filePath, content });
    } catch (error) {
      failures.push(error.message);
    }
  }
  report(failures);`;

const reader = `
  import { readFileSync } from "node:fs";
  ${whole}
  let stop = false;
  process.stdin.on("end", () => (stop = true)).resume();
  const failures = [];
  let reads = 0;
  const seen = new Set();
  while (!stop) {
    for (let at = 0; at < 200; at++) {
      try {
        const text = readFileSync(input.filePath, "latin1");
        reads++;
        seen.add(text.slice(0, text.indexOf("\\n")));
        if (!whole(text)) failures.push("partial: " + text.length + " " + text.slice(0, 40));
      } catch (error) {
        failures.push(error.message);
      }
    }
    await new Promise(setImmediate);
  }
  report({ reads, versions: seen.size, failures: failures.slice(0, 5) });`;

describe.each(["replaceFileAtomic", "replaceFileAtomicSync"])("%s in many processes", (op) => {
  it("A15: 8 processes, 200 replacements of one file each: none fails, a reader never does", async () => {
    const dir = place();
    const filePath = join(dir, "file");
    writeFileSync(filePath, "0 0 1\n");
    const reading = startScript({ script: reader, input: { filePath } });
    const writing = Array.from({ length: 8 }, (_, id) =>
      startScript({ script: writer(op), input: { filePath, id, times: 200 } }),
    );
    const failures = await Promise.all(writing.map(({ report }) => report));
    reading.finish();
    const {
      reads,
      versions,
      failures: unreadable,
    } = (await reading.report) as {
      reads: number;
      versions: number;
      failures: string[];
    };
    expect(failures).toEqual(Array.from({ length: 8 }, () => []));
    expect(unreadable).toEqual([]);
    expect(reads).toBeGreaterThan(100);
    expect(versions).toBeGreaterThan(10); // it did read while they wrote
    expect(readFileSync(filePath, "latin1")).toMatch(/^[0-7] 199 /); // the last of one of them
    expect(readdirSync(dir).toSorted()).toEqual(["file"]);
  }, 60_000);
});

describe.runIf(needs("node"))("in worker threads", () => {
  it.each(["async", "sync"])(
    "A16: 4 threads, 300 writes each in one directory, %s",
    async (form) => {
      const dir = place();
      const threads = Array.from({ length: 4 }, (_, at) => join(dir, `thread ${at}`)).map(
        (filePath) =>
          new Worker(new URL("writing-thread.mjs", import.meta.url), {
            workerData: { filePath, times: 300, form },
          }),
      );
      const ends = await Promise.all(
        threads.map(async (thread) => {
          const exited = once(thread, "exit");
          const [wrong] = (await once(thread, "message")) as [number[]];
          return { wrong, exitCode: (await exited)[0] as number };
        }),
      );
      expect(ends).toEqual(threads.map(() => ({ wrong: [], exitCode: 0 })));
      expect(readdirSync(dir).toSorted()).toEqual(threads.map((_, at) => `thread ${at}`));
      for (const name of readdirSync(dir)) {
        const path = join(dir, name);
        expect(readFileSync(path, "utf8")).toBe(`${path} 299\n`.repeat(1 + (299 % 7)));
      }
    },
    60_000,
  );
});
