/**
 * The shape of `node:fs` that is taken and returned everywhere: `node:fs` itself is one, so is
 * memfs's `fs`, so is an object that spreads either and replaces some methods.
 */

/* oxlint-disable typescript/consistent-type-imports -- a module as a whole has no name to import */
/**
 * What every function of this package that returns a file system returns: it can be passed wherever
 * `node:fs` can. `watch`, `watchFile`, `unwatchFile`, `glob`, `openAsBlob` and the like are those of
 * the object underneath; over a memory file system they throw (`ERR_METHOD_NOT_IMPLEMENTED`). Its
 * `promises` stand for `node:fs/promises`.
 */
export type NodeFileSystem = typeof import("node:fs");
/* oxlint-enable typescript/consistent-type-imports */

/** The asynchronous half: `node:fs/promises`. */
export type NodePromises = NodeFileSystem["promises"];

/**
 * What can be wrapped: any object that has some of `node:fs`, in any of its faces. What Node does in
 * several calls (`readFile`, `writeFile`, `rm`, …) is made of single calls of the object (`open`,
 * `read`, `close`, …): a `readFile` that it has replaced is not asked, and if it has no `open` there
 * is none. A program that uses what is missing gets a `TypeError` that names it.
 */
export type FileSystemLike = object & { readonly promises?: object };

/** A method or property of it, whatever the object is. */
export function memberOf(fs: FileSystemLike, name: string): unknown {
  return (fs as Readonly<Record<string, unknown>>)[name];
}
