import type { PortStats } from "./port.ts";

/** Metadata of a file: Node's `BigIntStats`, cut down to what a protocol may rely on. */
export interface FileStats {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly mode: bigint;
  readonly nlink: bigint;
  readonly uid: bigint;
  readonly gid: bigint;
  readonly size: bigint;
  readonly atimeNs: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly birthtimeNs: bigint;
  isFile(): boolean;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
}

/** Accepts stats in numbers too: a test's stub that ignores `{ bigint: true }` still works. */
export function toFileStats(stats: PortStats): FileStats {
  if (typeof stats.ino === "bigint" && "mtimeNs" in stats) return stats as unknown as FileStats;
  const of = stats as unknown as Record<string, bigint | number | undefined>;
  const whole = (name: string): bigint => {
    const value = of[name] ?? 0;
    return typeof value === "bigint" ? value : BigInt(Math.trunc(value));
  };
  const nanoseconds = (name: string): bigint =>
    BigInt(of[`${name}Ns`] ?? Math.round(Number(of[`${name}Ms`] ?? 0) * 1e6));
  return {
    dev: whole("dev"),
    ino: whole("ino"),
    mode: whole("mode"),
    nlink: whole("nlink"),
    uid: whole("uid"),
    gid: whole("gid"),
    size: whole("size"),
    atimeNs: nanoseconds("atime"),
    mtimeNs: nanoseconds("mtime"),
    ctimeNs: nanoseconds("ctime"),
    birthtimeNs: nanoseconds("birthtime"),
    isFile: () => stats.isFile(),
    isDirectory: () => stats.isDirectory(),
    isSymbolicLink: () => stats.isSymbolicLink(),
  };
}

/** Permission bits with set-id and sticky: the low twelve of the mode. */
export function permissionBits(stats: FileStats): number {
  return Number(stats.mode & 0o7777n);
}

/**
 * `true` if both describe one file, `false` if they do not, `undefined` if that cannot be known: a
 * `dev` or `ino` of 0 means that the file system has no such number, and never "equal".
 */
export function sameIdentity(a: FileStats, b: FileStats): boolean | undefined {
  if (a.ino === 0n || b.ino === 0n) return undefined;
  if (a.ino !== b.ino) return false;
  if (a.dev === 0n || b.dev === 0n) return undefined;
  return a.dev === b.dev;
}
