import type { Volume } from "memfs";
import type { NodeFileSystem } from "../calls/node-file-system.ts";

/** A file system in memory, with the rules of a real one. */
export interface MemoryFileSystem {
  /** Of the shape of `node:fs`: callbacks, promises, sync, streams. */
  readonly fs: NodeFileSystem;
  /** The volume of memfs underneath, without the rules: for whoever has tools that take one. */
  readonly volume: Volume;
  /** What is in `directory` (default: everything), in the form that `tree` takes. */
  readonly tree: (directory?: string) => string[];
}
