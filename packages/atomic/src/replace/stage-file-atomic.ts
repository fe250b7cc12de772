import { Writable } from "node:stream";
import { finished } from "node:stream/promises";
import {
  HoldfastError,
  invalidType,
  isAborted,
  Refusal,
  runAsync,
  shielded,
  wait,
  writeAll,
  type Steps,
} from "@holdfast/fs/steps";
import { chunkBytes, type Chunk } from "./content.ts";
import {
  readOptions,
  type ReplaceFileReceipt,
  type Request,
  type StageFileAtomicOptions,
} from "./options.ts";
import { newOperation } from "./replace-file-atomic.ts";
import { publish } from "./publication.ts";
import { Replacement } from "./replacement.ts";

/**
 * A file that is being written beside its destination, under a private name, and that nobody sees
 * there until it is committed. Close it with `commit()` or `discard()`, or let `await using` discard
 * it.
 */
export interface StagedFileAtomic extends AsyncDisposable {
  /**
   * The staged file's own path. Other programs may fill it, in place: one that puts another file in its
   * place makes `commit()` fail (`ERR_CHANGED`).
   */
  readonly path: string;
  /**
   * Appends a chunk. Resolves when it is handed to the operating system; calls that overlap are
   * carried out in order.
   */
  write(chunk: Chunk): Promise<void>;
  /**
   * The same as a stream, for `pipeline()`. Ending it does not commit; destroying it does not discard.
   * `commit()` refuses while it has not been ended (`ERR_CONTENT_SOURCE`, and nothing is lost by that),
   * and fails if it was destroyed before.
   */
  readonly writable: Writable;
  /**
   * Makes the staged file the destination, as `replaceFileAtomic` would. Must not be waited for by a
   * hook or a content of another call for the same file: that call waits for itself then. Waits for the writes that
   * were begun. If it fails, the staged file is gone (or named in the error's `leftovers`).
   */
  commit(): Promise<ReplaceFileReceipt>;
  /** Removes the staged file and leaves the destination as it is. After `commit()` does nothing. */
  discard(): Promise<void>;
}

/**
 * Stages a file: creates it beside `filePath`, under a private name, to be written piece by piece.
 *
 * Afterwards `filePath` is what it was, until `commit()`, which has the promises of
 * `replaceFileAtomic`. What the destination is (a link, another owner's file, …) is found out when
 * the file is staged and looked at again by `commit()`, which takes its place among the calls for
 * that file then. A link is followed once, when the file is staged.
 *
 * @throws `HoldfastError` as `replaceFileAtomic`, effect `"none"`; also where the directory allows no
 * staged file (`EACCES`, `EROFS`): there is nothing to write into then.
 *
 * @example
 * ```ts
 * await using staged = await stageFileAtomic({ filePath: "model.bin" });
 * await pipeline(response.body, staged.writable);
 * await staged.commit();
 * ```
 */
export async function stageFileAtomic(options: StageFileAtomicOptions): Promise<StagedFileAtomic> {
  const op = "stageFileAtomic";
  const request = readOptions(op, options, "async", false);
  const operation = newOperation(op, request);
  const replacement = new Replacement(operation, request);
  await runAsync(begin(replacement), operation);
  return new Stage(replacement, request);
}

function* begin(replacement: Replacement): Steps<void> {
  try {
    yield* replacement.prepare();
    if (replacement.staged === undefined) throw replacement.stagingError;
    replacement.leaveQueue();
    replacement.exposed = true;
  } catch (error) {
    yield* replacement.discard();
    throw error;
  }
}

class Stage implements StagedFileAtomic {
  readonly path: string;
  private readonly replacement: Replacement;
  private readonly request: Request;
  private state: "open" | "committing" | "ended" = "open";
  private bytes = 0;
  /** The writes so far, one after the other; rejected by the first that failed. */
  private written: Promise<void> = Promise.resolve();
  private stream: Writable | undefined;

