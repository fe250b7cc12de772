import {
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { createCoalescingWriter, type CoalescingWriterOptions } from "../../src/index.ts";
import { asUser, nobody } from "../support/as-user.ts";
import { needs } from "../support/needs.ts";
import { unownedTempDir, tmpfsParent } from "../support/temp-dir.ts";
import { openDir, writeOwned } from "../system/both-forms.ts";
import { checkpointFileSystem } from "./checkpoint-file-system.ts";
import { expectAt } from "../system/expect-at.ts";

// Processes and disks are slow on a busy machine, and nothing here is about time.
vi.setConfig({ testTimeout: 30_000 });

/** What the file is before, and what else the writer is told. */
interface Situation {
  readonly situation: string;
  readonly prepare: (dir: string) => void;
  readonly options?: Partial<CoalescingWriterOptions>;
  /** Names in the directory at the end. */
  readonly names: readonly string[];
}

const situations: readonly Situation[] = [
  { situation: "a new file", prepare: () => {}, names: ["state"] },
  {
    situation: "an existing file",
    prepare: (dir) => writeFileSync(join(dir, "state"), "before"),
    names: ["state"],
  },
  {
    situation: "a link",
    prepare: (dir) => {
      writeFileSync(join(dir, "referent"), "before");
      symlinkSync("referent", join(dir, "state"));
    },
    names: ["referent", "state"],
  },
  {
    situation: "a directory that must be made",
    prepare: (dir) => symlinkSync("sub/state", join(dir, "state")),
    names: ["state", "sub"],
  },
  {
    situation: "a file that is written in place",
    prepare: (dir) => {
      writeFileSync(join(dir, "state"), "before, and longer than what comes");
      linkSync(join(dir, "state"), join(dir, "second"));
    },
    options: { hardlinks: "preserve" },
    names: ["second", "state"],
  },
];

const content = (path: string): string => readFileSync(path, "utf8");
const numberIn = (path: string): number => Number(/^content (\d+)$/.exec(content(path))?.[1]);

describe.runIf(needs("posix")).each(situations)(
  "C3 flushSync in the middle of the publication of $situation",
  ({ prepare, options, names }) => {
    /**
     * Lets one publication run, and gives and flushes a newer content at the n-th point where it
     * awaits. Returns whether there is such a point.
     */
    async function flushAt(
      index: number,
      when: "before" | "after",
      newer: boolean,
    ): Promise<boolean> {
      const { path: dir, remove } = unownedTempDir(tmpfsParent());
      const filePath = join(dir, "state");
      const where = `${when} call ${index}`;
      const expected = newer ? "newest" : "first";
      let covered: Promise<unknown> | undefined;
      let flushed = false;
      try {
        prepare(dir);
        const { fileSystem, calls } = checkpointFileSystem((point) => {
          if (flushed) expectAt(`${where}, later`, content(filePath)).toBe(expected);
          if (point.index !== index || point.when !== when || flushed) return;
          if (newer) covered = writer.write("newest");
          writer.flushSync();
          flushed = true;
          expectAt(where, content(filePath)).toBe(expected);
        });
        const writer = createCoalescingWriter({ filePath, fileSystem, ...options });
        const first = writer.write("first");
        await first;
        if (flushed) {
          expectAt(`${where}, when the write has ended`, content(filePath)).toBe(expected);
        }
        await covered;
        await writer.close();
        expectAt(`${where}, in the end`, content(filePath)).toBe(flushed ? expected : "first");
        expectAt(where, readdirSync(dir).toSorted()).toEqual(names);
        // Nothing goes on after close.
        const made = calls.length;
        await new Promise((resolve) => setImmediate(resolve));
        expectAt(where, calls).toHaveLength(made);
        return flushed;
      } finally {
        remove();
      }
    }

    it.each([true, false])("C3 at every await: final (a newer content: %s)", async (newer) => {
      let points = 0;
      for (const when of ["before", "after"] as const) {
        let index = 1;
        while (await flushAt(index, when, newer)) index++;
        points += index - 1;
      }
      // At least: look, open two, look at them, write, flush, flush the directory, close.
      expect(points).toBeGreaterThanOrEqual(12);
    });

    it("C3 a flush between two awaits, with several contents waiting", async () => {
      const { path: dir, remove } = unownedTempDir(tmpfsParent());
      try {
        prepare(dir);
        const filePath = join(dir, "state");
        let given = 0;
        let last = 0;
        const all: Promise<unknown>[] = [];
        const { fileSystem } = checkpointFileSystem(({ index }) => {
          // What was given after a flush may have been put into place since, and nothing older.
          if (last > 0) expectAt(`call ${index}`, numberIn(filePath)).toBeGreaterThanOrEqual(last);
          if (given === 60) return;
          all.push(writer.write(`content ${++given}`));
          if (index % 3 !== 0) return;
          writer.flushSync();
          last = given;
          expect(numberIn(filePath)).toBe(last);
        });
        const writer = createCoalescingWriter({ filePath, fileSystem, ...options });
        all.push(writer.write("first"));
        for (let n = 0; n < all.length; n++) await all[n]; // it grows meanwhile
        await writer.close();
        expect(content(filePath)).toBe(`content ${given}`);
        expect(readdirSync(dir).toSorted()).toEqual(names);
      } finally {
        remove();
      }
    });
  },
);

describe("C3 400 trials on a real disk", () => {
  it.each([
    ["a new content", true],
    ["the one that is being written", false],
  ])("C3 flushing %s at a random moment: 0 losses", { timeout: 60_000 }, async (_, newer) => {
    const { path: dir, remove } = unownedTempDir();
    try {
      let losses = 0;
      let midway = 0;
      for (let trial = 0; trial < 200; trial++) {
        const filePath = realpathSync(dir) + `/state-${trial % 4}`;
        const writer = createCoalescingWriter({ filePath });
        let ended = false;
        const first = writer.write(`old ${trial}`).finally(() => {
          ended = true;
        });
        await pause(Math.random());
        if (!ended) midway++;
        const second = newer ? writer.write(`new ${trial}`) : undefined;
        writer.flushSync();
        const final = newer ? `new ${trial}` : `old ${trial}`;
        if (content(filePath) !== final) losses++;
        await Promise.all([first, second]);
        if (content(filePath) !== final) losses++;
        await writer.close();
        if (content(filePath) !== final) losses++;
      }
      expect(losses).toBe(0);
      expect(midway).toBeGreaterThan(20); // else the flushes came too late to mean anything
      expect(readdirSync(dir).filter((name) => !name.startsWith("state-"))).toEqual([]);
    } finally {
      remove();
    }
  });
});

/** Some of the time that a publication takes: turns of the event loop, then some work. */
async function pause(share: number): Promise<void> {
  const turns = Math.floor(share * 12);
  for (let n = 0; n < turns; n++) await new Promise((resolve) => setImmediate(resolve));
  for (let n = 0; n < share * 100_000; n++) Math.sqrt(n);
}

describe.runIf(needs("root", "other-user"))("C3 a foreign file, which is written in place", () => {
  it("C3 flushSync in the middle of it: final, the owner kept", () => {
    const dir = openDir();
    const owner = { uid: 23_456, gid: 23_457 };
    const filePath = writeOwned(dir, "state", { ...owner, mode: 0o666 });
    mkdirSync(join(dir, "other"));
    const script = `
      import { createCoalescingWriter } from "@holdfast/atomic";
      import { readFileSync, statSync } from "node:fs";
      const filePath = input;
      const methods = new Set();
      let losses = 0;
      for (let trial = 0; trial < 100; trial++) {
        const writer = createCoalescingWriter({ filePath });
        const first = writer.write("old, and longer " + trial);
        for (let n = trial % 20; n > 0; n--) await new Promise((resolve) => setImmediate(resolve));
        const second = writer.write("new " + trial);
        writer.flushSync();
        const right = () => readFileSync(filePath, "utf8") === "new " + trial;
        if (!right()) losses++;
        for (const { method } of await Promise.all([first, second])) methods.add(method);
        await writer.close();
        if (!right()) losses++;
      }
      const { uid, gid, ino } = statSync(filePath);
      report({ losses, methods: [...methods], uid, gid });`;
    expect(asUser(nobody, { script, input: filePath })).toEqual({
      losses: 0,
      methods: ["in-place"],
      ...owner,
    });
    expect(readdirSync(dir).toSorted()).toEqual(["other", "state"]);
  });
});
