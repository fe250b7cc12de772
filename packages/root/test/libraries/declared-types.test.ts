import type { Dirent, Stats } from "node:fs";
import { expectTypeOf, it } from "vitest";
import type { RootPromises } from "../../src/index.ts";

/** What libraries write down of an `fs.promises` that they take: paths are strings there. */
interface PromisesOfALibrary {
  access(path: string): Promise<void>;
  appendFile(path: string, data: string | Uint8Array): Promise<void>;
  chmod(path: string, mode: number): Promise<void>;
  copyFile(from: string, to: string, mode?: number): Promise<void>;
  cp(from: string, to: string, options?: { recursive?: boolean }): Promise<void>;
  link(existing: string, path: string): Promise<void>;
  lstat(path: string): Promise<Stats>;
  mkdir(path: string, options?: { recursive?: boolean }): Promise<string | undefined>;
  mkdtemp(prefix: string): Promise<string>;
  readFile(path: string): Promise<Uint8Array>;
  readFile(path: string, encoding: "utf8"): Promise<string>;
  readdir(path: string): Promise<string[]>;
  readdir(path: string, options: { withFileTypes: true }): Promise<Dirent[]>;
  readlink(path: string): Promise<string>;
  realpath(path: string): Promise<string>;
  rename(from: string, to: string): Promise<void>;
  rm(path: string, options?: { recursive?: boolean; force?: boolean }): Promise<void>;
  rmdir(path: string): Promise<void>;
  stat(path: string): Promise<Stats>;
  symlink(target: string, path: string, type?: "dir" | "file"): Promise<void>;
  truncate(path: string, length?: number): Promise<void>;
  unlink(path: string): Promise<void>;
  utimes(path: string, atime: Date, mtime: Date): Promise<void>;
  writeFile(path: string, data: string | Uint8Array): Promise<unknown>;
}

it("the view fits what a library declares, without a cast", () => {
  expectTypeOf<RootPromises>().toExtend<PromisesOfALibrary>();
});
