import type { BigIntStats } from "node:fs";
import type { Backend } from "../../calls/backend.ts";

/** Names an inode: the number with the time of birth, since numbers are used again. */
export type InodeKey = string;

const bigint = { bigint: true } as const;
const origin = { via: "fstat" } as const;

const keyOf = ({ ino, birthtimeNs }: BigIntStats): InodeKey => `${ino}:${birthtimeNs}`;

/** `undefined` if it is not open. */
export function inodeOfDescriptor(backend: Backend, fd: number): InodeKey | undefined {
  try {
    return keyOf(backend.sync("fstat", [fd, bigint], origin) as BigIntStats);
  } catch {
    return undefined; // a call on a closed descriptor, which is a finding of its own
  }
}

export function inodeOfName(
  backend: Backend,
  path: string,
): { readonly key: InodeKey; readonly isDirectory: boolean } {
  const stats = backend.sync("lstat", [path, bigint], origin) as BigIntStats;
  return { key: keyOf(stats), isDirectory: stats.isDirectory() };
}
