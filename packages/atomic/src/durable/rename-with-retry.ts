import type { FileSystem } from "@holdfast/fs/steps";
import {
  absolute,
  Operation,
  readCount,
  readPath,
  readSignal,
  requireCalls,
  requireObject,
  runAsync,
  runSync,
} from "@holdfast/fs/steps";
import { renameWithRetrySteps } from "./rename.ts";

/** Options of `renameWithRetry`. */
export interface RenameWithRetryOptions {
  /** How often it is tried again. Default: 14 on Windows (about 2 s in all), elsewhere 0. */
  readonly maxRetries?: number | undefined;
  /** First delay in milliseconds; doubles, with jitter, up to 200. Default: 20. */
  readonly baseDelayMs?: number | undefined;
  /** Ends the waiting. Looked at before each attempt. */
  readonly signal?: AbortSignal | undefined;
  /** The file system to use. Default: `node:fs`. */
  readonly fileSystem?: FileSystem | undefined;
}

/**
 * Renames, and outlasts a reader or scanner that holds the file.
 *
 * Afterwards `to` is what `from` was, as after `fs.rename`, and nothing is flushed. `EPERM`, `EACCES`
 * and `EBUSY` are tried again with growing, jittered delays: on Windows by default, elsewhere if
 * `maxRetries` says so. Anything else fails at once, also when it comes after one of those.
 *
 * @throws `HoldfastError` with the errno of the last attempt; effect `"none"`.
 *
 * The codes are those with which libuv reports ERROR_ACCESS_DENIED, ERROR_SHARING_VIOLATION and
 * ERROR_LOCK_VIOLATION.
 */
export async function renameWithRetry(
  from: string | URL,
  to: string | URL,
  options: RenameWithRetryOptions = {},
): Promise<void> {
  const op = "renameWithRetry";
  const { steps, operation } = prepare(op, from, to, options, "async");
  return await runAsync(steps, operation);
}

/** As {@link renameWithRetry}; the thread waits between attempts. */
export function renameWithRetrySync(
  from: string | URL,
  to: string | URL,
  options: Omit<RenameWithRetryOptions, "signal"> = {},
): void {
  const op = "renameWithRetrySync";
  const { steps, operation } = prepare(op, from, to, options, "sync");
  runSync(steps, operation);
}

function prepare(
  op: string,
  from: string | URL,
  to: string | URL,
  options: RenameWithRetryOptions,
  half: "async" | "sync",
): { steps: ReturnType<typeof renameWithRetrySteps>; operation: Operation } {
  requireObject(op, options);
  const { fileSystem } = options;
  const signal = readSignal(op, options.signal);
  requireCalls(op, fileSystem, half, ["rename"]);
  const [path, dest] = [readPath(op, "from", from), readPath(op, "to", to)];
  const operation = new Operation({ op, path, dest, fileSystem, signal });
  const { rename } = operation.platform;
  const retry = {
    maxRetries: readCount(op, "maxRetries", options.maxRetries, rename.maxRetries),
    baseDelayMs: readCount(op, "baseDelayMs", options.baseDelayMs, rename.baseDelayMs),
  };
  return {
    steps: renameWithRetrySteps(operation, absolute(path), absolute(dest), retry),
    operation,
  };
}
