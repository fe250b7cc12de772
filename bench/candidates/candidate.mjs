/**
 * One way of doing the job, as the cases call it. A candidate leaves out what it cannot do.
 *
 * @typedef {object} Candidate
 * @property {string} name  as the tables show it; unique
 * @property {"holdfast" | "plain" | "peer"} side
 * @property {(path: string, content: Buffer) => Promise<unknown>} [replace]
 * @property {(path: string, content: Buffer) => unknown} [replaceSync]
 * @property {(source: string, destination: string) => Promise<unknown>} [move]
 * @property {(dir: string) => Promise<OpenedRoot>} [root]  hands out one directory
 * @property {(path: string, value: object) => Promise<unknown>} [writeJson]
 * @property {(path: string, value: object) => unknown} [writeJsonSync]
 * @property {(path: string, fn: (value: any) => object) => Promise<unknown>} [updateJson]
 *
 * @typedef {object} OpenedRoot  paths are relative
 * @property {(path: string) => Promise<Buffer>} read
 * @property {(path: string, content: Buffer) => Promise<unknown>} write  replaces; durable
 * @property {(path: string) => Promise<unknown[]>} list  with types
 * @property {() => unknown} [close]
 */

export {};
