import type { ReadStream } from "node:fs";
import { builtIn } from "./node-fs.ts";

type Done<T> = (error: Error | null, value?: T) => void;

/** What a stream does with its file. What `open` answers with is what the others are called with. */
export interface ReadStreamCalls {
  open(path: string, flags: string, mode: number, done: Done<unknown>): void;
  read(
    opened: unknown,
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number | null | undefined,
    done: (error: Error | null, bytesRead?: number, buffer?: Uint8Array) => void,
  ): void;
  close(opened: unknown, done: Done<void>): void;
}

/** Node's own `ReadStream`, whose file is opened, read and closed by somebody else's calls. */
export function readStreamOver(options: object, calls: ReadStreamCalls): ReadStream {
  // The path is checked by Node and given to `open`, which knows better.
  return builtIn.createReadStream("-", { ...options, fs: calls as never });
}
