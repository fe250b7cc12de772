/** Runs a program on plain `node:fs` and on our faces over it, and compares everything that can be seen. */

import nodeFs from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { unownedTempDir } from "../../../atomic/test/support/temp-dir.ts";
import { backendOf } from "../../src/calls/real-backend.ts";
import { facesOf } from "../../src/calls/faces.ts";
import type { FileSystemLike } from "../../src/calls/node-file-system.ts";

export type Fs = typeof nodeFs;
/** A path in the directory of the test. */
export type At = (name: string) => string;
export type Program = (fs: Fs, at: At) => unknown;

const facesOfNode: Fs = facesOf(backendOf(nodeFs as unknown as FileSystemLike)) as unknown as Fs;

/** What every program starts from. */
function plant(dir: string): void {
  const at = (name: string): string => join(dir, name);
  for (const name of ["dir", "full/sub/deep", "full/other"]) {
    nodeFs.mkdirSync(at(name), { recursive: true });
  }
  nodeFs.writeFileSync(at("file"), "hello");
  nodeFs.writeFileSync(at("empty"), "");
  nodeFs.writeFileSync(at("run.sh"), "#!/bin/sh\n", { mode: 0o755 });
  for (const name of ["full/b", "full/a", "full/sub/c", "full/sub/deep/d"]) {
    nodeFs.writeFileSync(at(name), name);
  }
  nodeFs.symlinkSync("file", at("link"));
  nodeFs.symlinkSync("full", at("dirlink"));
  nodeFs.symlinkSync("nowhere", at("dangling"));
  nodeFs.symlinkSync("loop", at("loop"));
  nodeFs.symlinkSync("../file", at("full/up"));
}

/** Runs it twice, each time in a directory of its own that looks the same. */
export async function expectSameAsNode(program: Program, under: Fs = facesOfNode): Promise<void> {
  const plain = await outcomeOf(program, nodeFs);
  const ours = await outcomeOf(program, under);
  expect(ours).toEqual(plain);
}

async function outcomeOf(program: Program, fs: Fs): Promise<unknown> {
  const { path: dir, remove } = unownedTempDir();
  try {
    plant(dir);
    let result: unknown;
    try {
      result = describe(await program(fs, (name) => join(dir, name)));
    } catch (error) {
      result = { thrown: describe(error) };
    }
    return JSON.parse(
      JSON.stringify({ result, tree: treeOf(dir) }).replaceAll(dir, "<dir>"),
    ) as unknown;
  } finally {
    remove();
  }
}

/** Every entry with what can be told of it; times only where they were set to the past. */
function treeOf(dir: string, prefix = ""): string[] {
  return nodeFs.readdirSync(dir).flatMap((name) => {
    const path = join(dir, name);
    const stats = nodeFs.lstatSync(path);
    const mode = (stats.mode & 0o7777).toString(8);
    const shown = `${prefix}${name.replace(/^(temp-).{6}$/, "$1XXXXXX")} ${mode} ${stats.uid}:${stats.gid}`;
    const set = (ms: number): string => (ms < 1e12 ? String(ms) : "now");
    const times = ` ${set(stats.atimeMs)} ${set(stats.mtimeMs)}`;
    if (stats.isSymbolicLink()) return [`${shown}${times} -> ${nodeFs.readlinkSync(path)}`];
    if (stats.isDirectory()) return [`${shown}/`, ...treeOf(path, `${prefix}${name}/`)];
    return [`${shown}${times} x${stats.nlink} = ${nodeFs.readFileSync(path, "latin1")}`];
  });
}

/** A value as text that two runs have in common. */
function describe(value: unknown): unknown {
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return "a function";
  if (value === undefined) return "undefined";
  if (typeof value === "string") return value.replace(/(temp-)\w{6}/, "$1XXXXXX");
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Error) return describeError(value);
  if (Buffer.isBuffer(value)) return { buffer: describe(value.toString("latin1")) };
  if (ArrayBuffer.isView(value)) {
    return { [value.constructor.name]: Buffer.from(value.buffer).toString("latin1") };
  }
  if (Array.isArray(value)) return value.map(describe);
  if (value instanceof nodeFs.Dirent) return describeEntry(value);
  if ("ctimeMs" in value) return describeStats(value as nodeFs.Stats);
  if ("bsize" in value) return { bsize: describe(value.bsize) };
  if (typeof (value as { datasync?: unknown }).datasync === "function") return "a FileHandle";
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, describe(inner)]));
}

function describeError(error: Error): object {
  const { code, errno, syscall, path, dest } = error as NodeJS.ErrnoException & { dest?: string };
  const facts = { name: error.name, code, errno, syscall, path: describe(path), dest };
  // The texts of Node's own refusals change from version to version; those of the system do not.
  if (typeof code === "string" && code.startsWith("ERR_")) return { code };
  return { ...facts, message: describe(error.message) };
}

const kinds = ["isFile", "isDirectory", "isSymbolicLink", "isFIFO"] as const;

function describeEntry(entry: nodeFs.Dirent): object {
  const { name, parentPath } = entry;
  return {
    name: describe(name),
    parentPath: describe(parentPath),
    kind: kinds.filter((kind) => entry[kind]()),
  };
}

function describeStats(stats: nodeFs.Stats): object {
  const { mode, size, nlink, uid, gid } = stats;
  const bigint = typeof (stats as { mtimeNs?: unknown }).mtimeNs;
  const numbers = [mode, size, nlink, uid, gid].map(describe);
  return { numbers, bigint, isDate: stats.mtime instanceof Date };
}
