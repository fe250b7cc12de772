/**
 * The shape of `node:fs` that is taken and returned everywhere: `node:fs` itself is one, so is
 * memfs's `fs`, so is an object that spreads either and replaces some methods.
 */

/* oxlint-disable typescript/consistent-type-imports -- a module as a whole has no name to import */
type Fs = typeof import("node:fs");
type FsPromises = typeof import("node:fs/promises");
/* oxlint-enable typescript/consistent-type-imports */

type Names =
  | "open"
  | "close"
  | "read"
  | "readv"
  | "write"
  | "writev"
  | "fstat"
  | "fchmod"
  | "fchown"
  | "futimes"
  | "ftruncate"
  | "fsync"
  | "fdatasync"
  | "rename"
  | "link"
  | "unlink"
  | "symlink"
  | "readlink"
  | "mkdir"
  | "mkdtemp"
  | "rmdir"
  | "rm"
  | "readdir"
  | "opendir"
  | "lstat"
  | "stat"
  | "statfs"
  | "access"
  | "exists"
  | "realpath"
  | "chmod"
  | "chown"
  | "lchown"
  | "utimes"
  | "lutimes"
  | "truncate"
  | "readFile"
  | "writeFile"
  | "appendFile"
  | "copyFile"
  | "cp";

/** The asynchronous half: `node:fs/promises`. */
export type NodePromises = Pick<FsPromises, Names & keyof FsPromises> & {
  readonly constants: Fs["constants"];
};

/** What every function of this package that returns a file system returns. */
export type NodeFileSystem = Pick<Fs, (Names | `${Names}Sync`) & keyof Fs> &
  Pick<Fs, "createReadStream" | "createWriteStream" | "constants"> & {
    readonly promises: NodePromises;
  };

/**
 * What can be wrapped: any object that has some of `node:fs`, in any of its faces. A program that uses
 * what is missing gets a `TypeError`, as it would from the object itself.
 */
export type FileSystemLike = object & { readonly promises?: object };

/** A method or property of it, whatever the object is. */
export function memberOf(fs: FileSystemLike, name: string): unknown {
  return (fs as Readonly<Record<string, unknown>>)[name];
}
