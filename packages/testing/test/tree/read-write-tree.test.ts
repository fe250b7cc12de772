import { spawnSync } from "node:child_process";
import * as nodeFs from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { needs } from "../../../atomic/test/support/needs.ts";
import { tempDir, unownedTempDir } from "../../../atomic/test/support/temp-dir.ts";
import type { FileSystemLike } from "../../src/calls/node-file-system.ts";
import { createMemoryFileSystem } from "../../src/memory/create-memory-file-system.ts";
import { readTree, readTreeSync } from "../../src/tree/read-tree.ts";
import { parentsOf } from "../../src/tree/tree-language.ts";
import { formatTree } from "../../src/tree/tree-language.ts";
import type { TreeEntry } from "../../src/tree/tree-entry.ts";
import { writeTree } from "../../src/tree/write-tree.ts";
import { treeEntries } from "./tree-arbitrary.ts";

const lines = [
  "empty/",
  "link => src/a.txt",
  "private/ 0700",
  "private/key 0600 = secret",
  "run.sh 0755 = #!/bin/sh",
  "src/",
  String.raw`src/a.txt = "one\ntwo\n"`,
  "src/bin = base64:/wA=",
];
const real = nodeFs as unknown as FileSystemLike;
const memory = (): FileSystemLike => createMemoryFileSystem().fs as unknown as FileSystemLike;

describe("reading and writing", () => {
  it("in memory", async () => {
    const fs = memory();
    await writeTree(fs, "/some/where", lines);
    expect(await readTree(fs, "/some/where")).toEqual(lines);
    expect(readTreeSync(fs, "/some/where")).toEqual(lines);
  });

  it.runIf(needs("posix"))("on the disk", async () => {
    const directory = tempDir();
    await writeTree(real, join(directory, "made"), lines);
    expect(readTreeSync(real, join(directory, "made"))).toEqual(lines);
    expect(await readTree({ promises: nodeFs.promises }, join(directory, "made"))).toEqual(lines);
  });

  it("with promises alone, also as the object itself", async () => {
    const { fs } = createMemoryFileSystem();
    await writeTree({ promises: fs.promises }, "/x", lines);
    expect(await readTree({ ...fs.promises }, "/x")).toEqual(lines);
    expect(() => readTreeSync({ promises: fs.promises }, "/x")).toThrow(
      'readTreeSync: "fs.readdirSync" is not a function',
    );
  });

  it("can leave modes out", () => {
    const fs = createMemoryFileSystem({ tree: ["a 0600 = x", "b/ 0700"] }).fs;
    const like = fs as unknown as FileSystemLike;
    expect(readTreeSync(like, "/", { modes: false })).toEqual(["a = x", "b/"]);
    expect(readTreeSync(like, "/")).toEqual(["a 0600 = x", "b/ 0700"]);
  });

  it("does so for a platform that has none", () => {
    const fs = createMemoryFileSystem({ platform: "win32", tree: ["a 0400 = x", "b/"] }).fs;
    expect(readTreeSync(fs as unknown as FileSystemLike, "/")).toEqual(["a = x", "b/"]);
  });

  it("writes over files, keeps what it does not name, and sets modes whatever the umask", async () => {
    const memory = createMemoryFileSystem({
      umask: 0o077,
      tree: ["a = old", "b = kept", "d/ 0711"],
    });
    await writeTree(memory.fs as unknown as FileSystemLike, "/", ["a = new", "d/e/f = x"]);
    expect(memory.tree()).toEqual(["a = new", "b = kept", "d/ 0711", "d/e/", "d/e/f = x"]);
  });

  it("shuts directories last, and the inner ones first", async () => {
    const memory = createMemoryFileSystem({ uid: 5 });
    const shut = ["a/ 0000", "a/b/ 0500", "a/b/c = x"];
    await writeTree(memory.fs as unknown as FileSystemLike, "/", shut);
    expect(memory.tree()).toEqual(shut);
  });

  it("refuses wrong lines before it makes anything", async () => {
    const memory = createMemoryFileSystem();
    const like = memory.fs as unknown as FileSystemLike;
    await expect(writeTree(like, "/", ["a = x", "b"])).rejects.toThrow(TypeError);
    await expect(writeTree(like, "/", ["a = x", "p (other)"])).rejects.toThrow(TypeError);
    expect(memory.tree()).toEqual([]);
  });

  it.runIf(needs("linux"))("lists what is neither file nor directory nor link", () => {
    const directory = tempDir();
    expect(spawnSync("mkfifo", [join(directory, "pipe")]).status).toBe(0);
    expect(readTreeSync(real, directory)).toEqual(["pipe (other)"]);
  });
});

describe("write, then read, gives the same lines", () => {
  it("in memory", async () => {
    await fc.assert(
      fc.asyncProperty(treeEntries, async (entries) => {
        const fs = memory();
        const written = formatTree(entries);
        await writeTree(fs, "/", written);
        expect(await readTree(fs, "/")).toEqual(formatTree(withParents(entries)));
        expect(createMemoryFileSystem({ tree: written }).tree()).toEqual(readTreeSync(fs, "/"));
      }),
      { numRuns: 200 },
    );
  });

  it.runIf(needs("linux"))("on the disk", { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(treeEntries, async (entries) => {
        const { path, remove } = unownedTempDir();
        try {
          await writeTree(real, path, formatTree(entries));
          expect(readTreeSync(real, path)).toEqual(formatTree(withParents(entries)));
        } finally {
          remove();
        }
      }),
      { numRuns: 100 },
    );
  });
});

function withParents(entries: readonly TreeEntry[]): TreeEntry[] {
  const named = new Set(entries.map(({ path }) => path));
  const parents = new Set(entries.flatMap(({ path }) => parentsOf(path)));
  const missing = [...parents].filter((path) => !named.has(path));
  return [
    ...entries,
    ...missing.map((path) => ({ type: "directory" as const, path, mode: 0o755 })),
  ];
}
