import type { CallName, CallTable } from "../../src/calls/call.ts";
import type { Effect, Image } from "../../src/memory/effect.ts";
import { MemoryBackend } from "../../src/memory/memory-backend.ts";
import type { MemoryFileSystemOptions } from "../../src/memory/options.ts";

/** A memory file system to be called by the names of the calls, with short forms for the usual. */
export interface Machine {
  readonly backend: MemoryBackend;
  readonly effects: Effect[];
  readonly call: <Name extends CallName>(
    name: Name,
    ...args: Parameters<CallTable[Name]>
  ) => ReturnType<CallTable[Name]>;
  /** How a call ends: `"ok"`, or the code of its error. */
  readonly code: <Name extends CallName>(
    name: Name,
    ...args: Parameters<CallTable[Name]>
  ) => string;
  /** Replaces or makes a file. */
  readonly put: (path: string, content: string) => void;
  readonly get: (path: string) => string;
}

const utf8 = { encoding: "utf8" } as const;
export const names = { ...utf8, withFileTypes: false } as const;
export const numbers = { bigint: false } as const;

export function machine(options: MemoryFileSystemOptions = {}, image?: Image): Machine {
  const backend = new MemoryBackend(options, image);
  const effects: Effect[] = [];
  backend.onEffect = (effect) => effects.push(effect);
  const call: Machine["call"] = (name, ...args) => backend.sync(name, args);
  return {
    backend,
    effects,
    call,
    code(name, ...args) {
      try {
        call(name, ...args);
        return "ok";
      } catch (error) {
        return (error as NodeJS.ErrnoException).code ?? String(error);
      }
    },
    put(path, content) {
      const fd = call("open", path, 0o1101, 0o666);
      const bytes = Buffer.from(content);
      call("write", fd, bytes, 0, bytes.length, null);
      call("close", fd);
    },
    get(path) {
      const fd = call("open", path, 0, 0);
      const into = Buffer.alloc(Number(call("fstat", fd, numbers).size));
      call("read", fd, into, 0, into.length, null);
      call("close", fd);
      return into.toString();
    },
  };
}
