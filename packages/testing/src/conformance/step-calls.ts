/** What the steps of a script do: for each, its arguments and how its result is shown. */

import type { Dir, Dirent, Stats } from "node:fs";
import type { Path } from "../calls/call.ts";
import { accessOf, flagsOf, octal, positionOf, timeOf } from "./arguments.ts";
import type { MakeCall } from "./calls-through.ts";
import { shownContent } from "./snapshot.ts";
import { fieldsOf } from "./stats-fields.ts";
import { bytesOf, shownName, textOf } from "./words.ts";

/** What a step can use. */
export interface Situation {
  readonly call: MakeCall;
  /** A word as a path. */
  path(word: string): Path;
  /** Remembers a path that a call is given, for the error that it may have. */
  given(path: Path): Path;
  /** What `f = open …` kept. */
  descriptor(name: string): unknown;
  /** A path without the directory that the case is run in. */
  shown(path: string | Buffer): string;
}

/** Does it, and returns what is to be seen. `undefined` is shown as `ok`. */
type StepCall = (on: Situation, ...words: string[]) => Promise<unknown>;

const onDescriptor =
  (name: string, toArguments: (...words: string[]) => readonly unknown[]): StepCall =>
  (on, variable, ...words) =>
    on.call(name, on.descriptor(variable!), ...toArguments(...words));

const onPath =
  (name: string, toArguments: (...words: string[]) => readonly unknown[] = () => []): StepCall =>
  (on, path, ...words) =>
    on.call(name, on.path(path!), ...toArguments(...words));

const onTwoPaths =
  (name: string): StepCall =>
  (on, from, to) =>
    on.call(name, on.path(from!), on.path(to!));

const owners = (uid?: string, gid?: string): number[] => [Number(uid), Number(gid)];
const times = (atime?: string, mtime?: string): (number | Date)[] => [
  timeOf(atime!),
  timeOf(mtime!),
];

const look =
  (name: "stat" | "lstat" | "fstat"): StepCall =>
  async (on, target, ...fields) => {
    const of = name === "fstat" ? on.descriptor(target!) : on.path(target!);
    const stats = await on.call(name, of, { bigint: fields.includes("bigint") });
    return fields.length === 0 ? undefined : fieldsOf(stats as Stats, fields);
  };

/** Directories with a slash, links with an at-sign. */
function typed(entry: Dirent): string {
  const mark = entry.isDirectory() ? "/" : entry.isSymbolicLink() ? "@" : entry.isFile() ? "" : "?";
  return shownName(entry.name) + mark;
}

const inOrder = (names: readonly string[]): string =>
  names.length === 0 ? "nothing" : names.join(" ");

/** The steps that are single calls of the file system; their errors are those of Node to the letter. */
export const singleCalls: Readonly<Record<string, StepCall>> = {
  open: onPath("open", (flags = "r", mode) =>
    mode === undefined ? [flagsOf(flags)] : [flagsOf(flags), octal(mode)],
  ),
  close: onDescriptor("close", () => []),
  read: async (on, variable, length, position) => {
    const into = Buffer.alloc(Number(length));
    const file = on.descriptor(variable!);
    const count = await on.call("read", file, into, 0, into.length, positionOf(position));
    return `"${shownContent(into.toString("latin1", 0, count as number))}"`;
  },
  write: (on, variable, content, position) => {
    const from = bytesOf(content!);
    const file = on.descriptor(variable!);
    return on.call("write", file, from, 0, from.length, positionOf(position));
  },
  fstat: look("fstat"),
  fchmod: onDescriptor("fchmod", (mode) => [octal(mode)]),
  fchown: onDescriptor("fchown", owners),
  futimes: onDescriptor("futimes", times),
  ftruncate: onDescriptor("ftruncate", (length) => (length === undefined ? [] : [Number(length)])),
  fsync: onDescriptor("fsync", () => []),
  fdatasync: onDescriptor("fdatasync", () => []),
  rename: onTwoPaths("rename"),
  link: onTwoPaths("link"),
  unlink: onPath("unlink"),
  symlink: (on, target, path) => on.call("symlink", targetOf(on, target!), on.path(path!)),
  readlink: async (on, path, encoding = "utf8") =>
    on.shown((await on.call("readlink", on.path(path!), { encoding })) as string),
  mkdir: onPath("mkdir", (mode) => (mode === undefined ? [] : [{ mode: octal(mode) }])),
  mkdtemp: async (on, prefix) => {
    const made = (await on.call("mkdtemp", on.path(prefix!))) as string;
    return /[0-9A-Za-z]{6}$/.test(made) ? `${on.shown(made.slice(0, -6))}XXXXXX` : on.shown(made);
  },
  rmdir: onPath("rmdir"),
  readdir: async (on, path, encoding = "utf8") => {
    const names = (await on.call("readdir", on.path(path!), { encoding })) as string[];
    return inOrder(names.map(shownName));
  },
  lstat: look("lstat"),
  stat: look("stat"),
  statfs: async (on, path, bigint) => {
    const options = { bigint: bigint !== undefined };
    const stats = (await on.call("statfs", on.path(path!), options)) as Record<string, unknown>;
    const fields = ["type", "bsize", "blocks", "bfree", "bavail", "files", "ffree"];
    return [...new Set(fields.map((field) => typeof stats[field]))].join(" ");
  },
  access: onPath("access", (mode) => (mode === undefined ? [] : [accessOf(mode)])),
  realpath: async (on, path) => on.shown((await on.call("realpath", on.path(path!))) as string),
  chmod: onPath("chmod", (mode) => [octal(mode)]),
  chown: onPath("chown", owners),
  lchown: onPath("lchown", owners),
  utimes: onPath("utimes", times),
  lutimes: onPath("lutimes", times),
  truncate: onPath("truncate", (length) => (length === undefined ? [] : [Number(length)])),
};

