import { isArrayBufferView } from "node:util/types";
import { invalidArgument, throwIfAborted, toBytes, type Encoding } from "./arguments.ts";
import type { Backend, Origin } from "./backend.ts";
import { driveAsync } from "./composite.ts";
import { writeAll } from "./composites/files.ts";

/** How much `promises.writeFile` writes in one call, as in Node. */
const mostBytes = 512 * 1024;

/** Whether it is what `promises.writeFile` takes: text, bytes, or an iterable or stream of them. */
export function checkContent(data: unknown): void {
  if (typeof data === "string" || isArrayBufferView(data) || isIterable(data)) return;
  throw invalidArgument("data", "a string, a Buffer, a view, an iterable or a stream", data);
}

export async function writeContent(
  backend: Backend,
  fd: number,
  data: unknown,
  encoding: Encoding,
  origin: Origin,
  signal?: AbortSignal,
): Promise<void> {
  for await (const chunk of isIterable(data) ? data : [data]) {
    const bytes = toBytes(chunk, encoding);
    for (let at = 0; at < bytes.byteLength; at += mostBytes) {
      throwIfAborted(signal);
      const part = bytes.subarray(at, at + mostBytes);
      await driveAsync(backend, writeAll(fd, part), origin);
    }
  }
}

/** Text and bytes are iterable too, and are no iterables of chunks. */
const isIterable = (value: unknown): value is AsyncIterable<unknown> =>
  typeof value === "object" &&
  value !== null &&
  !isArrayBufferView(value) &&
  (Symbol.asyncIterator in value || Symbol.iterator in value);
