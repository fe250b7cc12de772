import * as nodeFs from "node:fs";
import type { FileSystem } from "@holdfast/fs";

/** A call of the asynchronous half, counted from 1. */
export interface Checkpoint {
  readonly index: number;
  readonly name: string;
  readonly when: "before" | "after";
}

export interface CheckpointFileSystem {
  readonly fileSystem: FileSystem & { readonly promises: NonNullable<FileSystem["promises"]> };
  /** The asynchronous calls, and the synchronous renames, in order: `"fsync"`, `"renameSync"`. */
  readonly calls: string[];
}

type AnyFunction = (...args: never[]) => unknown;

/**
 * Node's own file system on a real disk, whose every asynchronous call is a checkpoint: something may
 * happen before it is made and after it has ended, which are the places where a protocol awaits.
 * Handles stay Node's own underneath, with their number, so that both halves can use them.
 */
export function checkpointFileSystem(
  at: (checkpoint: Checkpoint) => void = () => {},
): CheckpointFileSystem {
  const calls: string[] = [];
  let index = 0;
  const realHandles = new WeakMap<object, object>();

  const watched =
    (name: string, call: (...args: unknown[]) => Promise<unknown>) =>
    async (...args: unknown[]): Promise<unknown> => {
      const own = ++index;
      calls.push(name);
      at({ index: own, name, when: "before" });
      const result = await call(...args);
      at({ index: own, name, when: "after" });
      return name === "open" ? wrapped(result as object) : result;
    };

  function wrapped(handle: object): object {
    const proxy = new Proxy(handle, {
      get(target, key) {
        const value: unknown = Reflect.get(target, key, target);
        if (typeof value !== "function") return value;
        const method = value.bind(target) as AnyFunction as (
          ...args: unknown[]
        ) => Promise<unknown>;
        return watched(String(key), method);
      },
    });
    realHandles.set(proxy, handle);
    return proxy;
  }

  const promises: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(nodeFs.promises)) {
    if (typeof value !== "function") continue;
    const call = value as AnyFunction as (...args: unknown[]) => Promise<unknown>;
    promises[name] = watched(name, (first, ...rest) =>
      // Node knows its own handles only.
      call(realHandles.get(first as object) ?? first, ...rest),
    );
  }
  const renameSync: typeof nodeFs.renameSync = (from, to) => {
    calls.push("renameSync");
    nodeFs.renameSync(from, to);
  };
  return {
    fileSystem: { ...nodeFs, renameSync, promises } as CheckpointFileSystem["fileSystem"],
    calls,
  };
}
