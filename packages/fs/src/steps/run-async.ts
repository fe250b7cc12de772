import { callbackFace, promiseFace, syncFace, type PromiseFace } from "../node/faces.ts";
import { Aborted, isAborted, toPublicError, type Operation } from "./operation.ts";
import { driveSync } from "./run-sync.ts";
import type { Call, CallName, Step, Steps } from "./step.ts";

/** Told how something ended. A thrown `undefined` is a failure too, hence the flag. */
type Settle = (ok: boolean, value: unknown) => void;

// With `offload: "flushes"` these still go to the thread pool: they wait for a device, or move more
// bytes than a page cache takes in passing.
const alwaysOffloaded: ReadonlySet<CallName> = new Set([
  "fsync",
  "fdatasync",
  "close",
  "copyFile",
  "readdir",
  // These answer with something else in a synchronous run, or are as long as the directory.
  "nodeOpen",
  "nodeOpendir",
  "nodeReaddir",
]);
const largestInlineTransfer = 64 * 1024;

/**
 * Drives a protocol asynchronously. The built-in file system is called with callbacks and raw
 * descriptors, an injected one through `promises`. The signal is looked at before each step until
 * the protocol marks its commit point; an abort before it is thrown into the protocol, which cleans
 * up.
 *
 * @returns what the protocol returns; rejects with a `HoldfastError`.
 */
export async function runAsync<T>(steps: Steps<T>, operation: Operation): Promise<T> {
  const injected = operation.injected
    ? promiseFace(operation.fileSystem?.promises ?? {})
    : undefined;
  try {
    return await new Promise((resolve, reject) => {
      new Drive(steps, operation, injected, (ok, value) => {
        if (ok) resolve(value as T);
        else reject(toPublicError(value, operation));
      }).advance();
    });
  } catch (error) {
    // Made where the last call of the file system ended; from here one sees who waits for this one.
    Error.captureStackTrace(error as Error);
    throw error;
  }
}

/** One generator on its way: a protocol, or a branch of `all`. */
class Drive {
  private readonly steps: Steps<unknown>;
  private readonly operation: Operation;
  private readonly injected: PromiseFace | undefined;
  private readonly settled: Settle;
  /** How the last step ended. */
  private ok = true;
  private value: unknown = undefined;
  private ended = true;
  /** A step may end before it returns: then `advance` goes on instead of the stack growing. */
  private advancing = false;
  /** A branch begins as deep as what it is a branch of; after an abort it is cleaning up. */
  private shields: number;
  private aborted = false;

  constructor(
    steps: Steps<unknown>,
    operation: Operation,
    injected: PromiseFace | undefined,
    settled: Settle,
    shields = 0,
  ) {
    this.shields = shields;
    this.steps = steps;
    this.operation = operation;
    this.injected = injected;
    this.settled = settled;
  }

  advance(): void {
    this.advancing = true;
    while (this.ended) {
      this.ended = false;
      let result: IteratorResult<Step, unknown>;
      try {
        result = this.ok ? this.steps.next(this.value) : this.steps.throw(this.value);
      } catch (error) {
        this.settled(false, error);
        return;
      }
      if (result.done === true) {
        this.settled(true, result.value);
        return;
      }
      this.perform(result.value);
    }
    this.advancing = false;
  }

  private end(ok: boolean, value: unknown): void {
    this.ok = ok;
    this.value = value;
    this.ended = true;
    if (!this.advancing) this.advance();
  }

  /** The callback of every call. */
  private readonly called = (error: unknown, result?: unknown): void => {
    if (error === null || error === undefined) this.end(true, result);
    else this.end(false, error);
  };

  private interruptible(): boolean {
    return !this.operation.committed && this.shields === 0 && !this.aborted;
  }

  private perform(step: Step): void {
    if (step.kind === "mark") {
      if (step.what === "commit") this.operation.committed = true;
      else this.shields += step.what === "shield" ? 1 : -1;
      return this.end(true, undefined);
    }
    const { signal } = this.operation;
    if (signal?.aborted === true && this.interruptible()) {
      this.aborted = true;
      // What nobody waits for now may still fail.
      if (step.kind === "wait") Promise.resolve(step.what).catch(() => {});
      return this.end(false, new Aborted(signal.reason));
    }
    switch (step.kind) {
      case "call":
        return this.performCall(step);
      case "all":
        return this.performAll(step.branches);
      case "inline":
        return this.performInline(step.steps);
      case "wait":
        return this.unlessAborted((settle) => {
          // Through a promise of ours: a thenable may throw instead of answering, or answer twice.
          Promise.resolve(step.what).then(
            (result) => settle(true, result),
            (error: unknown) => settle(false, error),
          );
          return () => {};
        });
      case "sleep":
        return this.unlessAborted((settle) => {
          const timer = setTimeout(() => settle(true, undefined), step.ms);
          return () => clearTimeout(timer);
        });
    }
  }

