import { errorCode, HoldfastError, isHoldfastError, type Effect } from "@holdfast/fs/steps";
import type { SpillReason } from "../spill-result.ts";

const reasons: Readonly<Record<string, SpillReason>> = {
  ENOSPC: "no-space",
  EDQUOT: "no-space",
  EACCES: "not-writable",
  EPERM: "not-writable",
  EROFS: "not-writable",
  ENOENT: "store-gone",
  ESTALE: "store-gone",
  EEXIST: "planted",
  ENOTDIR: "planted",
  EISDIR: "planted",
  ELOOP: "planted",
  ERR_CHANGED: "planted",
  ERR_SYMLINK: "planted",
  ERR_HARDLINK: "planted",
  ERR_NOT_FILE: "planted",
  ERR_OTHER_MOUNT: "planted",
  ERR_PATH_ESCAPES: "planted",
  ERR_CONTENT_SOURCE: "source-failed",
  ABORT_ERR: "aborted",
  ERR_CLOSED: "closed",
};

/** The reason that stands for an error. */
export function reasonOf(error: unknown): SpillReason {
  return reasons[errorCode(error) ?? ""] ?? "io-failed";
}

/** An error as one of a method of the store. */
export function errorOf(
  op: string,
  path: string,
  cause: unknown,
  more: {
    readonly code?: string | undefined;
    readonly effect?: Effect | undefined;
    readonly leftovers?: readonly string[] | undefined;
    readonly suppressed?: readonly unknown[] | undefined;
    readonly problem?: string | undefined;
    readonly hint?: string | undefined;
  } = {},
): HoldfastError {
  const { code, leftovers = [], suppressed = [], problem } = more;
  const { effect = leftovers.length === 0 ? "none" : "partial" } = more;
  const inner = isHoldfastError(cause) ? cause : undefined;
  return new HoldfastError({
    op,
    path,
    effect,
    leftovers,
    suppressed,
    problem,
    code: code ?? errorCode(cause) ?? "UNKNOWN",
    ...(cause !== undefined && { cause }),
    syscall: inner?.syscall,
    errno: inner?.errno,
    hint: more.hint ?? inner?.hint,
  });
}

/** Whether an error says that nothing has the name. */
export const isMissing = (error: unknown): boolean => errorCode(error) === "ENOENT";
