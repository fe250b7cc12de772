/**
 * Random sequences of calls, made on the disk and in memory: every answer and every tree must be the
 * same. The conformance suite says rule by rule what must hold; this finds the rule that nobody
 * thought of. fast-check prints the seed, and shrinks to the calls that matter.
 */

import * as nodeFs from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { needs } from "../../../atomic/test/support/needs.ts";
import { unownedTempDir } from "../../../atomic/test/support/temp-dir.ts";
import type { FileSystemLike } from "../../src/calls/node-file-system.ts";
import { createMemoryFileSystem } from "../../src/memory/create-memory-file-system.ts";
import { readTreeSync } from "../../src/tree/read-tree.ts";

/** A method of `node:fs` with its arguments; `{ at }` is a path from the root of the test. */
interface Step {
  readonly method: string;
  /** Instead of a path: which of the open descriptors. */
  readonly fd?: number;
  readonly args: readonly unknown[];
}

/** A program on one of the two: it holds what it opened, and its paths start at `root`. */
interface Side {
  readonly fs: Record<string, (...args: readonly unknown[]) => unknown>;
  readonly root: string;
  readonly fds: number[];
}

const { O_APPEND, O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_TRUNC } = nodeFs.constants;

const name = fc.constantFrom("a", "b", "c", "d");
const inside = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join("/"));
const tooLong = fc.constantFrom("n".repeat(255), "n".repeat(256), "a/".repeat(2048));
// ".." only after a name that is none itself, here and in links: above the root the two differ.
const path = fc
  .oneof(
    { weight: 12, arbitrary: inside },
    { weight: 1, arbitrary: inside.map((names) => `${names}/`) },
    { weight: 1, arbitrary: inside.map((names) => `${names}//.`) },
    { weight: 1, arbitrary: inside.map((names) => `${names}/..`) },
    { weight: 1, arbitrary: inside.map((names) => `${names}/../a`) },
    { weight: 1, arbitrary: tooLong },
    { weight: 1, arbitrary: fc.constantFrom(".", "./a", "c/./b") },
  )
  .map((at) => ({ at }));
const target = fc.oneof(inside, fc.constantFrom("b/", "missing", "n".repeat(300)));
const mode = fc.constantFrom(0o777, 0o755, 0o644, 0o600, 0o400, 0o1777, 0o2775, 0o4755, 0o6745);
const flags = fc
  .tuple(fc.constantFrom(0, 1, 2), fc.subarray([O_CREAT, O_EXCL, O_TRUNC, O_APPEND]), fc.nat(5))
  .map(([access, more, rare]) => {
    const rarely = rare === 0 ? O_DIRECTORY : rare === 1 ? O_NOFOLLOW : 0;
    return more.reduce((all, flag) => all | flag, access | rarely);
  });
const position = fc.oneof(fc.constant(null), fc.nat(20));
const time = fc.double({ min: 0, max: 2 ** 31, noNaN: true });
const owner = fc.constantFrom(-1, 0, 7);
const length = fc.nat(9);

function on(method: string, ...args: fc.Arbitrary<unknown>[]): fc.Arbitrary<Step> {
  return fc.tuple(...args).map((given) => ({ method, args: given }));
}

function onFd(method: string, ...args: fc.Arbitrary<unknown>[]): fc.Arbitrary<Step> {
  return fc.tuple(fc.nat(2), ...args).map(([fd, ...given]) => ({ method, fd, args: given }));
}

const steps: readonly fc.WeightedArbitrary<Step>[] = [
  { weight: 6, arbitrary: on("openSync", path, flags, mode) },
  { weight: 8, arbitrary: on("renameSync", path, path) },
  { weight: 6, arbitrary: on("mkdirSync", path, mode) },
  { weight: 4, arbitrary: on("symlinkSync", target, path) },
  { weight: 4, arbitrary: on("unlinkSync", path) },
  { weight: 4, arbitrary: on("rmdirSync", path) },
  { weight: 4, arbitrary: onFd("writeSync", length, position) },
  { weight: 3, arbitrary: on("linkSync", path, path) },
  { weight: 2, arbitrary: on("chmodSync", path, mode) },
  { weight: 2, arbitrary: onFd("readSync", length, position) },
  ...[
    on("chownSync", path, owner, owner),
    on("lchownSync", path, owner, owner),
    on("utimesSync", path, time, time),
    on("lutimesSync", path, time, time),
    on("readdirSync", path),
    on("readlinkSync", path),
    on("lstatSync", path),
    on("statSync", path),
    on("accessSync", path, fc.nat(7)),
    // glibc walks a path by itself and takes any length; other C libraries do not.
    on(
      "realpathSync",
      path.filter(({ at }) => at.length < 4000),
    ),
    onFd("closeSync"),
    onFd("ftruncateSync", fc.nat(20)),
    onFd("fchmodSync", mode),
    onFd("futimesSync", time, time),
    onFd("fstatSync"),
    onFd("fsyncSync"),
  ].map((arbitrary) => ({ weight: 1, arbitrary })),
];

