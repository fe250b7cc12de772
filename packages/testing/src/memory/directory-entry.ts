import type { Dirent } from "node:fs";
import { S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } from "./inode.ts";

/** A `Dirent`, whose constructor Node does not document. */
export class MemoryDirent implements Dirent {
  readonly name: string;
  readonly parentPath: string;
  /** What Node before 24 calls `parentPath`. */
  readonly path: string;
  readonly #type: number;

  constructor(name: string, parentPath: string, mode: number) {
    this.name = name;
    this.parentPath = parentPath;
    this.path = parentPath;
    this.#type = mode & S_IFMT;
  }

  isFile(): boolean {
    return this.#type === S_IFREG;
  }
  isDirectory(): boolean {
    return this.#type === S_IFDIR;
  }
  isSymbolicLink(): boolean {
    return this.#type === S_IFLNK;
  }
  isBlockDevice(): boolean {
    return false;
  }
  isCharacterDevice(): boolean {
    return false;
  }
  isFIFO(): boolean {
    return false;
  }
  isSocket(): boolean {
    return false;
  }
}
