import { getEventListeners } from "node:events";
import {
  linkSync,
  mkdirSync,
  promises,
  readFileSync,
  statSync,
  symlinkSync,
  unlinkSync,
} from "node:fs";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { expect, it } from "vitest";
import { replaceFileAtomic, type FileSystem } from "../../src/index.ts";
import { needs } from "../support/needs.ts";
import { tempDir } from "../support/temp-dir.ts";

const opening = (around: (handle: promises.FileHandle) => void): FileSystem => ({
  promises: {
    ...promises,
    open: async (path, flags, mode) => {
      const handle = await promises.open(path, flags, mode);
      around(handle);
      return handle;
    },
  },
});

it("A15 two names of one file that are written in place at once: one after the other", async () => {
  const dir = tempDir();
  writeFileSync(join(dir, "a"), "");
  linkSync(join(dir, "a"), join(dir, "b"));
  // Each write lets others go first: without a queue of their own the two would take turns.
  const fileSystem = opening((handle) => {
    const write = handle.write.bind(handle) as (...args: unknown[]) => Promise<never>;
    handle.write = (async (bytes: Uint8Array, at: number, length: number, position: number) => {
      await turn();
      return write(bytes, at, Math.min(length, 10), position);
    }) as never;
  });
  const options = { hardlinks: "preserve", fileSystem } as const;
  await Promise.all([
    replaceFileAtomic({ filePath: join(dir, "a"), content: "A".repeat(200), ...options }),
    replaceFileAtomic({ filePath: join(dir, "b"), content: "B".repeat(180), ...options }),
  ]);
  expect(new Set(readFileSync(join(dir, "a"), "utf8")).size).toBe(1);
});

it.runIf(needs("posix"))(
  "A24 a path that was switched to another directory: both are flushed after their renames",
  async () => {
    const dir = tempDir();
    for (const name of ["r1", "r2"]) mkdirSync(join(dir, name));
    symlinkSync("r1", join(dir, "current"));
    const names = new Map(["r1", "r2"].map((name) => [statSync(join(dir, name)).ino, name]));
    const log: string[] = [];
    let open!: () => void;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    let held = false;
    const fileSystem: FileSystem = {
      promises: {
        ...promises,
        rename: async (from, to) => {
          await promises.rename(from, to);
          log.push(`rename ${names.get(statSync(join(to.toString(), "..")).ino)}`);
        },
        open: async (path, flags, mode) => {
          const handle = await promises.open(path, flags, mode);
          const { ino } = await handle.stat();
          const sync = handle.sync.bind(handle);
          if (names.has(ino)) {
            handle.sync = async () => {
              log.push(`flush ${names.get(ino)}`);
              if (!held) {
                held = true;
                await gate;
              }
              return sync();
            };
          }
          return handle;
        },
      },
    };
    const write = (name: string): Promise<unknown> =>
      replaceFileAtomic({ filePath: join(dir, "current", name), content: name, fileSystem });
    const until = async (length: number): Promise<void> => {
      while (log.filter((line) => line.startsWith("rename")).length < length) await turn();
      for (let i = 0; i < 20; i++) await turn();
    };
    const calls = [write("a")];
    await until(1);
    calls.push(write("b"), write("c"));
    await until(3);
    unlinkSync(join(dir, "current"));
    symlinkSync("r2", join(dir, "current"));
    calls.push(write("e"));
    await until(4);
    open();
    await Promise.all(calls);
    for (const name of ["r1", "r2"]) {
      expect(log.lastIndexOf(`flush ${name}`)).toBeGreaterThan(log.lastIndexOf(`rename ${name}`));
    }
  },
);

it("a call that is stuck does not hold up calls for other files", async () => {
  const dir = tempDir();
  const fileSystem: FileSystem = {
    promises: {
      ...promises,
      lstat: (path, options) =>
        String(path).endsWith("stuck") ? new Promise(() => {}) : promises.lstat(path, options),
    },
  };
  void replaceFileAtomic({ filePath: join(dir, "stuck"), content: "x", fileSystem });
  await replaceFileAtomic({ filePath: join(dir, "free"), content: "free", fileSystem });
  expect(readFileSync(join(dir, "free"), "utf8")).toBe("free");
});

it("many calls with one signal do not look like a leak", async () => {
  const dir = tempDir();
  const { signal } = new AbortController();
  const listeners: number[] = [];
  async function* slow(): AsyncGenerator<string> {
    for (let i = 0; i < 5; i++) {
      await turn();
      listeners.push(getEventListeners(signal, "abort").length);
    }
    yield "x";
  }
  await Promise.all(
    Array.from({ length: 30 }, (_, i) =>
      replaceFileAtomic({ filePath: join(dir, String(i)), content: slow(), signal }),
    ),
  );
  // Node warns from the eleventh on.
  expect(Math.max(...listeners)).toBe(1);
  expect(getEventListeners(signal, "abort")).toEqual([]);
});