function run({ method, fd, args }: Step, side: Side): unknown {
  const call = side.fs[method]!;
  if (fd === undefined) {
    const given = args.map((arg) => (isPath(arg) ? `${side.root}/${arg.at}` : arg));
    if (method === "openSync") {
      side.fds.push(call(...given) as number);
      if (side.fds.length > 3) side.fs["closeSync"]!(side.fds.shift());
      return "opened";
    }
    if (method === "realpathSync") {
      const { native } = call as unknown as typeof nodeFs.realpathSync;
      return native(given[0] as string).slice(side.root.length) || "/";
    }
    return shown(call(...given));
  }
  const index = fd % Math.max(side.fds.length, 1);
  const open = side.fds[index];
  if (open === undefined) return "nothing is open";
  if (method === "closeSync") side.fds.splice(index, 1);
  if (method === "writeSync" || method === "readSync") {
    const bytes = Buffer.from(method === "writeSync" ? "123456789" : "---------");
    return [call(open, bytes, 0, ...args), bytes.toString("latin1")];
  }
  return shown(call(open, ...args));
}

function isPath(arg: unknown): arg is { readonly at: string } {
  return typeof arg === "object" && arg !== null && "at" in arg;
}

/** What two file systems agree on: not numbers of inodes, nor times that nobody set. */
function shown(answer: unknown): unknown {
  if (typeof answer !== "object" || answer === null || !("mtimeMs" in answer)) return answer;
  const { mode: bits, uid, gid, nlink, size, mtimeMs } = answer as nodeFs.Stats;
  const set = mtimeMs < 2 ** 40 ? mtimeMs : "now";
  // btrfs and overlayfs do not count subdirectories, and each has sizes of its own.
  if ((bits & nodeFs.constants.S_IFMT) === nodeFs.constants.S_IFDIR) return { bits, uid, gid, set };
  return { bits, uid, gid, set, nlink, size };
}

/** How a step ends, with the paths as seen from the root. */
function outcome(step: Step, side: Side): unknown {
  try {
    return run(step, side);
  } catch (error) {
    const failed = error as NodeJS.ErrnoException & { dest?: string };
    if (failed.errno === undefined) throw error;
    const short = (text: string | undefined): unknown => text?.replaceAll(`${side.root}/`, "/");
    const { message, errno, code, syscall } = failed;
    return [short(message), errno, code, syscall, short(failed.path), short(failed.dest)];
  }
}

/** So that not every other call finds nothing. */
function prepare(side: Side): void {
  const make = (method: string, ...args: unknown[]): Step => ({ method, args });
  for (const at of ["a", "b", "a/b", "a/a"]) run(make("mkdirSync", { at }), side);
  for (const at of ["c", "a/c"]) run(make("writeFileSync", { at }, at), side);
  run(make("linkSync", { at: "a/c" }, { at: "b/d" }), side);
  run(make("symlinkSync", "a", { at: "d" }), side);
}

function compare(program: readonly Step[]): void {
  const { path: root, remove } = unownedTempDir();
  nodeFs.chmodSync(root, 0o755);
  const memory = createMemoryFileSystem().fs;
  const real: Side = { fs: nodeFs as never, root, fds: [] };
  const fake: Side = { fs: memory as never, root: "", fds: [] };
  try {
    for (const side of [real, fake]) prepare(side);
    for (const step of program) {
      expect({ step, end: outcome(step, fake) }).toEqual({ step, end: outcome(step, real) });
    }
    const found = readTreeSync(memory as unknown as FileSystemLike, "/");
    expect(found).toEqual(readTreeSync(nodeFs as unknown as FileSystemLike, root));
  } finally {
    for (const fd of real.fds) nodeFs.closeSync(fd);
    remove();
  }
}

describe("random calls", () => {
  it.runIf(needs("linux", "root"))("end in memory as on the disk", { timeout: 110_000 }, () => {
    const previous = process.umask(0o022);
    try {
      const programs = fc.array(fc.oneof(...steps), { maxLength: 60, size: "max" });
      fc.assert(fc.property(programs, compare), { numRuns: 200 });
    } finally {
      process.umask(previous);
    }
  });
});
