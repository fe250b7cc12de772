import type { Dirent } from "node:fs";

/** An open directory of a root, as Node's `Dir`. */
export interface RootDir extends AsyncIterable<Dirent>, AsyncDisposable {
  /** As it was given to `opendir`. */
  readonly path: string;
  /** The next entry; `null` at the end. */
  read(): Promise<Dirent | null>;
  /** At the end of an iteration it is closed. @throws `ERR_DIR_CLOSED`, as Node, the second time */
  close(): Promise<void>;
}

/** The same, synchronous. */
export interface RootDirSync extends Iterable<Dirent>, Disposable {
  readonly path: string;
  readSync(): Dirent | null;
  closeSync(): void;
}
