import { facesOf } from "../calls/faces.ts";
import type { NodeFileSystem } from "../calls/node-file-system.ts";
import { MemoryBackend } from "./memory-backend.ts";
import type { MemoryFileSystem } from "./memory-file-system.ts";
import { checkOptions } from "./options-check.ts";
import type { MemoryFileSystemOptions } from "./options.ts";

const backends = new WeakMap<object, MemoryBackend>();

/**
 * A file system in memory: of the shape of `node:fs`, with the rules and the errors of Linux, or of
 * the platform that `options.platform` names. It starts with what `options.tree` lists, owned by who
 * the program is. Nothing in it waits for a timer: the same calls give the same results in every run,
 * times apart.
 *
 * Relative paths start at `/`. Of `/proc` there are the names in `/proc/self/fd`, where the platform
 * is Linux: they lead to what is open, as proc(5) says, also when it has no other name any more.
 * Nothing else of `/proc` is there, and nothing at all if the tree has a `proc` of its own.
 *
 * @param options All of them have a default; see `MemoryFileSystemOptions`.
 * @throws `TypeError` or `RangeError` (`ERR_INVALID_ARG`) for options that make no sense.
 * @example
 * const { fs, tree } = createMemoryFileSystem({ tree: ["config.json = {}"] });
 * await fs.promises.rename("/config.json", "/old.json");
 * tree(); // ["old.json = {}"]
 */
export function createMemoryFileSystem(options: MemoryFileSystemOptions = {}): MemoryFileSystem {
  checkOptions(options);
  const backend = new MemoryBackend(options);
  const memory: MemoryFileSystem = {
    fs: facesOf(backend),
    get volume() {
      return backend.volume;
    },
    tree: (directory) => backend.tree(directory),
  };
  backends.set(memory, backend);
  backends.set(memory.fs, backend);
  return memory;
}

/** What is behind a memory file system, or behind its `fs`; `undefined` if it is none. */
export function backendOfMemory(fs: MemoryFileSystem | NodeFileSystem): MemoryBackend | undefined {
  return backends.get(fs);
}