  private performCall(call: Call): void {
    const { injected, operation } = this;
    try {
      if (injected !== undefined) {
        const method = injected[call.name] as (...args: readonly unknown[]) => unknown;
        this.awaitAnswer(method(...call.args));
      } else if (operation.offload === "flushes" && isQuick(call)) {
        const quick = syncFace(undefined)[call.name] as (...args: readonly unknown[]) => unknown;
        this.end(true, quick(...call.args));
      } else {
        (
          callbackFace[call.name] as (done: typeof this.called, ...args: readonly unknown[]) => void
        )(this.called, ...call.args);
      }
    } catch (error) {
      // An inline call failed, or Node refused the arguments before it queued the call.
      this.end(false, error);
    }
  }

  /** Of an injected method: a promise, or the answer itself, as a bare mock function gives. */
  private awaitAnswer(answer: unknown): void {
    if (typeof (answer as PromiseLike<unknown> | undefined)?.then !== "function") {
      return this.end(true, answer);
    }
    (answer as PromiseLike<unknown>).then(
      (result) => this.end(true, result),
      (error: unknown) => this.end(false, error),
    );
  }

  private performInline(steps: Steps<unknown>): void {
    try {
      this.end(true, driveSync(steps, this.operation));
    } catch (error) {
      this.end(false, error);
    }
  }

  private performAll(branches: readonly Steps<unknown>[]): void {
    const results: unknown[] = Array.from(branches, () => undefined);
    let running = branches.length;
    let failed = false;
    let firstError: unknown;
    const finish = (): void => this.end(!failed, failed ? firstError : results);
    const shields = this.shields + (this.aborted ? 1 : 0);
    if (running === 0) return finish();
    for (const [index, branch] of branches.entries()) {
      const settled: Settle = (ok, value) => {
        // One abort is thrown once: what the protocol does about it is not interrupted again.
        if (!ok && isAborted(value)) this.aborted = true;
        if (ok) results[index] = value;
        else if (failed) {
          if (!isAborted(value)) this.operation.suppressed.push(value);
        } else {
          failed = true;
          firstError = value;
        }
        if (--running === 0) finish();
      };
      new Drive(branch, this.operation, this.injected, settled, shields).advance();
    }
  }

  private unlessAborted(start: (settle: Settle) => () => void): void {
    const signal = this.interruptible() ? this.operation.signal : undefined;
    let over = false;
    let stop = (): void => {};
    const end: Settle = (ok, result) => {
      if (over) return;
      over = true;
      if (signal !== undefined) unwatch(signal, onAbort);
      this.end(ok, result);
    };
    const onAbort = (): void => {
      this.aborted = true;
      stop();
      end(false, new Aborted(signal?.reason));
    };
    if (signal !== undefined) watch(signal, onAbort);
    stop = start(end);
  }
}

/**
 * Who waits on which signal. One listener for each signal, however many calls share it: Node warns of a
 * leak from the eleventh on.
 */
const watchers = new WeakMap<AbortSignal, { callbacks: Set<() => void>; listener: () => void }>();

function watch(signal: AbortSignal, callback: () => void): void {
  let watcher = watchers.get(signal);
  if (watcher === undefined) {
    const callbacks = new Set<() => void>();
    const listener = (): void => {
      for (const each of callbacks) each();
    };
    watcher = { callbacks, listener };
    watchers.set(signal, watcher);
    signal.addEventListener("abort", listener);
  }
  watcher.callbacks.add(callback);
}

function unwatch(signal: AbortSignal, callback: () => void): void {
  const watcher = watchers.get(signal);
  watcher?.callbacks.delete(callback);
  if (watcher === undefined || watcher.callbacks.size > 0) return;
  watchers.delete(signal);
  signal.removeEventListener("abort", watcher.listener);
}

function isQuick(call: Call): boolean {
  if (alwaysOffloaded.has(call.name)) return false;
  const transfers = call.name === "write" || call.name === "read";
  return !transfers || (call.args[3] as number) <= largestInlineTransfer;
}