/** The steps that Node makes of several calls: which of them fails is Node's affair. */
export const severalCalls: Readonly<Record<string, StepCall>> = {
  readFile: async (on, path) =>
    `"${shownContent(String(await on.call("readFile", on.path(path!), "latin1")))}"`,
  writeFile: (on, path, content = "", flag = "w", mode?) =>
    on.call("writeFile", on.path(path!), bytesOf(content), {
      flag,
      ...(mode !== undefined && { mode: octal(mode) }),
    }),
  appendFile: (on, path, content) => on.call("appendFile", on.path(path!), bytesOf(content!)),
  copyFile: (on, from, to, exclusive) =>
    on.call("copyFile", on.path(from!), on.path(to!), exclusive === undefined ? 0 : 1),
  mkdirs: async (on, path) => {
    const first = await on.call("mkdir", on.path(path!), { recursive: true });
    return first === undefined ? "nothing" : on.shown(first as string);
  },
  rm: (on, path, ...options) =>
    on.call("rm", on.path(path!), Object.fromEntries(options.map((name) => [name, true]))),
  mkdtempMode: async (on, prefix) => {
    const made = await on.call("mkdtemp", on.path(prefix!));
    return fieldsOf((await on.call("stat", made)) as Stats, ["mode"]);
  },
  list: async (on, path) => {
    const entries = await on.call("readdir", on.path(path!), { withFileTypes: true });
    return inOrder((entries as Dirent[]).map(typed));
  },
  listAll: async (on, path) => {
    const names = (await on.call("readdir", on.path(path!), { recursive: true })) as string[];
    return inOrder(names.toSorted());
  },
  opendir: async (on, path) => {
    const directory = (await on.call("opendir", on.path(path!))) as Dir;
    const names: string[] = [];
    for await (const { name } of directory) names.push(shownName(name));
    return inOrder(names.toSorted());
  },
  readv: async (on, variable, ...lengths) => {
    const buffers = lengths.map((length) => Buffer.alloc(Number(length)));
    const count = await on.call("readv", on.descriptor(variable!), buffers, null);
    return `${String(count)} "${shownContent(Buffer.concat(buffers).toString("latin1"))}"`;
  },
  writev: (on, variable, ...contents) =>
    on.call("writev", on.descriptor(variable!), contents.map(bytesOf), null),
  /** Writes until there is no room. */
  fill: async (on, variable) => {
    const chunk = Buffer.alloc(1024 * 1024, "x");
    const file = on.descriptor(variable!);
    for (let chunks = 0; chunks < 64; chunks++) {
      try {
        await on.call("write", file, chunk, 0, chunk.length, null);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOSPC") return "full";
        throw error;
      }
    }
    return "64 MiB, and room for more";
  },
};

/**
 * The text of a symbolic link; `@/f` is absolute: `f` in the directory of the case. `fd:f` is the path
 * of what was opened as `f`.
 */
function targetOf(on: Situation, word: string): Path {
  if (word.startsWith("fd:")) return on.path(word);
  if (word.startsWith("@/")) return on.path(word.slice(2));
  const bytes = bytesOf(word);
  const text = textOf(word);
  return on.given(Buffer.from(text).equals(bytes) ? text : bytes);
}