  constructor(replacement: Replacement, request: Request) {
    this.replacement = replacement;
    this.request = request;
    this.path = replacement.staged!.path;
  }

  // Not an async function: that would return another promise, with a rejection of its own to handle.
  write(chunk: Chunk): Promise<void> {
    if (this.state !== "open") return Promise.reject(this.closed("write"));
    return this.enqueue(chunk);
  }

  private enqueue(chunk: Chunk): Promise<void> {
    const bytes = chunkBytes(chunk);
    if (bytes === undefined) {
      const expected = "a string or an ArrayBuffer view";
      return Promise.reject(invalidType("write", "chunk", expected, chunk));
    }
    this.written = this.append(this.written, bytes);
    // Whoever waits for commit() alone hears of it there: it must not end the program before.
    this.written.catch(() => {});
    return this.written;
  }

  private async append(before: Promise<void>, bytes: Uint8Array): Promise<void> {
    await before;
    const operation = newOperation("write", this.request);
    const handle = this.replacement.staged?.handle;
    if (handle === undefined) throw this.closed("write");
    await runAsync(writeAll(handle, bytes), operation);
    this.bytes += bytes.byteLength;
  }

  get writable(): Writable {
    this.stream ??= new Writable({
      write: (chunk: Uint8Array, _encoding, done) => {
        // Also while commit() waits for what the stream still holds.
        this.enqueue(chunk).then(() => done(), done);
      },
    });
    return this.stream;
  }

  async commit(): Promise<ReplaceFileReceipt> {
    if (this.state !== "open") throw this.closed("commit");
    if (this.stream !== undefined && !this.stream.writableEnded && !this.stream.destroyed) {
      // What is still to come cannot be known, a pipe may be at work: it would be cut off.
      throw new HoldfastError({
        code: "ERR_CONTENT_SOURCE",
        op: "commit",
        path: this.request.filePath,
        effect: "none",
        problem: "its writable stream has not been ended",
        hint: "End it, or await pipeline(), and commit then: the staged file is still there.",
      });
    }
    this.state = "committing";
    const { replacement } = this;
    return runAsync(this.commitSteps(), replacement.operation);
  }

  private *commitSteps(): Steps<ReplaceFileReceipt> {
    const { replacement } = this;
    try {
      yield* replacement.retakeTurn();
      try {
        if (this.stream !== undefined) yield* wait(finished(this.stream));
        yield* wait(this.written);
      } catch (error) {
        if (isAborted(error)) throw error;
        // Already in the caller's words, but it was the staged file that failed: nothing is changed.
        if (error instanceof HoldfastError) throw error.cause ?? error;
        throw new Refusal("ERR_CONTENT_SOURCE", { cause: error });
      }
      yield* replacement.finish(this.bytes);
      return yield* publish(replacement);
    } finally {
      this.end();
      // An abort does not end a write that is under way; its descriptor must stay open until then,
      // or the number may belong to another file when the write is made.
      yield* shielded(wait(this.written.catch(() => {})));
      yield* replacement.discard();
    }
  }

  async discard(): Promise<void> {
    if (this.state !== "open") return;
    this.end();
    await this.written.catch(() => {}); // nobody wants what it was to write
    const { operation } = this.replacement;
    await runAsync(this.discardSteps(), operation);
  }

  private *discardSteps(): Steps<void> {
    const { replacement } = this;
    yield* replacement.discard();
    const [first] = replacement.operation.suppressed;
    if (first !== undefined) throw first;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.discard();
  }

  /** What a pipe still brings then has nowhere to go: an error of the stream would end the program. */
  private end(): void {
    this.state = "ended";
    this.stream?.destroy();
  }

  private closed(op: string): Error {
    return new HoldfastError({
      code: "ERR_CLOSED",
      op,
      path: this.request.filePath,
      effect: "none",
      hint: "A staged file can be committed or discarded once.",
    });
  }
}
