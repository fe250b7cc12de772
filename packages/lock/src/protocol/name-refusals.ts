import { type ErrorCode, errorCodes } from "@holdfast/fs";
import {
  attempt,
  directoryOf,
  errorCode,
  isHoldfastError,
  nameOf,
  permissionBits,
  quotePath,
  Refusal,
  stat,
  type Steps,
} from "@holdfast/fs/steps";

/** What was tried with a name. */
export type Use = "made" | "read" | "removed" | "used";

/**
 * What to throw where a name of the lock was refused: an error that says which. The caller knows its own
 * path, and has never heard of these names.
 */
export function* refusedName(error: unknown, path: string, use: Use): Steps<unknown> {
  const code = errorCode(error) ?? "";
  const bySystem = code === "EACCES" || code === "EPERM";
  // What is a `Refusal` is of the lock itself, and says what there is to say.
  if (error instanceof Refusal || !(bySystem || isRule(code))) return error;
  const hint = bySystem ? yield* whyNot(path, use) : ruleHint(error, path);
  const { syscall, errno } = error as NodeJS.ErrnoException;
  return new Refusal(code, {
    problem: `the lock's ${quotePath(path)} cannot be ${use}: ${errorCodes[code].meaning}`,
    ...(hint !== undefined && { hint }),
    cause: error,
    more: { syscall, errno },
  });
}

/** A refusal by whatever is between us and the disk: a root. */
function isRule(code: string): code is ErrorCode {
  return code.startsWith("ERR_") && code !== "ERR_INVALID_ARG" && Object.hasOwn(errorCodes, code);
}

/** Makes a step with a name of the lock. */
export function* namingRefusals<T>(steps: Steps<T>, path: string, use: Use): Steps<T> {
  const done = yield* attempt(steps);
  if (done.ok) return done.value;
  throw yield* refusedName(done.error, path, use);
}

function* whyNot(path: string, use: Use): Steps<string> {
  const directory = directoryOf(path);
  const where = quotePath(directory);
  if (use === "removed") {
    const found = yield* attempt(stat(directory));
    if (found.ok && (permissionBits(found.value) & 0o1000) !== 0) {
      return `It is another user's, and ${where} has the sticky bit, as /tmp has: there nobody but the owner of a file, or of the directory, may remove it.`;
    }
  }
  return use === "used"
    ? "Another user made it, and not for all who may write beside it. It goes when the last one gives the lock back."
    : `One needs the right to write to the directory ${where}, or to read what is there.`;
}

function ruleHint(error: unknown, path: string): string | undefined {
  if (errorCode(error) !== "ERR_DENIED") return isHoldfastError(error) ? error.hint : undefined;
  const [base] = nameOf(path).split(/(?<=\.lock)\.(?:[0-9a-f]{32}\.(?:tmp|claim)|shared)$/);
  return `The rules of the root must allow ${quotePath(base!)}, and the names beside it that begin with ${quotePath(`${base}.`)}.`;
}
