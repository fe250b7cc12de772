import {
  invalidType,
  isHoldfastError,
  Operation,
  permissionBits,
  Refusal,
  runAsync,
  shielded,
  wait,
  type FileStats,
  type FileSystem,
  type Steps,
} from "@holdfast/fs/steps";
import { readOptions, replaceFileUnchecked, type StepSource } from "@holdfast/atomic/steps";
import type { LogTarget } from "../options.ts";

/** How a file is written as a whole. */
interface WriteSettings {
  /** What a file that is replaced must be still: a `version`. */
  readonly ifMatch?: string;
  /** Nothing is replaced; the new file gets the permission bits of this one. */
  readonly exclusiveLike?: FileStats;
}

/** Writes whole files where a log is. */
export interface LogWriter {
  /** Atomically and durably. `operation.effect` says what came of it. */
  write(
    operation: Operation,
    path: string,
    content: StepSource,
    settings: WriteSettings,
  ): Steps<void>;
}

/** What is used of a `Root`. */
interface WritableRoot {
  writeFile(path: string, data: AsyncIterable<Uint8Array>, options: object): Promise<unknown>;
}

/** Checks before any I/O that files can be written there. */
export function logWriter(
  op: string,
  target: LogTarget,
  fileSystem: FileSystem | undefined,
  signal: AbortSignal | undefined,
): LogWriter {
  if (typeof target === "string" || target instanceof URL) {
    readOptions(op, { filePath: target, fileSystem, signal }, "async", false);
    return { write: writeByPath };
  }
  const root = target.root as Partial<WritableRoot>;
  if (typeof root.writeFile !== "function") {
    throw invalidType(op, "target.root", "a Root of @holdfast/root", root);
  }
  return {
    write: (operation, path, content, settings) =>
      writeInRoot(root as WritableRoot, operation, path, content, settings),
  };
}

function* writeByPath(
  operation: Operation,
  path: string,
  content: StepSource,
  { ifMatch, exclusiveLike }: WriteSettings,
): Steps<void> {
  const { op, fileSystem, signal } = operation;
  const mode = exclusiveLike === undefined ? undefined : permissionBits(exclusiveLike);
  const options = { filePath: path, fileSystem, signal, mode, ifMatch };
  const request = readOptions(op, options, "async", exclusiveLike !== undefined);
  // A run of its own: it has its own effect, and a point from which on the signal does not count.
  const run = new Operation({ op, path: operation.path, fileSystem, signal });
  const replacing = replaceFileUnchecked(run, request, { kind: "pieces", source: content });
  yield* following(operation, runAsync(replacing, run));
}

function* writeInRoot(
  root: WritableRoot,
  operation: Operation,
  path: string,
  content: StepSource,
  { ifMatch, exclusiveLike }: WriteSettings,
): Steps<void> {
  const { op, fileSystem, signal } = operation;
  const isNew = exclusiveLike !== undefined;
  const run = new Operation({ op, path: operation.path, fileSystem, signal });
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const piece = await runAsync(content.read(), run);
      if (piece === undefined) return;
      yield piece;
    }
  }
  const options = {
    ...(isNew ? { flag: "wx", mode: permissionBits(exclusiveLike) & 0o777 } : { ifMatch }),
    durable: true,
    signal,
  };
  yield* following(operation, root.writeFile(path, pieces(), options));
}

/** Waits for a call of its own, and takes over what it says of the disk. */
function* following(operation: Operation, call: Promise<unknown>): Steps<void> {
  try {
    // It looks at the signal itself, and knows when that comes too late.
    yield* shielded(wait(call));
    operation.effect = "complete";
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    operation.effect = error.effect;
    operation.leftovers.push(...error.leftovers);
    operation.suppressed.push(...error.suppressed);
    // Reading the log failed, which is not the fault of whoever writes.
    const first =
      error.code === "ERR_CONTENT_SOURCE" && isHoldfastError(error.cause) ? error.cause : error;
    if (first.code !== "ABORT_ERR") throw first;
    throw new Refusal("ABORT_ERR", { cause: first.cause });
  }
}
