import { linkSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { findStagedFiles, sweepStagedFiles } from "../../src/index.ts";
import { killAtEveryCall, pauseAtCall } from "../support/kill-at-call.ts";
import { needs } from "../support/needs.ts";
import { tempDir } from "../support/temp-dir.ts";
import { expectAt } from "./expect-at.ts";

// Processes and disks are slow on a busy machine, and nothing here is about time.
vi.setConfig({ testTimeout: 30_000 });

const old = "old ".repeat(10_000);
const fresh = "new ".repeat(12_000);

const call = (form: string, more = ""): string => `
  import * as atomic from "@holdfast/atomic";
  const content = "new ".repeat(12_000);
  const filePath = input.dir + "/target";
  report(await atomic.${form}({ filePath, content, fileSystem${more} }));`;

/** Reads a file again and again while something runs, and returns everything it has seen in it. */
async function readMeanwhile(path: string, run: () => Promise<unknown>): Promise<Set<string>> {
  const seen = new Set<string>();
  let ended = false;
  const running = run().finally(() => {
    ended = true;
  });
  do {
    let content: string;
    try {
      content = readFileSync(path, "utf8");
    } catch (error) {
      content = (error as NodeJS.ErrnoException).code!;
    }
    seen.add(content === old ? "old" : content === fresh ? "new" : content.slice(0, 100));
    await new Promise((resolve) => setTimeout(resolve, 1));
  } while (!ended);
  await running;
  return seen;
}

const only = (seen: Set<string>, ...allowed: string[]): void => {
  expect([...seen].filter((content) => !allowed.includes(content))).toEqual([]);
};

/** What the dead leave is found, known to be dead, and removed, and nothing else is. */
async function expectSwept(dir: string, killed: boolean): Promise<void> {
  const found = await findStagedFiles(dir);
  const names = readdirSync(dir).filter((name) => name !== "target");
  expect(found.map(({ path }) => path).toSorted()).toEqual(
    names.map((name) => join(dir, name)).toSorted(),
  );
  if (!killed) expectAt("not killed", found).toEqual([]);
  for (const file of found) expect(file.ownerAlive).toBe(false);
  const { removed, kept } = await sweepStagedFiles(dir, { olderThanMs: 2 ** 31 - 1 });
  expect(removed.map(({ path }) => path)).toEqual(found.map(({ path }) => path));
  expect(kept).toEqual([]);
  expect(readdirSync(dir).filter((name) => name !== "target")).toEqual([]);
}

const forms = ["replaceFileAtomic", "replaceFileAtomicSync"] as const;

describe.runIf(needs("linux")).each(forms)(
  "A12 %s killed at each call that changes something",
  (form) => {
    it(
      "A12 a reader never sees a partial or missing file, and what is left is found and swept",
      { timeout: 60_000 },
      async () => {
        let watched = Promise.resolve(new Set<string>());
        let stop = (): void => {};
        const after: string[] = [];
        const left: number[] = [];
        const kills = await killAtEveryCall({
          script: call(form),
          prepare: (dir) => {
            writeFileSync(join(dir, "target"), old);
            const ended = new Promise<void>((resolve) => {
              stop = resolve;
            });
            watched = readMeanwhile(join(dir, "target"), () => ended);
          },
          check: async (dir, { stopped }) => {
            stop();
            only(await watched, "old", "new");
            const content = readFileSync(join(dir, "target"), "utf8");
            after.push(content === old ? "old" : "new");
            expect([old, fresh]).toContain(content);
            if (!stopped) expectAt("not killed", content).toBe(fresh);
            left.push(readdirSync(dir).length - 1);
            await expectSwept(dir, stopped);
          },
        });
        // Created, written, flushed, renamed, directory flushed: at least.
        expect(kills).toBeGreaterThanOrEqual(5);
        expect(after[0]).toBe("old");
        expect(after.at(-1)).toBe("new");
        expect(Math.max(...left)).toBe(1); // else nothing was tested about leftovers
      },
    );
  },
);

describe.runIf(needs("linux")).each(["createFileAtomic", "createFileAtomicSync"])(
  "A12 %s killed at each call",
  (form) => {
    it(
      "A12 the file is absent or whole, in a directory that did not exist",
      { timeout: 60_000 },
      async () => {
        const script = call(form).replace("/target", "/made/target");
        const kills = await killAtEveryCall({
          script,
          prepare: () => {},
          check: async (dir, { stopped }) => {
            const seen = await readMeanwhile(join(dir, "made", "target"), async () => {});
            only(seen, "ENOENT", "new");
            if (readdirSync(dir).length > 0) await expectSwept(join(dir, "made"), stopped);
          },
        });
        expect(kills).toBeGreaterThanOrEqual(6);
      },
    );
  },
);

describe.runIf(needs("linux"))("A12 in place, killed at each call", () => {
  it("A12 a mixture is possible; then the whole new content is in a staged file", async () => {
    const contents: string[] = [];
    await killAtEveryCall({
      script: call("replaceFileAtomicSync", ', hardlinks: "preserve"'),
      prepare: (dir) => {
        writeFileSync(join(dir, "target"), old);
        linkSync(join(dir, "target"), join(dir, "second"));
      },
      check: async (dir) => {
        const content = readFileSync(join(dir, "target"), "utf8");
        contents.push(content === old ? "old" : content === fresh ? "new" : "mixture");
        const found = await findStagedFiles(dir);
        if (contents.at(-1) !== "mixture") return;
        expect(found).toHaveLength(1);
        expect(readFileSync(found[0]!.path, "utf8")).toBe(fresh);
      },
    });
    expect(contents[0]).toBe("old");
    expect(contents.at(-1)).toBe("new");
  });
});

describe.runIf(needs("linux")).each(forms)("A12 while %s runs", (form) => {
  it("A12 its file belongs to the living and is kept, however old it looks", async () => {
    const dir = tempDir();
    writeFileSync(join(dir, "target"), old);
    // The call after the content was written: its flush.
    const paused = await pauseAtCall({ script: call(form), input: { dir }, at: 3 });
    try {
      const [file, ...more] = await findStagedFiles(dir);
      expect(more).toEqual([]);
      expect(file).toMatchObject({ pid: paused.pid, ownerAlive: true });
      utimesSync(file!.path, 1, 1);
      const { removed, kept } = await sweepStagedFiles(dir, { olderThanMs: 0 });
      expect(removed).toEqual([]);
      expect(kept).toMatchObject([{ path: file!.path, ownerAlive: true }]);
      expect(kept[0]!.ageMs).toBeGreaterThan(1e9);
      expect(readdirSync(dir)).toHaveLength(2);
    } finally {
      await paused.end("SIGKILL");
    }
    await expectSwept(dir, true);
    expect(readFileSync(join(dir, "target"), "utf8")).toBe(old);
  });
});
