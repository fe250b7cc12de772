import { Buffer } from "node:buffer";
import {
  isAborted,
  Refusal,
  wait,
  writeAll,
  writeWhole,
  type Handle,
  type Operation,
  type Steps,
} from "@holdfast/fs/steps";

/** A piece of content: a string is written as UTF-8, a view as the bytes that it covers. */
export type Chunk = string | NodeJS.ArrayBufferView;

/** What can be written synchronously. */
export type SyncFileContent = Chunk | Iterable<Chunk>;

/** What can be written: a whole, or an iterable or stream (of Node or the web) of pieces. */
export type FileContent = SyncFileContent | AsyncIterable<Chunk>;

/** Content as the protocol reads it. */
export type Content =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | {
      readonly kind: "pieces";
      readonly source: object;
      readonly open: () => Iterator<unknown> | AsyncIterator<unknown>;
    };

/** Pieces smaller than this are joined before they are written. */
const gatherBytes = 64 * 1024;

/** The bytes of a chunk: a view of whatever element size is a range of bytes. */
export function chunkBytes(chunk: unknown): Uint8Array | undefined {
  if (typeof chunk === "string") return Buffer.from(chunk, "utf8");
  if (chunk instanceof Uint8Array) return chunk;
  if (!ArrayBuffer.isView(chunk)) return undefined;
  return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}

/** Classifies a content; `undefined` if it is none. */
export function readContent(content: unknown, half: "async" | "sync"): Content | undefined {
  const bytes = chunkBytes(content);
  if (bytes !== undefined) return { kind: "bytes", bytes };
  if (typeof content !== "object" || content === null) return undefined;
  const source = content as Partial<AsyncIterable<unknown> & Iterable<unknown>>;
  if (half === "async" && typeof source[Symbol.asyncIterator] === "function") {
    return { kind: "pieces", source, open: () => source[Symbol.asyncIterator]!() };
  }
  if (typeof source[Symbol.iterator] === "function") {
    return { kind: "pieces", source, open: () => source[Symbol.iterator]!() };
  }
  return undefined;
}

/**
 * Writes a content to a fresh handle, in constant memory: the next piece is asked for when the one
 * before is written. Returns the number of bytes.
 */
export function* writeContent(
  operation: Operation,
  handle: Handle,
  content: Content,
): Steps<number> {
  if (content.kind === "bytes") {
    yield* operation.injected ? writeWhole(handle, content.bytes) : writeAll(handle, content.bytes);
    return content.bytes.byteLength;
  }
  let total = 0;
  let gathered: Uint8Array[] = [];
  let gatheredBytes = 0;
  for (const piece of pull(content.open)) {
    const bytes = yield* piece;
    if (bytes === undefined) break;
    total += bytes.byteLength;
    gathered.push(bytes);
    gatheredBytes += bytes.byteLength;
    if (gatheredBytes >= gatherBytes) {
      yield* writeAll(handle, gathered.length === 1 ? bytes : Buffer.concat(gathered));
      gathered = [];
      gatheredBytes = 0;
    }
  }
  if (gatheredBytes > 0) yield* writeAll(handle, Buffer.concat(gathered));
  return total;
}

/** Steps that yield one piece after the other, and `undefined` at the end. */
function* pull(
  open: () => Iterator<unknown> | AsyncIterator<unknown>,
): Generator<Steps<Uint8Array | undefined>, void> {
  let iterator: Iterator<unknown> | AsyncIterator<unknown> | undefined;
  let ended = false;
  function* next(): Steps<Uint8Array | undefined> {
    let result: IteratorResult<unknown>;
    try {
      iterator ??= open();
      const answer = iterator.next();
      result = isPromise(answer) ? yield* wait(answer) : answer;
    } catch (error) {
      if (isAborted(error)) throw error;
      ended = true;
      throw new Refusal("ERR_CONTENT_SOURCE", { cause: error });
    }
    if (result.done === true) {
      ended = true;
      return undefined;
    }
    const bytes = chunkBytes(result.value);
    if (bytes !== undefined) return bytes;
    throw new Refusal("ERR_CONTENT_SOURCE", {
      problem: "the source of the content yielded something that is neither a string nor a view",
    });
  }
  try {
    while (!ended) yield next();
  } finally {
    if (!ended) release(iterator);
  }
}

/** Lets the source of a content that will not be read at all clean up: a stream is destroyed. */
export function abandonContent(content: Content): void {
  if (content.kind !== "pieces") return;
  try {
    // The iterator of a Node stream, if nothing was read, does not end the stream.
    const { destroy } = content.source as { destroy?: unknown };
    if (typeof destroy === "function") destroy.call(content.source);
    else release(content.open());
  } catch {
    // It cannot even be opened; why the call fails is the error to report.
  }
}

/** Lets a source that is not wanted any more clean up; what made us stop is the error to report. */
function release(iterator: Iterator<unknown> | AsyncIterator<unknown> | undefined): void {
  try {
    // Not waited for: one that has stalled would never answer.
    Promise.resolve(iterator?.return?.()).catch(() => {});
  } catch {
    // A synchronous source that fails while it is closed.
  }
}

/** Whether something must be waited for. */
export function isPromise<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof (value as Partial<PromiseLike<T>> | undefined)?.then === "function";
}
