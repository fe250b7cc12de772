/**
 * The calls that every use of a file system comes down to. Whatever a program uses (`writeFile`, a
 * stream, `rm` with `recursive`), it reaches the disk as a sequence of these, and each of them is a
 * point at which it can fail, be cut off, or be interleaved with somebody else's.
 *
 * One name per system call, whichever face of `node:fs` it was made through: `fs.close`,
 * `fs.closeSync` and `FileHandle.close` are all `close`.
 */

import type { BigIntStats, Dirent, StatsFs, BigIntStatsFs, Stats } from "node:fs";
import { O_APPEND, O_CREAT, O_EXCL, O_RDWR, O_TRUNC } from "./constants.ts";

/** A path as Node's functions take it, `URL`s already turned into strings. */
export type Path = string | Buffer;

export type AnyStats = Stats | BigIntStats;

/** Where in a file: `null` means "where the last call ended". */
export type Position = number | bigint | null;

interface EncodingOption {
  readonly encoding: BufferEncoding | "buffer";
}

interface BigIntOption {
  readonly bigint: boolean;
}

/** A time as `utimes` takes it: seconds since the epoch, or a `Date`. */
export type Time = number | Date;

/** What each call takes and returns. Descriptors are numbers in both faces. */
export interface CallTable {
  open(path: Path, flags: number, mode: number): number;
  close(fd: number): void;
  read(fd: number, into: Uint8Array, offset: number, length: number, position: Position): number;
  write(fd: number, from: Uint8Array, offset: number, length: number, position: Position): number;
  fstat(fd: number, options: BigIntOption): AnyStats;
  fchmod(fd: number, mode: number): void;
  fchown(fd: number, uid: number, gid: number): void;
  futimes(fd: number, atime: Time, mtime: Time): void;
  ftruncate(fd: number, length: number): void;
  fsync(fd: number): void;
  fdatasync(fd: number): void;
  rename(from: Path, to: Path): void;
  link(existing: Path, path: Path): void;
  unlink(path: Path): void;
  symlink(target: Path, path: Path, type: "file" | "dir" | "junction" | null): void;
  readlink(path: Path, options: EncodingOption): string | Buffer;
  mkdir(path: Path, mode: number): void;
  mkdtemp(prefix: Path, options: EncodingOption): string | Buffer;
  rmdir(path: Path): void;
  readdir(
    path: Path,
    options: EncodingOption & { readonly withFileTypes: boolean },
  ): string[] | Buffer[] | Dirent[];
  lstat(path: Path, options: BigIntOption): AnyStats;
  stat(path: Path, options: BigIntOption): AnyStats;
  statfs(path: Path, options: BigIntOption): StatsFs | BigIntStatsFs;
  access(path: Path, mode: number): void;
  realpath(path: Path, options: EncodingOption): string | Buffer;
  chmod(path: Path, mode: number): void;
  chown(path: Path, uid: number, gid: number): void;
  lchown(path: Path, uid: number, gid: number): void;
  utimes(path: Path, atime: Time, mtime: Time): void;
  lutimes(path: Path, atime: Time, mtime: Time): void;
  truncate(path: Path, length: number): void;
}

export type CallName = keyof CallTable;

/** How the calls are grouped: what they work on, and what they do. */
interface CallFacts {
  /** How many of the first arguments are paths; 0 for a call on a descriptor. */
  readonly paths: 0 | 1 | 2;
  /** Whether it can change what is on disk; of `open`, that depends on its flags. */
  readonly changes: boolean | "depends";
  /** The name that Node gives in `error.syscall`. */
  readonly syscall?: string;
}

