import { callbackFace, promiseFace, syncFace, type PromiseFace } from "../node/faces.ts";
import { Aborted, toPublicError, type Operation } from "./operation.ts";
import type { Call, CallName, Mark, Step, Steps } from "./step.ts";

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
export function runAsync<T>(steps: Steps<T>, operation: Operation): Promise<T> {
  const injected = operation.injected
    ? promiseFace(operation.fileSystem?.promises ?? {})
    : undefined;
  return new Promise((resolve, reject) => {
    drive(steps, operation, injected, (ok, value) => {
      if (ok) resolve(value as T);
      else reject(toPublicError(value, operation));
    });
  });
}

function drive(
  steps: Steps<unknown>,
  operation: Operation,
  injected: PromiseFace | undefined,
  settled: Settle,
): void {
  let shields = 0;
  let aborted = false;
  // A call may end before it returns (an inline call, a branch without steps): then the loop below
  // goes on instead of the stack growing.
  let insideLoop = false;
  let ended = false;
  let ok = true;
  let value: unknown;

  const onSettled: Settle = (isOk, result) => {
    ok = isOk;
    value = result;
    ended = true;
    if (!insideLoop) loop();
  };
  const onFulfilled = (result: unknown): void => onSettled(true, result);
  const onRejected = (error: unknown): void => onSettled(false, error);
  const onCalled = (error: unknown, result?: unknown): void => {
    if (error === null || error === undefined) onSettled(true, result);
    else onSettled(false, error);
  };

  const interruptible = (): boolean => !operation.committed && shields === 0 && !aborted;

  function loop(): void {
    insideLoop = true;
    do {
      ended = false;
      let result: IteratorResult<Step, unknown>;
      try {
        result = ok ? steps.next(value) : steps.throw(value);
      } catch (error) {
        settled(false, error);
        return;
      }
      if (result.done === true) {
        settled(true, result.value);
        return;
      }
      const step = result.value;
      if (step.kind === "mark") {
        if (step.what === "commit") operation.committed = true;
        else shields += step.what === "shield" ? 1 : -1;
        onSettled(true, undefined);
      } else if (operation.signal?.aborted === true && interruptible()) {
        aborted = true;
        onSettled(false, new Aborted(operation.signal.reason));
      } else {
        perform(step);
      }
    } while (ended);
    insideLoop = false;
  }

  function perform(step: Exclude<Step, Mark>): void {
    switch (step.kind) {
      case "call":
        return performCall(step);
      case "all":
        return performAll(step.branches, operation, injected, onSettled);
      case "wait":
        return unlessAborted((settle) => {
          step.what.then(
            (result) => settle(true, result),
            (error: unknown) => settle(false, error),
          );
          return () => {};
        });
      case "sleep":
        return unlessAborted((settle) => {
          const timer = setTimeout(() => settle(true, undefined), step.ms);
          return () => clearTimeout(timer);
        });
    }
  }

  function performCall(call: Call): void {
    try {
      if (injected !== undefined) {
        (injected[call.name] as (...args: readonly unknown[]) => Promise<unknown>)(
          ...call.args,
        ).then(onFulfilled, onRejected);
      } else if (operation.offload === "flushes" && isQuick(call)) {
        const quick = syncFace(undefined)[call.name] as (...args: readonly unknown[]) => unknown;
        onSettled(true, quick(...call.args));
      } else {
        (callbackFace[call.name] as (done: typeof onCalled, ...args: readonly unknown[]) => void)(
          onCalled,
          ...call.args,
        );
      }
    } catch (error) {
      // An inline call failed, or Node refused the arguments before it queued the call.
      onSettled(false, error);
    }
  }

  function unlessAborted(start: (settle: Settle) => () => void): void {
    const signal = interruptible() ? operation.signal : undefined;
    let over = false;
    let stop = (): void => {};
    const end: Settle = (isOk, result) => {
      if (over) return;
      over = true;
      signal?.removeEventListener("abort", onAbort);
      onSettled(isOk, result);
    };
    const onAbort = (): void => {
      aborted = true;
      stop();
      end(false, new Aborted(signal?.reason));
    };
    signal?.addEventListener("abort", onAbort);
    stop = start(end);
  }

  loop();
}

function isQuick(call: Call): boolean {
  if (alwaysOffloaded.has(call.name)) return false;
  const transfers = call.name === "write" || call.name === "read";
  return !transfers || (call.args[3] as number) <= largestInlineTransfer;
}

function performAll(
  branches: readonly Steps<unknown>[],
  operation: Operation,
  injected: PromiseFace | undefined,
  settled: Settle,
): void {
  const results: unknown[] = Array.from(branches, () => undefined);
  let running = branches.length;
  let failed = false;
  let firstError: unknown;
  const finish = (): void => {
    if (failed) settled(false, firstError);
    else settled(true, results);
  };
  if (running === 0) return finish();
  branches.forEach((branch, index) => {
    drive(branch, operation, injected, (ok, value) => {
      if (ok) results[index] = value;
      else if (failed) operation.suppressed.push(value);
      else {
        failed = true;
        firstError = value;
      }
      if (--running === 0) finish();
    });
  });
}
