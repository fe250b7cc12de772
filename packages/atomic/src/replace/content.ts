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
  | { readonly kind: "pieces"; readonly source: PieceSource | StepSource };

/** Where pieces come from. */
interface PieceSource {
  next(): IteratorResult<unknown> | PromiseLike<IteratorResult<unknown>>;
  /** Lets it clean up; called once at the end of the call, however that went. */
  release(): void;
}

/** Pieces that are read by steps of the same run: of another file, say. What they throw is not wrapped. */
export interface StepSource {
  /** `undefined` at the end. */
  read(): Steps<Uint8Array | undefined>;
  release(): void;
}

/** Pieces smaller than this are joined before they are written. */
const gatherBytes = 64 * 1024;

/** The bytes of a chunk: a view of whatever element size is a range of bytes. */
export function chunkBytes(chunk: unknown): Uint8Array | undefined {
  if (typeof chunk === "string") return Buffer.from(chunk, "utf8");
  if (chunk instanceof Uint8Array) return chunk;
  if (!ArrayBuffer.isView(chunk)) return undefined;
  return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}

/** Classifies a content; `undefined` if it is none. A stream is watched from now on. */
export function readContent(content: unknown, half: "async" | "sync"): Content | undefined {
  const bytes = chunkBytes(content);
  if (bytes !== undefined) return { kind: "bytes", bytes };
  if (typeof content !== "object" || content === null) return undefined;
  const iterable = content as Partial<AsyncIterable<unknown> & Iterable<unknown>>;
  if (half === "async" && typeof iterable[Symbol.asyncIterator] === "function") {
    const open = (): AsyncIterator<unknown> => iterable[Symbol.asyncIterator]!();
    if (isNodeStream(content)) return { kind: "pieces", source: nodeSource(content, open) };
    if (isWebStream(content)) return { kind: "pieces", source: webSource(content) };
    return { kind: "pieces", source: iteratorSource(open) };
  }
  if (typeof iterable[Symbol.iterator] !== "function") return undefined;
  return { kind: "pieces", source: iteratorSource(() => iterable[Symbol.iterator]!()) };
}

function iteratorSource(open: () => Iterator<unknown> | AsyncIterator<unknown>): PieceSource {
  let iterator: Iterator<unknown> | AsyncIterator<unknown> | undefined;
  return {
    next: () => (iterator ??= open()).next(),
    release() {
      try {
        // Not waited for: one that has stalled would never answer. One that has ended does nothing.
        Promise.resolve((iterator ?? open()).return?.()).catch(() => {});
      } catch {
        // It fails to be closed; what made the call end is what there is to report.
      }
    },
  };
}

type NodeStream = Pick<NodeJS.EventEmitter, "on" | "off"> & { destroy(): unknown };

const isNodeStream = (value: object): value is NodeStream =>
  ["on", "off", "destroy"].every(
    (name) => typeof (value as Record<string, unknown>)[name] === "function",
  );

/**
 * A Node stream can fail before it is read, while the call waits for its turn: nobody else may be
 * listening, and that would end the process. And ending its iterator ends the stream only if it was
 * begun and has not stalled.
 */
function nodeSource(stream: NodeStream, open: () => AsyncIterator<unknown>): PieceSource {
  let failure: { readonly error: unknown } | undefined;
  let iterator: AsyncIterator<unknown> | undefined;
  let ended = false;
  const onError = (error: unknown): void => {
    failure ??= { error };
  };
  stream.on("error", onError);
  return {
    async next() {
      if (failure !== undefined) throw failure.error;
      const result = await (iterator ??= open()).next();
      ended = result.done === true;
      return result;
    },
    release() {
      if (ended) stream.off("error", onError);
      else stream.destroy(); // and what it still has to say about that concerns nobody
    },
  };
}

const isWebStream = (value: object): value is ReadableStream<unknown> =>
  typeof (value as { getReader?: unknown }).getReader === "function";

/** By a reader: its `cancel` gets through to a stream that has stalled, an iterator's `return` not. */
function webSource(stream: ReadableStream<unknown>): PieceSource {
  let reader: ReadableStreamDefaultReader<unknown> | undefined;
  return {
    next: () => (reader ??= stream.getReader()).read() as Promise<IteratorResult<unknown>>,
    release() {
      const cancelled = reader === undefined ? stream.cancel() : reader.cancel();
      cancelled.catch(() => {}); // locked by somebody else, or failed before
    },
  };
}

/**
 * Writes a content to a fresh handle, in constant memory: the next piece is asked for when the one
 * before is written or copied, so a source may use one buffer again and again. Returns the number of
 * bytes.
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
  let gathered: Buffer | undefined;
  let filled = 0;
  for (;;) {
    const piece = yield* nextPiece(content.source);
    const length = piece?.byteLength ?? 0;
    if (gathered !== undefined && (piece === undefined || filled + length > gatherBytes)) {
      yield* writeAll(handle, gathered.subarray(0, filled));
      filled = 0;
    }
    if (piece === undefined) return total;
    total += length;
    if (length >= gatherBytes) {
      yield* writeAll(handle, piece);
    } else {
      gathered ??= Buffer.allocUnsafe(gatherBytes);
      gathered.set(piece, filled);
      filled += length;
    }
  }
}

/** The next piece of a content, as bytes. */
export function* nextPiece(source: PieceSource | StepSource): Steps<Uint8Array | undefined> {
  if ("read" in source) return yield* source.read();
  let result: IteratorResult<unknown>;
  try {
    const answer = source.next();
    result = isPromise(answer) ? yield* wait(answer) : answer;
  } catch (error) {
    if (isAborted(error)) throw error;
    throw new Refusal("ERR_CONTENT_SOURCE", { cause: error });
  }
  if (result.done === true) return undefined;
  const bytes = chunkBytes(result.value);
  if (bytes !== undefined) return bytes;
  throw new Refusal("ERR_CONTENT_SOURCE", {
    problem: "the source of the content yielded something that is neither a string nor a view",
  });
}

/** Whether something must be waited for. */
export function isPromise<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof (value as Partial<PromiseLike<T>> | undefined)?.then === "function";
}
