import { open, type FileHandle } from "node:fs/promises";
import { devNull } from "node:os";
import type { Backend } from "../../calls/backend.ts";
import { FileHandle as CountedHandle } from "../../calls/file-handle.ts";

type Method = (this: FileHandle, ...args: unknown[]) => unknown;

/** The methods that change something. `createWriteStream` writes through `write` and `writev`. */
const changing = [
  "write",
  "writev",
  "writeFile",
  "appendFile",
  "truncate",
  "chmod",
  "chown",
  "utimes",
  "sync",
  "datasync",
] as const;

/**
 * Counts what is done through `FileHandle`s. They stay Node's own: a program can pass them on to
 * whatever takes one.
 */
export async function patchFileHandle(backend: Backend): Promise<void> {
  // The class is not exported: an object of it leads there.
  const handle = await open(devNull);
  const prototype = Object.getPrototypeOf(handle) as Record<string | symbol, Method>;
  await handle.close();

  const inUse = usersOf(prototype);
  for (const name of changing) {
    const replacement: Method = async function (...args) {
      const counted = new CountedHandle(backend, (via) => ({ via }), this.fd);
      inUse.add(this);
      try {
        return await (counted as unknown as Record<string, Method>)[name]!.call(
          counted as never,
          ...args,
        );
      } finally {
        inUse.remove(this);
      }
    };
    Object.defineProperty(prototype, name, {
      ...Object.getOwnPropertyDescriptor(prototype, name),
      value: replacement,
    });
  }
}

/**
 * Node counts who uses a handle, and `close` waits for them: else a `write` that was not awaited could
 * go to whatever file gets the number of the descriptor next.
 */
function usersOf(prototype: Record<string | symbol, Method>): {
  add(handle: FileHandle): void;
  remove(handle: FileHandle): void;
} {
  const symbols = Object.getOwnPropertySymbols(prototype);
  const method = (name: string): Method | undefined => {
    const symbol = symbols.find(({ description }) => description === name);
    return symbol === undefined ? undefined : prototype[symbol];
  };
  const [ref, unref] = [method("kRef"), method("kUnref")];
  return {
    add: (handle) => void ref?.call(handle),
    remove: (handle) => void unref?.call(handle),
  };
}