/** Every call, in one table. */
export const callFacts: { readonly [Name in CallName]: CallFacts } = {
  open: { paths: 1, changes: "depends" },
  close: { paths: 0, changes: false },
  read: { paths: 0, changes: false },
  write: { paths: 0, changes: true },
  fstat: { paths: 0, changes: false },
  fchmod: { paths: 0, changes: true },
  fchown: { paths: 0, changes: true },
  futimes: { paths: 0, changes: true, syscall: "futime" },
  ftruncate: { paths: 0, changes: true },
  fsync: { paths: 0, changes: true },
  fdatasync: { paths: 0, changes: true },
  rename: { paths: 2, changes: true },
  link: { paths: 2, changes: true },
  unlink: { paths: 1, changes: true },
  symlink: { paths: 2, changes: true },
  readlink: { paths: 1, changes: false },
  mkdir: { paths: 1, changes: true },
  mkdtemp: { paths: 1, changes: true },
  rmdir: { paths: 1, changes: true },
  readdir: { paths: 1, changes: false, syscall: "scandir" },
  lstat: { paths: 1, changes: false },
  stat: { paths: 1, changes: false },
  statfs: { paths: 1, changes: false },
  access: { paths: 1, changes: false },
  realpath: { paths: 1, changes: false },
  chmod: { paths: 1, changes: true },
  chown: { paths: 1, changes: true },
  lchown: { paths: 1, changes: true },
  utimes: { paths: 1, changes: true, syscall: "utime" },
  lutimes: { paths: 1, changes: true, syscall: "lutime" },
  truncate: { paths: 1, changes: true, syscall: "open" }, // Node opens, and truncates the descriptor
};

export const callNames: readonly CallName[] = Object.keys(callFacts) as CallName[];

/** One call, as it is seen before it is made. */
export interface Call {
  /** Counted from 1 over everything that was made through the same interception. */
  readonly index: number;
  readonly name: CallName;
  readonly args: readonly unknown[];
  /**
   * The paths, as the caller gave them; bytes that are not UTF-8 as U+FFFD. Of a call on a
   * descriptor, the path that it was opened with.
   */
  readonly paths: readonly string[];
  /** Of a call on a descriptor, and of `open` once it has been made. */
  readonly fd?: number;
  /** The method of `node:fs` that the program called: `"writeFile"` for the `open` in it. */
  readonly via: string;
  readonly face: "sync" | "async";
  /** Where the program called it, `"file:line:column"`; only if the interception asked for it. */
  readonly caller?: string;
}

/** `"rename a.tmp -> a"`, `"write a.tmp 4096"`: one readable line, with the paths as they were given. */
export function formatCall(call: Pick<Call, "name" | "args" | "paths">): string {
  const where = call.paths.join(" -> ");
  const detail = detailOf(call);
  return detail === "" ? `${call.name} ${where}` : `${call.name} ${where} ${detail}`;
}

function detailOf({ name, args }: Pick<Call, "name" | "args">): string {
  switch (name) {
    case "open":
      return formatOpenFlags(args[1] as number);
    case "write":
    case "read":
      return String(args[3]);
    case "ftruncate":
    case "truncate":
      return String(args[1]);
    case "mkdir":
      return "";
    case "fchmod":
    case "chmod":
      return `0${(args[1] as number).toString(8)}`;
    case "fchown":
    case "chown":
    case "lchown":
      return `${args[1] as number}:${args[2] as number}`;
    default:
      return "";
  }
}

/** The flags of open(2) in Node's letters: `"r"`, `"wx"`, `"a+"`; bits without a letter by name. */
export function formatOpenFlags(flags: number): string {
  const access = flags & 3;
  if ((flags & O_APPEND) !== 0)
    return `a${(flags & O_EXCL) === 0 ? "" : "x"}${access === 2 ? "+" : ""}`;
  if (access === 0) return (flags & O_CREAT) === 0 ? "r" : "r, created";
  const exclusive = (flags & O_EXCL) !== 0;
  if ((flags & O_CREAT) === 0) return (flags & O_TRUNC) === 0 ? "r+" : "r+, truncated";
  const letters = exclusive ? "wx" : "w";
  const kept = exclusive || (flags & O_TRUNC) !== 0 ? "" : ", kept";
  return `${letters}${access === O_RDWR ? "+" : ""}${kept}`;
}

/** Whether a call can change what is on disk. */
export function changesDisk(name: CallName, args: readonly unknown[]): boolean {
  const { changes } = callFacts[name];
  if (changes !== "depends") return changes;
  return ((args[1] as number) & (O_CREAT | O_TRUNC)) !== 0;
}
