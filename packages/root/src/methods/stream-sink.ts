import { finished, type Writable } from "node:stream";
import { isAborted, Refusal, wait, type Steps } from "@holdfast/fs/steps";

/** A stream that content is written to, piece by piece, each when it has taken the one before. */
export class StreamSink {
  private readonly stream: Writable;
  private over = false;
  private failed: { readonly error: unknown } | undefined;
  /** Whoever waits for the stream at the moment. */
  private reject: ((error: unknown) => void) | undefined;

  constructor(stream: Writable) {
    this.stream = stream;
    // Also hears of a stream that is closed without an end, and of an error that nobody waits for:
    // without a listener that would end the process.
    finished(stream, { readable: false }, (error) => {
      this.over = true;
      if (error === undefined || error === null) return;
      this.failed ??= { error };
      this.reject?.(error);
    });
    stream.on("error", () => {}); // those that come later concern nobody
  }

  /** @param piece is the stream's from now on */
  *write(piece: Uint8Array): Steps<void> {
    yield* this.until((done) => this.stream.write(piece, done));
  }

  *end(): Steps<void> {
    // These are the program's own, and never end (process I/O, in Node's documentation).
    if (this.stream === process.stdout || this.stream === process.stderr) return;
    yield* this.until((done) => this.stream.end(done));
  }

  /** Lets go of a stream that did not get all: it must not look complete to whoever reads it. */
  giveUp(): void {
    if (!this.over && !this.stream.destroyed) this.stream.destroy();
  }

  private *until(start: (done: (error?: Error | null) => void) => void): Steps<void> {
    const answer = new Promise<void>((resolve, reject) => {
      if (this.failed !== undefined) return reject(this.failed.error);
      this.reject = reject;
      start((error) => {
        if (error === undefined || error === null) resolve();
        else reject(error);
      });
    });
    answer.catch(() => {}); // after an abort nobody waits for it any more
    try {
      yield* wait(answer);
    } catch (error) {
      if (isAborted(error)) throw error;
      throw new Refusal("ERR_CONTENT_SOURCE", {
        problem: "the stream that the content goes into failed",
        cause: error,
      });
    }
  }
}

/** Whether a value is a stream of Node that can be written to. */
export function isWritable(value: unknown): value is Writable {
  return ["write", "end", "on", "destroy"].every(
    (name) => typeof (value as Record<string, unknown> | null | undefined)?.[name] === "function",
  );
}
