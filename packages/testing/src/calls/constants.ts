import { constants } from "node:fs";

/**
 * The flags of open(2) as numbers. Those of the system that the program runs on, also in memory: a
 * program takes them from `node:fs`. What the system lacks (Windows has no `O_NOFOLLOW`) is here with
 * Linux's value, so that a memory file system with Linux's rules understands it.
 */
export const fsConstants: Readonly<Record<string, number>> = {
  O_DIRECTORY: 0o200000,
  O_NOFOLLOW: 0o400000,
  O_NONBLOCK: 0o4000,
  O_SYNC: 0o4010000,
  O_DSYNC: 0o10000,
  S_IFIFO: 0o010000,
  S_IFSOCK: 0o140000,
  S_IFBLK: 0o060000,
  ...(constants as unknown as Record<string, number>),
};

const flag = (name: string): number => fsConstants[name]!;

export const O_WRONLY: number = flag("O_WRONLY");
export const O_RDWR: number = flag("O_RDWR");
export const O_CREAT: number = flag("O_CREAT");
export const O_EXCL: number = flag("O_EXCL");
export const O_TRUNC: number = flag("O_TRUNC");
export const O_APPEND: number = flag("O_APPEND");
export const O_DIRECTORY: number = flag("O_DIRECTORY");
export const O_NOFOLLOW: number = flag("O_NOFOLLOW");
export const O_SYNC: number = flag("O_SYNC");
