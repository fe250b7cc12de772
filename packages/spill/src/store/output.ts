import { Buffer } from "node:buffer";
import { isPromise } from "@holdfast/atomic/steps";
import { Refusal } from "@holdfast/fs/steps";
import { Encoder } from "../content/encoder.ts";
import { Meter } from "../content/meter.ts";
import type { Source } from "../content/source.ts";
import type { CallSettings } from "../settings/settings.ts";

/** What the source of the caller threw, to be told from what the file system says. */
export class SourceFailure {
  readonly cause: unknown;
  constructor(cause: unknown) {
    this.cause = cause;
  }
}

/** An output that is being read: measured as it passes, and held until it is too big. */
export class Output {
  readonly meter: Meter;
  private readonly source: Source;
  private readonly signal: AbortSignal;
  private readonly encoder = new Encoder();
  private held: Uint8Array[] = [];
  private strings: string[] = [];
  private ended = false;

  constructor(source: Source, settings: CallSettings, signal: AbortSignal) {
    this.source = source;
    this.signal = signal;
    this.meter = new Meter(settings);
  }

  /** Whether it was read to its end. */
  get isComplete(): boolean {
    return this.ended;
  }

  /** How many bytes it has, where that is known before it is read. */
  get knownBytes(): number | undefined {
    return this.source.bytes;
  }

  /**
   * The next bytes; `undefined` at the end. They are the source's own until the next are asked for.
   *
   * @throws {@link SourceFailure}; `ABORT_ERR`
   */
  async next(): Promise<Uint8Array | undefined> {
    return (await this.take())?.bytes;
  }

  /**
   * Reads until it is too big, or to its end, and holds what it has read. Returns whether it is too big.
   *
   * @param exempt whether it is never too big
   */
  async readUntilTooBig(exempt: boolean): Promise<boolean> {
    const known = this.knownBytes !== undefined;
    for (;;) {
      const taken = await this.take();
      if (taken === undefined) return false;
      const { piece, bytes } = taken;
      // What was given as a whole is not held beside it; and a source may use one buffer again and again.
      if (!known) this.held.push(typeof piece === "string" ? bytes : Buffer.from(bytes));
      else if (!exempt) this.held.push(bytes);
      if (!known && typeof piece === "string") this.strings.push(piece);
      if (this.meter.isTooBig && !exempt) {
        this.strings = [];
        return true;
      }
    }
  }

  /** The pieces of an iterable as one: a string if they all were. */
  joined(): string | Buffer {
    return this.encoder.onlyStrings ? this.strings.join("") : Buffer.concat(this.held);
  }

  /** What was read until it was too big; it is not held any more. */
  takeHeld(): readonly Uint8Array[] {
    const { held } = this;
    this.held = [];
    return held;
  }

  /** Reads what can be read at any time to its end, for its digest and its tail. */
  async readRest(): Promise<void> {
    this.takeHeld();
    if (this.knownBytes === undefined) return;
    while ((await this.take()) !== undefined);
  }

  private async take(): Promise<{ piece: unknown; bytes: Uint8Array } | undefined> {
    if (this.ended) return undefined;
    this.throwIfAborted();
    const piece = await this.pull();
    const bytes = piece === undefined ? this.encoder.end() : this.encoder.encode(piece);
    if (bytes === undefined) {
      throw new SourceFailure(new TypeError("a piece is neither a string nor an ArrayBuffer view"));
    }
    this.ended = piece === undefined;
    this.meter.add(bytes);
    return this.ended && bytes.length === 0 ? undefined : { piece: piece ?? "", bytes };
  }

  /** @throws `ABORT_ERR` */
  throwIfAborted(): void {
    if (this.signal.aborted) throw aborted(this.signal);
  }

  release(): void {
    this.source.release();
  }

  /** A source that has stalled does not keep the call from being aborted. */
  private async pull(): Promise<unknown> {
    try {
      const answer = this.source.next();
      return isPromise(answer) ? await raced(answer, this.signal) : answer;
    } catch (cause) {
      if (cause instanceof Refusal) throw cause;
      throw new SourceFailure(cause);
    }
  }
}

const aborted = (signal: AbortSignal): Refusal =>
  new Refusal("ABORT_ERR", { cause: signal.reason });

function raced<T>(answer: PromiseLike<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(aborted(signal));
    signal.addEventListener("abort", onAbort, { once: true });
    const settled = (): void => signal.removeEventListener("abort", onAbort);
    answer.then(
      (value) => {
        settled();
        resolve(value);
      },
      (error: unknown) => {
        settled();
        reject(error as Error);
      },
    );
  });
}
