import type { FileSystem } from "../../src/index.ts";

/** A file system whose calls do not end by themselves: a test ends them, in any order. */
export interface HeldFileSystem {
  readonly fileSystem: FileSystem;
  /** The paths of all calls made, in order. */
  readonly made: string[];
  readonly succeed: (path: string) => Promise<void>;
  readonly fail: (path: string, error: unknown) => Promise<void>;
}

/** Every call is an `unlink`, told apart by its path. */
export function heldFileSystem(): HeldFileSystem {
  const made: string[] = [];
  const held = new Map<string, { resolve: () => void; reject: (error: unknown) => void }>();
  const taken = async (path: string) => {
    const call = held.get(path);
    if (call === undefined) throw new Error(`no call for ${path} is under way`);
    held.delete(path);
    return call;
  };
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  return {
    made,
    fileSystem: {
      promises: {
        unlink: (path) => {
          made.push(String(path));
          return new Promise((resolve, reject) => held.set(String(path), { resolve, reject }));
        },
      },
    },
    async succeed(path) {
      (await taken(path)).resolve();
      await turn();
    },
    async fail(path, error) {
      (await taken(path)).reject(error);
      await turn();
    },
  };
}
