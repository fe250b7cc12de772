/** Which calls depend on each other: those that do can be made in two orders, the others in one. */

import { expect, test } from "vitest";
import type { NodeFileSystem } from "../../src/calls/node-file-system.ts";
import type { Scenario } from "../../src/scenario/scenario.ts";
import { exploreSchedules } from "../../src/schedule/explore-schedules.ts";

/** `"rename /a /b"`: a method of `node:fs/promises` with its arguments; with `; ` several. */
type Line = string;

function setup(fs: NodeFileSystem): void {
  for (const dir of ["/a", "/b", "/c", "/empty"]) fs.mkdirSync(dir);
  fs.writeFileSync("/a/f", "text");
  fs.linkSync("/a/f", "/a/g");
  fs.writeFileSync("/b/f", "text");
  fs.symlinkSync("f", "/a/link");
  fs.symlinkSync("/a", "/up");
}

function program(line: Line): Scenario {
  return {
    setup,
    async run(fs) {
      let file: Awaited<ReturnType<typeof fs.promises.open>> | undefined;
      for (const call of line.split("; ")) {
        const [method = "", ...args] = call.split(" ").map(valueOf);
        const owner = String(args[0]).startsWith("/") || file === undefined ? fs.promises : file;
        const made = Reflect.get(owner, method as string) as (...all: unknown[]) => unknown;
        try {
          const result = await made.apply(owner, args);
          if (method === "open") file = result as typeof file;
        } catch (error) {
          // Many of these calls fail in one of the orders, and some in both.
          expect((error as NodeJS.ErrnoException).code).toMatch(/^E[A-Z]+$/);
          return;
        }
      }
    },
    check(_fs, { end }) {
      if (end instanceof Error) throw end;
    },
  };
}

function valueOf(word: string): unknown {
  if (/^\d+$/.test(word)) return Number(word);
  return word.startsWith("bytes:") ? Buffer.from(word.slice("bytes:".length)) : word;
}

const orders: [count: number, one: Line, other: Line][] = [
  // The same file, by whatever name.
  [2, "truncate /a/f 1", "stat /a/f"],
  [2, "truncate /a/f 1", "stat /a/g"],
  [2, "truncate /a/f 1", "stat /a/link"],
  [2, "truncate /a/f 1", "stat /up/f"],
  [2, "truncate /a/f 1", "stat /b/../up/link"],
  [2, "truncate /a/link 1", "lstat /a/f"],
  [1, "truncate /a/f 1", "lstat /a/link"],
  [1, "truncate /a/f 1", "stat /b/f"],
  [1, "truncate /a/f 1", "stat /a/../b/f"],
  [1, "stat /a/f", "stat /a/f"],
  [2, "chmod /a/f 0", "stat /a/f"],
  [2, "chown /a/f 1 1", "stat /a/f"],
  [2, "utimes /a/f 1 1", "stat /a/f"],
  [2, "lutimes /a/link 1 1", "lstat /a/link"],
  [2, "lchown /a/link 1 1", "lstat /a/link"],
  [1, "lutimes /a/link 1 1", "lstat /a/f"],
  // The inodes on the way, and the names.
  [2, "chmod /a 0", "stat /a/f"],
  [2, "chmod /a 0", "lstat /up/"],
  [1, "chmod /a 0", "lstat /up"],
  [2, "rename /a /z", "stat /a/f"],
  [2, "unlink /up", "stat /up/f"],
  [2, "unlink /up", "realpath /up/f"],
  [2, "unlink /a/link", "readlink /a/link"],
  [2, "unlink /a/f", "access /a/f"],
  [2, "mkdir /a/x", "lstat /a/x"],
  [2, "mkdir /a/x", "lstat /a/x/y"],
  [2, "symlink f /a/x", "readlink /a/x"],
  [1, "mkdir /a/x", "mkdir /a/y"],
  [2, "mkdir /a/x", "mkdir /a/x"],
  [2, "rmdir /empty", "mkdir /empty/x"],
  [2, "rmdir /empty", "readdir /empty"],
  // What a directory shows of what is in it.
  [2, "mkdir /a/x", "readdir /a"],
  [2, "mkdir /a/x", "stat /a"],
  [1, "mkdir /a/x", "readdir /b"],
  [1, "truncate /a/f 1", "readdir /a"],
  [1, "truncate /a/f 1", "stat /a"],
  // Names of a file: their number is in the inode, and the time of their last change.
  [2, "unlink /a/f", "stat /a/g"],
  [2, "link /a/f /b/x", "stat /a/g"],
  [2, "link /b/f /a/x", "lstat /a/x"],
  [1, "link /b/f /a/f", "stat /b/f"], // EEXIST
  [2, "rename /b/f /a/f", "stat /a/g"],
  [2, "rename /a/f /c/x", "stat /a/g"],
  [2, "rename /a/f /c/x", "lstat /a/f"],
  [2, "rename /a/f /c/x", "lstat /c/x"],
  [2, "rename /a/f /c/x", "readdir /a"],
  [2, "rename /a/f /c/x", "readdir /c"],
  [1, "rename /a/f /c/x", "readdir /b"],
  [1, "rename /a/none /c/x", "lstat /c/x"],
  // Who gets the number of an inode that is gone: nobody, if it has another name.
  [2, "unlink /b/f", "mkdir /c/x"],
  [1, "unlink /a/f", "mkdir /c/x"],
  [2, "rename /a/f /b/f", "mkdir /c/x"],
  [2, "rmdir /empty", "open /c/x wx"],
  [3, "open /b/f; unlink /b/f; close", "mkdir /c/x"], // gone when it is closed
  // open(2), by its flags.
  [1, "open /a/f r", "stat /a/f"],
  [2, "open /a/f w", "stat /a/f"],
  [2, "open /a/link w", "stat /a/f"],
  [1, "open /a/f wx", "stat /a/f"],
  [2, "open /a/x wx", "lstat /a/x"],
  [2, "open /a/x a", "readdir /a"],
  [1, "open /a/x wx", "open /a/y wx"],
  // Descriptors.
  [2, "open /a/f r+; write text", "stat /a/g"],
  [2, "open /a/f r+; truncate 1", "stat /a/g"],
  [2, "open /a/f r+; chmod 0", "stat /a/g"],
  [1, "open /a/f r+; sync; datasync; close", "stat /a/g"],
  [3, "open /a/f r; read", "truncate /a/f 0"],
  [3, "open /a r; stat", "chmod /a 0"],
  [2, "open /a r; stat", "mkdir /a/x"],
  // Not known, or of the whole disk.
  [2, "statfs /", "mkdir /a/x"],
  [1, "statfs /", "stat /a/f"],
  [2, "mkdtemp /a/t", "mkdtemp /b/t"],
  [2, "stat bytes:/a/f", "stat /b/f"],
  [2, "stat /proc/self/fd/1000", "stat /b/f"],
];

test.each(orders)("%i: %s | %s", async (count, one, other) => {
  for (const lines of [
    [one, other],
    [other, one],
  ]) {
    const report = await exploreSchedules(lines.map(program));
    expect(report.failures).toEqual([]);
    expect(report.limits).toEqual([]);
    expect(report.cases).toBe(count);
  }
});

test("once a number is free, all who could get it are in an order", async () => {
  // Both before: 1. One before and one after: 2. Both after, in either order: 2.
  const lines = ["unlink /b/f", "mkdir /a/x", "mkdir /c/x"];
  const report = await exploreSchedules(lines.map(program));
  expect(report.cases).toBe(5);
});
