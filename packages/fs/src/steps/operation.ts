import { currentPlatform, platforms, type PlatformFacts } from "../platform/platform.ts";
import type { FileSystem } from "../port.ts";
import { errorCode, errorCodeEntry, type ErrorCode } from "../errors/error-codes.ts";
import { escapeControls, HoldfastError, Refusal, type Effect } from "../errors/holdfast-error.ts";
import { isBuiltIn } from "../node/node-fs.ts";
import { shielded, type Steps } from "./step.ts";

/** Which calls of the built-in file system are made on the thread pool. */
export type Offload = "calls" | "flushes";

/** What an operation is given at its public edge. */
export interface OperationOptions {
  /** The public name, for errors. */
  readonly op: string;
  /** The path and the second path as the caller gave them, for errors. */
  readonly path?: string | undefined;
  readonly dest?: string | undefined;
  /** Default: `node:fs`. */
  readonly fileSystem?: FileSystem | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Default: `"calls"`. Means nothing for an injected file system or a synchronous run. */
  readonly offload?: Offload | undefined;
}

/**
 * One run of one public function: what its protocol, its driver and its error must agree on. The
 * protocol keeps `effect` and `leftovers` true while it goes; the edge reads them when it fails.
 */
export class Operation {
  readonly op: string;
  readonly path: string | undefined;
  readonly dest: string | undefined;
  readonly fileSystem: FileSystem | undefined;
  readonly signal: AbortSignal | undefined;
  readonly offload: Offload;
  readonly platform: PlatformFacts;
  /** Whether the file system was injected: then a whole content is written in its own one call. */
  readonly injected: boolean;

  effect: Effect = "none";
  readonly leftovers: string[] = [];
  readonly suppressed: unknown[] = [];
  /** Set by the synchronous driver: nothing may be waited for. */
  synchronous = false;
  /** Set by the driver at the commit point: from then on the signal is not looked at. */
  committed = false;

  constructor(options: OperationOptions) {
    this.op = options.op;
    this.path = options.path;
    this.dest = options.dest;
    this.fileSystem = options.fileSystem;
    this.signal = options.signal;
    this.offload = options.offload ?? "calls";
    this.injected = !isBuiltIn(options.fileSystem);
    const platform = options.fileSystem?.platform;
    this.platform = platform === undefined ? currentPlatform : platforms[platform];
  }

  /**
   * Runs clean-up steps: the signal does not interrupt them, and their failure does not replace the
   * error that is on its way. Returns whether they succeeded.
   */
  *cleanUp(steps: Steps<unknown>): Steps<boolean> {
    try {
      yield* shielded(steps);
      return true;
    } catch (error) {
      this.suppressed.push(error);
      return false;
    }
  }
}

/** The result of steps that were allowed to fail. */
export type Attempt<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: unknown };

/** Runs steps that may fail and returns how they ended. An abort still goes through. */
export function* attempt<T>(steps: Steps<T>): Steps<Attempt<T>> {
  try {
    return { ok: true, value: yield* steps };
  } catch (error) {
    if (error instanceof Aborted) throw error;
    return { ok: false, error };
  }
}

/** Thrown into a protocol whose signal was aborted. */
export class Aborted {
  readonly reason: unknown;
  constructor(reason: unknown) {
    this.reason = reason;
  }
}

/** Whether a protocol caught the abort of its signal, which it must throw on. */
export function isAborted(error: unknown): boolean {
  return error instanceof Aborted;
}

/**
 * The public edge: turns whatever came out of a protocol, once, into the error that the caller
 * gets. What went wrong is taken from the thrown value; what is on disk now from the operation.
 */
export function toPublicError(thrown: unknown, operation: Operation): Error {
  // Misuse, found late: already says all there is to say.
  if (thrown instanceof Error && errorCode(thrown) === "ERR_INVALID_ARG") return thrown;
  const { op, path, dest, effect, leftovers } = operation;
  const suppressed = operation.suppressed.map((error) =>
    error instanceof Refusal ? new HoldfastError({ op, path, effect, ...told(error) }) : error,
  );
  const known = { op, path, dest, effect, leftovers: [...leftovers], suppressed };
  if (thrown instanceof Aborted) {
    return new HoldfastError({ ...known, code: "ABORT_ERR", cause: thrown.reason });
  }
  if (thrown instanceof Refusal) {
    return new HoldfastError({ ...known, ...told(thrown) });
  }
  const code = errorCode(thrown);
  if (code === undefined) return new HoldfastError({ ...known, code: "UNKNOWN", cause: thrown });
  const { syscall, errno, message } = thrown as NodeJS.ErrnoException;
  return new HoldfastError({
    ...known,
    code,
    cause: thrown,
    syscall: typeof syscall === "string" ? syscall : undefined,
    errno: typeof errno === "number" ? errno : undefined,
    ...(errorCodeEntry(code) === undefined && { problem: escapeControls(String(message)) }),
  });
}

const told = (refusal: Refusal): { code: ErrorCode } & Refusal["details"] => ({
  ...refusal.details,
  code: refusal.code,
});
